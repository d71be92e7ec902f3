//! The simulated kernel's side of the two queues: it consumes entries and posts completions.
//!
//! Owns: the memory of the queues. Invariant: a completion is posted only where there is room.

use crate::sys::{Cqe, Map, Queues, Sqe};
use core::sync::atomic::Ordering;

pub(super) struct Queue {
    queues: Queues,
    _memory: Map,
}

impl Queue {
    pub fn new(sq_entries: u32, cq_entries: u32) -> Queue {
        let memory = Map::new(Queues::bytes(sq_entries, cq_entries)).expect("memory for a test");
        Queue { queues: Queues::lay_out(&memory, sq_entries, cq_entries), _memory: memory }
    }

    pub fn queues(&self) -> Queues {
        self.queues
    }

    /// The first `count` published entries, or as many as there are.
    pub fn look(&self, count: u32) -> Vec<Sqe> {
        let head = self.queues.sq_head();
        let count = count.min(self.queues.sq_waiting());
        // SAFETY: published entries are written and not touched until they are consumed.
        (0..count).map(|at| unsafe { *self.queues.sqe(head.wrapping_add(at)) }).collect()
    }

    /// The first `count` entries are the kernel's now.
    pub fn consume(&mut self, count: u32) {
        let head = self.queues.sq_head().wrapping_add(count);
        // SAFETY: the counter lies in `_memory`.
        unsafe { &*self.queues.sq_head }.store(head, Ordering::Release);
    }

    pub fn len(&self) -> usize {
        self.queues.cq_tail().wrapping_sub(self.queues.cq_seen()) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_full(&self) -> bool {
        self.len() > self.queues.cq_mask as usize
    }

    pub fn post(&mut self, cqe: Cqe) {
        assert!(!self.is_full());
        let tail = self.queues.cq_tail();
        let at = (tail & self.queues.cq_mask) as usize;
        // SAFETY: a masked index lies inside; the place was released by the reader (asserted).
        unsafe { self.queues.cqes.cast_mut().add(at).write(cqe) };
        // SAFETY: the counter lies in `_memory`.
        unsafe { &*self.queues.cq_tail }.store(tail.wrapping_add(1), Ordering::Release);
    }
}
