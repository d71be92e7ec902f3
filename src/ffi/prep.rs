//! Group G: prep helpers, files, polls and timers. Each fills the whole op (user_data becomes
//! 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use crate::driver::{Op, opcode, sqe_flag};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;

/// Write a whole op to where the caller wants it.
#[inline]
pub(super) fn fill(op: Option<&mut MaybeUninit<Op>>, filled: Op) {
    if let Some(op) = op {
        op.write(filled);
    }
}

/// An op with the five members that most have, in liburing's order (`io_uring_prep_rw`).
#[inline]
pub(super) fn rw(opcode: u8, fd: i32, addr: u64, len: u32, off: u64) -> Op {
    Op { opcode, fd, addr, len, off, ..Op::default() }
}

/// NOP: completes with 0; with RINGLINE_NOP_INJECT_RESULT in op_flags with `len` (Linux 6.10).
///
/// For all helpers: what an op needs that is newer than Linux 5.10 is named with it; where the
/// kernel is older, submit answers RINGLINE_ENOTSUP_KERNEL. `res` < 0 is -errno of the system call
/// named. "Written until FINAL" is an output that has to live that long; everything else that an
/// op points to, data excepted, is read when the turn or flush that accepted it returns.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_nop(op: Option<&mut MaybeUninit<Op>>) {
    fill(op, rw(opcode::NOP, -1, 0, 0, 0));
}

/// READ: `len` bytes at `off` (-1 = file position) into `buf`, written until FINAL. res = bytes
/// read, 0 at the end; may be short.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_read(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    off: u64,
) {
    fill(op, rw(opcode::READ, fd, buf as u64, len, off));
}

/// WRITE: `len` bytes of `buf`, which is the library's until FINAL, at `off` (-1 = file position).
/// res = bytes written, may be short; -EPIPE raises no SIGPIPE where the kernel can suppress it
/// (write_nosignal).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_write(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *const c_void,
    len: u32,
    off: u64,
) {
    fill(op, rw(opcode::WRITE, fd, buf as u64, len, off));
}

/// OPENAT: openat(2). res = the new descriptor; with file_index (a named slot + 1, or
/// RINGLINE_FILE_INDEX_ALLOC) the file goes into the ring's table, and res = 0 or the slot.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_openat(
    op: Option<&mut MaybeUninit<Op>>,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
    mode: u32,
) {
    fill(op, Op { op_flags: flags as u32, ..rw(opcode::OPENAT, dirfd, path as u64, mode, 0) });
}

/// CLOSE: close(2). res = 0. For sockets with ops in flight use ringline_prep_lib_close(). With
/// `fd` 0 and file_index = slot + 1 it closes a registered file. -EBADF for a ring's own
/// descriptor.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_close(op: Option<&mut MaybeUninit<Op>>, fd: i32) {
    fill(op, rw(opcode::CLOSE, fd, 0, 0, 0));
}

/// FSYNC: fsync(2), or fdatasync(2) with `fsync_flags` RINGLINE_FSYNC_DATASYNC. res = 0; -EINVAL
/// for files that cannot be synced.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fsync(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    fsync_flags: u32,
) {
    fill(op, Op { op_flags: fsync_flags, ..rw(opcode::FSYNC, fd, 0, 0, 0) });
}

/// POLL_ADD: once; `mask` of POLLIN etc. res = the events, POLLERR and POLLHUP among them unasked.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_poll_add(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    mask: u32,
) {
    fill(op, Op { op_flags: mask, ..rw(opcode::POLL_ADD, fd, 0, 0, 0) });
}

/// POLL_ADD: a completion with MORE for each edge; res = the events. It may end by itself (FINAL
/// with res >= 0), as when the file is an epoll set that watches this ring: submit it again. Linux
/// 5.13.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_poll_multishot(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    mask: u32,
) {
    fill(op, Op { op_flags: mask, ..rw(opcode::POLL_ADD, fd, 0, 1, 0) });
}

/// POLL_REMOVE as an update: the poll of `token` waits for `mask` from now on, once or again and
/// again as before; `flags` 0 (RINGLINE_POLL_ADD_MULTI is accepted and changes nothing). res = 0;
/// -ENOENT when it fired meanwhile, -EALREADY when it is just firing. Submit answers
/// RINGLINE_ESTALE for a token of nothing in flight. Linux 5.13.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_poll_update(
    op: Option<&mut MaybeUninit<Op>>,
    token: u64,
    mask: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: mask, ..rw(opcode::POLL_REMOVE, -1, token, 2 | flags, 0) });
}

/// POLL_REMOVE: end the poll of `token`, which then completes with -ECANCELED. res = 0; -ENOENT
/// when it was over or is no poll; -EALREADY when it is just firing. Submit answers
/// RINGLINE_ESTALE for a token of nothing in flight, -EINVAL for that of a library op.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_poll_remove(op: Option<&mut MaybeUninit<Op>>, token: u64) {
    fill(op, rw(opcode::POLL_REMOVE, -1, token, 0, 0));
}

/// TIMEOUT: the kernel's timer; `ts` is a struct __kernel_timespec. res = -ETIME, or 0 after
/// `count` completions.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_timeout(
    op: Option<&mut MaybeUninit<Op>>,
    ts: *const c_void,
    count: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::TIMEOUT, -1, ts as u64, 1, count.into()) });
}

/// TIMEOUT_REMOVE as an update: the timeout of `token` gets the time `ts`; `flags` as of timeout,
/// and RINGLINE_LINK_TIMEOUT_UPDATE when it is a LINK_TIMEOUT (5.15). res = 0; -ENOENT when it was
/// over or is no timeout; -EALREADY when it is just firing. Submit answers as of poll_remove.
/// Linux 5.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_timeout_update(
    op: Option<&mut MaybeUninit<Op>>,
    token: u64,
    ts: *const c_void,
    flags: u32,
) {
    fill(op, Op { op_flags: flags | 2, ..rw(opcode::TIMEOUT_REMOVE, -1, token, 0, ts as u64) });
}

/// TIMEOUT_REMOVE: end the timeout of `token`, which then completes with -ECANCELED. res and the
/// answers of submit as of timeout_update.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_timeout_remove(
    op: Option<&mut MaybeUninit<Op>>,
    token: u64,
) {
    fill(op, rw(opcode::TIMEOUT_REMOVE, -1, token, 0, 0));
}

/// ASYNC_CANCEL: ask for the op of `token` to end; its own FINAL says what became of it. res = 0;
/// -ENOENT when it was over; -EALREADY when it is running and may end or not. Submit answers as of
/// poll_remove: library ops (timers, SEND_ALL) are cancelled by ringline_cancel(), as all others
/// can be.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_cancel(op: Option<&mut MaybeUninit<Op>>, token: u64) {
    fill(op, rw(opcode::ASYNC_CANCEL, -1, token, 0, 0));
}

/// LIB_TIMER: fires after `ns`, then every `period_ns` (0 = once). res = periods missed.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_timer(
    op: Option<&mut MaybeUninit<Op>>,
    ns: u64,
    period_ns: u64,
) {
    fill(op, rw(opcode::LIB_TIMER, -1, period_ns, 0, ns));
}

/// LIB_POST: a completion with this `res` at the ring's next turn, counted by wait_min and made a
/// callback by ringline_submit_with(). -ECANCELED when it was cancelled before.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_post(op: Option<&mut MaybeUninit<Op>>, res: i32) {
    fill(op, rw(opcode::LIB_POST, -1, 0, res as u32, 0));
}

/// LIB_CLOSE: shutdown (unless a listener), cancel the ops on `fd`, wait for them, close.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_lib_close(op: Option<&mut MaybeUninit<Op>>, fd: i32) {
    fill(op, rw(opcode::LIB_CLOSE, fd, 0, 0, 0));
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
