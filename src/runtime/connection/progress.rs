//! Whether the other end of a connection still takes what it was sent.
//!
//! Owns: nothing but the rule. The socket is asked, and only where a deadline is near: no message
//! pays for it. Invariant: a deadline runs from the last time when the other end was seen to have
//! taken enough, also after the end was sent, so who takes a byte now and then holds nothing up.

/// Looks in the time of a deadline: a stall is noticed so much of it later.
const LOOKS: u64 = 8;

/// How long after a look the next one is, where a deadline is `span` long.
pub fn pause_of(span: u64) -> u64 {
    (span / LOOKS).max(1)
}

/// What the other end of a connection was seen to take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// When it was last seen to have taken enough, or when that began to count.
    pub at: u64,
    /// When the last look was; 0 = none was.
    pub looked_at: u64,
    /// There was something left to take.
    pub left: bool,
    /// What it had taken at `at`.
    taken: i64,
}

/// What a socket says.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Bytes that the other end took, so far.
    pub taken: i64,
    /// There is something left to take.
    pub left: bool,
}

impl Progress {
    /// Nothing was seen yet; the time counts from now on.
    pub fn begin(now: u64) -> Progress {
        Progress { at: now, ..Progress::default() }
    }

    /// A look: `need` bytes more than before count as progress, and so does the last one. What was
    /// seen before `since` says nothing.
    pub fn look(&mut self, seen: Seen, need: u64, since: u64, now: u64) {
        let first = self.looked_at <= since;
        let moved = match first {
            // Nobody knows when it took what is gone.
            true => seen.left,
            // Either way: without a count of the kernel's, what is in its hands may grow too.
            false => seen.taken.abs_diff(self.taken) >= need || self.left && !seen.left,
        };
        if first || moved {
            self.taken = seen.taken;
        }
        if moved {
            self.at = now;
        }
        (self.left, self.looked_at) = (seen.left, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: u64 = 800;
    const NEED: u64 = 100;

    /// When a connection that began at 0 is over, by what it took up to each look and what was
    /// left then.
    fn over(looks: impl IntoIterator<Item = (i64, bool)>) -> Option<u64> {
        let mut progress = Progress::begin(0);
        let mut now = 0;
        for (taken, left) in looks {
            now += pause_of(SPAN);
            progress.look(Seen { taken, left }, NEED, 0, now);
            if now - progress.at >= SPAN {
                return Some(now);
            }
        }
        None
    }

    #[test]
    fn a_deadline_runs_from_the_last_progress() {
        // Nothing was taken: from the first look on.
        assert_eq!(over((0..50).map(|_| (7, true))), Some(900));
        // All was taken at once: from the end on.
        assert_eq!(over((0..50).map(|_| (7, false))), Some(800));
        // As slowly as may be, to the end.
        assert_eq!(over((0..50).map(|at| (at / 7 * 100, true))), None);
        // A little more slowly.
        assert_eq!(over((0..50).map(|at| (at * 12, true))), Some(900));
        // The last byte counts, however little it is.
        assert_eq!(over((0..50).map(|at| (i64::from(at > 6), at < 7))), Some(1600));
        // Where only the kernel's hands are known, they may also get fuller.
        assert_eq!(over((0..50).map(|at| (at % 2 * 100, true))), None);
    }
}
