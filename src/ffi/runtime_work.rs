//! Group M: what blocks: work of the caller's, and names to be looked up.

use super::boundary::answered;
use super::constants::RINGLINE_WORKER_HERE;
use super::given::{null, text};
use super::ringline_runtime;
use super::runtime::threads_of;
use super::runtime_conn::on_worker;
use super::runtime_here::here;
use crate::fault::{EWRONGTHREAD, Fault};
use crate::runtime::Work;
use crate::sys::Resolved;
use core::ffi::{CStr, c_char, c_void};

/// An address that ringline_resolve() found.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_address {
    /// AF_INET or AF_INET6.
    pub family: u16,
    /// The port, as a number.
    pub port: u16,
    /// Of IPv6: the interface of a link-local address.
    pub scope: u32,
    /// 4 or 16 bytes as on the wire.
    pub bytes: [u8; 16],
}

const _: () = {
    use core::mem::offset_of;
    assert!(size_of::<ringline_address>() == size_of::<Resolved>());
    assert!(offset_of!(ringline_address, family) == offset_of!(Resolved, family));
    assert!(offset_of!(ringline_address, port) == offset_of!(Resolved, port));
    assert!(offset_of!(ringline_address, scope) == offset_of!(Resolved, scope));
    assert!(offset_of!(ringline_address, bytes) == offset_of!(Resolved, bytes));
};

/// What ringline_work() runs, on a thread of the library's that may block. Of the library only
/// what any thread may call is legal in it. A C++ exception that leaves it ends the program.
pub type ringline_work_function = Option<unsafe extern "C-unwind" fn(ctx: *mut c_void) -> i32>;

/// What came of it, on the worker's thread, as a callback of the worker: `res` is what the function
/// returned, or -ECANCELED when the worker ended before it began. Never called when a stop with a
/// limit left the function behind: see ringline_work().
pub type ringline_done_callback =
    Option<unsafe extern "C-unwind" fn(ctx: *mut c_void, runtime: *mut ringline_runtime, res: i32)>;

/// An address that may go to another thread.
struct Context(*mut c_void);

// SAFETY: only ringline_work() makes one, whose caller vouches that other threads may use it.
unsafe impl Send for Context {}

impl Context {
    // Taken by a method, so that closures take the whole of it along.
    fn get(&self) -> *mut c_void {
        self.0
    }
}

/// Have `function` called with `ctx` on a thread that may block, and then `done` (not NULL) on the
/// worker `worker` (RINGLINE_WORKER_HERE = the calling thread's): exactly once, also when the
/// runtime stops, which cancels those that did not begin and waits for functions that run. Threads
/// are made on demand, config.blocking_threads at most, and go after 10 s without work. Any thread,
/// but no signal handler.
///
/// The exception: ringline_runtime_stop() with a limit (grace_ns > 0) leaves a function behind that
/// still runs when that time is over. It is counted (left_behind), its `done` is never called and
/// its `ctx` never touched again by the library; only the function has it, until it returns. That
/// thread and the runtime's memory stay until then, so `ctx` and the library must stay as well.
///
/// Returns 0; -EAGAIN when 4096 pieces of work wait, no thread can be made, or the worker has not
/// begun; -EINVAL for the worker; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD for RINGLINE_WORKER_HERE on
/// another thread; RINGLINE_ECLOSED when the worker is over; RINGLINE_ESTALE; RINGLINE_EFORKED.
/// Then neither is called.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_work(
    runtime: *mut ringline_runtime,
    worker: u32,
    function: ringline_work_function,
    ctx: *mut c_void,
    done: ringline_done_callback,
) -> i32 {
    answered(|| work(runtime as u64, worker, function, ctx, done))
}

fn work(
    handle: u64,
    worker: u32,
    function: ringline_work_function,
    ctx: *mut c_void,
    done: ringline_done_callback,
) -> Result<(), Fault> {
    let threads = threads_of(handle)?;
    let (Some(function), Some(done)) = (function, done) else {
        return Err(null("function or done is NULL"));
    };
    let worker = match (worker, here(handle)) {
        (RINGLINE_WORKER_HERE, Some(here)) => here.index(),
        (RINGLINE_WORKER_HERE, None) => {
            return Err(Fault::new(EWRONGTHREAD, "the calling thread is no worker"));
        }
        (index, _) => index,
    };
    let (there, back) = (Context(ctx), Context(ctx));
    let work = Work {
        // SAFETY: the caller vouches for the function and its context.
        run: Box::new(move || unsafe { function(there.get()) }),
        // SAFETY: the caller vouches for the callback, its context and that both outlive the work.
        done: Box::new(move |res| unsafe {
            done(back.get(), handle as *mut ringline_runtime, res)
        }),
    };
    threads.shared().work(worker, work)
}

/// Look up a host ("example.org", "::1"; NULL = this machine) and a service ("https", "443"; NULL =
/// port 0) as getaddrinfo(3) does, on a thread that may block. The resolve callback (or
/// RINGLINE_EVENT_RESOLVE) gets all addresses in the resolver's order, or its error in words, once.
/// `user` is passed to it. Lookups have threads of their own, config.blocking_threads at most:
/// those that hang hold up neither ringline_work() nor ringline_process_spawn(). A stop whose grace
/// is over gives a lookup 100 ms more and tells -ECANCELED then; a thread that hangs in the
/// resolver is left behind, counted (left_behind), and goes when the resolver gives up. In the
/// worker's callbacks only, or on an adopted worker's thread.
///
/// Returns 0, RINGLINE_ENULL when both are NULL, -EAGAIN and RINGLINE_ECLOSED as ringline_work(),
/// RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_resolve(
    runtime: *mut ringline_runtime,
    host: *const c_char,
    service: *const c_char,
    user: u64,
) -> i32 {
    on_worker(runtime, |worker| {
        if host.is_null() && service.is_null() {
            return Err(null("host and service are NULL"));
        }
        // SAFETY: the caller vouches for terminated texts, or gave NULL.
        let (host, service) = unsafe { (text(host), text(service)) };
        worker.resolve(host.map(CStr::to_owned), service.map(CStr::to_owned), user)
    })
}
