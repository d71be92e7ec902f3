//! Slots: one per accepted operation, found by token in constant time.
//!
//! Owns: the slots, in a mapping reserved for `max_inflight` and touched lazily, and their
//! generations. Invariant: a token names one operation for ever; a slot whose generation would
//! wrap is retired. No allocation after creation.

use super::lifecycle::Lifecycle;
use super::record::{Completion, Op, cf};
use crate::sys::{Cqe, Map};

/// Bits of a token that are the slot's index; the generation is above, bit 63 stays zero.
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const GENERATION: u64 = 1 << INDEX_BITS;
const NONE: u32 = u32::MAX;

/// The slot a token names.
#[inline]
pub fn index_of(token: u64) -> u32 {
    (token & INDEX_MASK) as u32
}

/// The first token that is never given out: above it are the tags of kernel user data.
const WORN: u64 = 1 << 61;

/// Bits of [`Slot::bits`].
pub mod bits {
    /// The completion goes to a callback.
    pub const CALLBACK: u8 = 1;
    /// The operation takes buffers from the pool `Slot::done`.
    pub const POOL: u8 = 2;
    /// A library close waits for this operation (`Slot::link` - 1).
    pub const WATCHED: u8 = 4;
    /// Success comes without a completion.
    pub const QUIET: u8 = 8;
    /// A cancel was asked for: a library operation does not go on.
    pub const CANCELLED: u8 = 16;
    /// A periodic timer.
    pub const PERIODIC: u8 = 32;
    /// The descriptor is a registered slot, not a descriptor.
    pub const FIXED: u8 = 64;
    /// The operation uses the region `Slot::done`; of SPLICE and TEE it is a registered slot.
    pub const REGION: u8 = 128;
}

/// What is known of an operation: plain data, interpreted by the floor that owns the route.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The token of the present operation, or of the next one while the slot is free.
    pub token: u64,
    /// The caller's.
    pub user_data: u64,
    /// Callback of `submit_with`, as an address.
    pub callback: u64,
    /// Its context.
    pub ctx: u64,
    /// Library operations: address or period.
    pub addr: u64,
    /// Descriptor the operation names; -1 = none.
    pub fd: i32,
    /// Library operations: bytes left, or operations waited for.
    pub len: u32,
    /// Library operations: bytes done. With POOL: the pool; with REGION: the region.
    pub done: u32,
    /// Library operations: flags; for one on the table of files: its `file_index`.
    pub op_flags: u32,
    /// Next free slot, place in the timer heap, or the close that waits + 1.
    pub link: u32,
    /// Operation.
    pub opcode: u8,
    /// Where it is in its life.
    pub state: Lifecycle,
    /// Who completes it: 0 = nothing to do but pass it on.
    pub route: u8,
    /// [`bits`].
    pub bits: u8,
}

const _: () = assert!(size_of::<Slot>() == 64);

impl Slot {
    /// A new operation that the kernel gets with the next enter. Its last four bytes are written in
    /// one piece.
    #[inline(always)]
    fn begin(&mut self, op: &Op, bits: u8) {
        const AT: usize = core::mem::offset_of!(Slot, opcode);
        const { assert!(AT % 4 == 0 && AT + 4 == size_of::<Slot>()) };
        (self.user_data, self.fd) = (op.user_data, op.fd);
        let kind = [op.opcode, Lifecycle::Live as u8, 0, bits];
        // SAFETY: the last four bytes of the slot, aligned (asserted), and made of a valid state.
        unsafe { (&raw mut *self).cast::<u32>().byte_add(AT).write(u32::from_ne_bytes(kind)) };
    }

    /// The operation of `token`, which is still in flight.
    #[inline(always)]
    fn is(&self, token: u64) -> bool {
        self.token == token && self.state != Lifecycle::Free
    }
}

/// Route and bits in one number.
#[inline(always)]
pub const fn kind(route: u8, bits: u8) -> u16 {
    u16::from_ne_bytes([route, bits])
}

/// Of an operation whose completions are passed on as they are.
const PASSED_ON: u16 = kind(0, 0);

/// The slots, as a loop keeps them in registers: [`Slab::pass`] copies them, [`Slab::settle`] puts
/// back what the loop did.
#[derive(Clone, Copy)]
pub struct Slots {
    first: *mut Slot,
    /// Of indices: what is masked lies inside the map, where a slot that was never used is zero,
    /// and so free.
    mask: u32,
    free: u32,
}

impl Slots {
    #[inline(always)]
    fn at(&self, index: u32) -> *mut Slot {
        // SAFETY: a masked index lies inside the mapping.
        unsafe { self.first.add((index & self.mask) as usize) }
    }

    /// Take a slot that was used before, for an operation that the kernel gets with the next enter;
    /// what not every operation has is as it was left. None when there is no such slot.
    #[inline(always)]
    pub fn take(&mut self, op: &Op, bits: u8) -> Option<&mut Slot> {
        if self.free == NONE {
            return None;
        }
        // SAFETY: indices on the free list are inside the mapping; zero bytes are a slot; nothing
        // else refers to it.
        let slot = unsafe { &mut *self.first.add(self.free as usize) };
        self.free = slot.link;
        slot.begin(op, bits);
        Some(slot)
    }

    /// End the operation of `slot`, which is one of these. The next one there has another token.
    #[inline(always)]
    fn end(&mut self, slot: &mut Slot) {
        debug_assert!(slot.state != Lifecycle::Free);
        let index = index_of(slot.token);
        slot.state = Lifecycle::Free;
        slot.token += GENERATION;
        // The last generation is never given out: the slot is retired, not wrapped.
        if slot.token & WORN == 0 {
            slot.link = self.free;
            self.free = index;
        }
    }

    /// What to tell of `cqe`, if its operation is with the kernel and nothing is to be done about
    /// it but to pass it on. Behind the last one the slot is free; others count as `going_on`.
    #[inline(always)]
    pub fn pass_on(&mut self, cqe: &Cqe, going_on: &mut u32) -> Option<Completion> {
        let (token, res) = (cqe.user_data, cqe.res);
        // SAFETY: inside the mapping; zero bytes are a slot; nothing else refers to it.
        let slot = unsafe { &mut *self.at(token as u32) };
        let kind = (slot.state, kind(slot.route, slot.bits));
        if slot.token != token || kind != (Lifecycle::Live, PASSED_ON) {
            return None;
        }
        let mut flags = cqe.flags & cf::KERNEL;
        if cf::is_last(cqe.flags) {
            flags |= cf::FINAL;
            self.end(slot);
        } else {
            *going_on += 1;
        }
        Some(Completion { user_data: slot.user_data, res, flags, data: 0, token })
    }

    /// The slot a token names, if its operation is still in flight.
    #[inline(always)]
    pub fn find(&mut self, token: u64) -> Option<&mut Slot> {
        // SAFETY: inside the mapping; zero bytes are a slot; nothing else refers to it.
        let slot = unsafe { &mut *self.at(token as u32) };
        slot.is(token).then_some(slot)
    }

    /// The slot a token names and its kind, if its operation is with the kernel.
    #[inline(always)]
    pub fn find_live(&mut self, token: u64) -> Option<(&mut Slot, u16)> {
        // SAFETY: inside the mapping; zero bytes are a slot; nothing else refers to it.
        let slot = unsafe { &mut *self.at(token as u32) };
        if slot.token != token || slot.state != Lifecycle::Live {
            return None;
        }
        let kind = kind(slot.route, slot.bits);
        Some((slot, kind))
    }
}

/// All slots of a ring.
pub struct Slab {
    slots: Slots,
    capacity: u32,
    /// Slots 0..touched were used at least once.
    touched: u32,
    live: u32,
    /// Where they lie.
    _map: Map,
}

impl Slab {
    /// Reserve address space for `capacity` slots; the errno on failure.
    pub fn new(capacity: u32) -> Result<Slab, i32> {
        let capacity = capacity.clamp(1, INDEX_MASK as u32);
        // A power of two, so that a masked index always lies inside; pages cost only when used.
        let mask = capacity.next_power_of_two() - 1;
        let map = Map::new((mask as usize + 1) * size_of::<Slot>())?;
        let slots = Slots { first: map.as_ptr().cast(), mask, free: NONE };
        Ok(Slab { slots, capacity, touched: 0, live: 0, _map: map })
    }

    /// Operations in flight.
    #[inline]
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Slots that may hold an operation: all others were never used.
    pub fn touched(&self) -> u32 {
        self.touched
    }

    /// Slots left.
    pub fn room(&self) -> u32 {
        self.capacity - self.live
    }

    /// The slot `index`.
    #[inline]
    pub fn get(&mut self, index: u32) -> &mut Slot {
        debug_assert!(index < self.touched);
        // SAFETY: inside the mapping; zero bytes are a slot, which the borrow of the slab covers.
        unsafe { &mut *self.slots.at(index) }
    }

    /// As [`Slots::take`], also one that was never used.
    #[inline]
    pub fn take(&mut self, op: &Op, bits: u8) -> Option<&mut Slot> {
        if self.slots.free == NONE && !self.touch() {
            return None;
        }
        self.live += 1;
        self.slots.take(op, bits)
    }

    /// Put a slot that was never used among the free ones; false when there is none.
    #[cold]
    fn touch(&mut self) -> bool {
        let fresh = self.touched < self.capacity;
        if fresh {
            let index = self.touched;
            self.touched += 1;
            let slot = self.get(index);
            (slot.token, slot.link) = (GENERATION | u64::from(index), NONE);
            self.slots.free = index;
        }
        fresh
    }

    /// End the operation of slot `index`, whatever it is.
    #[inline]
    pub fn give_back(&mut self, index: u32) {
        debug_assert!(index < self.touched);
        self.live -= 1;
        // SAFETY: inside the mapping; zero bytes are a slot; nothing else refers to it.
        self.slots.end(unsafe { &mut *self.slots.at(index) });
    }

    /// The index a token names, if its operation is still in flight.
    #[inline]
    pub fn find(&self, token: u64) -> Option<u32> {
        // SAFETY: inside the mapping; zero bytes are a slot; nothing else refers to it.
        let slot = unsafe { &*self.slots.at(token as u32) };
        slot.is(token).then_some(index_of(token))
    }

    /// As [`Slots::find_live`].
    #[inline(always)]
    pub fn find_live(&mut self, token: u64) -> Option<(&mut Slot, u16)> {
        self.slots.find_live(token)
    }

    /// As [`Slots::find`].
    #[inline]
    pub fn find_slot(&mut self, token: u64) -> Option<&mut Slot> {
        self.slots.find(token)
    }

    /// For one pass over many operations; [`Slab::settle`] ends it.
    #[inline(always)]
    pub fn pass(&mut self) -> Slots {
        self.slots
    }

    /// A pass took slots or ended operations; `live` are in flight now.
    #[inline(always)]
    pub fn settle(&mut self, pass: Slots, live: u32) {
        (self.slots.free, self.live) = (pass.free, live);
    }

    /// Make the next generation of slot `index` the last one, for tests of the wrap.
    #[doc(hidden)]
    pub fn age(&mut self, index: u32) {
        self.get(index).token = (WORN - GENERATION) | u64::from(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_one_operation_for_ever() {
        let mut slab = Slab::new(2).unwrap();
        let token = slab.take(&Op::default(), 0).unwrap().token;
        let index = index_of(token);
        assert_eq!(token >> 63, 0);
        assert_eq!(slab.find(token), Some(index));
        slab.give_back(index);
        assert_eq!(slab.find(token), None);
        let again = slab.take(&Op::default(), 0).unwrap().token;
        assert_eq!(index_of(again), index);
        assert_ne!(again, token);
        assert_eq!(slab.find(token), None);
    }

    #[test]
    fn a_late_completion_does_not_end_the_operation_that_has_the_slot_now() {
        let mut slab = Slab::new(2).unwrap();
        let index = index_of(slab.take(&Op::default(), 0).unwrap().token);
        slab.give_back(index);
        let mut pass = slab.pass();
        let begin = |pass: &mut Slots, user_data| {
            pass.take(&Op { user_data, ..Op::default() }, 0).unwrap().token
        };
        let passed = |pass: &mut Slots, user_data, flags| {
            pass.pass_on(&Cqe { user_data, res: 0, flags }, &mut 0).map(|it| it.user_data)
        };
        let old = begin(&mut pass, 1);
        assert_eq!(passed(&mut pass, old, cf::MORE), Some(1));
        assert_eq!(passed(&mut pass, old, 0), Some(1));
        let new = begin(&mut pass, 2);
        assert_eq!(index_of(new), index_of(old));
        assert_eq!(passed(&mut pass, old, 0), None);
        assert_eq!(passed(&mut pass, new, 0), Some(2));
        assert_eq!(passed(&mut pass, new, 0), None, "it ended already");
    }

    #[test]
    fn the_table_is_bounded_and_a_worn_slot_retires() {
        let mut slab = Slab::new(2).unwrap();
        let first = index_of(slab.take(&Op::default(), 0).unwrap().token);
        slab.take(&Op::default(), 0).unwrap();
        assert!(slab.take(&Op::default(), 0).is_none());
        slab.age(first);
        slab.give_back(first);
        assert!(slab.take(&Op::default(), 0).is_none(), "a generation would wrap");
    }
}
