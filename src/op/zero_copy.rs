//! SEND_ZC and SENDMSG_ZC: sends out of the caller's own pages.
//!
//! Owns: the translation of notifications, and which descriptors are not worth it. Invariant: the
//! memory is free at the completion without MORE and not before, whatever the results say.
//!
//! Where the kernel reports that it copied after all (loopback does), pinning the pages was for
//! nothing, so later SEND_ZC on that descriptor become an ordinary SEND: one completion instead of
//! two, with FINAL and ZC_COPIED in one. A descriptor may be reused by a better socket that the
//! ring saw neither closed nor opened; therefore each 64th such send goes as asked and finds out.
//! A send that took nothing (an error, a cancel) teaches nothing: the kernel reports it as copied.

use super::engine::Engine;
use super::marks::Marks;
use super::prepare::{LONGEST, MSG_NOSIGNAL, invalid};
use super::route;
use crate::driver::{Completion, Op, bits, cf, opcode, sqe_flag};
use crate::fault::Fault;
use crate::sys::uapi::{FIXED_BUFFER, POLL_FIRST, REPORT_USAGE, USAGE_COPIED};

/// How often a send on a descriptor that copies goes as asked.
const TRY_EACH: u32 = 64;
/// In the slot: the kernel took bytes.
const TOOK: u32 = 1;

/// The descriptors whose zero-copy sends the kernel copies. Those without a bit are sent as asked.
#[derive(Default)]
pub struct Copies {
    marks: Marks,
    turned: u32,
}

impl Copies {
    /// What is known of `fd` from now on.
    pub(super) fn learn(&mut self, fd: i32, copies: bool) {
        if copies {
            self.marks.set(fd);
        } else {
            self.marks.clear(fd);
        }
    }

    /// Whether the next send on `fd` should rather be an ordinary one.
    fn turns(&mut self, fd: i32) -> bool {
        let copies = self.marks.has(fd);
        if copies {
            self.turned = self.turned.wrapping_add(1);
        }
        copies && self.turned % TRY_EACH != 0
    }
}

impl Engine {
    pub(super) fn check_zero_copy(&mut self, op: &mut Op) -> Result<(), Fault> {
        if op.len > LONGEST {
            return Err(invalid("len is above 2147483647"));
        }
        if op.ioprio & !(POLL_FIRST | FIXED_BUFFER | REPORT_USAGE) != 0 {
            return Err(invalid("unknown bit in ioprio of a zero-copy send"));
        }
        op.op_flags |= MSG_NOSIGNAL;
        if !self.classes.reports_copies {
            op.ioprio &= !REPORT_USAGE;
            return Ok(());
        }
        op.ioprio |= REPORT_USAGE;
        let alike = op.opcode == opcode::SEND_ZC
            && op.ioprio & FIXED_BUFFER == 0
            && op.flags & sqe_flag::FIXED_FILE == 0
            && op.off == 0;
        if alike && self.copies.turns(op.fd) {
            op.opcode = opcode::SEND;
            op.ioprio &= !REPORT_USAGE;
        }
        Ok(())
    }

    /// A zero-copy send was accepted in slot `index`, as asked or turned into a SEND.
    pub(super) fn begin_zero_copy(&mut self, index: u32, op: &Op) {
        let turned = op.opcode == opcode::SEND;
        let slot = self.driver.slab.get(index);
        slot.route = if turned { route::COPIED } else { route::ZERO_COPY };
        slot.op_flags = 0;
    }

    /// Say in the library's words what the kernel reports.
    pub(super) fn complete_zero_copy(&mut self, index: u32, completion: &mut Completion) {
        let slot = self.driver.slab.get(index);
        if slot.route == route::COPIED {
            if completion.res > 0 {
                completion.flags |= cf::ZC_COPIED;
            }
            return;
        }
        if completion.flags & cf::NOTIF == 0 {
            slot.op_flags = if completion.res > 0 { TOOK } else { 0 };
            return;
        }
        if !self.classes.reports_copies {
            return;
        }
        let slot = *slot;
        let copied = completion.res & USAGE_COPIED != 0;
        completion.res = 0;
        if slot.op_flags & TOOK == 0 {
            return;
        }
        if copied {
            completion.flags |= cf::ZC_COPIED;
        }
        if slot.bits & bits::FIXED == 0 {
            self.copies.learn(slot.fd, copied);
        }
    }
}
