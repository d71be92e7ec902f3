//! Counters of a ring, readable from any thread.
//!
//! Owns: numbers only. One thread writes, so a count is a load and a store, not a locked add.

use core::sync::atomic::{AtomicU64, Ordering};

/// A number written by one thread and read by any.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Add `n`; only the owner thread may.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a ring did so far.
#[derive(Debug, Default)]
pub struct Stats {
    /// Operations accepted.
    pub submitted: Counter,
    /// Completions delivered, FINAL or not.
    pub completed: Counter,
    /// Calls of io_uring_enter.
    pub enters: Counter,
    /// Of these, calls that were allowed to sleep.
    pub waits: Counter,
    /// Times the completion queue was seen overflowing.
    pub overflows: Counter,
    /// Kernel completions that named no operation in flight.
    pub strays: Counter,
    /// Timer expirations.
    pub timers: Counter,
    /// Wakes from other threads.
    pub wakes: Counter,
    /// QUIET sends that the kernel took whole.
    pub quiet: Counter,
    /// Cancel requests sent to the kernel.
    pub cancels: Counter,
    /// Provided buffers handed out.
    pub leases: Counter,
    /// Receives that ended because the pool was empty.
    pub nobufs: Counter,
    /// Operations the kernel did not let go at a forced free.
    pub abandoned: Counter,
    /// Operations taken back because the kernel did not consume them.
    pub rollbacks: Counter,
}
