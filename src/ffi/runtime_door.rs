//! Group M: the door of callbacks: what a worker tells is a call of a handler of the user's.
//!
//! Owns: the handlers, and how each is called.

use super::boundary::set_detail;
use super::constants::RINGLINE_DATAGRAM_TRUNCATED;
use super::ringline_runtime;
use super::runtime_here::{arrive, depart};
use super::runtime_ring::Hosted;
use super::runtime_work::ringline_address;
use crate::runtime::{Door, Event, Rest, Worker};
use core::ffi::{c_char, c_void};
use core::ptr::null;

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

/// The handlers of a runtime.
#[derive(Clone, Copy, Default)]
pub(super) struct Handlers(pub ringline_runtime_handlers);

// SAFETY: addresses only; who sets the handlers vouches that every worker may call them.
unsafe impl Send for Handlers {}

/// The door that calls them.
pub(super) struct Callbacks {
    handlers: Handlers,
    hosted: Hosted,
}

impl Callbacks {
    /// The door of one worker.
    pub fn new(handlers: Handlers) -> Callbacks {
        Callbacks { handlers, hosted: Hosted::default() }
    }
}

impl Door for Callbacks {
    // Where it is told is known which event it is: each costs the call of its handler alone.
    #[inline(always)]
    fn tell(&self, worker: &Worker, event: Event<'_>) {
        let handlers = &self.handlers.0;
        let (ctx, runtime) = (handlers.ctx, worker.runtime() as *mut ringline_runtime);
        macro_rules! call {
            ($handler:ident $(, $argument:expr)*) => {
                if let Some(handler) = handlers.$handler {
                    // SAFETY: who sets the handlers vouches for the functions and their context;
                    // what the arguments point to is there until it returns.
                    unsafe { handler(ctx, runtime $(, $argument)*) }
                }
            };
        }
        match event {
            Event::Data { conn, user, bytes, used } => {
                if let Some(data) = handlers.data {
                    let (bytes, length) = (bytes.as_ptr(), bytes.len());
                    // SAFETY: who sets the handlers vouches for the functions and their context;
                    // the bytes are there until it returns.
                    *used = unsafe { data(ctx, runtime, conn, user, bytes, length) };
                }
            }
            Event::Sent { conn, user, bytes } => call!(sent, conn, user, bytes),
            Event::Writable { conn, user } => call!(writable, conn, user),
            Event::Accepted { conn, listener } => call!(accept, conn, listener),
            Event::Connected { conn, user, res } => {
                set_detail("");
                call!(connect, conn, user, res);
            }
            Event::Secured { conn, user } => call!(secured, conn, user),
            Event::Closed { conn, user, reason, why } => {
                // Not what another connection's call has left there.
                set_detail(why);
                call!(close, conn, user, reason);
            }
            Event::Released { conn, user, cookie } => call!(released, conn, user, cookie),
            Event::Datagram { listener, datagram: it } => {
                let flags = if it.truncated { RINGLINE_DATAGRAM_TRUNCATED } else { 0 };
                let from = if it.from.is_empty() { null() } else { it.from.as_ptr().cast() };
                let from_length = it.from.len() as u32;
                let (bytes, length) = (it.bytes.as_ptr(), it.bytes.len());
                call!(datagram, listener, flags, from, from_length, bytes, length);
            }
            Event::Ticked { timer, user, missed } => call!(tick, timer, user, missed),
            Event::Notified { user, res } => call!(notify, user, res),
            Event::Resolved { user, res, addresses, error } => {
                let first = addresses.as_ptr().cast::<ringline_address>();
                call!(resolve, user, res, first, addresses.len(), error.as_ptr());
            }
            Event::Signalled { signo, sender } => call!(signal, signo, sender),
            Event::Spawned { process, user, res, streams } => {
                call!(spawn, process, user, res, streams.as_ptr());
            }
            Event::Exited { process, user, status } => call!(exit, process, user, status),
            Event::Completed { completion, .. } => self.hosted.completed(completion),
            Event::Started => {
                arrive(worker);
                self.hosted.begin();
                if handlers.sent.is_some() {
                    worker.hear_all();
                }
                call!(start, worker.index());
            }
            Event::Stopping => call!(stopping, worker.index()),
            Event::Stopped => {
                call!(stop, worker.index());
                self.hosted.end();
                depart();
            }
        }
    }

    #[inline(always)]
    fn poll(&self, worker: &Worker) -> Rest {
        self.hosted.poll(worker)
    }
}
