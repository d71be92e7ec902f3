//! Rests of a worker: the kernel has no memory, no descriptor or no room for what it asks.
//!
//! Owns: how long it rests, and what the log is told. Never a spin: a rest lasts a millisecond at
//! first and doubles. Invariant: each episode is told once, and its end once.

use crate::log;

/// The first rest, and the longest: twenty a second.
const FIRST_NS: u64 = 1_000_000;
const LONGEST_NS: u64 = 64_000_000;

/// One thing that may be refused.
#[derive(Debug)]
pub struct Episode {
    worker: u32,
    what: &'static str,
    on: bool,
}

impl Episode {
    /// Of a worker: what rests in it.
    pub fn new(worker: u32, what: &'static str) -> Episode {
        Episode { worker, what, on: false }
    }

    /// It was refused, with an errno.
    #[cold]
    pub fn begin(&mut self, errno: i32) {
        if !core::mem::replace(&mut self.on, true) {
            let (worker, what) = (self.worker, self.what);
            log::tell(log::WARN, format_args!("worker {worker}: {what} rests (errno {errno})"));
        }
    }

    /// It works.
    #[inline]
    pub fn end(&mut self) {
        if self.on {
            self.tell_end();
        }
    }

    #[cold]
    fn tell_end(&mut self) {
        self.on = false;
        let (worker, what) = (self.worker, self.what);
        log::tell(log::INFO, format_args!("worker {worker}: {what} goes on"));
    }
}

/// How long to rest: longer each time, until something works.
#[derive(Debug, Default)]
pub struct Pace {
    times: u32,
}

impl Pace {
    /// How long the rest at hand is.
    pub fn ns(&self) -> u64 {
        (FIRST_NS << self.times.min(16)).min(LONGEST_NS)
    }

    /// Refused again: the next rest is longer.
    #[cold]
    pub fn slower(&mut self) {
        self.times = (self.times + 1).min(16);
    }

    /// It works.
    #[inline]
    pub fn reset(&mut self) {
        self.times = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_rests_a_second_at_most_after_a_while() {
        let mut pace = Pace::default();
        assert_eq!(pace.ns(), FIRST_NS);
        let mut slept = 0;
        let mut rests = 0;
        while slept < 1_000_000_000 {
            slept += pace.ns();
            pace.slower();
            rests += 1;
        }
        assert!(rests <= 22, "{rests}");
        assert!(pace.ns() >= 1_000_000_000 / 20);
        pace.reset();
        assert_eq!(pace.ns(), FIRST_NS);
    }
}
