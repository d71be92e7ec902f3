//! Group G: prep helpers, vectors, registered buffers and streams.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::fill;
use crate::ring::{Op, opcode, sqe_flag};
use core::ffi::c_void;

/// READV: into `count` struct iovec at `off` (-1 = file position). res = bytes read. With
/// ringline_prep_pool() and one iovec: into a buffer of the pool.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_readv(
    op: *mut Op,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::READV,
        fd,
        addr: iovecs as u64,
        len: count,
        off,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// WRITEV: out of `count` struct iovec at `off` (-1 = file position). res = bytes written.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_writev(
    op: *mut Op,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::WRITEV,
        fd,
        addr: iovecs as u64,
        len: count,
        off,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// READ_FIXED: as read, into memory of the registered buffer `buf_index`. Submit answers
/// RINGLINE_ESTALE where nothing is registered, -EFAULT when `buf` and `len` leave it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_read_fixed(
    op: *mut Op,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    off: u64,
    buf_index: u16,
) {
    let filled = Op {
        opcode: opcode::READ_FIXED,
        fd,
        addr: buf as u64,
        len,
        off,
        buf_index,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// WRITE_FIXED: as write, out of memory of the registered buffer `buf_index`. Submit answers as of
/// read_fixed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_write_fixed(
    op: *mut Op,
    fd: i32,
    buf: *const c_void,
    len: u32,
    off: u64,
    buf_index: u16,
) {
    let filled = Op {
        opcode: opcode::WRITE_FIXED,
        fd,
        addr: buf as u64,
        len,
        off,
        buf_index,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// READV_FIXED: as readv, into memory of the registered buffer `buf_index`. res = -EFAULT when
/// the vectors leave it. Linux 6.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_readv_fixed(
    op: *mut Op,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
    buf_index: u16,
) {
    let filled = Op {
        opcode: opcode::READV_FIXED,
        fd,
        addr: iovecs as u64,
        len: count,
        off,
        op_flags: flags,
        buf_index,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// WRITEV_FIXED: as writev, out of memory of the registered buffer `buf_index`. res = -EFAULT
/// when the vectors leave it. Linux 6.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_writev_fixed(
    op: *mut Op,
    fd: i32,
    iovecs: *const c_void,
    count: u32,
    off: u64,
    flags: u32,
    buf_index: u16,
) {
    let filled = Op {
        opcode: opcode::WRITEV_FIXED,
        fd,
        addr: iovecs as u64,
        len: count,
        off,
        op_flags: flags,
        buf_index,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// READ_MULTISHOT: a completion with MORE and LEASE for each piece read from a pipe, terminal or
/// other file that can be polled, out of `pool`. Ends with res <= 0. Linux 6.7.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_read_multishot(op: *mut Op, fd: i32, pool: i32) {
    let filled = Op {
        opcode: opcode::READ_MULTISHOT,
        fd,
        off: u64::MAX,
        flags: sqe_flag::BUFFER_SELECT,
        buf_index: pool as u16,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SPLICE: move up to `len` bytes from `fd_in` to `fd_out` without copying; one of them is a pipe.
/// An offset is -1 for a pipe (and for the file position). `flags` of SPLICE_F_*, or
/// RINGLINE_SPLICE_FD_IN_FIXED. The op is on `fd_out`: a RINGLINE_LIB_CLOSE of `fd_in` does not
/// end it. res = bytes moved, 0 at the end; -EINVAL when neither is a pipe. A registered slot in
/// `fd_in` is in use until FINAL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_splice(
    op: *mut Op,
    fd_in: i32,
    off_in: i64,
    fd_out: i32,
    off_out: i64,
    len: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::SPLICE,
        fd: fd_out,
        off: off_out as u64,
        addr: off_in as u64,
        len,
        op_flags: flags,
        file_index: fd_in as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// TEE: copy up to `len` bytes from the pipe `fd_in` to the pipe `fd_out`; they stay in `fd_in`.
/// res = bytes. What is said of `fd_in` and `flags` in splice holds here too.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_tee(
    op: *mut Op,
    fd_in: i32,
    fd_out: i32,
    len: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::TEE,
        fd: fd_out,
        len,
        op_flags: flags,
        file_index: fd_in as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}
