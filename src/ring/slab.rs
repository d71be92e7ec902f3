//! Slots: one per accepted operation, found by token in constant time.
//!
//! Owns: the slots, in a mapping reserved for `max_inflight` and touched lazily, and their
//! generations. Invariant: a token names one operation for ever; a slot whose generation would
//! wrap is retired. No allocation after creation.

use super::lifecycle::Lifecycle;
use crate::sys::Map;

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

/// Whether a slot's next token would leave the room that tokens have.
#[inline(always)]
fn is_worn(token: u64) -> bool {
    token & WORN != 0
}

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
    /// Who completes it: 0 = nothing to do but pass it on.
    pub route: u8,
    /// [`bits`].
    pub bits: u8,
    /// Where it is in its life.
    pub state: Lifecycle,
}

const _: () = assert!(size_of::<Slot>() == 64);

impl Slot {
    /// The four bytes opcode, route, bits and state in one piece.
    #[inline(always)]
    fn kind(&mut self) -> &mut u32 {
        const AT: usize = core::mem::offset_of!(Slot, opcode);
        const { assert!(AT % 4 == 0 && AT + 4 == size_of::<Slot>()) };
        // SAFETY: the last four bytes of the slot, aligned (asserted); every value that is written
        // through the reference is made of a valid state.
        unsafe { &mut *(&raw mut *self).cast::<u32>().byte_add(AT) }
    }

    /// A new operation that the kernel gets with the next enter; its token.
    #[inline(always)]
    fn begin(&mut self, op: &super::record::Op) -> u64 {
        let (user_data, fd, opcode) = (op.user_data, op.fd, op.opcode);
        self.user_data = user_data;
        self.fd = fd;
        *self.kind() = u32::from_ne_bytes([opcode, 0, 0, Lifecycle::Live as u8]);
        self.token
    }

    /// Live, with exactly this route and these bits.
    #[inline(always)]
    pub fn is_live(&mut self, route: u8, bits: u8) -> bool {
        const ALL_BUT_OPCODE: u32 = u32::from_ne_bytes([0, 255, 255, 255]);
        let kind = u32::from_ne_bytes([0, route, bits, Lifecycle::Live as u8]);
        *self.kind() & ALL_BUT_OPCODE == kind
    }

    /// Live, and its completions are passed on as they are.
    #[inline(always)]
    fn is_plain(&mut self) -> bool {
        self.is_live(0, 0)
    }
}

/// All slots of a ring.
pub struct Slab {
    map: Map,
    capacity: u32,
    /// Of indices: what is masked lies inside the map.
    mask: u32,
    /// Slots 0..touched were used at least once.
    touched: u32,
    free: u32,
    live: u32,
}

impl Slab {
    /// Reserve address space for `capacity` slots; the errno on failure.
    pub fn new(capacity: u32) -> Result<Slab, i32> {
        let capacity = capacity.clamp(1, INDEX_MASK as u32);
        // A power of two, so that a masked index always lies inside; pages cost only when used.
        let mask = capacity.next_power_of_two() - 1;
        let map = Map::new((mask as usize + 1) * size_of::<Slot>())?;
        Ok(Slab { map, capacity, mask, touched: 0, free: NONE, live: 0 })
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

    #[inline]
    fn at(&self, index: u32) -> *mut Slot {
        debug_assert!(index < self.touched);
        // SAFETY: index is below `touched`, which is at most `capacity`, which the map holds.
        unsafe { self.map.as_ptr().cast::<Slot>().add(index as usize) }
    }

    /// The slot `index`, which must have been taken before.
    #[inline]
    pub fn get(&mut self, index: u32) -> &mut Slot {
        assert!(index < self.touched);
        // SAFETY: checked just now; the borrow of the slab covers the slot.
        unsafe { &mut *self.at(index) }
    }

    /// Take a free slot in state Live, with its `token` set and everything else as it was left.
    #[inline]
    pub fn take(&mut self) -> Option<(u32, &mut Slot)> {
        let index = self.free;
        if index == NONE {
            return self.take_fresh();
        }
        // SAFETY: indices on the free list are below `touched`.
        let slot = unsafe { &mut *self.map.as_ptr().cast::<Slot>().add(index as usize) };
        self.free = slot.link;
        self.live += 1;
        slot.state = Lifecycle::Live;
        Some((index, slot))
    }

    #[cold]
    fn take_fresh(&mut self) -> Option<(u32, &mut Slot)> {
        if self.touched >= self.capacity {
            return None;
        }
        let index = self.touched;
        self.touched += 1;
        self.live += 1;
        let slot = self.get(index);
        slot.token = GENERATION | u64::from(index);
        slot.state = Lifecycle::Live;
        Some((index, slot))
    }

    /// End the operation of a slot. The next one there has another token.
    #[inline]
    pub fn give_back(&mut self, index: u32) {
        assert!(index < self.touched);
        let free = self.free;
        // SAFETY: checked just now; nothing else borrows the slab.
        let slot = unsafe { &mut *self.at(index) };
        debug_assert!(slot.state != Lifecycle::Free);
        slot.state = Lifecycle::Free;
        slot.token += GENERATION;
        let retired = is_worn(slot.token);
        slot.link = free;
        self.live -= 1;
        if !retired {
            self.free = index;
        }
    }

    /// The index a token names, if its operation is still in flight.
    #[inline]
    pub fn find(&self, token: u64) -> Option<u32> {
        let index = (token & INDEX_MASK) as u32;
        if index >= self.touched {
            return None;
        }
        // SAFETY: index was just checked against `touched`.
        let slot = unsafe { &*self.at(index) };
        (slot.token == token && slot.state != Lifecycle::Free).then_some(index)
    }

    /// For one pass over many plain operations; [`Slab::settle`] ends it.
    #[inline(always)]
    pub fn pass(&mut self) -> Pass {
        Pass { slots: self.map.as_ptr().cast(), mask: self.mask, free: self.free }
    }

    /// As [`Pass::take`], for one operation.
    #[inline(always)]
    pub fn begin_single(&mut self, op: &super::record::Op) -> Option<Single> {
        if self.free == NONE {
            return None;
        }
        // SAFETY: indices on the free list are below `touched`.
        let slot = unsafe { self.map.as_ptr().cast::<Slot>().add(self.free as usize) };
        // SAFETY: a slot of the map, and nothing else borrows the slab.
        let taken = unsafe { &mut *slot };
        (self.free, self.live) = (taken.link, self.live + 1);
        Some(Single { slot, token: taken.begin(op) })
    }

    /// As [`Pass::peek`] and [`Pass::end`], for one operation.
    #[inline(always)]
    pub fn end_single(&mut self, single: &Single) -> Option<u64> {
        // SAFETY: slots stay where they are as long as the slab lives; nothing else borrows it.
        let slot = unsafe { &mut *single.slot };
        if !slot.is_plain() {
            return None;
        }
        debug_assert!(slot.token == single.token);
        let mut pass = self.pass();
        pass.end_at(slot);
        (self.free, self.live) = (pass.free, self.live - 1);
        Some(slot.user_data)
    }

    /// A pass took or ended operations; `live` are in flight now.
    #[inline(always)]
    pub fn settle(&mut self, pass: Pass, live: u32) {
        (self.free, self.live) = (pass.free, live);
    }

    /// The slot a token names, if its operation is still in flight.
    #[inline]
    pub fn find_slot(&mut self, token: u64) -> Option<&mut Slot> {
        let index = (token & INDEX_MASK) as u32;
        if index >= self.touched {
            return None;
        }
        // SAFETY: index was just checked against `touched`.
        let slot = unsafe { &mut *self.at(index) };
        (slot.token == token && slot.state != Lifecycle::Free).then_some(slot)
    }

    /// Make the next generation of slot `index` the last one, for tests of the wrap.
    #[doc(hidden)]
    pub fn age(&mut self, index: u32) {
        self.get(index).token = (WORN - GENERATION) | u64::from(index);
    }
}

/// One operation in flight, by its slot: a turn of its own goes from here to there.
pub struct Single {
    slot: *mut Slot,
    /// Its token.
    pub token: u64,
}

/// The slab for the time of one loop, in registers: plain operations are taken and ended here.
pub struct Pass {
    slots: *mut Slot,
    /// Of indices: what is masked lies inside the mapping. A slot that was never used is zero,
    /// and so not live.
    mask: u32,
    free: u32,
}

impl Pass {
    #[inline(always)]
    fn at(&self, token: u64) -> *mut Slot {
        // SAFETY: a masked index lies inside the mapping.
        unsafe { self.slots.add((token as u32 & self.mask) as usize) }
    }

    /// Take a slot that was used before, for an operation that needs nothing but to be passed on;
    /// its token. None when there is no such slot.
    #[inline(always)]
    pub fn take(&mut self, op: &super::record::Op) -> Option<u64> {
        if self.free == NONE {
            return None;
        }
        // SAFETY: indices on the free list are those of slots; nothing else borrows the slab.
        let slot = unsafe { &mut *self.slots.add(self.free as usize) };
        self.free = slot.link;
        Some(slot.begin(op))
    }

    /// The caller's number of a plain operation of the kernel's, or None when `token` is not that
    /// of a live one with nothing special about it.
    #[inline(always)]
    pub fn peek(&mut self, token: u64) -> Option<u64> {
        // SAFETY: a slot, or zeros, which are a free slot; nothing else borrows the slab.
        let slot = unsafe { &mut *self.at(token) };
        (slot.token == token && slot.is_plain()).then_some(slot.user_data)
    }

    /// The caller's number of a receive from pool `group` that is nothing else.
    #[inline(always)]
    pub fn peek_receive(&mut self, token: u64, group: u16) -> Option<u64> {
        const KIND: [u8; 4] = [super::record::opcode::RECV, 0, bits::POOL, Lifecycle::Live as u8];
        // SAFETY: a slot, or zeros, which are a free slot; nothing else borrows the slab.
        let slot = unsafe { &mut *self.at(token) };
        let same = slot.token == token && *slot.kind() == u32::from_ne_bytes(KIND);
        (same && slot.done == u32::from(group)).then_some(slot.user_data)
    }

    /// End the life of the operation that [`Pass::peek`] found under `token`.
    #[inline(always)]
    pub fn end(&mut self, token: u64) {
        // SAFETY: a slot, or zeros, which are a free slot; nothing else borrows the slab.
        let slot = unsafe { &mut *self.at(token) };
        debug_assert!(slot.token == token && slot.is_plain());
        self.end_at(slot);
    }

    #[inline(always)]
    fn end_at(&mut self, slot: &mut Slot) {
        let token = slot.token;
        slot.state = Lifecycle::Free;
        slot.token = token + GENERATION;
        if is_worn(slot.token) {
            // The last generation is never given out: the slot is retired, not wrapped.
            return;
        }
        slot.link = self.free;
        self.free = index_of(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_one_operation_for_ever() {
        let mut slab = Slab::new(2).unwrap();
        let (index, slot) = slab.take().unwrap();
        let token = slot.token;
        assert_eq!(token >> 63, 0);
        assert_eq!(slab.find(token), Some(index));
        slab.give_back(index);
        assert_eq!(slab.find(token), None);
        let (again, slot) = slab.take().unwrap();
        assert_eq!(again, index);
        assert_ne!(slot.token, token);
        assert_eq!(slab.find(token), None);
    }

    #[test]
    fn a_late_completion_does_not_end_the_operation_that_has_the_slot_now() {
        let op = crate::ring::Op { user_data: 1, ..Default::default() };
        let mut slab = Slab::new(2).unwrap();
        let (index, _) = slab.take().unwrap();
        slab.give_back(index);
        let mut pass = slab.pass();
        let old = pass.take(&op).unwrap();
        assert_eq!(pass.peek(old), Some(1));
        pass.end(old);
        let new = pass.take(&crate::ring::Op { user_data: 2, ..op }).unwrap();
        assert_eq!(index_of(new), index_of(old));
        assert_eq!(pass.peek(old), None);
        assert_eq!(pass.peek(new), Some(2));
        pass.end(new);
        assert_eq!(pass.peek(new), None, "it ended already");
    }

    #[test]
    fn the_table_is_bounded_and_a_worn_slot_retires() {
        let mut slab = Slab::new(2).unwrap();
        let (first, _) = slab.take().unwrap();
        slab.take().unwrap();
        assert!(slab.take().is_none());
        slab.age(first);
        slab.give_back(first);
        assert!(slab.take().is_none(), "a generation would wrap");
    }
}
