//! How long a loop was asleep and awake: the native half of `_times.py`, which says what each is.
//!
//! Invariant: the clock is read where a turn waits, and nowhere else.

use std::cell::Cell;

/// The times of one engine, in nanoseconds.
#[derive(Default)]
pub struct Times {
    /// When it woke or began to run; 0 while it does not run.
    pub woke: Cell<u64>,
    /// How many turns there were by then.
    pub woke_turn: Cell<u64>,
    /// Asleep.
    pub idle: Cell<u64>,
    /// Awake.
    pub busy: Cell<u64>,
    /// An iteration when it was awake last, on the average.
    pub lag: Cell<u64>,
    /// The longest of these.
    pub lag_max: Cell<u64>,
}

fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and `now` is written.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

impl Times {
    /// The loop is about to wait.
    pub fn sleeps(&self, turns: u64) {
        let woke = self.woke.get();
        if woke != 0 {
            let now = now();
            let awake = now.saturating_sub(woke);
            self.busy.set(self.busy.get() + awake);
            self.lag.set(awake / (turns.saturating_sub(self.woke_turn.get()) + 1));
            self.lag_max.set(self.lag_max.get().max(self.lag.get()));
            self.woke.set(now);
        }
    }

    /// The wait is over.
    pub fn wakes(&self, turns: u64) {
        let slept = self.woke.get();
        if slept != 0 {
            let now = now();
            self.idle.set(self.idle.get() + now.saturating_sub(slept));
            self.woke.set(now);
            self.woke_turn.set(turns);
        }
    }
}
