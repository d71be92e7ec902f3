//! The simulated kernel's side of the two queues: it consumes entries and posts completions.
//!
//! Owns: the memory of the queues. Invariant: a completion is posted only where there is room.

use crate::sys::uapi::sq_flag;
use crate::sys::{Cqe, Map, Queues, Sqe};
use core::sync::atomic::{AtomicU32, Ordering};

pub(super) struct Queue {
    queues: Queues,
    _memory: Map,
}

/// Bytes of the counters, in front of entries and completions.
const COUNTERS: usize = 64;

/// Queues in plain memory: the counters, then entries, then completions.
fn lay_out(memory: &Map, sq_entries: u32, cq_entries: u32) -> Queues {
    assert!(sq_entries.is_power_of_two() && cq_entries.is_power_of_two());
    let at = |index: usize| {
        // SAFETY: the counters are the first bytes of the memory, which is longer.
        unsafe { memory.as_ptr().cast::<AtomicU32>().add(index).cast_const() }
    };
    // SAFETY: `Queue::new` mapped as many bytes as all three have.
    let (sqes, cqes) = unsafe {
        let sqes = memory.as_ptr().add(COUNTERS).cast::<Sqe>();
        (sqes, sqes.add(sq_entries as usize).cast::<Cqe>())
    };
    Queues {
        sqes,
        cqes,
        sq_stride: size_of::<Sqe>(),
        cq_stride: size_of::<Cqe>(),
        sq_mask: sq_entries - 1,
        cq_mask: cq_entries - 1,
        sq_head: at(0),
        sq_tail: at(1),
        sq_flags: at(2),
        cq_head: at(3),
        cq_tail: at(4),
    }
}

impl Queue {
    pub fn new(sq_entries: u32, cq_entries: u32) -> Queue {
        let entries = sq_entries as usize * size_of::<Sqe>();
        let bytes = COUNTERS + entries + cq_entries as usize * size_of::<Cqe>();
        let memory = Map::new(bytes).expect("memory for a test");
        Queue { queues: lay_out(&memory, sq_entries, cq_entries), _memory: memory }
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

    /// What the flags say beside the queue.
    pub fn announce(&self, task_run: bool, overflow: bool) {
        let flags = if task_run { sq_flag::TASKRUN } else { 0 }
            | if overflow { sq_flag::CQ_OVERFLOW } else { 0 };
        // SAFETY: the flags lie in `_memory`.
        unsafe { &*self.queues.sq_flags }.store(flags, Ordering::Relaxed);
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
