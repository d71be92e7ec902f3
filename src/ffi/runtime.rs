//! Group M: the server runtime: its life and its listeners.
//!
//! Owns: what stands behind a runtime's handle. All of it may be called from any thread.

use super::address::{Purpose, place_for};
use super::boundary::{Answer, answered};
use super::given::{invalid, put, read_or_default, read_sized};
use super::ringline_runtime;
use super::runtime_adopt::{is_at_rest, leave};
use super::runtime_config::ringline_runtime_config;
use super::runtime_door::{Callbacks, Handlers, ringline_runtime_handlers};
use super::runtime_here::here;
use super::table::{self, Object};
use crate::fault::{EREENTRANT, Fault};
use crate::runtime::{Manner, Shared, Threads, TlsConfig};
use crate::sys::net::Place;
use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

const MOST_BACKLOG: u32 = 65535;
const DEFAULT_BACKLOG: u32 = 4096;

/// A runtime behind its handle.
pub(super) struct Runtime {
    pub(super) threads: Arc<Threads>,
    handlers: Mutex<Handlers>,
}

/// The threads of a runtime.
pub(super) fn threads_of(handle: u64) -> Result<Arc<Threads>, Fault> {
    table::with_runtime(handle, |runtime| runtime.threads.clone())
}

/// Whether the calling thread is a worker of the runtime, inside of it.
fn is_inside(handle: u64) -> bool {
    here(handle).is_some() && !is_at_rest(handle)
}

/// Run `body` on a runtime under the panic net, without holding its handle.
pub(super) fn visit<T: Answer>(
    runtime: *mut ringline_runtime,
    body: impl FnOnce(&Arc<Runtime>) -> Result<T, Fault>,
) -> i32 {
    answered(|| body(&table::with_runtime(runtime as u64, Arc::clone)?))
}

/// Make a runtime. `config` may be NULL (all defaults). On success `*out` is its handle; no thread
/// runs yet. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when
/// 16384 handles exist.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_create(
    config: *const ringline_runtime_config,
    out: Option<&mut MaybeUninit<*mut ringline_runtime>>,
) -> i32 {
    // SAFETY: the caller vouches for the size that the config says, or gave NULL.
    let config = || unsafe { read_or_default(config) };
    answered(|| put(out, || Ok(create(&config()?)? as *mut ringline_runtime)))
}

fn create(config: &ringline_runtime_config) -> Result<u64, Fault> {
    super::log::silence_panics();
    let shared = Arc::new(Shared::new(config.resolved()?));
    let threads = Arc::new(Threads::new(shared.clone()));
    let runtime = Arc::new(Runtime { threads, handlers: Mutex::default() });
    let handle = table::insert(core::ptr::null_mut(), Object::Runtime(runtime))?;
    shared.handle.store(handle, Ordering::Release);
    Ok(handle)
}

/// Set the callbacks, before start. They are copied. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL
/// or -E2BIG for the struct, -EALREADY after start, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_set_handlers(
    runtime: *mut ringline_runtime,
    handlers: *const ringline_runtime_handlers,
) -> i32 {
    visit(runtime, |runtime| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        let handlers = unsafe { read_sized(handlers, "handlers is NULL") }?;
        if runtime.threads.is_started() {
            return Err(Fault::errno(libc::EALREADY, "the runtime was started already"));
        }
        *runtime.handlers.lock().unwrap_or_else(PoisonError::into_inner) = Handlers(handlers);
        Ok(())
    })
}

/// Listen on `address`: "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080" (numbers only, names
/// are not looked up: see ringline_resolve(); port 0 = the kernel chooses, see
/// ringline_runtime_port()), "unix:/path" or "unix:@abstract"; or for datagrams, which are told by
/// `datagram` and have no `backlog`, on "udp:127.0.0.1:53", "udp:[::1]:53", "unixgram:/path" or
/// "unixgram:@abstract". What is wrong with an address ringline_error_detail() says. Each worker
/// has a socket of its own on the same port and the kernel spreads the clients, and datagrams by
/// their sender. They are bound now; each listens when its worker first turns, with `backlog`
/// clients waiting at most (0 = 4096). A path stays when the listener is closed. Any thread, before
/// and after start.
///
/// A port is the listener's alone: one that somebody serves is -EADDRINUSE, and nobody gets it
/// afterwards; sharing is asked for by RINGLINE_LISTEN_SHARED of ringline_runtime_listen_with().
/// What cannot be refused, where there are two workers or more: a later program of the same user's
/// that itself asks for SO_REUSEPORT.
///
/// Returns the listener's id (> 0), RINGLINE_ENULL, -EINVAL for the address or the backlog, -ENODEV
/// for an interface that there is not, what socket(2) and bind(2) say (-EADDRINUSE,
/// -EADDRNOTAVAIL, -EACCES, -EMFILE), -ENFILE (4096 listeners), RINGLINE_ECLOSED after stop,
/// RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_listen(
    runtime: *mut ringline_runtime,
    address: *const c_char,
    backlog: u32,
) -> i32 {
    visit(runtime, |runtime| {
        // SAFETY: the caller vouches for a terminated text, or gave NULL.
        let place = unsafe { place_for(Purpose::Listen, address) }?;
        listening(runtime, &place, backlog, false, None)
    })
}

pub(super) fn listening(
    runtime: &Runtime,
    place: &Place,
    backlog: u32,
    shared: bool,
    tls: Option<Arc<TlsConfig>>,
) -> Result<u32, Fault> {
    if backlog > MOST_BACKLOG {
        return Err(invalid("backlog is 65535 at most"));
    }
    let backlog = if backlog == 0 { DEFAULT_BACKLOG } else { backlog };
    runtime.threads.shared().listen(place, Manner { backlog: backlog as i32, shared, tls })
}

/// The port of a listener; 0 for a path. Any thread. Returns it, or RINGLINE_ESTALE (also for a
/// listener that was closed), RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_port(
    runtime: *mut ringline_runtime,
    listener: u32,
) -> i32 {
    visit(runtime, |runtime| runtime.threads.shared().port(listener).map(u32::from))
}

/// Close a listener: each worker closes its socket soon; connections stay. Whoever's connect(2) had
/// returned before the call is accepted first, and datagrams that had come are told, and answered
/// by ringline_udp_send(); so a port takes clients for some 20 ms more, and for close_timeout_ns at
/// most where there is no room or no descriptor for all who wait. A handshake still under way may
/// be reset. Any thread. Returns 0, RINGLINE_ESTALE (also for a listener that was closed),
/// RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_listener_close(
    runtime: *mut ringline_runtime,
    listener: u32,
) -> i32 {
    visit(runtime, |runtime| runtime.threads.shared().close_listener(listener))
}

/// Start the workers: exactly one thread each, kept on a processor of its own as far as there are
/// any (RINGLINE_RUNTIME_UNPINNED leaves them), with all signals blocked. Returns when each has its
/// ring, has called its start callback and listens. Any thread.
///
/// Returns 0, -EALREADY, RINGLINE_ECLOSED after stop, -EAGAIN (no thread), or what
/// ringline_create() and ringline_pool_create() say; then no thread is left. RINGLINE_ESTALE,
/// RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_start(runtime: *mut ringline_runtime) -> i32 {
    visit(runtime, |runtime| {
        let handlers = *runtime.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.threads.start(move |_| Callbacks::new(handlers))
    })
}

/// End the workers. stopping tells each that it began, and stop, the last callback, that it is
/// over; `grace_ns` later (0 = at once, -1 = no limit) what is left closes at once. A second call
/// can only shorten the time.
///
/// With a grace listeners close as by ringline_runtime_listener_close(), connects under way are
/// broken off (-ECANCELED), and each connection is served to the end: what is unread is shown, what
/// is answered is sent, and when one look finds nothing unread, all sent, and nothing that a pause
/// left, it closes gracefully. A TLS handshake goes on to its end, and what the other
/// end says first behind it is waited for, as long as a handshake may take. Whose answer depends on
/// something else, such as another connection, finishes that before it calls this, with
/// ringline_runtime_listener_close(), or pauses the connection with what was asked left. Within
/// a limit nobody is cut off for taking little. Without one, who takes less than min_rate of what
/// it is sent for close_timeout_ns is not shown anything more and closes as by
/// ringline_conn_close(). Who took all and does not end is closed after close_timeout_ns in either
/// case: a client that keeps its end open makes a stop last so long.
///
/// Functions of ringline_work() that run are waited for, also after a grace of 0; but where a stop
/// has a limit (grace_ns > 0), those that still run when it is over are left behind (see
/// ringline_work()), and the workers end. Any thread, callbacks and signal handlers;
/// async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_stop(
    runtime: *mut ringline_runtime,
    grace_ns: i64,
) -> i32 {
    // Not through the panic net: it must be async-signal-safe.
    match table::with_runtime(runtime as u64, |runtime| runtime.threads.shared().stop(grace_ns)) {
        Ok(()) => 0,
        Err(fault) => fault.code,
    }
}

/// Wait until all workers are over, for `timeout_ns` at most (0 = only look, -1 = for ever); not
/// for adopted ones, but for the functions of ringline_work() that run. Any thread, but no callback
/// of a worker and no function of ringline_work(), for which a worker waits: those get
/// RINGLINE_EREENTRANT. Returns 0, -ETIMEDOUT, RINGLINE_EPANIC when a worker ended by an internal
/// error, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_join(
    runtime: *mut ringline_runtime,
    timeout_ns: i64,
) -> i32 {
    let handle = runtime as u64;
    visit(runtime, |runtime| {
        if runtime.threads.shared().is_blocking_here() {
            let text = "work that a worker waits for cannot wait for its end";
            return Err(Fault::new(EREENTRANT, text));
        }
        if is_inside(handle) {
            return Err(Fault::new(EREENTRANT, "a worker cannot wait for its own end"));
        }
        runtime.threads.join(timeout_ns)
    })
}

/// End the runtime: stop with a grace of 0, wait for the workers (their callbacks still run) and
/// for functions of ringline_work() that no stop with a limit left behind, give everything back. In
/// a callback, and in a function of ringline_work(), the handle is stale at once, and the workers
/// end when it has returned. A worker that the calling thread adopted ends here; those that other
/// threads adopted end at their next turns. Any thread. Returns 0, RINGLINE_EPANIC when a worker
/// ended by an internal error, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_free(runtime: *mut ringline_runtime) -> i32 {
    let handle = runtime as u64;
    visit(runtime, |runtime| {
        let entry = table::begin_end(handle)?;
        runtime.threads.shared().stop(0);
        let waits_for_us = runtime.threads.shared().is_blocking_here();
        let joined = if waits_for_us || is_inside(handle) {
            runtime.threads.detach();
            Ok(())
        } else {
            leave(handle);
            runtime.threads.join(-1)
        };
        table::remove(entry);
        joined
    })
}
