//! RINGLINE_LIB_CLOSE: shutdown, cancel the descriptor's operations, wait for their FINALs, close.
//!
//! Owns: the order. Closing a descriptor with a recv pending would send no FIN, and the old recv
//! would swallow later data; so the kernel's close comes last.

use super::engine::{Engine, Sink};
use super::route;
use crate::driver::{Completion, Lifecycle, Op, bits, cf, opcode};
use crate::fault::Fault;

/// In `op_flags`: the file is shared with others, never shut it down.
pub const CLOSE_SHARED: u32 = 1;

impl Engine {
    pub(super) fn accept_close(&mut self, op: &Op, _sink: Sink) -> Result<u32, Fault> {
        if op.op_flags & !CLOSE_SHARED != 0 {
            return Err(Fault::errno(libc::EINVAL, "unknown bit in op_flags of a close"));
        }
        if op.fd < 0 {
            return Err(Fault::errno(libc::EBADF, "a close needs a descriptor"));
        }
        for index in 0..self.driver.slab.touched() {
            let slot = self.driver.slab.get(index);
            let busy = slot.state != Lifecycle::Free && slot.route == route::CLOSE;
            if busy && slot.fd == op.fd {
                return Err(Fault::errno(libc::EALREADY, "this descriptor is being closed"));
            }
        }
        let index = self.driver.park(op, route::CLOSE)?;
        if op.op_flags & CLOSE_SHARED == 0 {
            self.driver.enter.backend().hang_up(op.fd);
        }
        if let Err(fault) = self.watch_descriptor(index) {
            self.unwatch(index);
            self.driver.slab.give_back(index);
            return Err(fault);
        }
        let waits = self.driver.slab.get(index).len > 0;
        let closed = if waits { Ok(()) } else { self.close_now(index) };
        if let Err(fault) = closed {
            self.driver.slab.give_back(index);
            return Err(fault);
        }
        Ok(index)
    }

    /// Cancel what is in flight on the close's descriptor and count what to wait for.
    fn watch_descriptor(&mut self, close: u32) -> Result<(), Fault> {
        let fd = self.driver.slab.get(close).fd;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            let here = slot.fd == fd && slot.bits & (bits::FIXED | bits::WATCHED) == 0;
            if slot.state != Lifecycle::Live || !here || slot.route == route::CLOSE {
                continue;
            }
            self.driver.cancel(index)?;
            self.disarm_connect(index);
            let slot = self.driver.slab.get(index);
            slot.bits |= bits::WATCHED;
            slot.link = close + 1;
            self.driver.slab.get(close).len += 1;
        }
        Ok(())
    }

    fn unwatch(&mut self, close: u32) {
        for index in 0..self.driver.slab.touched() {
            let slot = self.driver.slab.get(index);
            if slot.bits & bits::WATCHED != 0 && slot.link == close + 1 {
                slot.bits &= !bits::WATCHED;
            }
        }
    }

    /// One of the operations that a close waits for ended.
    pub(super) fn watched_done(&mut self, link: u32) {
        let close = link - 1;
        let slot = self.driver.slab.get(close);
        slot.len -= 1;
        if slot.len > 0 {
            return;
        }
        // Operations submitted meanwhile are in front of the kernel's close too.
        let closed = self.watch_descriptor(close).and_then(|()| {
            if self.driver.slab.get(close).len == 0 { self.close_now(close) } else { Ok(()) }
        });
        if let Err(fault) = closed {
            self.fail_close(close, fault);
        }
    }

    fn close_now(&mut self, close: u32) -> Result<(), Fault> {
        let fd = self.driver.slab.get(close).fd;
        self.copies.learn(fd, false);
        let op = Op { opcode: opcode::CLOSE, fd, ..Op::default() };
        self.driver.resubmit(close, &op)
    }

    /// The kernel would not even take the close: say so, the descriptor stays open.
    fn fail_close(&mut self, close: u32, fault: Fault) {
        self.unwatch(close);
        let slot = *self.driver.slab.get(close);
        let completion = Completion {
            user_data: slot.user_data,
            res: fault.code.max(-4095),
            flags: cf::FINAL,
            data: 0,
            token: slot.token,
        };
        self.finish(close, completion);
    }
}
