//! Group G: prep helpers, vectors, registered buffers and streams.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode, sqe_flag};
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// READV: into `count` struct iovec at `off` (-1 = file position). res = bytes read. With
/// ringline_prep_pool() and one iovec: into a buffer of the pool.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_readv(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::READV, fd, iovecs as u64, count, off) });
}

/// WRITEV: out of `count` struct iovec at `off` (-1 = file position). res = bytes written.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_writev(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::WRITEV, fd, iovecs as u64, count, off) });
}

/// READ_FIXED: as read, into memory of the registered buffer `buf_index`. Submit answers
/// RINGLINE_ESTALE where nothing is registered, -EFAULT when `buf` and `len` leave it.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_read_fixed(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    off: u64,
    buf_index: u16,
) {
    fill(op, Op { buf_index, ..rw(opcode::READ_FIXED, fd, buf as u64, len, off) });
}

/// WRITE_FIXED: as write, out of memory of the registered buffer `buf_index`. Submit answers as of
/// read_fixed.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_write_fixed(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *const c_void,
    len: u32,
    off: u64,
    buf_index: u16,
) {
    fill(op, Op { buf_index, ..rw(opcode::WRITE_FIXED, fd, buf as u64, len, off) });
}

/// READV_FIXED: as readv, into memory of the registered buffer `buf_index`. res = -EFAULT when
/// the vectors leave it. Linux 6.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_readv_fixed(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
    buf_index: u16,
) {
    fill(
        op,
        Op { op_flags: flags, buf_index, ..rw(opcode::READV_FIXED, fd, iovecs as u64, count, off) },
    );
}

/// WRITEV_FIXED: as writev, out of memory of the registered buffer `buf_index`. res = -EFAULT
/// when the vectors leave it. Linux 6.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_writev_fixed(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
    buf_index: u16,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            buf_index,
            ..rw(opcode::WRITEV_FIXED, fd, iovecs as u64, count, off)
        },
    );
}

/// READ_MULTISHOT: a completion with MORE and LEASE for each piece read from a pipe, terminal or
/// other file that can be polled, out of `pool`. Ends with res <= 0. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_read_multishot(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    pool: i32,
) {
    fill(
        op,
        Op {
            flags: sqe_flag::BUFFER_SELECT,
            buf_index: pool as u16,
            ..rw(opcode::READ_MULTISHOT, fd, 0, 0, u64::MAX)
        },
    );
}

/// SPLICE: move up to `len` bytes from `fd_in` to `fd_out` without copying; one of them is a pipe.
/// An offset is -1 for a pipe (and for the file position). `flags` of SPLICE_F_*, or
/// RINGLINE_SPLICE_FD_IN_FIXED. The op is on `fd_out`: a RINGLINE_LIB_CLOSE of `fd_in` does not
/// end it. res = bytes moved, 0 at the end; -EINVAL when neither is a pipe. A registered slot in
/// `fd_in` is in use until FINAL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_splice(
    op: Option<&mut MaybeUninit<Op>>,
    fd_in: i32,
    off_in: i64,
    fd_out: i32,
    off_out: i64,
    len: u32,
    flags: u32,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            file_index: fd_in as u32,
            ..rw(opcode::SPLICE, fd_out, off_in as u64, len, off_out as u64)
        },
    );
}

/// TEE: copy up to `len` bytes from the pipe `fd_in` to the pipe `fd_out`; they stay in `fd_in`.
/// res = bytes. What is said of `fd_in` and `flags` in splice holds here too.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_tee(
    op: Option<&mut MaybeUninit<Op>>,
    fd_in: i32,
    fd_out: i32,
    len: u32,
    flags: u32,
) {
    fill(
        op,
        Op { op_flags: flags, file_index: fd_in as u32, ..rw(opcode::TEE, fd_out, 0, len, 0) },
    );
}
