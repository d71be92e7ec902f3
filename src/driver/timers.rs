//! User-space timers: a 4-ary heap of deadlines, exact to the nanosecond.
//!
//! Owns: the order of deadlines, and before all of them those that were cancelled. A timer knows
//! its place through its slot (`Slot::link`: in the heap, or the next one that was cancelled), so
//! adding and cancelling touch a few entries and never the kernel. Equal deadlines fire in the
//! order they were added.

use super::slab::Slab;
use crate::sys::Map;

const ARITY: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
struct Entry {
    deadline: u64,
    order: u32,
    slot: u32,
}

/// Deadlines of one ring, with room for every slot.
pub struct Timers {
    map: Map,
    /// Entries of the heap.
    heap: usize,
    /// These and those that were cancelled.
    len: usize,
    order: u32,
    /// The first and the last one that was cancelled, by slot.
    cancelled: Option<(u32, u32)>,
}

impl Timers {
    /// Reserve address space for `capacity` timers; the errno on failure.
    pub fn new(capacity: u32) -> Result<Timers, i32> {
        let map = Map::new(capacity as usize * size_of::<Entry>())?;
        Ok(Timers { map, heap: 0, len: 0, order: 0, cancelled: None })
    }

    /// How many are armed, or cancelled and not taken.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn entries(&mut self, len: usize) -> &mut [Entry] {
        assert!(len * size_of::<Entry>() <= self.map.len());
        // SAFETY: the map holds `len` entries (asserted); zero bytes are a valid Entry.
        unsafe { core::slice::from_raw_parts_mut(self.map.as_ptr().cast(), len) }
    }

    /// The earliest deadline in nanoseconds.
    #[inline]
    pub fn earliest(&mut self) -> Option<u64> {
        match self.cancelled {
            Some(_) => Some(0),
            None if self.heap == 0 => None,
            None => Some(self.entries(1)[0].deadline),
        }
    }

    /// Arm the timer of `slot`. Every slot has at most one, so there is room.
    pub fn add(&mut self, slab: &mut Slab, slot: u32, deadline: u64) {
        self.order = self.order.wrapping_add(1);
        let entry = Entry { deadline, order: self.order, slot };
        let at = self.heap;
        self.len += 1;
        self.heap += 1;
        let len = self.heap;
        self.entries(len)[at] = entry;
        self.rise(slab, at);
    }

    /// Disarm the timer of `slot`, which must be armed: it is due at once, in front of all.
    pub fn cancel(&mut self, slab: &mut Slab, slot: u32) {
        self.remove(slab, slot);
        self.cancelled = match self.cancelled {
            Some((first, last)) => {
                slab.get(last).link = slot;
                Some((first, slot))
            }
            None => Some((slot, slot)),
        };
    }

    /// Take the timer of `slot` out of the heap.
    pub fn remove(&mut self, slab: &mut Slab, slot: u32) {
        let at = slab.get(slot).link as usize;
        debug_assert!(at < self.heap && self.entries(at + 1)[at].slot == slot);
        let len = self.heap;
        self.heap -= 1;
        let entries = self.entries(len);
        let last = entries[len - 1];
        if at < len - 1 {
            entries[at] = last;
            slab.get(last.slot).link = at as u32;
            self.rise(slab, at);
            let at = slab.get(last.slot).link as usize;
            self.sink(slab, at);
        }
    }

    /// Take the earliest timer if it is due at `now`: its slot and deadline.
    pub fn pop(&mut self, slab: &mut Slab, now: u64) -> Option<(u32, u64)> {
        if let Some((first, last)) = self.cancelled {
            let next = slab.get(first).link;
            self.cancelled = (first != last).then_some((next, last));
            self.len -= 1;
            return Some((first, 0));
        }
        if self.heap == 0 {
            return None;
        }
        let first = self.entries(1)[0];
        if first.deadline > now {
            return None;
        }
        self.remove(slab, first.slot);
        self.len -= 1;
        Some((first.slot, first.deadline))
    }

    fn rise(&mut self, slab: &mut Slab, mut at: usize) {
        let len = self.heap;
        let entries = self.entries(len);
        let moving = entries[at];
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if entries[parent] <= moving {
                break;
            }
            entries[at] = entries[parent];
            slab.get(entries[at].slot).link = at as u32;
            at = parent;
        }
        entries[at] = moving;
        slab.get(moving.slot).link = at as u32;
    }

    fn sink(&mut self, slab: &mut Slab, mut at: usize) {
        let len = self.heap;
        let entries = self.entries(len);
        let moving = entries[at];
        loop {
            let first = at * ARITY + 1;
            let Some(least) = (first..len.min(first + ARITY)).min_by_key(|i| entries[*i]) else {
                break;
            };
            if entries[least] >= moving {
                break;
            }
            entries[at] = entries[least];
            slab.get(entries[at].slot).link = at as u32;
            at = least;
        }
        entries[at] = moving;
        slab.get(moving.slot).link = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_of_deadline_then_of_arming() {
        let mut slab = Slab::new(1000).unwrap();
        let mut timers = Timers::new(1000).unwrap();
        let mut expected = Vec::new();
        let mut seed = 7u64;
        for i in 0..1000u64 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let slot =
                super::super::slab::index_of(slab.take(&Default::default(), 0).unwrap().token);
            let deadline = (seed >> 40) % 97;
            timers.add(&mut slab, slot, deadline);
            expected.push((deadline, i, slot));
        }
        // Every third one is cancelled again.
        let cancelled: Vec<_> = expected.iter().step_by(3).copied().collect();
        for (_, _, slot) in &cancelled {
            timers.cancel(&mut slab, *slot);
        }
        for (_, _, slot) in &cancelled {
            assert_eq!(timers.earliest(), Some(0));
            assert_eq!(timers.pop(&mut slab, 0), Some((*slot, 0)));
        }
        expected.retain(|entry| !cancelled.contains(entry));
        expected.sort_unstable();
        for (deadline, _, slot) in expected {
            if deadline > 0 {
                assert_eq!(timers.pop(&mut slab, deadline - 1), None);
            }
            assert_eq!(timers.pop(&mut slab, u64::MAX), Some((slot, deadline)));
        }
        assert!(timers.is_empty());
    }
}
