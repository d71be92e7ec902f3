//! Group G: prep helpers, sockets. Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode, sqe_flag};
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// SOCKET: socket(2). res = the descriptor; file_index as of openat. Linux 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_socket(
    op: Option<&mut MaybeUninit<Op>>,
    domain: i32,
    kind: i32,
    protocol: i32,
) {
    fill(op, rw(opcode::SOCKET, domain, 0, protocol as u32, kind as u32 as u64));
}

/// BIND: bind(2). res = 0. Linux 6.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_bind(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
) {
    fill(op, rw(opcode::BIND, fd, addr as u64, 0, addrlen.into()));
}

/// LISTEN: listen(2). res = 0. Linux 6.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_listen(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    backlog: i32,
) {
    fill(op, rw(opcode::LISTEN, fd, 0, backlog as u32, 0));
}

/// ACCEPT: once; `addr` and `addrlen` may be NULL and are written until FINAL. res = the
/// descriptor. `flags` as in accept4(2).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_accept(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    addr: *mut c_void,
    addrlen: *mut u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::ACCEPT, fd, addr as u64, 0, addrlen as u64) });
}

/// ACCEPT: a completion with MORE for each connection; res as of accept. FINAL with res < 0 or a
/// full table ends it. Linux 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_accept_multishot(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    addr: *mut c_void,
    addrlen: *mut u32,
    flags: u32,
) {
    fill(
        op,
        Op { op_flags: flags, ioprio: 1, ..rw(opcode::ACCEPT, fd, addr as u64, 0, addrlen as u64) },
    );
}

/// CONNECT: connect(2). res = 0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_connect(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
) {
    fill(op, rw(opcode::CONNECT, fd, addr as u64, 0, addrlen.into()));
}

/// LIB_CONNECT_TIMEOUT: as ringline_prep_connect(), given up `timeout_ns` nanoseconds after submit.
/// res = 0, also when it connected just then; -ETIMEDOUT when the limit ended it, or the error of
/// connect(2). After a limit or a cancel the socket may still be connecting: close it.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_connect_timeout(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
    timeout_ns: u64,
) {
    fill(
        op,
        Op {
            addr3: timeout_ns,
            ..rw(opcode::LIB_CONNECT_TIMEOUT, fd, addr as u64, 0, addrlen.into())
        },
    );
}

/// SEND: send(2); may be short. `buf` is the library's until FINAL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_send(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *const c_void,
    len: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::SEND, fd, buf as u64, len, 0) });
}

/// LIB_SEND_ALL: goes on after short sends. res = `len`, or -errno with data = bytes the kernel
/// took. -EBUSY while one runs on the same descriptor.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_send_all(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *const c_void,
    len: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::LIB_SEND_ALL, fd, buf as u64, len, 0) });
}

/// RECV: recv(2) once into `buf`; res = 0 at the end of the stream. With ringline_prep_pool(),
/// `buf` NULL and `len` 0: into a buffer of the pool.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_recv(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::RECV, fd, buf as u64, len, 0) });
}

/// RECV: a completion with MORE and LEASE for each piece received, from `pool`. Ends with res
/// <= 0; -ENOBUFS = no buffer is free: give leases back, then submit it again.
///
/// One that sends as fast as it can fills the whole pool in one turn. From Linux 6.17 on
/// (RINGLINE_FEATURE_RECV_LIMIT) two fields of the op, to be set after this call, leave the others
/// their part: `len` is the most that one piece has, and `file_index` ends the receive (a piece
/// without MORE, res > 0) when it brought so many bytes in all, 2147483647 at most; submit it
/// again behind the others. The last piece goes beyond the limit by less than `len`, or by any
/// length where `len` is 0. Without the feature a `file_index` is RINGLINE_ENOTSUP_KERNEL: receive
/// by ringline_prep_recv() from the pool, with `len` set, whoever sends much.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_recv_multishot(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
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
            ..rw(opcode::RECV, fd, 0, 0, 0)
        },
    );
}

/// SHUTDOWN: shutdown(2). res = 0; -ENOTCONN. Linux 5.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_shutdown(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    how: i32,
) {
    fill(op, rw(opcode::SHUTDOWN, fd, 0, how as u32, 0));
}

/// Let a filled recv or read take its buffer from `pool`.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_pool(op: Option<&mut Op>, pool: i32) {
    if let Some(op) = op {
        op.flags |= sqe_flag::BUFFER_SELECT;
        op.buf_index = pool as u16;
    }
}

/// Make a filled SEND QUIET: no completion when the kernel takes it whole at once, else a FINAL
/// with the count. Sets MSG_DONTWAIT | MSG_WAITALL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_quiet(op: Option<&mut Op>) {
    if let Some(op) = op {
        op.op_flags |= (libc::MSG_DONTWAIT | libc::MSG_WAITALL) as u32;
        op.ext = super::RINGLINE_EXT_QUIET;
    }
}
