//! What a worker shows of callbacks that take too long.
//!
//! Owns: since when each worker is in one.

use core::sync::atomic::{AtomicBool, AtomicU64};

/// What a worker shows of its callbacks. Times are those of CLOCK_MONOTONIC.
#[derive(Debug, Default)]
pub struct Stalls {
    /// Since when it is in a callback; 0 = it is not.
    pub since: AtomicU64,
    /// When the last one that took too long was over.
    pub last: AtomicU64,
    /// The row at hand was told.
    pub told: AtomicBool,
}
