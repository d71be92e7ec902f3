//! Cancelling: asking, never giving memory back. The FINAL of the target does that.

use super::engine::Engine;
use super::route;
use crate::driver::{Driver, Lifecycle, bits, index_of, opcode};
use crate::fault::{ENOTSUP_KERNEL, ESTALE, Fault};
use crate::sys::Features;

/// How often a waiting cancel looks again: the predecessor's end may be told before the start.
const STEP_NS: i64 = 10_000_000;

#[cold]
fn uncancelled(errno: i32) -> Fault {
    Fault::errno(errno, "the kernel could not cancel the operation")
}

impl Engine {
    /// Ask for the operation of `token` to end.
    pub fn cancel(&mut self, token: u64) -> Result<(), Fault> {
        let Some(index) = self.driver.slab.find(token) else {
            return Err(Fault::new(ESTALE, "the operation is gone already"));
        };
        self.cancel_slot(index)
    }

    pub(super) fn cancel_slot(&mut self, index: u32) -> Result<(), Fault> {
        let slot = *self.driver.slab.get(index);
        match (slot.route, slot.state) {
            (route::TIMER, _) => {
                self.cancel_timer(index);
                Ok(())
            }
            (route::CLOSE, _) => {
                Err(Fault::errno(libc::EALREADY, "a close cannot be cancelled; it ends by itself"))
            }
            _ if slot.opcode == opcode::LINK_TIMEOUT => Err(Fault::errno(
                libc::EALREADY,
                "a link timeout cannot be cancelled; it ends with the operation it limits",
            )),
            (_, Lifecycle::Live) => self.driver.cancel(index),
            _ => Ok(()),
        }
    }

    /// Ask for everything on descriptor `fd` to end; returns how many operations were asked.
    pub fn cancel_fd(&mut self, fd: i32) -> Result<u32, Fault> {
        let mut asked = 0;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            let here = slot.fd == fd && slot.bits & bits::FIXED == 0;
            let own_end = slot.route == route::CLOSE || slot.opcode == opcode::LINK_TIMEOUT;
            if slot.state == Lifecycle::Live && here && !own_end {
                self.driver.cancel(index)?;
                asked += 1;
            }
        }
        Ok(asked)
    }

    /// Ask for everything to end; returns how many operations were asked.
    pub fn cancel_all(&mut self) -> Result<u32, Fault> {
        let features = self.driver.enter.backend_ref().info().features;
        let at_once = features.has(Features::CANCEL_ANY);
        let mut asked = 0;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            if slot.state == Lifecycle::Free || slot.route == route::CLOSE {
                continue;
            }
            asked += 1;
            let ends_by_itself = slot.opcode == opcode::LINK_TIMEOUT;
            if (at_once || ends_by_itself) && slot.state == Lifecycle::Live {
                self.driver.slab.get(index).bits |= bits::CANCELLED;
            } else {
                self.cancel_slot(index)?;
            }
        }
        // One entry suffices, also for what is staged: the kernel takes entries in order.
        if at_once && asked > 0 {
            self.driver.cancel_everything()?;
            self.ask_followers();
        }
        Ok(asked)
    }

    /// The kernel's cancel of everything means what has started: the others one by one.
    fn ask_followers(&mut self) {
        let Driver { late, slab, .. } = &mut self.driver;
        let live: Vec<u64> = late.followers(slab).collect();
        for token in live {
            if slab.get(index_of(token)).opcode != opcode::LINK_TIMEOUT {
                late.ask(token);
            }
        }
    }

    /// Ask and wait for the kernel's verdict.
    pub fn cancel_sync(&mut self, token: u64, timeout_ns: i64) -> Result<(), Fault> {
        let Some(index) = self.driver.slab.find(token) else {
            return Err(Fault::new(ESTALE, "the operation is gone already"));
        };
        let slot = *self.driver.slab.get(index);
        let ends_by_itself = slot.opcode == opcode::LINK_TIMEOUT;
        if slot.route == route::TIMER || slot.route == route::CLOSE || ends_by_itself {
            return self.cancel_slot(index);
        }
        let features = self.driver.enter.backend_ref().info().features;
        if !features.has(Features::CANCEL_SYNC) {
            return Err(Fault::new(ENOTSUP_KERNEL, "cancel_sync needs Linux 6.0"));
        }
        self.driver.flush()?;
        self.driver.slab.get(index).bits |= bits::CANCELLED;
        let end = u64::try_from(timeout_ns).ok().map(|ns| self.driver.now().saturating_add(ns));
        loop {
            let now = self.driver.now();
            let rest = end.map_or(-1, |end| end.saturating_sub(now).min(i64::MAX as u64) as i64);
            match self.driver.enter.backend().cancel_sync(token, rest) {
                0 => return Ok(()),
                libc::ENOENT => self.await_start(token, rest)?,
                errno => return Err(uncancelled(errno)),
            }
        }
    }

    /// The kernel did not find the operation of `token`. Ok: it may by now. Another operation
    /// ended, behind which it perhaps was, or what was about to be tried again is in flight.
    fn await_start(&mut self, token: u64, rest_ns: i64) -> Result<(), Fault> {
        self.collect();
        if self.driver.slab.find(token).is_none() {
            return Err(Fault::new(ESTALE, "the operation ended before the cancel"));
        }
        if self.completed.is_full() {
            let context = "the records are full, and it may be over behind them: turn first";
            return Err(Fault::errno(libc::EBUSY, context));
        }
        // Whatever comes of this call, it was asked to end.
        self.driver.late.ask(token);
        if rest_ns == 0 {
            return Err(uncancelled(libc::ETIME));
        }
        let step = if rest_ns < 0 { STEP_NS } else { rest_ns.min(STEP_NS) };
        let Driver { enter, stats, .. } = &mut self.driver;
        let one_more = enter.ready() as u32 + 1;
        match enter.wait(one_more, step, 0, stats) {
            0 | libc::ETIME | libc::EBUSY | libc::EAGAIN => Ok(()),
            errno => Err(uncancelled(errno)),
        }
    }
}
