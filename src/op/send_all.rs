//! RINGLINE_LIB_SEND_ALL: a send that goes on after short counts.
//!
//! Owns: that a descriptor has one at a time. Two sends in flight on one stream interleave, so a
//! second one is EBUSY.

use super::engine::Engine;
use super::route;
use crate::driver::{Added, Completion, Lifecycle, Op, bits, index_of, no_slot, opcode};
use crate::fault::Fault;

const MSG_WHOLE: u32 = (libc::MSG_NOSIGNAL | libc::MSG_WAITALL) as u32;

impl Engine {
    #[inline(always)]
    pub(super) fn accept_send_all(&mut self, op: &Op) -> Result<u64, Fault> {
        if op.len > i32::MAX as u32 {
            return Err(Fault::errno(libc::EINVAL, "len is above 2147483647"));
        }
        let free = self.senders.set(op.fd).unwrap_or_else(|| !self.is_sending(op.fd));
        if !free {
            return Err(Fault::errno(libc::EBUSY, "a SEND_ALL runs on this descriptor"));
        }
        let mut entry = *op;
        entry.opcode = opcode::SEND;
        entry.op_flags |= MSG_WHOLE;
        let Ok(token) = self.driver.submit(&entry, Added::default()) else {
            self.senders.clear(op.fd);
            return Err(no_slot());
        };
        let slot = self.driver.slab.get(index_of(token));
        slot.route = route::SEND_ALL;
        slot.addr = op.addr;
        slot.len = op.len;
        slot.done = 0;
        slot.op_flags = entry.op_flags;
        Ok(token)
    }

    fn is_sending(&mut self, fd: i32) -> bool {
        (0..self.driver.slab.touched()).any(|index| {
            let slot = self.driver.slab.get(index);
            slot.state != Lifecycle::Free && slot.route == route::SEND_ALL && slot.fd == fd
        })
    }

    /// A part was sent. True when the rest is on its way; else `completion` tells the end.
    pub(super) fn advance_send(&mut self, index: u32, completion: &mut Completion) -> bool {
        let closing = self.driver.closing;
        let slot = self.driver.slab.get(index);
        let mut res = completion.res;
        if res > 0 {
            slot.done += res as u32;
            slot.len -= (res as u32).min(slot.len);
            slot.addr += res as u64;
        }
        if slot.len == 0 && res >= 0 {
            completion.res = slot.done as i32;
            return false;
        }
        if res > 0 {
            if slot.bits & bits::CANCELLED != 0 || closing {
                res = -libc::ECANCELED;
            } else {
                let op = Op {
                    opcode: opcode::SEND,
                    fd: slot.fd,
                    addr: slot.addr,
                    len: slot.len,
                    op_flags: slot.op_flags,
                    ..Op::default()
                };
                match self.driver.resubmit(index, &op) {
                    Ok(()) => return true,
                    Err(fault) => res = fault.code.max(-4095),
                }
            }
        }
        // A stream that takes nothing although asked to is broken.
        completion.res = if res == 0 { -libc::EPIPE } else { res };
        completion.data = u64::from(self.driver.slab.get(index).done);
        false
    }
}
