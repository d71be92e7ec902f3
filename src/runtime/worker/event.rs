//! What a worker tells, and to whom.
//!
//! Owns: nothing. A door is what a language's side of the runtime implements; it is handed to each
//! step of its worker, so the worker is the same for all and telling is an ordinary call.

use super::state::Worker;
use crate::driver::Completion;
use crate::runtime::datagram::Datagram;
use crate::sys::Resolved;
use std::ffi::CStr;

/// What a worker tells its user.
#[derive(Debug)]
pub enum Event<'a> {
    /// The worker begins.
    Started,
    /// A connection came by `listener`.
    Accepted { conn: u64, listener: u32 },
    /// Bytes came; `used` is how many are consumed, all at first; negative = close at once for that
    /// reason. No bytes: the other end sends nothing more; 0 = close gracefully, 1 = go on sending.
    Data { conn: u64, user: u64, bytes: &'a [u8], used: &'a mut i64 },
    /// The kernel took so many bytes of what is heard of: [`Worker::hear`].
    Sent { conn: u64, user: u64, bytes: u64 },
    /// There is room in a send queue that was full; for datagrams `conn` is the listener's id.
    Writable { conn: u64, user: u64 },
    /// What became of a connect of the worker's own: 0, or -errno and its id is stale afterwards.
    Connected { conn: u64, user: u64, res: i32 },
    /// What was lent under `cookie` is the user's again.
    Released { conn: u64, user: u64, cookie: u64 },
    /// A datagram came by `listener`.
    Datagram { listener: u32, datagram: &'a Datagram<'a> },
    /// The TLS handshake of a connection ended well.
    Secured { conn: u64, user: u64 },
    /// A connection is over, and its id is stale afterwards. `why`: the words for a reason of TLS.
    Closed { conn: u64, user: u64, reason: i32, why: &'static str },
    /// A timer ticks; so many of its periods were missed before.
    Ticked { timer: u64, user: u64, missed: u32 },
    /// Another thread has something to say.
    Notified { user: u64, res: i32 },
    /// A host and a service were looked up: all addresses, or -errno and the resolver's words.
    Resolved { user: u64, res: i32, addresses: &'a [Resolved], error: &'a CStr },
    /// A signal that is watched came, sent by that process.
    Signalled { signo: i32, sender: i32 },
    /// A child runs (`res` is its pid), with the connections of its streams; or -errno.
    Spawned { process: u64, user: u64, res: i32, streams: &'a [u64; 3] },
    /// A child ended: its code, -signal, or [`crate::runtime::UNKNOWN`].
    Exited { process: u64, user: u64, status: i32 },
    /// What came of an operation of the door's own: [`Worker::submit`].
    Completed { user: u64, completion: &'a Completion },
    /// It stops: nobody is accepted after those who connected before.
    Stopping,
    /// The worker is over.
    Stopped,
}

/// What a door did before its worker sleeps, and how long the worker may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing was to be done: until something happens.
    Idle,
    /// What was to be done is: until something happens.
    Done,
    /// For a little while: something was refused that passes.
    Short,
    /// Not at all: there is more to do.
    Not,
}

/// Whom a worker tells. All on the worker's thread.
pub trait Door {
    /// Something happened; one thing at a time. Every function of the worker may be called in it.
    fn tell(&self, worker: &Worker, event: Event<'_>);
    /// All that happened was told, and the worker is about to sleep: what the door has to do by
    /// then. What it asks of connections is done before the sleep.
    fn poll(&self, _worker: &Worker) -> Rest {
        Rest::Idle
    }
    /// Whether there is room to tell a whole turn.
    fn has_room(&self) -> bool {
        true
    }
}
