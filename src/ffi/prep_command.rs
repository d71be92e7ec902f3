//! Group G: prep helpers, messages between rings, commands, registered files.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode, sqe_flag};
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// MSG_RING: a completion on the ring of descriptor `ring_fd` (ringline_info_of() tells it), with
/// `value` as res, `user_data` (below 2^61) and RINGLINE_CF_MSG alone: it is no operation's. That
/// ring must be attached (else -EBADFD, as for a descriptor that is no ring). res = 0. A ring that
/// is not this library's sees bit 63 set in the user_data. `flags` must be 0. Linux 5.18.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_msg_ring(
    op: Option<&mut MaybeUninit<Op>>,
    ring_fd: i32,
    value: u32,
    user_data: u64,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::MSG_RING, ring_fd, 0, value, user_data) });
}

/// URING_CMD: a command of the file's driver; `addr` and `len` as it defines them. A command of 80
/// bytes (NVMe passthrough) needs a ring with RINGLINE_CONFIG_BIG: set `ext` of the op to its
/// address afterwards; it is copied at submit, and the completion carries RINGLINE_CF_EXT.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_uring_cmd(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    command: u32,
    addr: u64,
    len: u32,
) {
    fill(op, rw(opcode::URING_CMD, fd, addr, len, command.into()));
}

/// URING_CMD on a socket: `command` of RINGLINE_SOCKET_*. For GETSOCKOPT and SETSOCKOPT `value` of
/// `len` bytes is the library's until FINAL and res of GETSOCKOPT is its length; for SIOCINQ and
/// SIOCOUTQ the rest is 0 and res = bytes. Linux 6.7.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_cmd_sock(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    command: u32,
    level: i32,
    option: i32,
    value: *mut c_void,
    len: u32,
) {
    fill(
        op,
        Op {
            file_index: len,
            addr3: value as u64,
            ..rw(
                opcode::URING_CMD,
                fd,
                level as u32 as u64 | (option as u32 as u64) << 32,
                0,
                command.into(),
            )
        },
    );
}

/// FILES_UPDATE: put `count` descriptors into the named slots from `first` on; -1 empties a slot,
/// -2 leaves one alone. Not needed to register files: ringline_file_add(), ringline_file_replace()
/// and ringline_file_remove() do that at once; this does it in the order of a chain. `fds` is read
/// by submit already and must not change until FINAL.
///
/// res = how many, from the front; -EBADF, -ENOMEM when the first failed. The slot of the first
/// descriptor that failed is empty then. A slot that was empty may be named by ops of the same
/// chain at once, other slots only after FINAL.
///
/// Submit answers -ENXIO without a table; RINGLINE_ENULL; -EINVAL for `count` 0 and for slots that
/// are not named ones; -EBUSY when ops in flight use one of them.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_files_update(
    op: Option<&mut MaybeUninit<Op>>,
    fds: *const i32,
    count: u32,
    first: u32,
) {
    fill(op, rw(opcode::FILES_UPDATE, -1, fds as u64, count, first.into()));
}

/// FIXED_FD_INSTALL: an ordinary descriptor for the file in registered slot `slot`; `flags` 0
/// (close-on-exec) or RINGLINE_FIXED_FD_NO_CLOEXEC. res = the descriptor. Submit answers
/// RINGLINE_ESTALE for an empty slot. Linux 6.8.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fixed_fd_install(
    op: Option<&mut MaybeUninit<Op>>,
    slot: i32,
    flags: u32,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            flags: sqe_flag::FIXED_FILE,
            ..rw(opcode::FIXED_FD_INSTALL, slot, 0, 0, 0)
        },
    );
}
