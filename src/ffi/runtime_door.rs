//! Group M: the C side of a worker: the user's callbacks.
//!
//! Owns: which worker the calling thread is. Never keeps a reference to one while user code runs
//! but the shared one that the worker itself lends.

use super::boundary::set_detail;
use super::constants::RINGLINE_DATAGRAM_TRUNCATED;
use super::ringline_runtime;
use super::runtime_events::Recorder;
use super::runtime_ring::{end_hosted, run_hosted};
use super::runtime_work::ringline_address;
use crate::error::ETLS;
use crate::runtime::{Datagram, Door, Hosted, Worker};
use crate::sys::Resolved;
use core::cell::Cell;
use core::ffi::{CStr, c_char, c_void};
use core::ptr::NonNull;

/// Told when a worker begins, when it begins to end, and when it is over. On the worker's thread,
/// as all of these.
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
/// Length 0: the other end sends nothing more; 0 = close gracefully, 1 = go on sending. Where a
/// receive or a send failed or the other end is gone (RINGLINE_CONN_GONE) length 0 does not come:
/// what was received is shown, and then close comes; what is left, or sent meanwhile, is dropped.
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

/// A send was refused with -EAGAIN, and now the queue is down at low_water. After
/// ringline_udp_send() `conn` is the listener's id, which no connection has, and `user` is 0.
pub type ringline_writable_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
    ),
>;

/// The TLS handshake ended: from now on ringline_conn_tls_info_of() knows all.
pub type ringline_secured_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
    ),
>;

/// The connection is over, exactly once per accept. `reason`: 0, the -errno of the receive or send
/// that failed or of a socket that nobody read from or sent on (-ECONNRESET, -EPIPE), what data
/// returned, -ECONNABORTED (closed at once), -ETIMEDOUT (a graceful close or a timeout of its own),
/// -EMSGSIZE (keep_max), -ECANCELED (stop), RINGLINE_ETLS (then ringline_error_detail() says why;
/// else it is empty), RINGLINE_ETRUNCATED. ringline_conn_info_of() still answers in it; the id is
/// stale when it returns.
pub type ringline_close_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        reason: i32,
    ),
>;

/// What became of ringline_conn_connect(), exactly once: `res` 0 = it is connected, and its end is
/// told by close; else it is over: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, what connect(2) says,
/// -ECANCELED or -ECONNABORTED (closed before), and the id is stale when this returns.
pub type ringline_connect_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        res: i32,
    ),
>;

/// What ringline_conn_send_zc() or ringline_conn_send_file() got under `cookie` is the caller's
/// again: exactly once for each that returned 0, before the connection's close. That it was sent it
/// does not say.
pub type ringline_released_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        conn: u64,
        user: u64,
        cookie: u64,
    ),
>;

/// A timer of ringline_timer_start() ticks, after as many of its periods as were `missed`.
pub type ringline_tick_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        timer: u64,
        user: u64,
        missed: u32,
    ),
>;

/// What ringline_runtime_post() posted.
pub type ringline_notify_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        user: u64,
        res: i32,
    ),
>;

/// What ringline_resolve() found: `count` addresses in the resolver's order. Or `res` is an -errno
/// near the resolver's own code (-ENOENT: no such name, -EAGAIN: try again, -ECANCELED: stop), and
/// `error` its words. Both are valid during the call.
pub type ringline_resolve_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        user: u64,
        res: i32,
        addresses: *const ringline_address,
        count: usize,
        error: *const c_char,
    ),
>;

/// A signal of ringline_signal_watch() came, sent by the process `sender` (0 = the kernel).
pub type ringline_signal_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        signo: i32,
        sender: i32,
    ),
>;

/// The child of ringline_process_spawn() runs: `res` is its pid, and `streams` has the connections
/// of its input, output and errors, 0 where there is none. Or `res` is why it does not, -errno, and
/// the id is stale.
pub type ringline_spawn_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        process: u64,
        user: u64,
        res: i32,
        streams: *const u64,
    ),
>;

/// A child ended with the code `status`, or by the signal -`status`; RINGLINE_EXIT_UNKNOWN when
/// somebody else waited for it. The id is stale. Data of its streams may still come.
pub type ringline_exit_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        process: u64,
        user: u64,
        status: i32,
    ),
>;

/// A datagram of `length` bytes (0 as well) came by `listener`, from the sockaddr at `from` of
/// `from_length` bytes, to which ringline_udp_send() answers; NULL and 0 when the sender has none
/// (a Unix socket that is not bound). Both are valid during the call. `flags`:
/// RINGLINE_DATAGRAM_TRUNCATED.
pub type ringline_datagram_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut c_void,
        runtime: *mut ringline_runtime,
        listener: u32,
        flags: u32,
        from: *const c_void,
        from_length: u32,
        bytes: *const u8,
        length: usize,
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
    /// What became of a connect.
    pub connect: ringline_connect_callback,
    /// Lent memory or a lent file is free again.
    pub released: ringline_released_callback,
    /// A timer ticks.
    pub tick: ringline_tick_callback,
    /// Another thread posted something.
    pub notify: ringline_notify_callback,
    /// A name was looked up.
    pub resolve: ringline_resolve_callback,
    /// A signal came.
    pub signal: ringline_signal_callback,
    /// A child runs.
    pub spawn: ringline_spawn_callback,
    /// A child ended.
    pub exit: ringline_exit_callback,
    /// A datagram came; NULL = they are dropped.
    pub datagram: ringline_datagram_callback,
    /// A TLS handshake ended well.
    pub secured: ringline_secured_callback,
    /// ringline_runtime_stop() or a free was called: the worker begins to end. Once, before stop.
    pub stopping: ringline_worker_callback,
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
            connect: None,
            released: None,
            tick: None,
            notify: None,
            resolve: None,
            signal: None,
            spawn: None,
            exit: None,
            datagram: None,
            secured: None,
            stopping: None,
        }
    }
}

/// The handlers of a runtime; those of an adopted worker write records.
#[derive(Clone, Copy, Default)]
pub(super) struct CDoor(pub ringline_runtime_handlers, pub Option<NonNull<Recorder>>);

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

/// Whether the calling thread is a worker of any runtime.
pub(super) fn here_any() -> bool {
    !HERE.get().is_null()
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

    fn wants_sent(&self) -> bool {
        self.0.sent.is_some()
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

    fn on_secured(&self, worker: &Worker<CDoor>, conn: u64, user: u64) {
        if let Some(secured) = self.0.secured {
            // SAFETY: see above.
            unsafe { secured(self.0.ctx, handle(worker), conn, user) }
        }
    }

    fn on_datagram(&self, worker: &Worker<CDoor>, listener: u32, it: &Datagram<'_>) {
        let Some(datagram) = self.0.datagram else { return };
        let from = if it.from.is_empty() { core::ptr::null() } else { it.from.as_ptr().cast() };
        let flags = if it.truncated { RINGLINE_DATAGRAM_TRUNCATED } else { 0 };
        let from_length = it.from.len() as u32;
        let (bytes, length) = (it.bytes.as_ptr(), it.bytes.len());
        let (ctx, runtime) = (self.0.ctx, handle(worker));
        // SAFETY: see above; the bytes are there until it returns.
        unsafe { datagram(ctx, runtime, listener, flags, from, from_length, bytes, length) }
    }

    fn on_close(&self, worker: &Worker<CDoor>, conn: u64, user: u64, reason: i32) {
        // Not what another connection's call has left there.
        set_detail(worker.tls_fault(conn).filter(|_| reason == ETLS).unwrap_or(""));
        if let Some(close) = self.0.close {
            // SAFETY: see above.
            unsafe { close(self.0.ctx, handle(worker), conn, user, reason) }
        }
    }

    fn on_connect(&self, worker: &Worker<CDoor>, conn: u64, user: u64, res: i32) {
        set_detail("");
        if let Some(connect) = self.0.connect {
            // SAFETY: see above.
            unsafe { connect(self.0.ctx, handle(worker), conn, user, res) }
        }
    }

    fn on_released(&self, worker: &Worker<CDoor>, conn: u64, user: u64, cookie: u64) {
        if let Some(released) = self.0.released {
            // SAFETY: see above.
            unsafe { released(self.0.ctx, handle(worker), conn, user, cookie) }
        }
    }

    fn on_stop(&self, worker: &Worker<CDoor>) {
        if let Some(stop) = self.0.stop {
            // SAFETY: see above.
            unsafe { stop(self.0.ctx, handle(worker), worker.index()) }
        }
        end_hosted();
        HERE.set(core::ptr::null());
    }

    fn on_stopping(&self, worker: &Worker<CDoor>) {
        if let Some(stopping) = self.0.stopping {
            // SAFETY: see above.
            unsafe { stopping(self.0.ctx, handle(worker), worker.index()) }
        }
    }

    fn on_tick(&self, worker: &Worker<CDoor>, timer: u64, user: u64, missed: u32) {
        if let Some(tick) = self.0.tick {
            // SAFETY: see above.
            unsafe { tick(self.0.ctx, handle(worker), timer, user, missed) }
        }
    }

    fn on_notify(&self, worker: &Worker<CDoor>, user: u64, res: i32) {
        if let Some(notify) = self.0.notify {
            // SAFETY: see above.
            unsafe { notify(self.0.ctx, handle(worker), user, res) }
        }
    }

    fn on_resolve(
        &self,
        worker: &Worker<CDoor>,
        user: u64,
        res: i32,
        addresses: &[Resolved],
        error: &CStr,
    ) {
        if let Some(resolve) = self.0.resolve {
            let first = addresses.as_ptr().cast::<ringline_address>();
            // SAFETY: see above; the addresses and the text are there until it returns.
            unsafe {
                let (ctx, count) = (self.0.ctx, addresses.len());
                resolve(ctx, handle(worker), user, res, first, count, error.as_ptr())
            }
        }
    }

    fn on_signal(&self, worker: &Worker<CDoor>, signo: i32, sender: i32) {
        if let Some(signal) = self.0.signal {
            // SAFETY: see above.
            unsafe { signal(self.0.ctx, handle(worker), signo, sender) }
        }
    }

    fn on_spawn(
        &self,
        worker: &Worker<CDoor>,
        process: u64,
        user: u64,
        res: i32,
        streams: &[u64; 3],
    ) {
        if let Some(spawn) = self.0.spawn {
            // SAFETY: see above; the streams are there until it returns.
            unsafe { spawn(self.0.ctx, handle(worker), process, user, res, streams.as_ptr()) }
        }
    }

    fn on_exit(&self, worker: &Worker<CDoor>, process: u64, user: u64, status: i32) {
        if let Some(exit) = self.0.exit {
            // SAFETY: see above.
            unsafe { exit(self.0.ctx, handle(worker), process, user, status) }
        }
    }

    fn run_hosted(&self) -> Hosted {
        run_hosted()
    }

    fn has_room(&self) -> bool {
        // SAFETY: the recorder of an adopted worker outlives it.
        self.1.is_none_or(|recorder| unsafe { recorder.as_ref() }.has_room())
    }

    fn has_told(&self) -> bool {
        // SAFETY: the recorder of an adopted worker outlives it.
        self.1.is_some_and(|recorder| unsafe { recorder.as_ref() }.len() > 0)
    }
}
