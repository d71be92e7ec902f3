//! What a stop does not wait for: work that blocks beyond the time it was given.
//!
//! Owns: nothing; the threads are `blocking`'s. A thread that hangs in the kernel or in a resolver
//! cannot be ended, so it is left behind: it goes when it comes back, and nobody is told then.
//! Lookups and starts of children are told to be cancelled when the worker is over or its
//! connections were ended, and go without their thread. The user's functions are waited for unless
//! the stop had a limit: their context is the user's, who may free it when `done` was called.

use crate::runtime::errands::Kind;
use crate::runtime::shared::Shared;
use core::sync::atomic::Ordering;

/// How long the end of a worker waits for lookups: most come back by themselves.
pub const LOOKUPS_NS: u64 = 100_000_000;
/// How long for starts of children: only a file system that does not answer holds one up.
pub const STARTS_NS: u64 = 1_000_000_000;

/// When a worker stops to wait for what blocks.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    /// Since when it is stopping.
    pub since: u64,
    /// Lookups are left from then on.
    pub lookups: u64,
    /// Starts of children are.
    pub starts: u64,
    /// The user's functions are.
    pub functions: u64,
}

impl Leaving {
    /// Nobody asked for a stop.
    pub(crate) const NEVER: Leaving =
        Leaving { since: u64::MAX, lookups: u64::MAX, starts: u64::MAX, functions: u64::MAX };

    /// The worker is asked to stop.
    pub fn begin(&mut self, now: u64) {
        self.since = self.since.min(now);
    }

    /// The next time to look.
    pub fn next(&self, now: u64) -> Option<u64> {
        let times = [self.lookups, self.starts, self.functions];
        times.into_iter().filter(|at| *at > now && *at < u64::MAX).min()
    }
}

impl Shared {
    /// Leave what runs of that kind for a worker; how much it is.
    pub fn leave(&self, worker: u32, kind: Kind) -> u32 {
        let mut state = self.blocking(kind).state();
        let mut answers = Vec::new();
        let mut count = 0;
        for running in &mut state.running {
            if running.worker == worker && !running.left {
                running.left = true;
                count += 1;
                answers.push(running.untold.take());
            }
        }
        drop(state);
        if count > 0 {
            self.blocking(kind).look_again();
        }
        for answer in answers {
            match answer {
                Some(answer) => self.answer(worker, answer),
                None => {
                    self.workers[worker as usize].errands.open.fetch_sub(1, Ordering::SeqCst);
                }
            }
        }
        count
    }

    /// How long a stop waits for the user's functions, if it has a limit.
    pub fn leaves_after(&self) -> Option<u64> {
        u64::try_from(self.leave.load(Ordering::SeqCst)).ok().filter(|ns| *ns < i64::MAX as u64)
    }
}
