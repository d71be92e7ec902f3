//! Group G: prep helpers, waiting for events, timeouts, futexes and children.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::fill;
use crate::ring::{Op, opcode};
use core::ffi::c_void;

/// EPOLL_CTL: epoll_ctl(2); `event` is a struct epoll_event. res = 0. An epoll set may watch the
/// ring itself; a multishot poll of that set then ends at the ring's first completion.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_epoll_ctl(
    op: *mut Op,
    epfd: i32,
    operation: i32,
    fd: i32,
    event: *const c_void,
) {
    let filled = Op {
        opcode: opcode::EPOLL_CTL,
        fd: epfd,
        addr: event as u64,
        len: operation as u32,
        off: fd as u32 as u64,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// EPOLL_WAIT: epoll_wait(2) into `events`, written until FINAL. res = how many. Linux 6.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_epoll_wait(
    op: *mut Op,
    epfd: i32,
    events: *mut c_void,
    max: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::EPOLL_WAIT,
        fd: epfd,
        addr: events as u64,
        len: max,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LINK_TIMEOUT: behind the op that it limits, in its chain: cancels that op (with IO_LINK) when
/// `ts`, a struct __kernel_timespec, is over. res = -ETIME when it did, -ECANCELED when it was in
/// time; -EALREADY when the op was running and could not be stopped. Submit answers -EINVAL
/// anywhere else than behind an op of its chain.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_link_timeout(
    op: *mut Op,
    ts: *const c_void,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::LINK_TIMEOUT,
        fd: -1,
        addr: ts as u64,
        len: 1,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FUTEX_WAIT: until `futex` is woken (res = 0); -EAGAIN when it does not hold `value`. `flags` of
/// RINGLINE_FUTEX2_*, `mask` RINGLINE_FUTEX_ANY or bits to match. Linux 6.7.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_futex_wait(
    op: *mut Op,
    futex: *const u32,
    value: u64,
    mask: u64,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::FUTEX_WAIT,
        fd: flags as i32,
        addr: futex as u64,
        off: value,
        addr3: mask,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FUTEX_WAKE: wake up to `count` waiters of `futex`. res = how many. Linux 6.7.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_futex_wake(
    op: *mut Op,
    futex: *const u32,
    count: u64,
    mask: u64,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::FUTEX_WAKE,
        fd: flags as i32,
        addr: futex as u64,
        off: count,
        addr3: mask,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FUTEX_WAITV: until one of `count` struct futex_waitv is woken. res = which. Linux 6.7.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_futex_waitv(
    op: *mut Op,
    futexes: *const c_void,
    count: u32,
) {
    let filled =
        Op { opcode: opcode::FUTEX_WAITV, addr: futexes as u64, len: count, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// WAITID: waitid(2) of P_PID, P_PGID, P_PIDFD or P_ALL; `info` is a siginfo_t, may be NULL,
/// written until FINAL. `flags` must be 0. res = 0; -ECHILD when there is none. Linux 6.7.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_waitid(
    op: *mut Op,
    idtype: i32,
    id: i32,
    info: *mut c_void,
    options: i32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::WAITID,
        fd: id,
        off: info as u64,
        len: idtype as u32,
        op_flags: flags,
        file_index: options as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}
