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

/// NOP: completes with 0; with RINGLINE_NOP_INJECT_RESULT in op_flags with `len` (Linux 6.10).
///
/// For all helpers: what an op needs that is newer than Linux 5.10 is named with it; where the
/// kernel is older, submit answers RINGLINE_ENOTSUP_KERNEL. `res` < 0 is -errno of the system call
/// named. "Written until FINAL" is an output that has to live that long; everything else that an
/// op points to, data excepted, is read when the turn or flush that accepted it returns.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_nop(op: *mut Op) {
    let filled = Op { opcode: opcode::NOP, fd: -1, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// READ: `len` bytes at `off` (-1 = file position) into `buf`, written until FINAL. res = bytes
/// read, 0 at the end; may be short.
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

/// WRITE: `len` bytes of `buf`, which is the library's until FINAL, at `off` (-1 = file position).
/// res = bytes written, may be short; -EPIPE raises no SIGPIPE where the kernel can suppress it
/// (write_nosignal).
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

/// OPENAT: openat(2). res = the new descriptor; with file_index (a named slot + 1, or
/// RINGLINE_FILE_INDEX_ALLOC) the file goes into the ring's table, and res = 0 or the slot.
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

/// CLOSE: close(2). res = 0. For sockets with ops in flight use ringline_prep_lib_close(). With
/// `fd` 0 and file_index = slot + 1 it closes a registered file. -EBADF for a ring's own
/// descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_close(op: *mut Op, fd: i32) {
    let filled = Op { opcode: opcode::CLOSE, fd, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FSYNC: fsync(2), or fdatasync(2) with `fsync_flags` RINGLINE_FSYNC_DATASYNC. res = 0; -EINVAL
/// for files that cannot be synced.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fsync(op: *mut Op, fd: i32, fsync_flags: u32) {
    let filled = Op { opcode: opcode::FSYNC, fd, op_flags: fsync_flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_ADD: once; `mask` of POLLIN etc. res = the events, POLLERR and POLLHUP among them unasked.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_add(op: *mut Op, fd: i32, mask: u32) {
    let filled = Op { opcode: opcode::POLL_ADD, fd, op_flags: mask, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_ADD: a completion with MORE for each edge; res = the events. It may end by itself (FINAL
/// with res >= 0), as when the file is an epoll set that watches this ring: submit it again. Linux
/// 5.13.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_poll_multishot(op: *mut Op, fd: i32, mask: u32) {
    let filled = Op { opcode: opcode::POLL_ADD, fd, op_flags: mask, len: 1, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// POLL_REMOVE as an update: the poll of `token` waits for `mask` from now on, once or again and
/// again as before; `flags` 0 (RINGLINE_POLL_ADD_MULTI is accepted and changes nothing). res = 0;
/// -ENOENT when it fired meanwhile, -EALREADY when it is just firing. Submit answers
/// RINGLINE_ESTALE for a token of nothing in flight. Linux 5.13.
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

/// POLL_REMOVE: end the poll of `token`, which then completes with -ECANCELED. res = 0; -ENOENT
/// when it was over or is no poll; -EALREADY when it is just firing. Submit answers
/// RINGLINE_ESTALE for a token of nothing in flight, -EINVAL for that of a library op.
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

/// TIMEOUT_REMOVE as an update: the timeout of `token` gets the time `ts`; `flags` as of timeout,
/// and RINGLINE_LINK_TIMEOUT_UPDATE when it is a LINK_TIMEOUT (5.15). res = 0; -ENOENT when it was
/// over or is no timeout; -EALREADY when it is just firing. Submit answers as of poll_remove.
/// Linux 5.11.
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

/// TIMEOUT_REMOVE: end the timeout of `token`, which then completes with -ECANCELED. res and the
/// answers of submit as of timeout_update.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_timeout_remove(op: *mut Op, token: u64) {
    let filled = Op { opcode: opcode::TIMEOUT_REMOVE, fd: -1, addr: token, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// ASYNC_CANCEL: ask for the op of `token` to end; its own FINAL says what became of it. res = 0;
/// -ENOENT when it was over; -EALREADY when it is running and may end or not. Submit answers as of
/// poll_remove: library ops (timers, SEND_ALL) are cancelled by ringline_cancel(), as all others
/// can be.
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

/// LIB_POST: a completion with this `res` at the ring's next turn, counted by wait_min and made a
/// callback by ringline_submit_with(). -ECANCELED when it was cancelled before.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_post(op: *mut Op, res: i32) {
    let filled = Op { opcode: opcode::LIB_POST, fd: -1, len: res as u32, ..Op::default() };
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
