//! Group M: the C side of a worker: the user's callbacks.
//!
//! Owns: which worker the calling thread is. Never keeps a reference to one while user code runs
//! but the shared one that the worker itself lends.

use super::ringline_runtime;
use crate::runtime::{Door, Worker};
use core::cell::Cell;
use core::ffi::c_void;

/// Told when a worker begins, and when it is over. On the worker's thread, as all of these.
pub type ringline_worker_callback = Option<
    unsafe extern "C-unwind" fn(ctx: *mut c_void, runtime: *mut ringline_runtime, worker: u32),
>;

/// A client came by `listener`.
pub type ringline_accept_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        listener: u32,
    ),
>;

/// `length` bytes came; they are valid during the call. Returns how many were consumed; the rest is
/// kept and shown again, in front, when more came. Negative = close at once, for that reason.
/// Length 0: the other end sends nothing more; 0 = close gracefully, 1 = go on sending.
pub type ringline_data_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        bytes: *const u8,
        length: usize,
    ) -> i64,
>;

/// The kernel took `length` bytes of what was sent.
pub type ringline_sent_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        length: u64,
    ),
>;

/// A send was refused with -EAGAIN, and now the queue is down at low_water.
pub type ringline_writable_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
    ),
>;

/// The connection is over, exactly once per accept. `reason`: 0, the -errno of the receive or send
/// that failed, what data returned, -ECONNABORTED (closed at once), -ETIMEDOUT (a graceful close
/// took too long), -EMSGSIZE (keep_max), -ECANCELED (stop). ringline_conn_info_of() still answers
/// in it; the id is stale when it returns.
pub type ringline_close_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        reason: i32,
    ),
>;

/// What a worker tells. Each is called on a worker's thread, one at a time per worker, never inside
/// another one and never inside a function of the library; each may be NULL. `conn` is the
/// connection's id, `user` what ringline_conn_set_user() keeps (0 at first). Every function is
/// legal in them, but a join, which is RINGLINE_EREENTRANT. A C++ exception that leaves one ends
/// the program. `size` as in ringline_config.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ringline_runtime_handlers {
    /// sizeof(ringline_runtime_handlers).
    pub size: u32,
    /// Zero.
    pub resv: u32,
    /// Passed to each.
    pub ctx: *mut c_void,
    /// The worker begins; nothing is accepted before that.
    pub start: ringline_worker_callback,
    /// A client came.
    pub accept: ringline_accept_callback,
    /// Bytes came, or the end; NULL = all are consumed, and the end closes gracefully.
    pub data: ringline_data_callback,
    /// Bytes went.
    pub sent: ringline_sent_callback,
    /// There is room again.
    pub writable: ringline_writable_callback,
    /// A connection is over.
    pub close: ringline_close_callback,
    /// The worker is over: the last call on its thread.
    pub stop: ringline_worker_callback,
}

impl Default for ringline_runtime_handlers {
    fn default() -> ringline_runtime_handlers {
        ringline_runtime_handlers {
            size: 0,
            resv: 0,
            ctx: core::ptr::null_mut(),
            start: None,
            accept: None,
            data: None,
            sent: None,
            writable: None,
            close: None,
            stop: None,
        }
    }
}

/// The handlers of a runtime.
#[derive(Clone, Copy, Default)]
pub(super) struct CDoor(pub ringline_runtime_handlers);

// SAFETY: addresses only; who sets the handlers vouches that every worker may call them.
unsafe impl Send for CDoor {}

thread_local! {
    /// The worker that this thread is.
    static HERE: Cell<*const Worker<CDoor>> = const { Cell::new(core::ptr::null()) };
}

/// The worker that the calling thread is, if it is one of `runtime`.
#[inline]
pub(super) fn here<'a>(runtime: u64) -> Option<&'a Worker<CDoor>> {
    // SAFETY: set by the worker for as long as it runs, on this thread, which is inside of it.
    let worker = unsafe { HERE.get().as_ref() }?;
    (worker.runtime() == runtime).then_some(worker)
}

fn handle(worker: &Worker<CDoor>) -> *mut ringline_runtime {
    worker.runtime() as *mut ringline_runtime
}

// Who sets the handlers vouches for the functions and their context: that is the SAFETY of all
// calls below.
impl Door for CDoor {
    fn on_start(&self, worker: &Worker<CDoor>) {
        HERE.set(worker);
        if let Some(start) = self.0.start {
            // SAFETY: see above.
            unsafe { start(self.0.ctx, handle(worker), worker.index()) }
        }
    }

    fn on_accept(&self, worker: &Worker<CDoor>, conn: u64, listener: u32) {
        if let Some(accept) = self.0.accept {
            // SAFETY: see above.
            unsafe { accept(self.0.ctx, handle(worker), conn, listener) }
        }
    }

    fn on_data(&self, worker: &Worker<CDoor>, conn: u64, user: u64, bytes: &[u8]) -> i64 {
        let Some(data) = self.0.data else {
            return bytes.len() as i64;
        };
        // SAFETY: see above; the bytes are there until it returns.
        unsafe { data(self.0.ctx, handle(worker), conn, user, bytes.as_ptr(), bytes.len()) }
    }

    fn on_sent(&self, worker: &Worker<CDoor>, conn: u64, user: u64, bytes: u64) {
        if let Some(sent) = self.0.sent {
            // SAFETY: see above.
            unsafe { sent(self.0.ctx, handle(worker), conn, user, bytes) }
        }
    }

    fn on_writable(&self, worker: &Worker<CDoor>, conn: u64, user: u64) {
        if let Some(writable) = self.0.writable {
            // SAFETY: see above.
            unsafe { writable(self.0.ctx, handle(worker), conn, user) }
        }
    }

    fn on_close(&self, worker: &Worker<CDoor>, conn: u64, user: u64, reason: i32) {
        if let Some(close) = self.0.close {
            // SAFETY: see above.
            unsafe { close(self.0.ctx, handle(worker), conn, user, reason) }
        }
    }

    fn on_stop(&self, worker: &Worker<CDoor>) {
        if let Some(stop) = self.0.stop {
            // SAFETY: see above.
            unsafe { stop(self.0.ctx, handle(worker), worker.index()) }
        }
        HERE.set(core::ptr::null());
    }
}
