//! One kernel ring: what the io-uring crate makes of it, and where its queues lie.
//!
//! Owns: the descriptor and all mappings, given back on drop. Never fills a queue and never
//! enters. A forked child does not inherit the mappings (MADV_DONTFORK): it could only disturb.
//!
//! The register calls of the crate need its ring, which maps the queues and shows nobody where. So
//! the queues that are worked on are mapped once more.

use super::uapi::{self, offset};
use super::{Cqe, Map, Queues, Sqe, errno_of};
use core::ffi::c_void;
use core::sync::atomic::AtomicU32;
use io_uring::{IoUring, Parameters, Submitter, cqueue, squeue};
use std::io;
use std::os::fd::AsRawFd;

/// A ring of the crate's.
pub(super) enum Ring {
    Plain(IoUring),
    Big(IoUring<squeue::Entry128, cqueue::Entry32>),
}

impl Ring {
    /// Its register calls.
    pub fn submitter(&self) -> Submitter<'_> {
        match self {
            Ring::Plain(ring) => ring.submitter(),
            Ring::Big(ring) => ring.submitter(),
        }
    }

    /// What the kernel made of the wishes.
    pub fn parameters(&self) -> &Parameters {
        match self {
            Ring::Plain(ring) => ring.params(),
            Ring::Big(ring) => ring.params(),
        }
    }

    /// The same, as the kernel wrote it.
    pub fn record(&self) -> &uapi::Params {
        const { assert!(size_of::<Parameters>() == size_of::<uapi::Params>()) };
        // SAFETY: the crate vouches for a transparent wrapper of the kernel's record.
        unsafe { &*(&raw const *self.parameters()).cast() }
    }

    /// The descriptor.
    pub fn fd(&self) -> i32 {
        match self {
            Ring::Plain(ring) => ring.as_raw_fd(),
            Ring::Big(ring) => ring.as_raw_fd(),
        }
    }

    /// io_uring_register(2) for what the crate has no call for: >= 0, or -errno.
    ///
    /// # Safety
    /// `arg` is what `opcode` asks for, and memory that stays registered outlives that.
    pub unsafe fn register(&self, opcode: u32, arg: *const c_void, count: u32) -> i32 {
        // SAFETY: the caller promised an argument that fits, and lives as long as it has to.
        let done =
            unsafe { libc::syscall(libc::SYS_io_uring_register, self.fd(), opcode, arg, count) };
        if done < 0 { -super::errno() } else { done as i32 }
    }
}

/// The errno of a call that has no other answer; 0 when it went well.
pub(super) fn outcome(done: io::Result<()>) -> i32 {
    done.map_or_else(errno_of, |()| 0)
}

/// What lies `offset` bytes in; the kernel said so.
fn at<T>(map: &Map, offset: u32) -> *mut T {
    assert!((offset as usize) < map.len());
    // SAFETY: inside the mapping (asserted).
    unsafe { map.as_ptr().add(offset as usize).cast() }
}

/// A ring and its queues. The fields are dropped in this order: the mappings, then the crate's,
/// then the descriptor, so that nothing outlives it.
pub(super) struct Rings {
    queues: Queues,
    _maps: [Map; 2],
    ring: Ring,
}

impl Rings {
    /// Map the queues of `ring`; the errno on failure.
    pub fn new(ring: Ring) -> Result<Rings, i32> {
        let (fd, record) = (ring.fd(), ring.record());
        let (sq, cq) = (&record.sq_off, &record.cq_off);
        let (sq_entries, cq_entries) = (record.sq_entries as usize, record.cq_entries as usize);
        let (sq_stride, cq_stride) = match &ring {
            Ring::Plain(_) => (size_of::<Sqe>(), size_of::<Cqe>()),
            Ring::Big(_) => (2 * size_of::<Sqe>(), 2 * size_of::<Cqe>()),
        };
        let sq_len = sq.array as usize + sq_entries * 4;
        let cq_len = cq.cqes as usize + cq_entries * cq_stride;
        // One mapping has both queues' counters and the completions, since Linux 5.4.
        let rings = Map::of_ring(fd, offset::SQ_RING, sq_len.max(cq_len))?;
        let sqes = Map::of_ring(fd, offset::SQES, sq_entries * sq_stride)?;
        let queues = Queues {
            sqes: at(&sqes, 0),
            cqes: at(&rings, cq.cqes),
            sq_stride,
            cq_stride,
            sq_mask: record.sq_entries - 1,
            cq_mask: record.cq_entries - 1,
            sq_head: at::<AtomicU32>(&rings, sq.head),
            sq_tail: at::<AtomicU32>(&rings, sq.tail),
            sq_flags: at::<AtomicU32>(&rings, sq.flags),
            cq_head: at::<AtomicU32>(&rings, cq.head),
            cq_tail: at::<AtomicU32>(&rings, cq.tail),
        };
        Ok(Rings { queues, _maps: [rings, sqes], ring })
    }

    /// Where the queues lie.
    pub fn queues(&self) -> Queues {
        self.queues
    }

    /// The ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }
}
