//! Group G: prep helpers, files, polls and timers. Each fills the whole op (user_data becomes
//! 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use crate::ring::{Op, opcode, sqe_flag};
use core::ffi::{c_char, c_void};

/// Write a whole op.
///
/// # Safety
/// `op` is NULL or points to a writable op.
#[inline]
pub(super) unsafe fn fill(op: *mut Op, filled: Op) {
    if !op.is_null() {
        // SAFETY: as the caller promised.
        unsafe { op.write(filled) };
    }
}

/// NOP: completes with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_nop(op: *mut Op) {
    let filled = Op { opcode: opcode::NOP, fd: -1, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// READ: `len` bytes at `off` (-1 = file position) into `buf`. res = bytes read, 0 at the end.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_read(
    op: *mut Op,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    off: u64,
) {
    let filled = Op { opcode: opcode::READ, fd, addr: buf as u64, len, off, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// WRITE: `len` bytes of `buf` at `off` (-1 = file position). res = bytes written.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_write(
    op: *mut Op,
    fd: i32,
    buf: *const c_void,
    len: u32,
    off: u64,
) {
    let filled = Op { opcode: opcode::WRITE, fd, addr: buf as u64, len, off, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// OPENAT: res = the new descriptor. `flags` and `mode` as in openat(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_openat(
    op: *mut Op,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
    mode: u32,
) {
    let filled = Op {
        opcode: opcode::OPENAT,
        fd: dirfd,
        addr: path as u64,
        len: mode,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// CLOSE: close(2). For sockets with ops in flight use ringline_prep_lib_close().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_close(op: *mut Op, fd: i32) {
    let filled = Op { opcode: opcode::CLOSE, fd, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FSYNC: `fsync_flags` 0, or 1 for fdatasync(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fsync(op: *mut Op, fd: i32, fsync_flags: u32) {
    let filled = Op { opcode: opcode::FSYNC, fd, op_flags: fsync_flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_ADD: once; `mask` of POLLIN etc. res = the events.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_add(op: *mut Op, fd: i32, mask: u32) {
    let filled = Op { opcode: opcode::POLL_ADD, fd, op_flags: mask, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_ADD: a completion with MORE for each edge.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_multishot(op: *mut Op, fd: i32, mask: u32) {
    let filled = Op { opcode: opcode::POLL_ADD, fd, op_flags: mask, len: 1, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_REMOVE as an update: the poll of `token` gets `mask`; `flags` 1 = it becomes multishot.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_update(
    op: *mut Op,
    token: u64,
    mask: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::POLL_REMOVE,
        fd: -1,
        addr: token,
        op_flags: mask,
        len: 2 | flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_REMOVE: end the poll of `token`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_remove(op: *mut Op, token: u64) {
    let filled = Op { opcode: opcode::POLL_REMOVE, fd: -1, addr: token, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// TIMEOUT: the kernel's timer; `ts` is a struct __kernel_timespec. res = -ETIME, or 0 after
/// `count` completions.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_timeout(
    op: *mut Op,
    ts: *const c_void,
    count: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::TIMEOUT,
        fd: -1,
        addr: ts as u64,
        len: 1,
        off: count.into(),
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// TIMEOUT_REMOVE as an update: the timeout of `token` gets a new time.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_timeout_update(
    op: *mut Op,
    token: u64,
    ts: *const c_void,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::TIMEOUT_REMOVE,
        fd: -1,
        addr: token,
        off: ts as u64,
        op_flags: flags | 2,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// TIMEOUT_REMOVE: end the timeout of `token`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_timeout_remove(op: *mut Op, token: u64) {
    let filled = Op { opcode: opcode::TIMEOUT_REMOVE, fd: -1, addr: token, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// ASYNC_CANCEL: cancel the op of `token`. res = 0, -ENOENT or -EALREADY.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_cancel(op: *mut Op, token: u64) {
    let filled = Op { opcode: opcode::ASYNC_CANCEL, fd: -1, addr: token, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LIB_TIMER: fires after `ns`, then every `period_ns` (0 = once). res = periods missed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_timer(op: *mut Op, ns: u64, period_ns: u64) {
    let filled =
        Op { opcode: opcode::LIB_TIMER, fd: -1, off: ns, addr: period_ns, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LIB_CLOSE: shutdown (unless a listener), cancel the ops on `fd`, wait for them, close.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_lib_close(op: *mut Op, fd: i32) {
    let filled = Op { opcode: opcode::LIB_CLOSE, fd, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// Make `ops[0..count)` a chain: each starts when the one before succeeded.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_link(ops: *mut Op, count: u32) {
    if ops.is_null() {
        return;
    }
    for at in 1..count as usize {
        // SAFETY: the caller vouches for `count` writable ops.
        unsafe { (*ops.add(at - 1)).flags |= sqe_flag::IO_LINK };
    }
}
