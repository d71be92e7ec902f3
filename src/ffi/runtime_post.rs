//! Group M: what any thread may leave for a worker.

use super::given::message;
use super::ringline_runtime;
use super::runtime::visit;
use core::ffi::c_void;

/// Have a copy of `length` bytes sent on a connection, from any thread but a signal handler: they
/// go behind what is queued, in the order of each thread. A connection that is over by then drops
/// them; one whose queue has twice high_water bytes is closed with -ENOBUFS.
///
/// Returns 0; -EAGAIN when 1024 posts or 64 MiB wait for the worker: post again later; -EMSGSIZE
/// above 16 MiB; -ENOMEM; RINGLINE_ENULL; RINGLINE_ECLOSED when the worker is over;
/// RINGLINE_ESTALE for an id that never was one; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_post(
    runtime: *mut ringline_runtime,
    conn: u64,
    bytes: *const c_void,
    length: usize,
) -> i32 {
    visit(runtime, |runtime| {
        // SAFETY: the caller vouches for the bytes, or gave NULL.
        let bytes = unsafe { message(bytes, length, "a post has 16 MiB at most") }?;
        runtime.threads.shared().post_send(conn, bytes)
    })
}

/// Have notify called (or RINGLINE_EVENT_NOTIFY told) with `user` and `res` on a worker, each call
/// once, in the order of each thread. Any thread, but no signal handler. What is posted before the
/// worker begins is told when it does.
///
/// Returns 0, -EAGAIN as ringline_conn_post(), RINGLINE_ECLOSED when the worker is over,
/// RINGLINE_ESTALE (also when there is no such worker), RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_post(
    runtime: *mut ringline_runtime,
    worker: u32,
    user: u64,
    res: i32,
) -> i32 {
    visit(runtime, |runtime| runtime.threads.shared().post_note(worker, user, res))
}
