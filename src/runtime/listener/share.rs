//! Who of the workers that share one socket took how many of its clients.
//!
//! Owns: the counts. Clients of a path have one queue, and the worker that is awake would take them
//! all: whoever is ahead of another one that takes part gives it a moment, after each client, and
//! never longer than [`MOMENT_NS`]: a worker that does not turn holds nobody up for long.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// How long a worker that is ahead lets the others go first.
pub const MOMENT_NS: u64 = 1_000_000;
/// So many clients ahead is even enough.
const SLACK: u64 = 4;
const PART: u64 = 1;
const ONE: u64 = 2;

/// One worker's view of the counts: clients taken, and in the lowest bit whether it takes part.
pub struct Share {
    all: Arc<[AtomicU64]>,
    mine: usize,
}

impl Share {
    /// The counts of so many workers.
    pub fn for_workers(workers: u32) -> Arc<[AtomicU64]> {
        (0..workers).map(|_| AtomicU64::new(0)).collect()
    }

    /// What worker `mine` sees of them.
    pub fn new(all: Arc<[AtomicU64]>, mine: u32) -> Share {
        Share { all, mine: mine as usize }
    }

    /// It takes clients, or not any more.
    pub fn takes_part(&self, part: bool) {
        if let Some(mine) = self.all.get(self.mine) {
            let count = mine.load(Ordering::Relaxed) & !PART;
            mine.store(count | u64::from(part), Ordering::Relaxed);
        }
    }

    /// It took a client. True when it is ahead of one that takes part.
    pub fn took(&self) -> bool {
        let Some(mine) = self.all.get(self.mine) else { return false };
        let count = mine.load(Ordering::Relaxed) + ONE;
        mine.store(count, Ordering::Relaxed);
        self.all.iter().any(|other| {
            let other = other.load(Ordering::Relaxed);
            other & PART != 0 && other + SLACK * ONE < count
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_ahead_of_one_that_takes_part_rests() {
        let all = Share::for_workers(2);
        let (first, second) = (Share::new(all.clone(), 0), Share::new(all, 1));
        assert!((0..20).all(|_| !first.took()));
        second.takes_part(true);
        assert!(first.took());
        second.takes_part(false);
        assert!(!first.took());
        assert!((0..25).all(|_| !second.took()));
    }
}
