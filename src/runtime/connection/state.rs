//! A connection: what it wants, and what it has in flight.
//!
//! Owns: both its sides, and how it ends. Never calls user code and never enters the kernel: it
//! says what to do next. Invariant: its place is free again only when nothing of it is in flight.

use super::inbound::Inbound;
use super::limits::Limits;
use super::outbound::Outbound;
use super::progress::Progress;
use super::teardown::{How, Life, Teardown};
use crate::fault::{ECLOSED, Fault};
use crate::runtime::queue::{Blocks, SendQueue};
use crate::runtime::tls::Session;
use crate::sys::net::{self, SockAddr};

/// The fast paths of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fast {
    /// A small message may leave without another look at it.
    pub send: bool,
    /// What comes is shown without another look at it.
    pub recv: bool,
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
            || self.outbound.is_heard()
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
        let Inbound { paused, full, in_line, .. } = self.inbound;
        let shown = !(paused || full) || self.life == Life::Draining || self.is_shaking();
        !self.inbound.has_ended() && !in_line && shown
    }

    /// Whether it may get in line to receive: it is not in one, and does not close.
    pub fn can_wait(&self) -> bool {
        !self.inbound.in_line && matches!(self.life, Life::Open | Life::Draining)
    }

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
    /// be received, at any time: as long as there is some for which the user pauses, or that he
    /// `reads_later`, or an end, it waits.
    pub fn hung_up(&self, reads_later: bool) -> Option<i32> {
        let inbound = &self.inbound;
        let held = (inbound.paused || reads_later) && !inbound.kept.is_empty();
        let waits = || held || inbound.owes_end();
        let unread = || !inbound.has_ended() && net::unread(self.fd) > 0;
        if !self.teardown.watch.hung || self.outbound.has_ended() || waits() || unread() {
            return None;
        }
        // Nothing was to come and nothing to go: for a socket of a path, this is how it ends.
        let well = !inbound.has_ended() && self.queued() == 0 && self.tls.is_none();
        Some(if well { 0 } else { -libc::EPIPE })
    }
}

/// Its fast paths.
impl Connection {
    /// Find out which fast paths it may take; `skips`: the kernel can send without a completion.
    pub fn allow_fast(&mut self, skips: bool) {
        let bare = self.tls.is_none() && !self.has_limits();
        let stays = !self.teardown.gone.is() && !self.teardown.leaves();
        let plain = self.life == Life::Open && stays && bare;
        self.fast =
            Fast { send: skips && plain && self.sends_plainly(), recv: plain && self.shows() };
    }

    /// Something about it changes: whoever settles it finds out again.
    #[inline]
    pub fn forbid_fast(&mut self) {
        self.fast = Fast::default();
    }

    /// Whether a message would be alone, and goes whole as far as known.
    fn sends_plainly(&self) -> bool {
        let Outbound { queue, was_full, is_slow, .. } = &self.outbound;
        let idle = self.outbound.is_idle() || queue.is_short();
        idle && !self.outbound.ends() && !self.outbound.is_heard() && !is_slow && !was_full
    }

    /// Whether what comes is shown as it is, and that is all.
    fn shows(&self) -> bool {
        let Inbound { paused, kept, .. } = &self.inbound;
        !paused && kept.is_empty()
    }

    /// Whether what [`Connection::allow_fast`] found is so still.
    pub fn keeps_fast(&self) -> bool {
        let Fast { send, recv } = self.fast;
        (!send || self.sends_plainly()) && (!recv || self.shows())
    }
}

/// Its bytes, through TLS where it has that.
impl Connection {
    /// Where the user's bytes go.
    pub fn outgoing(&mut self) -> &mut SendQueue {
        match &mut self.tls {
            None => &mut self.outbound.queue,
            Some(tls) => &mut tls.plain,
        }
    }

    /// Copy all of `parts` behind what is to be sent, or nothing when there is no memory.
    pub fn push<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [u8]>,
        blocks: &mut Blocks,
    ) -> Result<(), Fault> {
        self.outgoing().push_all(parts, blocks)
    }

    /// TLS began, and what was received before was not looked at.
    pub fn begins_tls(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.begun)
    }

    /// Bytes that the kernel did not take yet, as the user counts them.
    pub fn queued(&self) -> u64 {
        self.tls.as_ref().map_or_else(|| self.outbound.queue.queued(), |tls| tls.queued())
    }

    /// The kernel took `bytes` of the send queue: how many of the user's these are.
    pub fn took(&mut self, bytes: u32) -> u64 {
        let bytes = u64::from(bytes);
        self.tls.as_mut().map_or(bytes, |tls| tls.acknowledge(bytes))
    }

    /// Whether plaintext waits to be encrypted.
    pub fn has_plain(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_plain())
    }

    /// Whether all that is to be sent is in the send queue.
    pub fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.is_flushed())
    }

    /// Whether it shakes hands: then it receives although the user wants no data.
    pub fn is_shaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_shaking())
    }
}

#[cold]
pub fn closing() -> Fault {
    Fault::new(ECLOSED, "the connection is closing: it sends nothing more")
}
