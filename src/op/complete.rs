//! What a completion means: for its operation, and for whoever is told of it.
//!
//! Owns: the end of every operation, whatever brought it about. Invariant: with the last completion
//! goes all that the operation pinned, and its slot.

use super::completed::Call;
use super::engine::Engine;
use super::mail::MAILED;
use super::route;
use crate::driver::{Completion, Driver, Lifecycle, Slot, Step, bits, cf, index_of};
use crate::sys::Cqe;

impl Engine {
    /// Any completion. False when it was just passed on: the next ones may be like it.
    #[inline(never)]
    pub(super) fn complete_at_length(&mut self, cqe: &Cqe) -> bool {
        match self.driver.reap(cqe) {
            Step::Progress => self.complete(cqe, false),
            Step::Last => self.complete(cqe, true),
            Step::Stray => {
                if let Some(message) = self.driver.message.take() {
                    self.deliver_message(&message);
                }
                true
            }
        }
    }

    /// What a completion means for its operation and its user. False when that is nothing but to
    /// pass it on.
    fn complete(&mut self, cqe: &Cqe, last: bool) -> bool {
        let (res, token) = (cqe.res, cqe.user_data);
        let index = index_of(token);
        let Slot { user_data, callback, ctx, fd, len, done, route, bits, .. } =
            *self.driver.slab.get(index);
        let mut completion =
            Completion { user_data, res, flags: cf::of(cqe.flags), data: 0, token };
        let sends = route == route::SEND_ALL && last;
        // Mostly it is sent whole at once; else there is a rest, or an error.
        let whole = i64::from(res) == i64::from(len) && done == 0;
        if sends && !whole && self.advance_send(index, &mut completion) {
            return true;
        }
        if bits & bits::POOL != 0 {
            self.complete_pool(done as u16, last, &mut completion);
        }
        if route >= route::DIRECT {
            self.complete_by_route(index, last, &mut completion);
        }
        if last {
            if bits & (bits::POOL | bits::WATCHED | bits::FIXED | bits::REGION) != 0 {
                self.last_of(index);
            } else if sends {
                self.senders.clear(fd);
            }
            self.driver.slab.give_back(index);
        }
        self.deliver(callback, ctx, bits, completion);
        route | bits != 0
    }

    #[inline(never)]
    fn complete_by_route(&mut self, index: u32, last: bool, completion: &mut Completion) {
        let slot = *self.driver.slab.get(index);
        match slot.route {
            route::DIRECT => self.complete_direct(&slot, last, completion),
            route::COMMAND => self.complete_command(completion),
            route::CONNECT => self.complete_connect(index, completion),
            route::DESCRIPTOR => self.complete_descriptor(&slot, completion),
            _ => self.complete_zero_copy(index, completion),
        }
    }

    /// Deliver the FINAL completion of a slot and end its life.
    pub(super) fn finish(&mut self, index: u32, completion: Completion) {
        let slot = *self.driver.slab.get(index);
        self.last_of(index);
        self.driver.slab.give_back(index);
        self.deliver(slot.callback, slot.ctx, slot.bits, completion);
    }

    /// Deliver a completion after which the operation goes on.
    pub(super) fn deliver_progress(&mut self, slot: &Slot, completion: Completion) {
        self.deliver(slot.callback, slot.ctx, slot.bits, completion);
    }

    /// What must happen whenever an operation ends, also without a completion (QUIET, taken back).
    pub(super) fn last_of(&mut self, index: u32) {
        let slot = *self.driver.slab.get(index);
        if slot.route == route::SEND_ALL {
            self.senders.clear(slot.fd);
        }
        self.disarm_connect(index);
        if slot.bits & bits::POOL != 0 {
            self.pools.unpin(slot.done);
        }
        self.unpin_registered(&slot);
        if slot.bits & bits::WATCHED != 0 {
            self.watched_done(slot.link);
        }
    }

    #[inline]
    fn deliver(&mut self, callback: u64, ctx: u64, slot_bits: u8, completion: Completion) {
        self.driver.stats.completed.add(1);
        if slot_bits & bits::CALLBACK == 0 {
            self.completed.record(completion);
        } else if callback == MAILED {
            self.deliver_mailed(ctx, completion);
        } else {
            self.completed.call(Call { completion, callback, ctx });
        }
    }

    /// Deliver FINAL | ABANDONED for what the kernel does not let go, as far as the completed list
    /// has room. Returns whether anything is left. The driver is not run any more.
    pub fn abandon_some(&mut self) -> bool {
        self.retire_staged();
        for index in 0..self.driver.slab.touched() {
            if self.completed.is_full() {
                return true;
            }
            let slot = *self.driver.slab.get(index);
            let flags = match slot.state {
                Lifecycle::Free => continue,
                Lifecycle::Parked => cf::FINAL,
                Lifecycle::Live => {
                    self.driver.stats.abandoned.add(1);
                    cf::FINAL | cf::ABANDONED
                }
            };
            let completion = Completion {
                user_data: slot.user_data,
                res: -libc::ECANCELED,
                flags,
                data: 0,
                token: slot.token,
            };
            self.driver.slab.give_back(index);
            self.deliver(slot.callback, slot.ctx, slot.bits, completion);
        }
        false
    }

    /// What was staged and never reached the kernel is not the kernel's: its memory is free.
    fn retire_staged(&mut self) {
        let Driver { enter, slab, .. } = &mut self.driver;
        for token in enter.waiting_tokens() {
            if let Some(index) = slab.find(token) {
                slab.get(index).state = Lifecycle::Parked;
            }
        }
        self.driver.enter.clear_stage();
    }
}
