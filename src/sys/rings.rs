//! The memory and the descriptor of one kernel ring: io_uring_setup(2), its three mappings, and
//! the register calls.
//!
//! Owns: the descriptor and the mappings, given back on drop. Never fills a queue and never
//! enters, but to try what the kernel knows. A forked child does not inherit the mappings
//! (MADV_DONTFORK): it could only disturb.

use super::{Cqe, Queues, Sqe};
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU32;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const ENTER_GETEVENTS: u32 = 1;
const OFF_SQ_RING: i64 = 0;
const OFF_CQ_RING: i64 = 0x800_0000;
const OFF_SQES: i64 = 0x1000_0000;
const FEAT_SINGLE_MMAP: u32 = 1;
const SETUP_SQE128: u32 = 1024;
const SETUP_CQE32: u32 = 2048;
const SETUP_NO_SQARRAY: u32 = 65536;

/// struct io_sqring_offsets.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct SqOffsets {
    head: u32,
    tail: u32,
    ring_mask: u32,
    ring_entries: u32,
    flags: u32,
    dropped: u32,
    array: u32,
    resv: u32,
    user_addr: u64,
}

/// struct io_cqring_offsets.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct CqOffsets {
    head: u32,
    tail: u32,
    ring_mask: u32,
    ring_entries: u32,
    overflow: u32,
    cqes: u32,
    flags: u32,
    resv: u32,
    user_addr: u64,
}

/// struct io_uring_params.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Params {
    pub sq_entries: u32,
    pub cq_entries: u32,
    pub flags: u32,
    pub sq_thread_cpu: u32,
    pub sq_thread_idle: u32,
    /// IORING_FEAT_*, from the kernel.
    pub features: u32,
    wq_fd: u32,
    resv: [u32; 3],
    sq_off: SqOffsets,
    cq_off: CqOffsets,
}

const _: () = assert!(size_of::<Params>() == 120);

/// A mapping of the ring's memory.
struct Shared {
    base: NonNull<u8>,
    len: usize,
}

impl Shared {
    fn new(fd: &OwnedFd, offset: i64, len: usize) -> Result<Shared, i32> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        // SAFETY: a mapping at an address of the kernel's choice touches no memory of ours.
        let base = unsafe {
            libc::mmap(core::ptr::null_mut(), len, protection, flags, fd.as_raw_fd(), offset)
        };
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

/// One kernel ring.
pub(super) struct Rings {
    queues: Queues,
    pub features: u32,
    pub sq_entries: u32,
    pub cq_entries: u32,
    // Unmapped before the descriptor is closed, so that nothing outlives it.
    _maps: [Option<Shared>; 3],
    fd: OwnedFd,
}

impl Rings {
    /// io_uring_setup(2) with `params`; the errno on failure.
    pub fn new(entries: u32, params: &mut Params) -> Result<Rings, i32> {
        // SAFETY: one record that the kernel reads and fills.
        let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, entries, &raw mut *params) };
        if fd < 0 {
            return Err(super::errno());
        }
        // SAFETY: the kernel just made this descriptor for us.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        let (sq, cq) = (&params.sq_off, &params.cq_off);
        let twice = |flag| if params.flags & flag != 0 { 2 } else { 1 };
        let sq_stride = size_of::<Sqe>() * twice(SETUP_SQE128);
        let cq_stride = size_of::<Cqe>() * twice(SETUP_CQE32);
        let sq_len = sq.array as usize + params.sq_entries as usize * 4;
        let cq_len = cq.cqes as usize + params.cq_entries as usize * cq_stride;
        let single = params.features & FEAT_SINGLE_MMAP != 0;
        let first = if single { sq_len.max(cq_len) } else { sq_len };
        let sq_map = Shared::new(&fd, OFF_SQ_RING, first)?;
        let cq_map = match single {
            true => None,
            false => Some(Shared::new(&fd, OFF_CQ_RING, cq_len)?),
        };
        let sqes = Shared::new(&fd, OFF_SQES, params.sq_entries as usize * sq_stride)?;
        let cq_at = cq_map.as_ref().unwrap_or(&sq_map);
        if params.flags & SETUP_NO_SQARRAY == 0 {
            let array = sq_map.at::<u32>(sq.array);
            for index in 0..params.sq_entries {
                // SAFETY: the array has `sq_entries` places inside the mapping (see sq_len).
                unsafe { array.add(index as usize).write(index) };
            }
        }
        let queues = Queues {
            sqes: sqes.at(0),
            cqes: cq_at.at(cq.cqes),
            sq_stride,
            cq_stride,
            sq_mask: params.sq_entries - 1,
            cq_mask: params.cq_entries - 1,
            sq_head: sq_map.at::<AtomicU32>(sq.head),
            sq_tail: sq_map.at::<AtomicU32>(sq.tail),
            sq_flags: sq_map.at::<AtomicU32>(sq.flags),
            cq_head: cq_at.at::<AtomicU32>(cq.head),
            cq_tail: cq_at.at::<AtomicU32>(cq.tail),
        };
        Ok(Rings {
            queues,
            features: params.features,
            sq_entries: params.sq_entries,
            cq_entries: params.cq_entries,
            _maps: [Some(sq_map), cq_map, Some(sqes)],
            fd,
        })
    }

    /// Where the queues lie.
    pub fn queues(&self) -> Queues {
        self.queues
    }

    /// The descriptor.
    pub fn fd(&self) -> i32 {
        self.fd.as_raw_fd()
    }

    /// Submit one entry, the first of this ring, that the kernel answers at once: its result.
    pub fn try_one(&self, entry: Sqe) -> Option<i32> {
        let (submit, want, flags) = (1, 1, ENTER_GETEVENTS);
        // SAFETY: the first place is nobody's yet, and the tail follows the entry.
        unsafe { self.queues.sqe(0).write(entry) };
        self.queues.publish(1);
        let none = core::ptr::null::<c_void>();
        // SAFETY: no more than the entry above, and no argument.
        let done = unsafe {
            libc::syscall(libc::SYS_io_uring_enter, self.fd(), submit, want, flags, none, 0)
        };
        (done == 1 && self.queues.cq_tail() == 1).then(|| self.queues.cqe(0).res)
    }

    /// io_uring_register(2): >= 0, or -errno.
    ///
    /// # Safety
    /// `arg` is what `opcode` asks for, and memory that stays registered outlives that.
    pub unsafe fn register(&self, opcode: u32, arg: *const c_void, count: u32) -> i32 {
        // SAFETY: as the caller promised.
        let done =
            unsafe { libc::syscall(libc::SYS_io_uring_register, self.fd(), opcode, arg, count) };
        if done < 0 { -super::errno() } else { done as i32 }
    }
}
