//! A server's day by the short way: the two completions, a receive into a buffer of a pool that
//! goes on and a SEND_ALL that went whole at once, and the send that needs none.
//!
//! Owns: nothing. Never does what `complete` would not do; what is not exactly one of these is
//! left to it, untouched.

use super::engine::Engine;
use super::route;
use crate::ring::{Completion, Op, bits, cf, opcode, sqe_flag, tag};
use crate::sys::Cqe;

const MSG_AT_ONCE: u32 = (libc::MSG_NOSIGNAL | libc::MSG_WAITALL | libc::MSG_DONTWAIT) as u32;
const RECEIVED: u32 = cf::MORE | cf::BUFFER;

impl Engine {
    /// Submit sends (descriptor, address, length, name) that complete only if they do not go whole
    /// at once, and then in [`Driver::told`](crate::ring::Driver::told) under their name. How many
    /// were submitted, from the front.
    #[inline(always)]
    pub fn send_untold(&mut self, sends: impl Iterator<Item = (i32, u64, u32, u64)>) -> u32 {
        let driver = &mut self.driver;
        let room = if driver.closing { 0 } else { driver.enter.room() };
        let stage = driver.enter.stage();
        let mut count = 0;
        for (fd, addr, len, name) in sends.take(room) {
            let op = Op {
                opcode: opcode::SEND,
                flags: sqe_flag::CQE_SKIP_SUCCESS,
                fd,
                addr,
                len,
                op_flags: MSG_AT_ONCE,
                ..Op::default()
            };
            stage.put(count, &op, tag::UNTOLD << tag::SHIFT | name);
            count += 1;
        }
        driver.enter.staged(count);
        driver.stats.submitted.add(count.into());
        count
    }

    /// Whether every send of [`Engine::send_untold`] that was not told of is sent: the kernel
    /// consumed what was submitted, and what it completed with that was taken.
    #[inline]
    pub fn untold_are_sent(&self) -> bool {
        let enter = &self.driver.enter;
        enter.waiting() == 0 && enter.is_drained() && !enter.is_overflowing()
    }

    /// Claim what receives into pool `group` brought, until another kind of completion is next.
    #[inline(always)]
    pub(super) fn collect_claims(&mut self, group: u16) {
        let Engine { driver, completed, pools, .. } = self;
        let Some(pool) = pools.get(group) else { return };
        let mut slots = driver.slab.pass();
        let done = driver.enter.take_while(completed.room(), |cqe, record| {
            if cqe.flags & RECEIVED != RECEIVED || cqe.res <= 0 {
                return false;
            }
            let Some(user_data) = slots.peek_receive(cqe.user_data, group) else { return false };
            let (buffer, more) = cf::buffer_of(cqe.flags);
            let Some(data) = pool.claim(buffer, cqe.res as u32, more) else { return false };
            let flags = cqe.flags & cf::KERNEL | cf::CLAIM;
            let (res, token) = (cqe.res, cqe.user_data);
            record.write(Completion { user_data, res, flags, data, token });
            true
        });
        completed.filled(done);
        driver.stats.completed.add(done as u64);
    }

    /// Deal with a completion that is one of these; false when it is not. There is room for it.
    #[inline(always)]
    pub(super) fn complete_shortly(&mut self, cqe: &Cqe) -> bool {
        let Some(slot) = self.driver.slab.find_slot(cqe.user_data) else { return false };
        let user_data = slot.user_data;
        let mut completion = Completion {
            user_data,
            res: cqe.res,
            flags: cqe.flags & cf::KERNEL,
            data: 0,
            token: cqe.user_data,
        };
        if slot.is_live(0, bits::POOL) {
            if cqe.flags & RECEIVED != RECEIVED || cqe.res <= 0 {
                return false;
            }
            let (group, opcode) = (slot.done as u16, slot.opcode);
            let there = if self.claims == Some(group) && opcode == opcode::RECV {
                self.claim_to(group, &mut completion)
            } else {
                self.lease_to(group, &mut completion)
            };
            if !there {
                return false;
            }
        } else if slot.is_live(route::SEND_ALL, 0) {
            let whole = i64::from(cqe.res) == i64::from(slot.len) && slot.done == 0;
            if !whole || cqe.flags & cf::MORE != 0 {
                return false;
            }
            let fd = slot.fd;
            self.driver.slab.give_back(crate::ring::index_of(cqe.user_data));
            self.senders.clear(fd);
            completion.flags |= cf::FINAL;
        } else {
            return false;
        }
        self.driver.stats.completed.add(1);
        self.completed.record(completion);
        true
    }
}
