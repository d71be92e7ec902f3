//! Received bytes in a pool, as a value that gives its lease back when it goes.
//!
//! Owns: one lease. Invariant: as long as it lives, the bytes are not the kernel's.

use super::registry::{holder, release_here, release_lease};
use crate::driver::{Completion, cf};

/// A leased piece of a pool, in the hands of whoever keeps it, on any thread.
pub struct Leased(Piece);

// SAFETY: the bytes are not written before the lease is given back, which any thread may do.
unsafe impl Send for Leased {}
// SAFETY: shared, it only shows bytes that nobody writes before the lease is given back.
unsafe impl Sync for Leased {}

impl Leased {
    /// `len` bytes at `address`, of a lease that nobody else gives back.
    ///
    /// # Safety
    /// They are the lease's.
    pub unsafe fn new(lease: u64, address: *const u8, len: usize) -> Leased {
        Leased(Piece { lease, address, len })
    }

    /// What was received.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A leased piece of a pool.
pub struct Piece {
    lease: u64,
    address: *const u8,
    len: usize,
}

impl Piece {
    /// The piece that a completion brought, if it brought one.
    ///
    /// # Safety
    /// The completion came from an engine, and nobody else gives its lease back.
    pub unsafe fn of(completion: &Completion) -> Option<Piece> {
        (completion.flags & cf::LEASE != 0).then(|| Piece {
            lease: completion.token,
            address: completion.data as *const u8,
            len: completion.res as usize,
        })
    }

    /// Its lease.
    pub fn lease(&self) -> u64 {
        self.lease
    }

    /// Leave the lease to somebody else, who gives it back.
    pub fn leave(self) {
        core::mem::forget(self);
    }

    /// What was received.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the kernel wrote that much there, and the lease keeps it until drop.
        unsafe { core::slice::from_raw_parts(self.address, self.len) }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if !release_here(self.lease, holder()) {
            // A pool whose ring is gone takes it the other way; a stale lease is no piece.
            let _ = release_lease(self.lease);
        }
    }
}
