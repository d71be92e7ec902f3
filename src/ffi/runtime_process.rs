//! Group M: child processes and signals of a worker.

use super::constants::*;
use super::given::{invalid, null, put, read_sized};
use super::ringline_runtime;
use super::runtime_conn::on_worker;
use crate::fault::Fault;
use crate::sys::process::{Plan, Stream};
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use std::ffi::CString;

/// Words of a child's arguments or environment at most.
const MOST_WORDS: usize = 65536;

/// A child to be started. `size` as in ringline_config.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_process {
    /// sizeof(ringline_process).
    pub size: u32,
    /// Zero.
    pub flags: u32,
    /// Address of the program and its arguments (char *argv[], NULL at the end); without a slash
    /// the program is looked for in PATH.
    pub argv: u64,
    /// Address of "NAME=value" words (as argv); 0 = the program's own environment.
    pub env: u64,
    /// Address of the folder it starts in; 0 = where the program is.
    pub cwd: u64,
    /// RINGLINE_STREAM_*: its input.
    pub stdin_is: u32,
    /// Its output.
    pub stdout_is: u32,
    /// Its errors.
    pub stderr_is: u32,
    /// Zero.
    pub resv: u32,
}

/// # Safety
/// `list` is an array of terminated texts, NULL at its end.
unsafe fn words(list: u64) -> Result<Vec<CString>, Fault> {
    let list = list as *const *const c_char;
    let mut words = Vec::new();
    for at in 0..MOST_WORDS {
        // SAFETY: the caller promised an array that ends with NULL, and no NULL came before.
        let word = unsafe { list.add(at).read() };
        if word.is_null() {
            return Ok(words);
        }
        // SAFETY: not NULL, and the caller promised a terminated text.
        words.push(unsafe { CStr::from_ptr(word) }.to_owned());
    }
    Err(Fault::errno(libc::E2BIG, "a child gets 65536 words at most"))
}

fn stream_of(kind: u32) -> Result<Stream, Fault> {
    match kind {
        RINGLINE_STREAM_INHERITED => Ok(Stream::Inherited),
        RINGLINE_STREAM_PIPED => Ok(Stream::Piped),
        RINGLINE_STREAM_NULL => Ok(Stream::Null),
        _ => Err(invalid("a stream is no RINGLINE_STREAM_*")),
    }
}

/// # Safety
/// The pointers of `given` are what its members say.
unsafe fn plan_of(given: &ringline_process) -> Result<Plan, Fault> {
    if given.flags != 0 || given.resv != 0 {
        return Err(invalid("flags and resv of a process must be 0"));
    }
    if given.argv == 0 {
        return Err(null("argv is NULL"));
    }
    // SAFETY: not NULL, and the caller promised an array of texts that ends with NULL.
    let argv = unsafe { words(given.argv) }?;
    if argv.is_empty() {
        return Err(invalid("argv names no program"));
    }
    // SAFETY: not 0, and the caller promised an array of texts that ends with NULL.
    let env = if given.env == 0 { None } else { Some(unsafe { words(given.env) }?) };
    // SAFETY: not NULL, and a terminated text.
    let cwd = (given.cwd != 0).then(|| unsafe { CStr::from_ptr(given.cwd as _) }.to_owned());
    let streams =
        [stream_of(given.stdin_is)?, stream_of(given.stdout_is)?, stream_of(given.stderr_is)?];
    Ok(Plan { argv, env, cwd, streams })
}

/// Start a child, on a thread that may block; everything is copied. `*out` is the process's id, and
/// `user` is passed to its events: first spawn (or RINGLINE_EVENT_SPAWN) with its pid and the
/// connections of its piped streams, or why it could not be started; then exit, exactly once. A
/// piped stream is a socket: closing the connection of its input ends what it reads. The child
/// blocks no signal and gets the default for SIGPIPE. The worker waits for it: no zombie stays; the
/// end of a stop's grace kills it. A start that still hangs a second later (a program on a file
/// system that does not answer) is told as -ECANCELED and left behind, counted (left_behind); what
/// then comes of it is killed. In the worker's callbacks only, or on an adopted worker's thread.
///
/// /dev/stdin, /dev/stdout and /dev/stderr (and /proc/self/fd/N) cannot be opened in the child
/// where that stream is piped: open(2) of a socket is -ENXIO. The child uses its descriptors 0, 1
/// and 2 themselves, as `cat` without a name or with "-" does; a shell's `>/dev/stderr` is `>&2`.
///
/// Returns 0; RINGLINE_ENULL; -EINVAL or -E2BIG for the struct; -EAGAIN when the worker has 4096
/// children, or as ringline_work(); RINGLINE_ECLOSED when the worker ends; RINGLINE_EWRONGTHREAD;
/// RINGLINE_ESTALE; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_process_spawn(
    runtime: *mut ringline_runtime,
    process: *const ringline_process,
    user: u64,
    out: Option<&mut MaybeUninit<u64>>,
) -> i32 {
    on_worker(runtime, |worker| {
        let plan = || {
            // SAFETY: the caller vouches for the size that the struct says and for what its members
            // name, or gave NULL.
            unsafe { plan_of(&read_sized(process, "process is NULL")?) }
        };
        put(out, || worker.process_spawn(plan()?, user))
    })
}

/// Send a signal to a child; never to another process, whatever its pid. In the worker's callbacks
/// only. Returns 0; -EINVAL for the signal; -EAGAIN before it runs; RINGLINE_ESTALE after its exit;
/// RINGLINE_EWRONGTHREAD; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_process_kill(
    runtime: *mut ringline_runtime,
    process: u64,
    signo: i32,
) -> i32 {
    on_worker(runtime, |worker| worker.process_kill(process, signo))
}

/// Have the signal callback called (or RINGLINE_EVENT_SIGNAL told) when the process gets `signo`,
/// SIGCHLD included. No handler is installed: the signal must be blocked in all threads of the
/// program, best before it makes any (pthread_sigmask(3)); the library's own threads block all.
/// Watched by several workers, each signal goes to one of them. In the worker's callbacks only, or
/// on an adopted worker's thread.
///
/// Returns 0; -EPERM when the calling thread does not block the signal; -EALREADY; -EINVAL for the
/// signal; -EMFILE; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_signal_watch(runtime: *mut ringline_runtime, signo: i32) -> i32 {
    on_worker(runtime, |worker| worker.signal_watch(signo, true))
}

/// Watch a signal no more. In the worker's callbacks only. Returns 0, -EINVAL, RINGLINE_ESTALE when
/// it is not watched, RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_signal_unwatch(
    runtime: *mut ringline_runtime,
    signo: i32,
) -> i32 {
    on_worker(runtime, |worker| worker.signal_watch(signo, false))
}
