//! RINGLINE_LIB_TIMER: timers in user space; the kernel only learns how long to sleep.
//!
//! Owns: expiry and periods. A timer pins nothing.

use super::engine::Engine;
use super::route;
use crate::driver::{Completion, Op, bits, cf, opcode};
use crate::fault::Fault;

/// In `op_flags`: `off` is a CLOCK_MONOTONIC time, not a duration.
pub const TIMER_ABS: u32 = 1;

impl Engine {
    pub(super) fn accept_timer(&mut self, op: &Op) -> Result<u32, Fault> {
        if op.op_flags & !TIMER_ABS != 0 {
            return Err(Fault::errno(libc::EINVAL, "unknown bit in op_flags of a timer"));
        }
        let start = if op.op_flags & TIMER_ABS != 0 { 0 } else { self.driver.now() };
        let index = self.driver.park(op, route::TIMER)?;
        let slot = self.driver.slab.get(index);
        slot.fd = -1;
        slot.addr = op.addr;
        if op.addr > 0 {
            slot.bits |= bits::PERIODIC;
        }
        let deadline = start.saturating_add(op.off);
        let driver = &mut self.driver;
        driver.timers.add(&mut driver.slab, index, deadline);
        Ok(index)
    }

    /// RINGLINE_LIB_POST: a timer that is due, and says what it was told to.
    pub(super) fn accept_post(&mut self, op: &Op) -> Result<u32, Fault> {
        let index = self.driver.park(op, route::TIMER)?;
        let driver = &mut self.driver;
        let slot = driver.slab.get(index);
        slot.fd = -1;
        slot.len = op.len;
        driver.timers.add(&mut driver.slab, index, 0);
        Ok(index)
    }

    /// Make a timer due at once, as cancelled.
    pub(super) fn cancel_timer(&mut self, index: u32) {
        let driver = &mut self.driver;
        if driver.slab.get(index).bits & bits::CANCELLED != 0 {
            return;
        }
        driver.slab.get(index).bits |= bits::CANCELLED;
        driver.timers.cancel(&mut driver.slab, index);
    }

    /// Complete the timers that are due, as far as the completed list has room.
    pub(super) fn fire_timers(&mut self) {
        let now = self.driver.now();
        while !self.completed.is_full() {
            let driver = &mut self.driver;
            let Some((index, deadline)) = driver.timers.pop(&mut driver.slab, now) else { break };
            let slot = *driver.slab.get(index);
            if slot.route == route::CONNECT {
                self.expire_connect(index, now);
                continue;
            }
            let mut completion = Completion {
                user_data: slot.user_data,
                res: slot.len as i32,
                flags: cf::FINAL,
                data: 0,
                token: slot.token,
            };
            if slot.bits & bits::CANCELLED != 0 {
                completion.res = -libc::ECANCELED;
            } else if slot.opcode != opcode::LIB_POST {
                driver.stats.timers.add(1);
            }
            if slot.bits & (bits::CANCELLED | bits::PERIODIC) != bits::PERIODIC {
                self.finish(index, completion);
                continue;
            }
            // Periods that nobody was there to see are counted, not fired one after the other.
            let missed = (now - deadline) / slot.addr;
            let next = deadline.saturating_add((missed + 1).saturating_mul(slot.addr));
            driver.timers.add(&mut driver.slab, index, next);
            completion.res = missed.min(i32::MAX as u64) as i32;
            completion.flags = cf::MORE;
            self.deliver_progress(&slot, completion);
        }
    }
}
