//! Group G: prep helpers, messages and zero-copy.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode, sqe_flag};
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// SENDMSG: sendmsg(2), always with MSG_NOSIGNAL; `msg` is a struct msghdr. What it names is the
/// library's until FINAL. res = bytes, may be short.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_sendmsg(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    msg: *const c_void,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::SENDMSG, fd, msg as u64, 1, 0) });
}

/// RECVMSG: recvmsg(2) once; `msg` is a struct msghdr, written until FINAL. With
/// ringline_prep_pool(): the payload goes into a buffer of the pool, the rest where `msg` says.
/// res = bytes; msg_flags has MSG_TRUNC and MSG_CTRUNC.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_recvmsg(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    msg: *mut c_void,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::RECVMSG, fd, msg as u64, 1, 0) });
}

/// RECVMSG: a completion with MORE and LEASE for each message, from `pool`; take it apart by
/// ringline_recvmsg_out(). Of `msg` only msg_namelen and msg_controllen count: room for them is
/// kept in each buffer, with 16 bytes more; a name length that is a multiple of 8 keeps the control
/// messages aligned. An empty datagram ends it with FINAL and res > 0: submit it again. -ENOBUFS =
/// no buffer is free: give leases back, then submit it again; -EFAULT = the buffers of the pool are
/// too small for name and control. A pool with INCREMENTAL is refused (-EINVAL). Linux 6.0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_recvmsg_multishot(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    msg: *const c_void,
    pool: i32,
    flags: u32,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            ioprio: 2,
            flags: sqe_flag::BUFFER_SELECT,
            buf_index: pool as u16,
            ..rw(opcode::RECVMSG, fd, msg as u64, 1, 0)
        },
    );
}

/// SEND_ZC: send(2) out of the caller's own pages. The first completion (MORE) has the bytes, the
/// notification (FINAL | NOTIF) says that `buf` is the caller's again; an error may come with or
/// without one, so only FINAL counts. A peer that does not read keeps the memory from coming back:
/// neither a cancel nor a close ends what the kernel has queued. RINGLINE_CF_ZC_COPIED: the kernel
/// copied after all; later SEND_ZC on such a descriptor complete once, with FINAL and ZC_COPIED.
/// `zc_flags`: 0, RINGLINE_RECVSEND_POLL_FIRST, RINGLINE_RECVSEND_FIXED_BUF (out of the region in
/// buf_index). -EOPNOTSUPP = the socket can not send so (unix). Linux 6.0; whether it was copied is
/// told from 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_send_zc(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *const c_void,
    len: u32,
    flags: u32,
    zc_flags: u16,
) {
    fill(
        op,
        Op { op_flags: flags, ioprio: zc_flags, ..rw(opcode::SEND_ZC, fd, buf as u64, len, 0) },
    );
}

/// SENDMSG_ZC: as sendmsg, out of the caller's own pages; completions as of send_zc. Linux 6.1.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_sendmsg_zc(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    msg: *const c_void,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::SENDMSG_ZC, fd, msg as u64, 1, 0) });
}

/// RECV_ZC: receive into the zero-copy queue `queue` of a network card. Refused with
/// RINGLINE_ENOTSUP_KERNEL where the ring has none, which is everywhere for now.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_recv_zc(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    queue: u32,
    len: u32,
) {
    fill(op, Op { ioprio: 2, file_index: queue, ..rw(opcode::RECV_ZC, fd, 0, len, 0) });
}
