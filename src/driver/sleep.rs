//! How a ring waits for completions: asleep, or on request for a while looking at the queue.
//!
//! Owns: nothing. Invariant: whatever ends a wait, the loop above looks at the queue again; looking
//! only saves the sleep, and never takes longer than `spin_us` or the caller's limit.

use super::enter::{Outcome, classify};
use super::state::Driver;
use crate::fault::Fault;
use crate::sys::SHORTLY_US;

/// Looks at the queue between two looks at the clock.
const LOOKS: u32 = 16;

impl Driver {
    /// One trip into the kernel, or none when nothing can come of it. Returns 0 or the errno of
    /// enter, for [`Driver::judge`].
    pub fn wait(&mut self, want: u32, limit_ns: i64, min_us: u32) -> i32 {
        if want > 0 && limit_ns != 0 {
            return self.sleep(want, limit_ns, min_us);
        }
        if self.enter.must_enter(&self.stats) { self.enter.wait(0, -1, 0, &self.stats) } else { 0 }
    }

    /// As [`Driver::wait`], for a wait that may sleep: until `want` completions are there.
    #[inline(always)]
    pub fn sleep(&mut self, want: u32, limit_ns: i64, min_us: u32) -> i32 {
        if self.enter.waiting() == 0 && self.enter.ready() >= want as usize {
            return 0;
        }
        let mut limit_ns = limit_ns;
        if self.spin_us > 0 {
            if let Some(errno) = self.spin(want, &mut limit_ns) {
                return errno;
            }
        }
        if !self.wake.fall_asleep() {
            self.wake.awake();
            return self.enter.wait(0, -1, 0, &self.stats);
        }
        self.stats.waits.add(1);
        // The kernel counts: the one completion that says "wake" ends no wait for two. So after a
        // short while it has to be enough.
        let (want, min_us) = match want {
            2.. if !self.waits_shortly => (1, 0),
            2.. if min_us == 0 => (want, SHORTLY_US),
            _ => (want, min_us),
        };
        let errno = self.enter.wait(want, limit_ns, min_us, &self.stats);
        self.wake.awake();
        errno
    }

    /// What the errno of a wait means.
    pub fn judge(&self, errno: i32) -> Result<Outcome, Fault> {
        classify(errno)
    }

    /// Submit what is staged and look for `want` completions for up to `spin_us`. Some(0 or an
    /// errno of enter) ends the wait; None: sleep now, for what is left of `limit_ns`.
    #[cold]
    #[inline(never)]
    fn spin(&mut self, want: u32, limit_ns: &mut i64) -> Option<i32> {
        if self.enter.waiting() > 0 {
            let errno = self.enter.wait(0, -1, 0, &self.stats);
            if errno != 0 {
                return Some(errno);
            }
        }
        let start = self.now();
        let mut longest = u64::from(self.spin_us) * 1000;
        if *limit_ns >= 0 {
            longest = longest.min(*limit_ns as u64);
        }
        loop {
            for _ in 0..LOOKS {
                if self.enter.ready() >= want as usize || self.wake.signals() != 0 {
                    return Some(0);
                }
                let seen = self.enter.backend().ready();
                if seen.task_run || seen.overflow {
                    // Deferred work becomes completions only in the kernel; this does not sleep.
                    let errno = self.enter.wait(0, -1, 0, &self.stats);
                    if errno != 0 {
                        return Some(errno);
                    }
                }
                core::hint::spin_loop();
            }
            let spent = self.now().saturating_sub(start);
            if spent >= longest {
                if *limit_ns >= 0 {
                    *limit_ns = limit_ns.saturating_sub(spent.min(i64::MAX as u64) as i64).max(0);
                }
                return None;
            }
        }
    }
}
