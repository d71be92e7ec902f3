//! Looking before sleeping: a bounded spin on the completion queue, only on request.
//!
//! Owns: nothing. Never sleeps and never spins longer than `spin_us` or the caller's limit.
//! Invariant: whatever it finds, the loop above looks at the queue again; it only saves the sleep.

use super::driver::Driver;

/// Looks at the queue between two looks at the clock.
const LOOKS: u32 = 16;

impl Driver {
    /// Submit what is staged and look for `want` completions for up to `spin_us`. Some(0 or an
    /// errno of enter) ends the wait; None: sleep now, for what is left of `limit_ns`.
    #[cold]
    #[inline(never)]
    pub(super) fn spin(&mut self, want: u32, limit_ns: &mut i64) -> Option<i32> {
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
