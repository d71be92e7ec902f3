//! Rests of a worker: the kernel has no memory, no descriptor or no room for what it asks.
//!
//! Owns: how long it rests, and what the log is told. Never a spin: a rest lasts a millisecond at
//! first and doubles. Invariant: each episode is told once, and its end once.

use crate::log;

/// The first rest, and the longest: twenty a second.
const FIRST_NS: u64 = 1_000_000;
const LONGEST_NS: u64 = 64_000_000;

/// How long a listener rests for which there are no descriptors, no memory or no buffers.
pub const RETRY_NS: u64 = 100_000_000;

/// One thing that may be refused. The log's function is user code: what there is to tell waits here
/// until nothing of the worker is borrowed.
#[derive(Debug)]
pub struct Episode {
    worker: u32,
    what: &'static str,
    on: bool,
    told: bool,
    errno: i32,
}

/// Something for the log.
#[derive(Debug)]
pub struct Tale {
    worker: u32,
    what: &'static str,
    /// 0 = it works again.
    errno: i32,
}

impl Tale {
    /// Tell it.
    #[cold]
    pub fn tell(self) {
        let Tale { worker, what, errno } = self;
        if errno == 0 {
            return log::tell(log::INFO, format_args!("worker {worker}: {what} goes on"));
        }
        log::tell(log::WARN, format_args!("worker {worker}: {what} rests (errno {errno})"));
    }
}

impl Episode {
    /// Of a worker: what rests in it.
    pub fn new(worker: u32, what: &'static str) -> Episode {
        Episode { worker, what, on: false, told: false, errno: 0 }
    }

    /// It was refused, with an errno.
    #[cold]
    pub fn begin(&mut self, errno: i32) {
        (self.on, self.errno) = (true, errno);
    }

    /// It works.
    #[inline]
    pub fn end(&mut self) {
        self.on = false;
    }

    /// Whether there is something to tell.
    #[inline]
    pub fn has_tale(&self) -> bool {
        self.on != self.told
    }

    /// What is to be told of it.
    #[inline]
    pub fn take(&mut self) -> Option<Tale> {
        if !self.has_tale() {
            return None;
        }
        self.told = self.on;
        let errno = if self.on { self.errno } else { 0 };
        Some(Tale { worker: self.worker, what: self.what, errno })
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
