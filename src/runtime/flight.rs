//! An operation that its owner has with the kernel, one at a time.
//!
//! Owns: its token. Invariant: it is asked to end once, and only while it is with the kernel.

use crate::fault::{ESTALE, Fault};
use crate::op::Engine;

/// Set in the token of one that was asked to end; no token has that bit.
const CANCELLED: u64 = 1 << 63;
/// In place of a token: a send without a completion. No operation has that token.
const UNTOLD: u64 = 1;

/// The operation, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flight(u64);

impl Flight {
    /// None.
    pub(crate) const NONE: Flight = Flight(0);
    /// A send of which the kernel tells nothing when it took it whole.
    pub(crate) const UNTOLD: Flight = Flight(UNTOLD);

    /// The operation of that token.
    #[inline]
    pub fn of(token: u64) -> Flight {
        Flight(token)
    }

    /// Whether nothing is with the kernel.
    #[inline]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether something is with the kernel.
    #[inline]
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    /// Whether it was asked to end.
    pub fn is_cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    /// Ask it to end, if it was not yet. A cancel that finds nothing is as good as one that does.
    pub fn cancel(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        if self.0 <= UNTOLD || self.is_cancelled() {
            return Ok(());
        }
        match engine.cancel(self.0) {
            Err(fault) if fault.code != ESTALE => return Err(fault),
            _ => self.0 |= CANCELLED,
        }
        Ok(())
    }
}
