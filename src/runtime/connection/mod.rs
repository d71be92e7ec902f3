//! A connection: what it wants, and what it has in flight.
//!
//! Owns: its send queue and the received bytes that nobody consumed. Never calls user code and
//! never enters the kernel: it says what to do next, and the core does it. Invariant: its place is
//! free again only when nothing of it is in flight any more.

mod fast;
mod inbound;
mod kept;
mod outbound;
mod teardown;

use super::limits::Limits;
use super::progress::Progress;
use super::tls::Session;
use crate::error::{ECLOSED, Fault};
use crate::sys::net::SockAddr;
pub use fast::Fast;
pub use inbound::Inbound;
pub use kept::Kept;
pub use outbound::{End, Outbound, ZeroCopy};
pub use teardown::{Close, Gone, How, Leave, Life, Teardown};

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
    /// It is in the list of those to be settled.
    pub due: bool,
    /// The short cuts that it may take.
    pub fast: Fast,
    /// Its sending side.
    pub outbound: Outbound,
    /// Its receiving side.
    pub inbound: Inbound,
    /// How it ends.
    pub teardown: Teardown,
    /// What its other end was seen to take.
    pub progress: Progress,
    /// How long it may do nothing.
    pub limits: Option<Box<Limits>>,
    /// Where it connects to, until it is there.
    pub address: Option<Box<SockAddr>>,
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

    /// Whether there is something to do when a send has ended.
    pub fn goes_on(&self) -> bool {
        let waits = !self.outbound.queue.is_empty() || self.has_plain();
        waits || self.outbound.ends() || self.teardown.leaves() || self.life != Life::Open
    }

    /// Whether the end of its send has to be noticed at once.
    pub fn waits_for_sent(&self) -> bool {
        let Outbound { queue, was_full, is_slow, .. } = &self.outbound;
        let goes_on = self.outbound.ends() || self.life != Life::Open || !queue.has_one();
        goes_on
            || self.teardown.leaves()
            || self.has_plain()
            || *is_slow
            || *was_full
            || self.has_limits()
    }

    /// Whether it may do nothing for so long only.
    pub fn has_limits(&self) -> bool {
        self.limits.as_ref().is_some_and(|limits| limits.are_set())
    }

    /// Whether a receive shall be in flight. Draining goes on receiving, or the kernel would reset
    /// the connection for the data nobody took, and with it what was sent.
    pub fn wants_data(&self) -> bool {
        let Inbound { paused, in_line, .. } = self.inbound;
        let shown = !paused || self.life == Life::Draining || self.is_shaking();
        !self.inbound.has_ended() && !in_line && shown
    }

    /// Whether it may get in line to receive: it is not in one, and does not close.
    pub fn can_wait(&self) -> bool {
        !self.inbound.in_line && matches!(self.life, Life::Open | Life::Draining)
    }
}

#[cold]
pub fn closing() -> Fault {
    Fault::new(ECLOSED, "the connection is closing: it sends nothing more")
}
