//! Foreign loops: somebody else sleeps, on an eventfd that the kernel writes for this ring.
//!
//! Owns: one timeout of the kernel's, the alarm, which stands for the next user-space timer; and
//! the eventfd, unless the caller brought one. (The ring's own descriptor would not do: with
//! deferred work it becomes readable, but the kernel wakes nobody who sleeps on it.) Invariant:
//! after Ok(false) the eventfd is written for whatever a turn would do something about, and for
//! little else.

use super::engine::Engine;
use crate::driver::{Op, Outcome, opcode, tag};
use crate::fault::Fault;
use crate::sys::Tuning;
use crate::sys::uapi::{TIMEOUT_ABS, TIMEOUT_UPDATE};

/// Looks at the queue before giving the turn back: each arms or changes the alarm once.
const LOOKS: u32 = 4;

/// The time that the alarm in the kernel's hands names.
#[derive(Default)]
pub(super) struct Alarm(Box<[u64; 2]>);

impl Engine {
    /// Get ready for a sleep on the ring's descriptor. True: something is there already, turn.
    pub fn prepare(&mut self) -> Result<bool, Fault> {
        self.driver.wake.awake();
        for _ in 0..LOOKS {
            let settled = self.set_alarm();
            let errno = self.driver.wait(0, 0, 0);
            let outcome = self.driver.judge(errno)?;
            self.collect();
            let here = self.completed.waiting() > 0
                || self.driver.enter.ready() > 0
                || self.driver.wake.signals() != 0;
            if here || outcome != Outcome::Done {
                return Ok(true);
            }
            let wanted = self.driver.earliest().unwrap_or(0);
            if settled && self.driver.alarm == wanted && self.driver.enter.waiting() == 0 {
                // What was written before is dealt with; what comes from here on writes again.
                if self.owns_eventfd {
                    let fd = self.driver.wake.foreign();
                    self.driver.enter.backend().drain(fd);
                }
                // Who raises a signal from here on finds the mark and writes the eventfd.
                let sleeps = self.driver.wake.fall_asleep_elsewhere();
                let seen = self.driver.enter.backend().ready();
                return Ok(!sleeps || seen.completions > 0 || seen.task_run || seen.overflow);
            }
        }
        Ok(true)
    }

    /// The descriptor to sleep on, which is made at the first call.
    pub fn loop_fd(&mut self) -> Result<i32, i32> {
        if self.owns_eventfd && self.driver.wake.foreign() >= 0 {
            return Ok(self.driver.wake.foreign());
        }
        let fd = self.driver.enter.backend().open_wake();
        if fd < 0 {
            return Err(-fd);
        }
        let errno = self.driver.enter.backend().tune(&mut Tuning::Eventfd(fd));
        if errno != 0 {
            self.driver.enter.backend().close_wake(fd);
            return Err(errno);
        }
        self.driver.wake.set_foreign(fd);
        self.owns_eventfd = true;
        Ok(fd)
    }

    /// Have completions and signals written to an eventfd, -1 = to none any more; 0 or an errno.
    pub fn set_eventfd(&mut self, fd: i32) -> i32 {
        // A duplicate: the caller may close his own when he likes.
        let backend = self.driver.enter.backend();
        let copy = if fd < 0 { -1 } else { backend.duplicate(fd) };
        let errno = match copy {
            ..-1 => -copy,
            _ => backend.tune(&mut Tuning::Eventfd(copy)),
        };
        self.owns_eventfd &= errno != 0;
        let unused = if errno == 0 { self.driver.wake.set_foreign(copy) } else { copy };
        if unused >= 0 {
            self.driver.enter.backend().close(unused);
        }
        errno
    }

    /// When a turn is to be made though nothing came: mostly for the next user-space timer, by
    /// CLOCK_MONOTONIC.
    pub fn deadline(&mut self) -> Option<u64> {
        self.driver.earliest()
    }

    /// See that the kernel's timer ends when the next of ours does. False when something was
    /// staged for that.
    fn set_alarm(&mut self) -> bool {
        let wanted = self.driver.earliest().unwrap_or(0);
        let armed = self.driver.alarm;
        if wanted == armed {
            return true;
        }
        if self.driver.enter.room() == 0 {
            return false;
        }
        let time = &mut self.alarm.0;
        **time = [wanted / 1_000_000_000, wanted % 1_000_000_000];
        let time = (&raw const **time) as u64;
        let name = tag::ALARM << tag::SHIFT;
        let base = Op { opcode: opcode::TIMEOUT_REMOVE, fd: -1, addr: name, ..Op::default() };
        let (op, data) = match (armed, wanted) {
            (0, _) => {
                let arm = Op { opcode: opcode::TIMEOUT, addr: time, len: 1, ..base };
                (Op { op_flags: TIMEOUT_ABS, ..arm }, name)
            }
            (_, 0) => (base, tag::CANCEL << tag::SHIFT),
            // The new time is in the second address.
            _ => {
                let flags = TIMEOUT_ABS | TIMEOUT_UPDATE;
                (Op { op_flags: flags, off: time, ..base }, tag::CANCEL << tag::SHIFT)
            }
        };
        self.driver.enter.push(&op, data);
        self.driver.alarm = wanted;
        false
    }
}
