//! One kernel ring: what the io-uring crate makes of it, and where its queues lie.
//!
//! Owns: the descriptor and all mappings, given back on drop. Never fills a queue and never
//! enters. A forked child does not inherit the mappings (MADV_DONTFORK): it could only disturb.
//!
//! The register calls of the crate need its ring, which maps the queues and shows nobody where. So
//! the queues that are worked on are mapped once more.

use super::uapi::{self, offset};
use super::{Cqe, Queues, Sqe, errno_of};
use core::ffi::c_void;
use core::ptr::NonNull;
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

/// A mapping of the ring's memory.
struct Shared {
    base: NonNull<u8>,
    len: usize,
}

impl Shared {
    fn new(fd: i32, offset: i64, len: usize) -> Result<Shared, i32> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED;
        // SAFETY: a mapping at an address of the kernel's choice touches no memory of ours.
        let base = unsafe { libc::mmap(core::ptr::null_mut(), len, protection, flags, fd, offset) };
        if base == libc::MAP_FAILED {
            return Err(super::errno());
        }
        let base = NonNull::new(base.cast()).ok_or(libc::ENOMEM)?;
        let shared = Shared { base, len };
        // SAFETY: the range is the mapping just made.
        if unsafe { libc::madvise(shared.base.as_ptr().cast(), len, libc::MADV_DONTFORK) } != 0 {
            return Err(super::errno());
        }
        Ok(shared)
    }

    /// What lies `offset` bytes in; the kernel said so.
    fn at<T>(&self, offset: u32) -> *mut T {
        assert!((offset as usize) < self.len);
        // SAFETY: inside the mapping (asserted).
        unsafe { self.base.as_ptr().add(offset as usize).cast() }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: base and len are those of the mmap in `new`, unmapped once.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

/// A ring and its queues. The fields are dropped in this order: the mappings, then the crate's,
/// then the descriptor, so that nothing outlives it.
pub(super) struct Rings {
    queues: Queues,
    _maps: [Option<Shared>; 3],
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
        let single = ring.parameters().is_feature_single_mmap();
        let first = if single { sq_len.max(cq_len) } else { sq_len };
        let sq_map = Shared::new(fd, offset::SQ_RING, first)?;
        let cq_map = match single {
            true => None,
            false => Some(Shared::new(fd, offset::CQ_RING, cq_len)?),
        };
        let sqes = Shared::new(fd, offset::SQES, sq_entries * sq_stride)?;
        let cq_at = cq_map.as_ref().unwrap_or(&sq_map);
        let queues = Queues {
            sqes: sqes.at(0),
            cqes: cq_at.at(cq.cqes),
            sq_stride,
            cq_stride,
            sq_mask: record.sq_entries - 1,
            cq_mask: record.cq_entries - 1,
            sq_head: sq_map.at::<AtomicU32>(sq.head),
            sq_tail: sq_map.at::<AtomicU32>(sq.tail),
            sq_flags: sq_map.at::<AtomicU32>(sq.flags),
            cq_head: cq_at.at::<AtomicU32>(cq.head),
            cq_tail: cq_at.at::<AtomicU32>(cq.tail),
        };
        Ok(Rings { queues, _maps: [Some(sq_map), cq_map, Some(sqes)], ring })
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
