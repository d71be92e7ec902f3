//! Timers of a worker: the engine's own, so that starting and stopping one touches a few words and
//! never the kernel.
//!
//! Owns: their number. Invariant: no tick is told of a timer after it was stopped.

use super::core::Core;
use super::event::{Door, Event};
use super::own::OWN;
use super::state::Worker;
use crate::driver::{Op, bits, cf, opcode};
use crate::fault::{ESTALE, Fault};
use crate::op::{Call, Sink};
use crate::runtime::config::MAX_TIMERS;

/// In place of a callback's address: the completion is a timer's, its context the user's number.
const TICK: u64 = 1;

impl Worker {
    /// Tick after `delay_ns`, then every `period_ns` (0 = once); the timer's id.
    pub fn timer_start(&self, delay_ns: u64, period_ns: u64, user: u64) -> Result<u64, Fault> {
        let core = &mut *self.core.borrow_mut();
        if core.timers >= MAX_TIMERS {
            return Err(Fault::errno(libc::EAGAIN, "a worker has 1048576 timers at most"));
        }
        let op = Op {
            opcode: opcode::LIB_TIMER,
            fd: -1,
            off: delay_ns,
            addr: period_ns,
            ..Op::default()
        };
        let mut token = [0];
        let sink = Sink { callback: TICK, ctx: user };
        if core.engine.submit(&[op], &mut token, sink) != 1 {
            return Err(core.engine.rejection().0);
        }
        core.timers += 1;
        Ok(token[0])
    }

    /// Stop a timer: it does not tick any more.
    pub fn timer_stop(&self, timer: u64) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        if !core.timer_runs(timer) {
            return Err(Fault::new(ESTALE, "the timer ticked for the last time, or was stopped"));
        }
        core.engine.cancel(timer)
    }

    /// Tell what timers and the door's own operations brought.
    pub(super) fn complete_calls(&self, door: &impl Door) {
        loop {
            let next = self.core.borrow_mut().engine.completed.next_call();
            let Some(call) = next else { return };
            match call.callback {
                TICK => self.complete_timer(door, &call),
                OWN => {
                    let completion = &call.completion;
                    door.tell(self, Event::Completed { user: call.ctx, completion });
                }
                _ => {}
            }
        }
    }

    fn complete_timer(&self, door: &impl Door, call: &Call) {
        let completion = &call.completion;
        {
            let core = &mut *self.core.borrow_mut();
            let last = completion.flags & cf::FINAL != 0;
            core.timers -= u32::from(last);
            // Stopped by what was told before, in the same turn.
            if completion.res < 0 || !last && !core.timer_runs(completion.token) {
                return;
            }
        }
        door.tell(
            self,
            Event::Ticked {
                timer: completion.token,
                user: call.ctx,
                missed: completion.res as u32,
            },
        );
    }
}

impl Core {
    /// Whether `timer` is one, and ticks still.
    fn timer_runs(&mut self, timer: u64) -> bool {
        let slot = self.engine.driver.slab.find_slot(timer);
        slot.is_some_and(|slot| slot.callback == TICK && slot.bits & bits::CANCELLED == 0)
    }
}
