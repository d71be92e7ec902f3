//! Results that are descriptors: whoever drops one that nobody saw closes it.
//!
//! Owns: which operations bring one. A slot of the table of files is a number of another kind, and
//! the table's. Invariant: a descriptor is closed here only as long as no user was told of it.

use super::engine::Engine;
use super::route;
use crate::driver::{Completion, Op, Slot, opcode};
use core::ops::Range;

/// Descriptors of one completion; -1 = none.
pub(super) type Carried = [i32; 2];

/// Whether a success of `op` puts a descriptor into the process.
pub fn brings(op: &Op) -> bool {
    match op.opcode {
        opcode::ACCEPT | opcode::OPENAT | opcode::OPENAT2 | opcode::SOCKET => op.file_index == 0,
        opcode::PIPE | opcode::FIXED_FD_INSTALL => true,
        _ => false,
    }
}

impl Engine {
    /// The operation in slot `index` brings descriptors: remember what its completion needs.
    pub(super) fn begin_descriptor(&mut self, index: u32, op: &Op) {
        let slot = self.driver.slab.get(index);
        slot.route = route::DESCRIPTOR;
        if op.opcode == opcode::PIPE {
            // It names neither pool nor region.
            (slot.op_flags, slot.done) = (op.addr as u32, (op.addr >> 32) as u32);
        }
    }

    /// A completion that may carry descriptors.
    pub(super) fn complete_descriptor(&mut self, slot: &Slot, completion: &Completion) {
        if completion.res < 0 {
            return;
        }
        let carried = match slot.opcode {
            opcode::PIPE => {
                let address = u64::from(slot.op_flags) | u64::from(slot.done) << 32;
                // SAFETY: the kernel has just written two numbers there, and outputs are the
                // library's until FINAL, which nobody has seen yet.
                unsafe { (address as *const Carried).read_unaligned() }
            }
            _ => [completion.res, -1],
        };
        self.completed.carry(completion.token, carried);
    }

    /// Forget the records that were not shown: what they carry is closed.
    pub fn drop_records(&mut self) {
        let backend = self.driver.enter.backend();
        self.completed.drop_unseen(|fd| backend.close(fd));
    }

    /// As [`Engine::drop_records`], for those of `range`, which were shown, but to no user.
    pub fn drop_shown(&mut self, range: Range<u32>) {
        let backend = self.driver.enter.backend();
        self.completed.drop_range(range, |fd| backend.close(fd));
    }

    /// As [`Engine::drop_records`], for the calls that were not made.
    pub fn drop_calls(&mut self) {
        let backend = self.driver.enter.backend();
        while let Some(call) = self.completed.next_call() {
            self.completed.let_go(&call.completion).into_iter().for_each(|fd| {
                if fd >= 0 {
                    backend.close(fd);
                }
            });
        }
    }
}
