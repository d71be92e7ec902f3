//! A lease that the library sends from: the user gave it away, and the library gives it back.
//!
//! Owns: one lease, marked. Invariant: as long as it lives the bytes are not the kernel's to write,
//! and neither a second send nor a release of the user's finds the lease.

use super::registry::{hold, unhold, unmark};
use crate::fault::Fault;

/// A lease on its way out.
pub struct Held {
    lease: u64,
    address: u64,
    len: u32,
}

impl Held {
    /// Take over `lease`, of whose buffer `len` bytes at `address` are meant. On the thread whose
    /// pool it is.
    pub fn claim(lease: u64, address: u64, len: u32) -> Result<Held, Fault> {
        hold(lease, address, len)?;
        Ok(Held { lease, address, len })
    }

    /// Leave it to the user, as if it had not been claimed.
    pub fn leave(self) {
        unmark(self.lease);
        core::mem::forget(self);
    }

    /// Where the bytes are.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// How many.
    pub fn length(&self) -> u32 {
        self.len
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: they lie within the pool (checked by `hold`), which the lease keeps until drop.
        unsafe { core::slice::from_raw_parts(self.address as *const u8, self.len as usize) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        unhold(self.lease);
    }
}
