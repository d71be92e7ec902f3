//! The two queues a ring shares with its kernel: entries, completions and their counters.
//!
//! Owns: nothing; it points into the memory of a [`super::Backend`]. Knows where things lie and
//! with which memory order they are touched, and not what they mean. Invariant: a place is read
//! or written only through a masked index, so no counter, wrong or not, leads outside.

use super::uapi::sq_flag;
use super::{Cqe, Sqe};
use core::sync::atomic::{AtomicU32, Ordering};

/// Where the queues of one ring lie.
#[derive(Clone, Copy, Debug)]
pub struct Queues {
    pub(super) sqes: *mut Sqe,
    pub(super) cqes: *const Cqe,
    /// Bytes from one entry to the next: an entry, or two of them on a BIG ring.
    pub(super) sq_stride: usize,
    pub(super) cq_stride: usize,
    pub(super) sq_mask: u32,
    pub(super) cq_mask: u32,
    pub(super) sq_head: *const AtomicU32,
    pub(super) sq_tail: *const AtomicU32,
    pub(super) sq_flags: *const AtomicU32,
    pub(super) cq_head: *const AtomicU32,
    pub(super) cq_tail: *const AtomicU32,
}

impl Queues {
    /// The place of submission `at`. It may be written while the kernel has no claim to it: from
    /// the head (seen by [`Queues::sq_head`]) on, for as many places as the queue has.
    #[inline]
    pub fn sqe(&self, at: u32) -> *mut Sqe {
        // SAFETY: a masked index lies inside the queue.
        unsafe { self.sqes.byte_add((at & self.sq_mask) as usize * self.sq_stride) }
    }

    /// Completion `at`, which must be below [`Queues::cq_tail`].
    #[inline]
    pub fn cqe(&self, at: u32) -> Cqe {
        // SAFETY: a masked index lies inside the queue; the bytes are plain data.
        unsafe { self.cqes.byte_add((at & self.cq_mask) as usize * self.cq_stride).read() }
    }

    /// Whether entries and completions have a second half.
    pub fn is_big(&self) -> bool {
        self.sq_stride > size_of::<Sqe>() && self.cq_stride > size_of::<Cqe>()
    }

    /// The second half of submission `at`, on a BIG ring; to be written as [`Queues::sqe`].
    pub fn second_sqe(&self, at: u32) -> Option<*mut Sqe> {
        // SAFETY: the place has two halves, both inside the queue.
        self.is_big().then(|| unsafe { self.sqe(at).add(1) })
    }

    /// The second half of completion `at`, on a BIG ring; as [`Queues::cqe`].
    pub fn second_cqe(&self, at: u32) -> Option<[u64; 2]> {
        let first = (at & self.cq_mask) as usize * self.cq_stride;
        // SAFETY: the place has two halves, both inside the queue; the bytes are plain data.
        self.is_big().then(|| unsafe { self.cqes.byte_add(first).add(1).cast::<[u64; 2]>().read() })
    }

    /// The kernel consumed the entries before this one.
    #[inline]
    pub fn sq_head(&self) -> u32 {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.sq_head }.load(Ordering::Acquire)
    }

    /// Entries before `tail` may be consumed.
    #[inline]
    pub fn publish(&self, tail: u32) {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.sq_tail }.store(tail, Ordering::Release);
    }

    /// The kernel posted the completions before this one.
    #[inline]
    pub fn cq_tail(&self) -> u32 {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.cq_tail }.load(Ordering::Acquire)
    }

    /// Completions before this one were read.
    pub(super) fn cq_seen(&self) -> u32 {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.cq_head }.load(Ordering::Relaxed)
    }

    /// Entries that were published and not consumed.
    pub(super) fn sq_waiting(&self) -> u32 {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.sq_tail }.load(Ordering::Relaxed).wrapping_sub(self.sq_head())
    }

    /// Completions before `head` were read: the kernel may use their places again.
    #[inline]
    pub fn release(&self, head: u32) {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.cq_head }.store(head, Ordering::Release);
    }

    #[inline]
    fn flags(&self) -> u32 {
        // SAFETY: the counter lies in the memory of the backend, which outlives this view.
        unsafe { &*self.sq_flags }.load(Ordering::Relaxed)
    }

    /// Deferred work waits for an enter.
    #[inline]
    pub fn has_task_run(&self) -> bool {
        self.flags() & sq_flag::TASKRUN != 0
    }

    /// Completions wait in the kernel because the queue is full.
    #[inline]
    pub fn is_overflowing(&self) -> bool {
        self.flags() & sq_flag::CQ_OVERFLOW != 0
    }

    /// The polling thread sleeps and wants to be woken. The caller published before, with a full
    /// fence in between: the thread looks at the tail once more after it raised the flag.
    #[inline]
    pub fn needs_wakeup(&self) -> bool {
        self.flags() & sq_flag::NEED_WAKEUP != 0
    }
}
