//! A connection: what it wants, and what it has in flight.
//!
//! Owns: its send queue and the received bytes that nobody consumed. Never calls user code and
//! never enters the kernel: it says what to do next, and the core does it. Invariant: its place is
//! free again only when nothing of it is in flight any more.

mod outbound;

use super::flight::Flight;
use super::gone::{Gone, Watch};
use super::kept::Kept;
use super::limits::Limits;
use super::progress::Progress;
use super::tls::Session;
use crate::error::{ECLOSED, Fault};
use crate::sys::net::RawAddress;
pub use outbound::{End, Outbound, ZeroCopy};

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
    Closing,
}

/// How to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// What is queued is sent first.
    Gracefully,
    /// What is queued is dropped, and the other end sees a reset.
    AtOnce,
}

/// One connection.
#[derive(Default)]
pub struct Connection {
    /// Its id.
    pub id: u64,
    /// The user's number.
    pub user: u64,
    /// The listener it came by.
    pub listener: u32,
    /// Its descriptor.
    pub fd: i32,
    /// How far it is.
    pub life: Life,
    /// Why it is over: 0, or -errno.
    pub reason: i32,
    /// Its sending side.
    pub outbound: Outbound,
    /// The receive in flight.
    pub recv: Flight,
    /// The close is with the kernel.
    pub closes: bool,
    /// Whether the other end is gone.
    pub gone: Gone,
    /// What notices that without a receive.
    pub watch: Watch,
    /// The user wants no data for now.
    pub paused: bool,
    /// It waits for a buffer of the pool, or for its turn.
    pub parked: bool,
    /// Much comes: it receives once at a time.
    pub takes_much: bool,
    /// The receive in flight brings more than one piece.
    pub recv_goes_on: bool,
    /// The last one took all that there was: the next one finds nothing at once.
    pub recv_empties: bool,
    /// The other end sends nothing more.
    pub ended: bool,
    /// The user was not told of that yet.
    pub end_untold: bool,
    /// What is kept is to be shown again.
    pub show: bool,
    /// The worker stops: it ends when a look finds nothing unread and all is sent.
    pub leaves: bool,
    /// Its handshake ended when the worker stopped already: what it says first is waited for.
    pub greets: bool,
    /// It is in the list of those to be settled.
    pub due: bool,
    /// A small message may leave without another look: see [`Connection::is_quick`].
    pub quick: bool,
    /// What comes is shown without another look: see [`Connection::is_plain`].
    pub plain: bool,
    /// It was never open: its end is told as that of its connect.
    pub dials: bool,
    /// The descriptor is closed.
    pub closed: bool,
    /// What was received and not consumed.
    pub kept: Kept,
    /// Bytes received.
    pub received: u64,
    /// Bytes that its other end had not taken when it was closed at once.
    pub untaken: u64,
    /// What its other end was seen to take.
    pub progress: Progress,
    /// How long it may do nothing.
    pub limits: Option<Box<Limits>>,
    /// Where it connects to, until it is there.
    pub address: Option<Box<RawAddress>>,
    /// What stands between it and the user.
    pub tls: Option<Box<Session>>,
}

impl Connection {
    /// Whether it may still send.
    pub fn check_sending(&self) -> Result<(), Fault> {
        if self.life == Life::Connecting {
            return Err(Fault::errno(libc::ENOTCONN, "it is not connected yet"));
        }
        if self.life != Life::Open || self.outbound.ends() {
            return Err(closing());
        }
        Ok(())
    }

    /// Close for `reason`; the first reason stays. True when that is news.
    pub fn begin_close(&mut self, how: How, reason: i32) -> bool {
        let next = match (self.life, how) {
            (Life::Open, How::Gracefully) => Life::Draining,
            (Life::Open | Life::Draining, How::AtOnce) | (Life::Connecting, _) => Life::Closing,
            _ => return false,
        };
        if self.reason == 0 {
            self.reason = reason;
        }
        self.life = next;
        self.outbound.want_end();
        self.show = false;
        self.end_untold = false;
        self.kept.clear();
        true
    }

    /// Whether there is something to do when a send has ended.
    pub fn goes_on(&self) -> bool {
        let waits = !self.outbound.queue.is_empty() || self.has_plain();
        waits || self.outbound.ends() || self.leaves || self.life != Life::Open
    }

    /// Whether the end of its send has to be noticed at once.
    pub fn waits_for_sent(&self) -> bool {
        let Outbound { queue, was_full, is_slow, .. } = &self.outbound;
        let goes_on = self.outbound.ends() || self.life != Life::Open || !queue.has_one();
        goes_on || self.leaves || self.has_plain() || *is_slow || *was_full || self.has_limits()
    }

    /// Whether it may do nothing for so long only.
    pub fn has_limits(&self) -> bool {
        self.limits.as_ref().is_some_and(|limits| limits.are_set())
    }

    /// Whether a receive shall be in flight. Draining goes on receiving, or the kernel would reset
    /// the connection for the data nobody took, and with it what was sent.
    pub fn wants_data(&self) -> bool {
        let shown = !self.paused || self.life == Life::Draining || self.is_shaking();
        !self.ended && !self.parked && shown
    }

    /// Both directions are over: a close now loses nothing, and keeps nothing that was lent.
    pub fn is_drained(&self) -> bool {
        let over = self.outbound.has_ended() && self.ended && self.outbound.lent == 0;
        self.life == Life::Draining && over
    }

    /// Whether what comes is shown as it is, and that is all.
    pub fn is_plain(&self) -> bool {
        let bare = !self.has_limits() && self.tls.is_none();
        let open = self.life == Life::Open && !self.gone.is() && !self.leaves;
        bare && open && !self.paused && self.kept.is_empty()
    }

    /// Nothing of it is with the kernel but memory lent to it, which only the close makes it drop.
    pub fn is_idle(&self) -> bool {
        let sends = self.outbound.flight.is_some() || self.outbound.reads > 0;
        self.recv.is_none() && !sends && self.watch.flight.is_none()
    }
}

#[cold]
pub fn closing() -> Fault {
    Fault::new(ECLOSED, "the connection is closing: it sends nothing more")
}
