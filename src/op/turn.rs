//! One turn: into the kernel, and what it has completed into the completed list.
//!
//! Owns: nothing. Decides how long to wait, and what it means when less came than was waited for.

use super::engine::Engine;
use super::fast;
use crate::driver::{Outcome, bits, index_of, signal};
use crate::fault::Fault;

/// How far a turn has come.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Operations accepted, from the front.
    pub accepted: u32,
    /// The errno with which the kernel was entered, if it was.
    pub entered: Option<i32>,
}

/// cbindgen:ignore
impl Begun {
    /// Nothing was done yet.
    pub const NOT: Begun = Begun { accepted: 0, entered: None };
}

impl Engine {
    /// One turn: submit what is staged, wait until `wait_min` completions are in the completed
    /// list or the time is over, and move what came there.
    ///
    /// `tokens` gives those of the operations accepted for this turn: what the kernel did not take
    /// of them is taken back, and [`Engine::taken_back`] tells how many. `entered` as in [`Begun`].
    #[inline(always)]
    pub fn turn<'a>(
        &mut self,
        tokens: impl FnOnce() -> &'a [u64],
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
        entered: Option<i32>,
    ) -> Result<(), Fault> {
        self.pools.collect_returned();
        if self.pools.has_falling() {
            self.tell_falling();
        }
        let idle = self.driver.timers.len() | self.completed.waiting() as usize == 0
            && self.driver.late.is_empty();
        let errno = match entered {
            Some(errno) => errno,
            None if idle && wait_min > 0 && limit_ns < 0 => {
                self.driver.sleep(wait_min, -1, min_wait_us)
            }
            None => self.wait_limited(wait_min, limit_ns, min_wait_us),
        };
        if errno != 0 {
            return self.turn_failed(tokens(), errno, wait_min, limit_ns, min_wait_us);
        }
        self.collect();
        if self.completed.waiting() >= wait_min {
            return Ok(());
        }
        self.turn_on(0, wait_min, limit_ns, min_wait_us)
    }

    /// The kernel took not everything, or the wait failed.
    #[cold]
    fn turn_failed(
        &mut self,
        tokens: &[u64],
        errno: i32,
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
    ) -> Result<(), Fault> {
        // Before anything is completed: a library operation stages its next entry under the
        // same token, and that one is not to be taken back.
        self.taken_back = self.take_back(tokens);
        self.collect();
        self.turn_on(errno, wait_min, limit_ns, min_wait_us)
    }

    /// Less came than was waited for: judge why, and wait again.
    #[cold]
    fn turn_on(
        &mut self,
        mut errno: i32,
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
    ) -> Result<(), Fault> {
        let end = (limit_ns > 0).then(|| self.began.saturating_add(limit_ns as u64));
        loop {
            let mail = self.driver.wake.signals() & signal::MAIL != 0;
            if mail {
                self.take_mail();
            }
            let got = self.completed.waiting();
            if errno == 0 && got >= wait_min {
                return Ok(());
            }
            // A kernel that submitted something reports neither signal nor timeout of the wait
            // after it; that nothing at all came tells.
            let dry = errno == 0 && !mail && wait_min > got && self.driver.enter.is_dry();
            // What a runtime was told of has no record: it looks after every enter.
            if self.claims.is_some() && errno == 0 && !dry && !mail {
                return Ok(());
            }
            // The shorter limit, min_wait_us, is over when the kernel came back with something.
            let enough = got > 0 && min_wait_us > 0;
            if self.is_turned(errno, dry, got, limit_ns, end)? || enough {
                return Ok(());
            }
            let now = self.driver.now();
            let limit = self.limit_until(end, now);
            errno = self.driver.wait(wait_min.saturating_sub(got), limit, min_wait_us);
            self.collect();
        }
    }

    /// Whether the turn is over although less came than was waited for.
    #[cold]
    fn is_turned(
        &mut self,
        errno: i32,
        dry: bool,
        got: u32,
        limit_ns: i64,
        end: Option<u64>,
    ) -> Result<bool, Fault> {
        let mut outcome = self.driver.judge(errno)?;
        let ends = self.driver.wake.signals() & signal::ENDS_WAIT != 0;
        if ends || self.completed.is_full() {
            // Stop and abandon stay up for the loop; a wake did what it is for.
            if self.claims.is_none() {
                self.driver.wake.lower(signal::WAKE);
            }
            return Ok(true);
        }
        // The end of a connect's limit brings nothing but a cancel to submit.
        if dry && self.driver.enter.waiting() == 0 {
            outcome = Outcome::Interrupted;
        }
        let over = self.is_over(limit_ns, end);
        match outcome {
            Outcome::Done => Ok(over),
            // The limit may have been that of a timer: look again.
            Outcome::TimedOut => Ok(over),
            _ if over || got > 0 => Ok(true),
            Outcome::Interrupted => Err(Fault::errno(libc::EINTR, "a signal handler ran")),
            Outcome::Busy => Err(Fault::errno(
                libc::EBUSY,
                "the kernel's completion queue overflows; take completions first",
            )),
            Outcome::Again(errno) => {
                Err(Fault::errno(errno, "the kernel is short of memory; try again"))
            }
        }
    }

    /// The first wait of a turn that does not sleep, or not for ever: until the caller's limit or
    /// the next timer.
    fn wait_limited(&mut self, want: u32, limit_ns: i64, min_wait_us: u32) -> i32 {
        // A foreign loop may have slept for us.
        self.driver.wake.awake();
        if self.driver.wake.signals() & signal::MAIL != 0 {
            let errno = self.mail_first();
            if errno != 0 {
                return errno;
            }
        }
        let want = want.saturating_sub(self.completed.waiting());
        if want == 0 || limit_ns == 0 {
            return self.driver.wait(0, 0, 0);
        }
        self.began = self.driver.now();
        let end = (limit_ns > 0).then(|| self.began.saturating_add(limit_ns as u64));
        let limit = self.limit_until(end, self.began);
        self.driver.wait(want, limit, min_wait_us)
    }

    /// Until `end` or the next timer; -1 = neither.
    fn limit_until(&mut self, end: Option<u64>, now: u64) -> i64 {
        let timer = self.driver.earliest();
        let Some(first) = end.into_iter().chain(timer).min() else { return -1 };
        first.saturating_sub(now).min(i64::MAX as u64) as i64
    }

    fn is_over(&mut self, limit_ns: i64, end: Option<u64>) -> bool {
        limit_ns == 0 || end.is_some_and(|end| self.driver.now() >= end)
    }

    /// Move completions into the completed list until it is full or nothing is left.
    #[inline(always)]
    pub fn collect(&mut self) {
        if !self.driver.timers.is_empty() {
            self.fire_timers();
        }
        self.driver.enter.look();
        fast::collect(self);
        if !self.driver.enter.is_drained() {
            self.collect_rest();
        }
        if !self.driver.quiet.is_empty() {
            self.settle_quiet();
        }
        if !self.driver.late.is_empty() {
            self.driver.chase();
        }
    }

    /// Completions that need a look, and between them those that need none.
    #[inline(never)]
    fn collect_rest(&mut self) {
        // Each brings one record or one call at most, so fullness is looked at once per round.
        while !self.driver.enter.is_drained() && !self.completed.is_full() {
            for _ in 0..self.completed.room_for_any() {
                let Some(cqe) = self.driver.enter.next_cqe() else { break };
                if !fast::complete(self, &cqe) && !self.complete_at_length(&cqe) {
                    fast::collect_passed(self);
                    break;
                }
            }
        }
        self.driver.enter.release();
        if self.pools.has_falling() {
            self.tell_falling();
        }
    }

    /// The QUIET sends that turned out to be done without a completion.
    #[inline(never)]
    fn settle_quiet(&mut self) {
        let settled = self.driver.settled();
        let mut sent = 0;
        while let Some(token) = self.driver.quiet.settle(settled) {
            let Some(slot) = self.driver.slab.find_slot(token) else { continue };
            let index = index_of(token);
            if slot.bits != bits::QUIET {
                self.last_of(index);
            }
            self.driver.slab.give_back(index);
            sent += 1;
        }
        self.driver.stats.quiet.add(sent);
    }
}
