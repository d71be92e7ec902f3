//! How a connection ends: how far it is, why, and what is known of the other end.
//!
//! Owns: nothing but the rules. Invariant: a connection only goes on in its life, and the first
//! reason stays.

use super::Connection;
use crate::runtime::flight::Flight;
use crate::sys::net;

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// There is none in this place.
    #[default]
    Free,
    /// Its connect is with the kernel.
    Connecting,
    /// Sends and receives.
    Open,
    /// Sends what is queued, says that nothing more comes, and waits for the other end to do so.
    Draining,
    /// Ends what is in flight, and closes.
    Closing(Close),
}

impl Life {
    /// It is about to close.
    pub const CLOSING: Life = Life::Closing(Close::Waits);
}

/// How far a close is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Close {
    /// Something is in flight still.
    #[default]
    Waits,
    /// It is with the kernel.
    Asked,
    /// The descriptor is closed.
    Done,
}

/// How to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// What is queued is sent first.
    Gracefully,
    /// What is queued is dropped, and the other end sees a reset.
    AtOnce,
}

/// What a stop of the worker asks of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: the worker runs.
    #[default]
    Never,
    /// To end when a look finds nothing unread and all is sent.
    WhenIdle,
    /// As that, when it said something: it shook hands when the worker stopped.
    WhenHeard,
}

/// What is known of another end that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gone {
    /// Nothing says that it is.
    #[default]
    No,
    /// It is; nobody asked yet what the kernel has of it.
    Unasked,
    /// The kernel has so many bytes of it.
    Left(u32),
    /// The kernel has nothing of it any more.
    Empty,
    /// Nor does the user: all was shown, also what a pause kept, or is about to be. What the answer
    /// to that leaves is dropped, or who pauses each time would be shown it for ever.
    Told,
}

/// The poll that notices it while no receive does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// The poll.
    pub flight: Flight,
    /// Both directions are shut.
    pub hung: bool,
    /// The kernel refused it.
    pub fails: bool,
}

impl Gone {
    /// Whether the other end is gone.
    pub fn is(self) -> bool {
        self != Gone::No
    }

    /// A receive brought `len` bytes, and is `over` if nothing can come behind them.
    pub fn received(&mut self, len: usize, over: bool) {
        match *self {
            Gone::No | Gone::Told => {}
            _ if over => *self = Gone::Empty,
            Gone::Left(left) if left as usize > len => *self = Gone::Left(left - len as u32),
            Gone::Left(_) => *self = Gone::Empty,
            Gone::Unasked | Gone::Empty => {}
        }
    }
}

/// How a connection ends.
#[derive(Default)]
pub struct Teardown {
    /// Why it is over: 0, or -errno.
    pub reason: i32,
    /// Whether the other end is gone.
    pub gone: Gone,
    /// What notices that without a receive.
    pub watch: Watch,
    /// What a stop of the worker asks of it.
    pub leave: Leave,
    /// It was never open: its end is told as that of its connect.
    pub dials: bool,
    /// Bytes that its other end had not taken when it was closed at once.
    pub untaken: u64,
}

impl Leave {
    /// The worker stops; `shakes`: a handshake is under way, and what follows it is waited for.
    pub fn when_idle(shakes: bool) -> Leave {
        if shakes { Leave::WhenHeard } else { Leave::WhenIdle }
    }
}

impl Teardown {
    /// It is over for `reason`, unless it was for another one before.
    pub fn note(&mut self, reason: i32) {
        if self.reason == 0 {
            self.reason = reason;
        }
    }

    /// Whether the worker stops, and waits for it.
    pub fn leaves(&self) -> bool {
        self.leave != Leave::Never
    }
}

impl Connection {
    /// Close for `reason`; the first reason stays. True when that is news.
    pub fn begin_close(&mut self, how: How, reason: i32) -> bool {
        let next = match (self.life, how) {
            (Life::Open, How::Gracefully) => Life::Draining,
            (Life::Open | Life::Draining, How::AtOnce) | (Life::Connecting, _) => Life::CLOSING,
            _ => return false,
        };
        self.teardown.note(reason);
        self.life = next;
        self.outbound.want_end();
        self.inbound.drop_owed();
        true
    }

    /// Both directions are over: a close now loses nothing, and keeps nothing that was lent.
    pub fn is_drained(&self) -> bool {
        let over = self.outbound.has_ended() && self.inbound.has_ended() && self.outbound.lent == 0;
        self.life == Life::Draining && over
    }

    /// Nothing of it is with the kernel but memory lent to it, which only the close makes it drop.
    pub fn is_idle(&self) -> bool {
        let sends = self.outbound.flight.is_some() || self.outbound.reads > 0;
        self.inbound.flight.is_none() && !sends && self.teardown.watch.flight.is_none()
    }

    /// Whether only a poll notices that the other end goes. One that waits for its turn to receive,
    /// or is about to be told of an end, asks soon, unless it pauses.
    pub fn wants_watch(&self) -> bool {
        let waits = (self.inbound.in_line || self.inbound.owes_end()) && !self.inbound.paused;
        let deaf = self.inbound.flight.is_none() && !self.wants_data() && !waits;
        self.life == Life::Open && deaf
    }

    /// Both directions are shut, without an error: the reason to close, if it is one. After the own
    /// end it is an end like any other. Else nothing can be sent any more; but what came can still
    /// be received, at any time: as long as there is some for which the user pauses, or an end, it
    /// waits.
    pub fn hung_up(&self) -> Option<i32> {
        let inbound = &self.inbound;
        let waits = || inbound.owes_end() || inbound.paused && !inbound.kept.is_empty();
        let unread = || !inbound.has_ended() && net::unread(self.fd) > 0;
        if !self.teardown.watch.hung || self.outbound.has_ended() || waits() || unread() {
            return None;
        }
        // Nothing was to come and nothing to go: for a socket of a path, this is how it ends.
        let well = !inbound.has_ended() && self.queued() == 0 && self.tls.is_none();
        Some(if well { 0 } else { -libc::EPIPE })
    }
}
