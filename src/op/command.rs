//! MSG_RING and URING_CMD: operations that reach beyond their own descriptor.
//!
//! Owns: what they may carry. Invariant: a message cannot be taken for the completion of an
//! operation: it travels under a tag of its own and arrives with RINGLINE_CF_MSG. A command's
//! second half is its own and not that of an entry before it in the same place.

use super::engine::Engine;
use super::prepare::invalid;
use super::route;
use crate::driver::{Completion, Op, cf, sqe_flag, tag};
use crate::fault::Fault;
use crate::sys::Cqe;
use crate::sys::uapi::{NOP_CQE32, URING_CMD_FIXED};

/// In `addr` of a MSG_RING: numbers; the other command moves registered files.
const MSG_DATA: u64 = 0;
/// What a message has room for beside its tag.
const MESSAGE_MASK: u64 = (1 << tag::SHIFT) - 1;

impl Engine {
    pub(super) fn check_message(&self, op: &mut Op) -> Result<(), Fault> {
        if op.flags & sqe_flag::FIXED_FILE != 0 {
            return Err(invalid("msg_ring goes to the plain descriptor of a ring"));
        }
        // A file would land in the other ring's table, behind what its owner knows of it.
        if op.addr != MSG_DATA {
            return Err(invalid("msg_ring carries numbers only, no files: addr must be 0"));
        }
        // Passed flags could look like MORE or a buffer of the other ring's.
        if op.op_flags != 0 || op.file_index != 0 {
            return Err(invalid("msg_ring passes no flags to the other ring"));
        }
        if op.off & !MESSAGE_MASK != 0 {
            return Err(invalid("the number in off of a msg_ring is below 2^61"));
        }
        op.off |= tag::MESSAGE << tag::SHIFT;
        Ok(())
    }

    /// A message of another ring, or of this one to itself.
    #[cold]
    pub(super) fn deliver_message(&mut self, message: &Cqe) {
        self.completed.record(Completion {
            user_data: message.user_data & MESSAGE_MASK,
            res: message.res,
            flags: cf::MSG,
            data: 0,
            token: 0,
        });
    }

    pub(super) fn check_command(&self, op: &Op) -> Result<(), Fault> {
        if op.ext != 0 && !self.driver.enter.backend_ref().info().is_big() {
            return Err(invalid("a command of 80 bytes (ext) needs a ring created BIG"));
        }
        if op.op_flags & !URING_CMD_FIXED != 0 {
            return Err(invalid("op_flags of a uring_cmd is URING_CMD_FIXED or 0"));
        }
        Ok(())
    }

    /// A command was staged in slot `index`, as the last entry. On a BIG ring the kernel reads 80
    /// bytes of it, and what an earlier entry left in this place is not among them.
    pub(super) fn begin_command(&mut self, index: u32, op: &Op) {
        if !self.driver.enter.backend_ref().info().is_big() {
            return;
        }
        let mut command = [op.addr3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        if op.ext != 0 {
            // SAFETY: who submits vouches for what an operation points to; no alignment is asked.
            command = unsafe { (op.ext as *const [u64; 10]).read_unaligned() };
        }
        self.driver.enter.extend(&command);
        self.driver.slab.get(index).route = route::COMMAND;
    }

    /// A NOP was accepted on a BIG ring, in slot `index`.
    pub(super) fn begin_nop(&mut self, index: u32, op: &Op) {
        if op.op_flags & NOP_CQE32 != 0 {
            self.driver.slab.get(index).route = route::COMMAND;
        }
    }

    /// Pass on what a big completion says beside its result.
    pub(super) fn complete_command(&self, completion: &mut Completion) {
        if let Some(second) = self.driver.enter.second_half() {
            completion.flags |= cf::EXT;
            [completion.data, completion.token] = second;
        }
    }
}
