//! Which fast paths a connection may take until something about it changes.
//!
//! Owns: the two answers, so that a message costs a look at one of them. They are found out when
//! the connection is settled, and forgotten by whatever changes something about it.

use super::{Connection, Inbound, Life, Outbound};

/// The fast paths of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fast {
    /// A small message may leave without another look at it.
    pub send: bool,
    /// What comes is shown without another look at it.
    pub recv: bool,
}

impl Connection {
    /// Find out which fast paths it may take; `hush`: nobody wants to be told what was sent.
    pub fn allow_fast(&mut self, hush: bool) {
        let bare = self.tls.is_none() && !self.has_limits();
        let stays = !self.teardown.gone.is() && !self.teardown.leaves();
        let plain = self.life == Life::Open && stays && bare;
        self.fast =
            Fast { send: hush && plain && self.sends_plainly(), recv: plain && self.shows() };
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
        idle && !self.outbound.ends() && !is_slow && !was_full
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
