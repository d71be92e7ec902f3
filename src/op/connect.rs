//! RINGLINE_LIB_CONNECT_TIMEOUT: a connect that ends when its time is over.
//!
//! Owns: the limit of each. The limit only asks for the end: the FINAL is the kernel's completion,
//! so nothing is given back while the kernel has it. Invariant: the place in the timer heap, which
//! shares its field with the close that waits and the free list, is given up before either.

use super::engine::Engine;
use super::route;
use crate::driver::{Added, Completion, Op, bits, index_of, opcode};
use crate::fault::Fault;

/// In `done` of the slot: the limit is not over yet.
const ARMED: u32 = 1;
/// The limit ended it.
const EXPIRED: u32 = 2;

impl Engine {
    pub(super) fn accept_connect_timeout(&mut self, op: &Op) -> Result<u32, Fault> {
        let deadline = self.driver.now().saturating_add(op.addr3);
        let entry = Op { opcode: opcode::CONNECT, addr3: 0, ..*op };
        let index = index_of(self.driver.submit(&entry, Added::default())?);
        let driver = &mut self.driver;
        let slot = driver.slab.get(index);
        slot.opcode = op.opcode;
        slot.route = route::CONNECT;
        slot.done = ARMED;
        driver.timers.add(&mut driver.slab, index, deadline);
        Ok(index)
    }

    /// The limit is over: ask the kernel for the end.
    pub(super) fn expire_connect(&mut self, index: u32, now: u64) {
        let slot = self.driver.slab.get(index);
        let asked = slot.bits & bits::CANCELLED;
        // What the user cancelled before ends as cancelled.
        slot.done = if asked == 0 { EXPIRED } else { 0 };
        if self.driver.cancel(index).is_err() {
            // No room for the cancel now: a little later there is some.
            let driver = &mut self.driver;
            let slot = driver.slab.get(index);
            slot.bits = slot.bits & !bits::CANCELLED | asked;
            slot.done = ARMED;
            driver.timers.add(&mut driver.slab, index, now.saturating_add(1));
        }
    }

    /// Take the limit away, if there still is one.
    pub(super) fn disarm_connect(&mut self, index: u32) {
        let driver = &mut self.driver;
        let slot = driver.slab.get(index);
        if slot.route == route::CONNECT && slot.done == ARMED {
            slot.done = 0;
            driver.timers.remove(&mut driver.slab, index);
        }
    }

    /// The kernel is done with it; a result that came before the cancel stands.
    pub(super) fn complete_connect(&mut self, index: u32, completion: &mut Completion) {
        self.disarm_connect(index);
        let expired = self.driver.slab.get(index).done == EXPIRED;
        if expired && [-libc::ECANCELED, -libc::EINTR].contains(&completion.res) {
            completion.res = -libc::ETIMEDOUT;
        }
    }
}
