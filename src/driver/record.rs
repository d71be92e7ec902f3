//! The two records every language stands on: the op descriptor and the completion.
//!
//! Owns: their layout and constants. Both are plain data; nothing here is ever extended.

use crate::sys::Sqe;

pub use crate::sys::opcode;

/// An operation to do: 64 bytes in the shape of `struct io_uring_sqe`.
///
/// All-zero is a NOP. The descriptor is copied at submit. Inputs it points to (address, timespec,
/// path) are the caller's again when the turn or flush that accepted the op returns; data buffers
/// and output arguments stay the library's until the completion with RINGLINE_CF_FINAL.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Op {
    /// 0..127: kernel IORING_OP_*; 128..255: library operations (RINGLINE_LIB_*).
    pub opcode: u8,
    /// RINGLINE_SQE_* (IOSQE_*); CQE_SKIP_SUCCESS is refused.
    pub flags: u8,
    /// Multishot bits, as in the kernel.
    pub ioprio: u16,
    /// Descriptor, or slot with RINGLINE_SQE_FIXED_FILE.
    pub fd: i32,
    /// File offset, second address, or as the operation defines it.
    pub off: u64,
    /// Address of the data; for operations that name another one: its token.
    pub addr: u64,
    /// Length in bytes, or as the operation defines it.
    pub len: u32,
    /// Flags of the operation (msg_flags, fsync_flags, ...).
    pub op_flags: u32,
    /// The caller's, returned untouched.
    pub user_data: u64,
    /// Pool of provided buffers with RINGLINE_SQE_BUFFER_SELECT; else a registered buffer.
    pub buf_index: u16,
    /// Registered credentials; 0 = the thread's.
    pub personality: u16,
    /// Direct-descriptor slot + 1; 0 = none.
    pub file_index: u32,
    /// Third argument of a few operations.
    pub addr3: u64,
    /// Library flags (RINGLINE_EXT_*) of a SEND; of a URING_CMD on a BIG ring the address of its
    /// 80 bytes, copied at submit; else 0.
    pub ext: u64,
}

/// What became of an operation: 32 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// As in the op.
    pub user_data: u64,
    /// The kernel's result: >= 0, or -errno.
    pub res: i32,
    /// Low 16 bits RINGLINE_CF_*, high 16 bits the buffer id.
    pub flags: u32,
    /// Address of the payload for provided buffers; bytes accepted for a failed SEND_ALL; with
    /// RINGLINE_CF_EXT the first 8 bytes of a big completion's second half; else 0.
    pub data: u64,
    /// The op's token; with RINGLINE_CF_LEASE the lease id; with RINGLINE_CF_EXT the last 8 bytes
    /// of a big completion.
    pub token: u64,
}

const _: () = assert!(size_of::<Op>() == 64 && align_of::<Op>() == 8);
const _: () = assert!(size_of::<Completion>() == 32 && align_of::<Completion>() == 8);

impl Op {
    /// The 64 bytes for the kernel: this descriptor under the library's own user data.
    #[inline]
    pub fn to_sqe(&self, user_data: u64) -> Sqe {
        // SAFETY: both are 64 bytes of plain data; every bit pattern is valid.
        let mut sqe: Sqe = unsafe { core::mem::transmute(*self) };
        sqe.0[4] = user_data;
        sqe.0[7] = 0;
        sqe
    }

    /// Neither flags nor anything in `ext`.
    #[inline]
    pub fn is_bare(&self) -> bool {
        u64::from(self.flags) | self.ext == 0
    }

    /// As [`Op::to_sqe`], straight into a place of the queue.
    ///
    /// # Safety
    /// `place` may be written, and nobody else refers to it.
    #[inline]
    pub unsafe fn write_sqe<'a>(&self, user_data: u64, place: *mut Sqe) -> &'a mut Sqe {
        // SAFETY: both are 64 bytes of plain data, and the caller vouches for the place.
        unsafe {
            core::ptr::copy_nonoverlapping((self as *const Op).cast(), place, 1);
            (*place).0[4] = user_data;
            (*place).0[7] = 0;
            &mut *place
        }
    }
}

/// What the kernel and the slot get beside what the caller asked for.
#[derive(Clone, Copy, Default)]
pub struct Added {
    /// For the kernel: `flags`.
    pub flags: u8,
    /// For the kernel: `op_flags`.
    pub op_flags: u32,
    /// For the slot: `bits`.
    pub bits: u8,
}

impl Added {
    /// Put it into a staged entry.
    #[inline(always)]
    pub(super) fn to(self, entry: &mut Sqe) {
        entry.0[0] |= u64::from(self.flags) << 8;
        entry.0[3] |= u64::from(self.op_flags) << 32;
    }
}

/// Tells the compiler that the way here is rarely taken, so that the other one needs no detour.
#[cold]
#[inline(always)]
pub fn rarely() {}

/// Values of `flags` in an op.
pub use crate::sys::uapi::sqe_flag;

/// Low bits of `flags` in a completion.
pub mod cf {
    #![allow(missing_docs)]
    use crate::sys::uapi::cqe_flag::BUFFER_SHIFT;
    pub use crate::sys::uapi::cqe_flag::{BUF_MORE, BUFFER, MORE, NOTIF, SOCK_NONEMPTY};
    pub const FINAL: u32 = 0x100;
    pub const LEASE: u32 = 0x200;
    pub const ZC_COPIED: u32 = 0x400;
    pub const MSG: u32 = 0x800;
    pub const EXT: u32 = 0x2000;
    pub const ABANDONED: u32 = 0x1000;
    pub const LOW_WATER: u32 = 0x4000;
    /// The buffer is claimed and not leased yet: inside the library only.
    pub const CLAIM: u32 = 0x8000;
    /// The kernel's own bits that are passed on, with the buffer id.
    pub const KERNEL: u32 = 0xffff_001f;

    /// Whether the kernel is done with the operation. Its MORE alone tells: zero-copy sends notify
    /// after errors too, so the result says nothing about who owns the memory.
    #[inline(always)]
    pub const fn is_last(kernel: u32) -> bool {
        kernel & MORE == 0
    }

    /// What a record says of a completion with the flags `kernel`.
    #[inline(always)]
    pub const fn of(kernel: u32) -> u32 {
        kernel & KERNEL | if is_last(kernel) { FINAL } else { 0 }
    }

    /// The buffer that a completion with [`BUFFER`] is about, and whether more go into it.
    #[inline(always)]
    pub const fn buffer_of(flags: u32) -> (u16, bool) {
        ((flags >> BUFFER_SHIFT) as u16, flags & BUF_MORE != 0)
    }
}

/// Who a kernel completion is for: the top three bits of its user data.
pub mod tag {
    /// Shift of the tag.
    pub const SHIFT: u32 = 61;
    /// What is below the tag.
    pub const NAME: u64 = (1 << SHIFT) - 1;
    /// A user's operation: the rest is its token.
    pub const OP: u64 = 0;
    /// The wake descriptor.
    pub const WAKE: u64 = 1;
    /// A cancel request of the library's own: the rest is the token it names, or 0.
    pub const CANCEL: u64 = 2;
    /// A descriptor for a registered file, on its way to another ring.
    pub const INSTALL: u64 = 3;
    /// The alarm of a foreign loop.
    pub const ALARM: u64 = 5;
    /// A message of MSG_RING: the rest is the sender's number.
    pub const MESSAGE: u64 = 4;
    /// A send that was to go without a completion: the rest is its name.
    pub const UNTOLD: u64 = 6;
}
