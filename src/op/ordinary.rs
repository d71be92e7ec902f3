//! The ordinary turn, straight through: plain operations in, one sleep, plain completions out.
//!
//! Owns: nothing. Decides nothing that [`Engine::turn`] does not: what turns out to be otherwise on
//! the way is left to it, with what is done by then. Cannot panic and runs no user code.

use super::engine::Engine;
use crate::ring::Op;

/// How far a turn has come.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Operations accepted, from the front.
    pub accepted: u32,
    /// The errno with which the kernel was entered, or [`Begun::OUTSIDE`].
    pub entered: i32,
}

/// cbindgen:ignore
impl Begun {
    /// The kernel was not entered yet.
    pub const OUTSIDE: i32 = -1;
    /// Nothing was done yet.
    pub const NOT: Begun = Begun { accepted: 0, entered: Begun::OUTSIDE };
}

impl Engine {
    /// Whether a turn would have nothing to look at but its own operations and their completions.
    /// Stays true over turns; anything else that is asked of the ring may change it.
    pub fn is_ordinary(&self) -> bool {
        let driver = &self.driver;
        let alone = driver.timers.is_empty() && !driver.has_quiet() && self.pools.is_empty();
        alone && driver.late.is_empty() && driver.is_straight() && self.completed.waiting() == 0
    }

    /// Whether a turn that asks for nothing would find nothing: an event loop that is busy with
    /// itself asks at each iteration.
    pub fn is_idle(&mut self) -> bool {
        self.pools.collect_returned();
        let driver = &mut self.driver;
        driver.wake.awake();
        let (mail, enter) = (driver.wake.signals() != 0, &mut driver.enter);
        let told = mail || enter.ready() != 0 || enter.is_overflowing();
        let later = !driver.timers.is_empty() || !driver.late.is_empty();
        if told || later || self.pools.has_falling() {
            return false;
        }
        let seen = self.completed.waiting() == 0 && !driver.has_quiet();
        seen && !driver.enter.must_enter(&driver.stats)
    }

    /// The turn of one operation on an ordinary ring: in, asleep until it is done, out. As
    /// [`Engine::ordinary_turn`].
    #[inline(always)]
    pub fn ordinary_single(&mut self, op: &Op, place: &mut u64) -> Result<(), Begun> {
        let driver = &mut self.driver;
        if !self.classes.is_plain(op) {
            return Err(not_begun());
        }
        let Some(single) = driver.submit_single(op) else { return Err(not_begun()) };
        *place = single.token;
        if !driver.wake.fall_asleep() {
            return Err(Begun { accepted: 1, entered: Begun::OUTSIDE });
        }
        let errno = driver.sleep_straight(1);
        driver.wake.awake();
        if errno != 0 {
            return Err(Begun { accepted: 1, entered: errno });
        }
        let Some(completion) = driver.reap_single(&single) else {
            // Not this one, not the last of it, or not alone.
            self.completed.clear();
            driver.enter.mark(0);
            return Err(Begun { accepted: 1, entered: 0 });
        };
        self.completed.set_single(completion);
        let stats = &*driver.stats;
        stats.submitted.add(1);
        stats.completed.add(1);
        Ok(())
    }

    /// A turn of an ordinary ring that waits for `want` completions, not 0, without a limit: how
    /// many records came, or where it has to go on.
    #[inline(always)]
    pub fn ordinary_turn(
        &mut self,
        ops: &[Op],
        tokens: &mut [u64],
        want: u32,
    ) -> Result<u32, Begun> {
        let (classes, driver) = (&self.classes, &mut self.driver);
        // Nothing is staged, and no thread of the kernel's is behind: the whole queue is free.
        let room = driver.enter.capacity();
        let accepted = driver.submit_plain(ops, tokens, room, |op| classes.is_plain(op)) as u32;
        if (accepted as usize) < ops.len() || !driver.wake.fall_asleep() {
            return Err(Begun { accepted, entered: Begun::OUTSIDE });
        }
        let errno = driver.sleep_straight(want);
        driver.wake.awake();
        if errno != 0 {
            return Err(Begun { accepted, entered: errno });
        }
        driver.enter.look();
        self.completed.clear();
        let came = driver.reap_plain(self.completed.room());
        self.completed.filled(came);
        driver.stats.completed.add(came as u64);
        let came = came as u32;
        if came < want || !driver.enter.is_drained() {
            driver.enter.mark(came);
            return Err(Begun { accepted, entered: 0 });
        }
        driver.stats.submitted.add(u64::from(accepted));
        Ok(self.completed.show())
    }
}

#[cold]
#[inline(never)]
fn not_begun() -> Begun {
    Begun::NOT
}
