//! Group G: prep helpers, waiting for events, timeouts, futexes and children.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode};
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// EPOLL_CTL: epoll_ctl(2); `event` is a struct epoll_event. res = 0. An epoll set may watch the
/// ring itself; a multishot poll of that set then ends at the ring's first completion.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_epoll_ctl(
    op: Option<&mut MaybeUninit<Op>>,
    epfd: i32,
    operation: i32,
    fd: i32,
    event: *const c_void,
) {
    fill(op, rw(opcode::EPOLL_CTL, epfd, event as u64, operation as u32, fd as u32 as u64));
}

/// EPOLL_WAIT: epoll_wait(2) into `events`, written until FINAL. res = how many. Linux 6.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_epoll_wait(
    op: Option<&mut MaybeUninit<Op>>,
    epfd: i32,
    events: *mut c_void,
    max: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::EPOLL_WAIT, epfd, events as u64, max, 0) });
}

/// LINK_TIMEOUT: behind the op that it limits, in its chain: cancels that op (with IO_LINK) when
/// `ts`, a struct __kernel_timespec, is over. res = -ETIME when it did, -ECANCELED when it was in
/// time; -EALREADY when the op was running and could not be stopped. Submit answers -EINVAL
/// anywhere else than behind an op of its chain.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_link_timeout(
    op: Option<&mut MaybeUninit<Op>>,
    ts: *const c_void,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::LINK_TIMEOUT, -1, ts as u64, 1, 0) });
}

/// FUTEX_WAIT: until `futex` is woken (res = 0); -EAGAIN when it does not hold `value`. `flags` of
/// RINGLINE_FUTEX2_*, `mask` RINGLINE_FUTEX_ANY or bits to match. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_futex_wait(
    op: Option<&mut MaybeUninit<Op>>,
    futex: *const u32,
    value: u64,
    mask: u64,
    flags: u32,
) {
    fill(op, Op { addr3: mask, ..rw(opcode::FUTEX_WAIT, flags as i32, futex as u64, 0, value) });
}

/// FUTEX_WAKE: wake up to `count` waiters of `futex`. res = how many. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_futex_wake(
    op: Option<&mut MaybeUninit<Op>>,
    futex: *const u32,
    count: u64,
    mask: u64,
    flags: u32,
) {
    fill(op, Op { addr3: mask, ..rw(opcode::FUTEX_WAKE, flags as i32, futex as u64, 0, count) });
}

/// FUTEX_WAITV: until one of `count` struct futex_waitv is woken. res = which. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_futex_waitv(
    op: Option<&mut MaybeUninit<Op>>,
    futexes: *const c_void,
    count: u32,
) {
    fill(op, rw(opcode::FUTEX_WAITV, 0, futexes as u64, count, 0));
}

/// WAITID: waitid(2) of P_PID, P_PGID, P_PIDFD or P_ALL; `info` is a siginfo_t, may be NULL,
/// written until FINAL. `flags` must be 0. res = 0; -ECHILD when there is none. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_waitid(
    op: Option<&mut MaybeUninit<Op>>,
    idtype: i32,
    id: i32,
    info: *mut c_void,
    options: i32,
    flags: u32,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            file_index: options as u32,
            ..rw(opcode::WAITID, id, 0, idtype as u32, info as u64)
        },
    );
}
