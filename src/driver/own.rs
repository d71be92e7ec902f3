//! Entries of the library's own: the poll that wakes, cancels, and what their completions say.
//!
//! Owns: nothing. Their user data carries a tag, so none is ever taken for an operation's.

use super::record::{Op, cf, opcode, tag};
use super::slab::bits;
use super::state::Driver;
use crate::fault::Fault;
use crate::sys::Cqe;
use crate::sys::uapi::{CANCEL_ALL, CANCEL_ANY, POLL_ADD_MULTI};

impl Driver {
    /// Stage an entry for which room is kept, by a flush if need be.
    pub(super) fn push_own(&mut self, op: &Op, user_data: u64) -> Result<(), Fault> {
        let sqe = op.to_sqe(user_data);
        if self.enter.push_own(sqe) {
            return Ok(());
        }
        let flushed = self.flush();
        if self.enter.push_own(sqe) {
            // A failing flush fails again, and is told, in turn.
            return Ok(());
        }
        flushed?;
        Err(Fault::errno(
            libc::EAGAIN,
            "the room kept for cancels is full; turn the ring, then cancel again",
        ))
    }

    /// Have the wake descriptor end waits.
    pub(super) fn arm_wake(&mut self) {
        let op = Op {
            opcode: opcode::POLL_ADD,
            fd: self.wake.fd(),
            len: POLL_ADD_MULTI,
            op_flags: libc::POLLIN as u32,
            ..Op::default()
        };
        // Where there is no room for it now, the turn that finds out tells why.
        let _ = self.push_own(&op, tag::WAKE << tag::SHIFT);
    }

    /// A completion that is not of an operation.
    #[cold]
    pub fn internal(&mut self, cqe: &Cqe) {
        match cqe.user_data >> tag::SHIFT {
            tag::WAKE => {
                self.stats.wakes.add(1);
                // Also while closing: the cancel of everything takes the poll with it, and stop
                // still has to wake. Not when it failed: somebody closed our descriptor.
                let failed = cqe.res < 0 && cqe.res != -libc::ECANCELED;
                if cf::is_last(cqe.flags) && !failed && self.attached {
                    self.arm_wake();
                }
            }
            // Of one that is over the completion came before; who is not may wait behind another.
            tag::CANCEL => {
                let token = cqe.user_data & tag::NAME;
                if cqe.res == -libc::ENOENT && self.slab.find(token).is_some() {
                    self.late.refused(token);
                }
            }
            tag::ALARM => self.alarm = 0,
            tag::MESSAGE => self.message = Some(*cqe),
            tag::UNTOLD => self.quiet.told.push((cqe.user_data & tag::NAME, cqe.res)),
            _ => self.stats.strays.add(1),
        }
    }

    /// Ask the kernel to cancel the operation of slot `index`.
    pub fn cancel(&mut self, index: u32) -> Result<(), Fault> {
        let slot = self.slab.get(index);
        slot.bits |= bits::CANCELLED;
        let target = slot.token;
        self.push_cancel(target, 0)
    }

    /// Ask the kernel to cancel everything on this ring.
    pub fn cancel_everything(&mut self) -> Result<(), Fault> {
        self.push_cancel(0, CANCEL_ALL | CANCEL_ANY)
    }

    fn push_cancel(&mut self, target: u64, flags: u32) -> Result<(), Fault> {
        let op = Op {
            opcode: opcode::ASYNC_CANCEL,
            fd: -1,
            addr: target,
            op_flags: flags,
            ..Op::default()
        };
        self.push_own(&op, tag::CANCEL << tag::SHIFT | target)?;
        self.stats.cancels.add(1);
        Ok(())
    }

    /// Ask those again that were not found and may be by now. Where there is no room for it, the
    /// next look does.
    #[cold]
    pub fn chase(&mut self) {
        let now = self.now();
        self.late.look(&self.slab, self.stats.completed.get(), now);
        while let Some(token) = self.late.due(now) {
            let Some(index) = self.slab.find(token) else { return };
            if self.cancel(index).is_err() {
                return;
            }
            self.late.asked(token);
        }
    }

    /// When something is to be done without a completion, by CLOCK_MONOTONIC.
    pub fn earliest(&mut self) -> Option<u64> {
        let timer = self.timers.earliest();
        if self.late.is_empty() {
            return timer;
        }
        timer.into_iter().chain(self.late.next()).min()
    }
}
