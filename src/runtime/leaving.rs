//! What a stop does not wait for: work that blocks beyond the time it was given.
//!
//! Owns: nothing; the threads are `blocking`'s. A thread that hangs in the kernel or in a resolver
//! cannot be ended, so it is left behind: it goes when it comes back, and nobody is told then.
//! Lookups and starts of children are told to be cancelled when the worker is over or its
//! connections were ended, and go without their thread. The user's functions are waited for unless
//! the stop had a limit: their context is the user's, who may free it when `done` was called.

use super::blocking::{Answer, Kind};
use super::{Shared, Worker};
use crate::log;
use core::sync::atomic::Ordering;

/// How long the end of a worker waits for lookups: most come back by themselves.
const LOOKUPS_NS: u64 = 100_000_000;
/// How long for starts of children: only a file system that does not answer holds one up.
const STARTS_NS: u64 = 1_000_000_000;

impl Answer {
    /// Nobody is there to be told. What the user gave is not touched.
    pub(super) fn discard(self) {
        match self {
            Answer::Spawned(spawned) => spawned.discard(),
            Answer::Done(..) | Answer::Resolved(..) => {}
        }
    }
}

impl Shared {
    /// Leave what runs of that kind for a worker; how much it is.
    fn leave(&self, worker: u32, kind: Kind) -> u32 {
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
                Some(answer) => self.answer(worker, answer()),
                None => {
                    self.workers[worker as usize].errands.open.fetch_sub(1, Ordering::SeqCst);
                }
            }
        }
        count
    }

    /// How long a stop waits for the user's functions, if it has a limit.
    fn leaves_after(&self) -> Option<u64> {
        u64::try_from(self.leave.load(Ordering::SeqCst)).ok().filter(|ns| *ns < i64::MAX as u64)
    }
}

/// When a worker stops to wait for what blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    /// Since when it is stopping.
    since: u64,
    /// Lookups are left from then on.
    lookups: u64,
    /// Starts of children are.
    starts: u64,
    /// The user's functions are.
    functions: u64,
}

impl Leaving {
    /// Nobody asked for a stop.
    pub(super) const NEVER: Leaving =
        Leaving { since: u64::MAX, lookups: u64::MAX, starts: u64::MAX, functions: u64::MAX };

    /// The worker is asked to stop.
    pub(super) fn begin(&mut self, now: u64) {
        self.since = self.since.min(now);
    }

    /// The next time to look.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let times = [self.lookups, self.starts, self.functions];
        times.into_iter().filter(|at| *at > now && *at < u64::MAX).min()
    }
}

impl Worker {
    /// Leave what blocks for longer than the stop waits; `ended` = connections were told to end at
    /// once.
    pub(super) fn leave_blocked(&self, ended: bool) {
        if !self.has_errands() {
            return;
        }
        let (now, leaving) = {
            let core = &mut *self.core.borrow_mut();
            let now = core.engine.driver.now();
            let leaving = &mut core.leaving;
            if ended {
                leaving.lookups = leaving.lookups.min(now.saturating_add(LOOKUPS_NS));
                leaving.starts = leaving.starts.min(now.saturating_add(STARTS_NS));
            }
            if let Some(limit) = self.shared.leaves_after() {
                leaving.functions = leaving.functions.min(leaving.since.saturating_add(limit));
            }
            (now, *leaving)
        };
        let mut left = 0;
        if leaving.lookups <= now {
            left += self.shared.leave(self.index(), Kind::Lookup);
        }
        if leaving.starts <= now {
            left += self.shared.leave(self.index(), Kind::Start);
        }
        if leaving.functions <= now {
            left += self.shared.leave(self.index(), Kind::Work);
        }
        if left > 0 {
            self.core.borrow().stats.left_behind.add(left.into());
            let index = self.index();
            log::tell(
                log::WARN,
                format_args!("worker {index}: the stop leaves {left} threads that block behind"),
            );
        }
    }
}
