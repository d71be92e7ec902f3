//! Group G: prep helpers, sockets. Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::fill;
use crate::ring::{Op, opcode, sqe_flag};
use core::ffi::c_void;

/// SOCKET: socket(2). res = the descriptor; file_index as of openat. Linux 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_socket(
    op: *mut Op,
    domain: i32,
    kind: i32,
    protocol: i32,
) {
    let filled = Op {
        opcode: opcode::SOCKET,
        fd: domain,
        off: kind as u32 as u64,
        len: protocol as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// BIND: bind(2). res = 0. Linux 6.11.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_bind(
    op: *mut Op,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
) {
    let filled =
        Op { opcode: opcode::BIND, fd, addr: addr as u64, off: addrlen.into(), ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LISTEN: listen(2). res = 0. Linux 6.11.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_listen(op: *mut Op, fd: i32, backlog: i32) {
    let filled = Op { opcode: opcode::LISTEN, fd, len: backlog as u32, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// ACCEPT: once; `addr` and `addrlen` may be NULL and are written until FINAL. res = the
/// descriptor. `flags` as in accept4(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_accept(
    op: *mut Op,
    fd: i32,
    addr: *mut c_void,
    addrlen: *mut u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::ACCEPT,
        fd,
        addr: addr as u64,
        off: addrlen as u64,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// ACCEPT: a completion with MORE for each connection; res as of accept. FINAL with res < 0 or a
/// full table ends it. Linux 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_accept_multishot(
    op: *mut Op,
    fd: i32,
    addr: *mut c_void,
    addrlen: *mut u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::ACCEPT,
        fd,
        addr: addr as u64,
        off: addrlen as u64,
        op_flags: flags,
        ioprio: 1,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// CONNECT: connect(2). res = 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_connect(
    op: *mut Op,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
) {
    let filled =
        Op { opcode: opcode::CONNECT, fd, addr: addr as u64, off: addrlen.into(), ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LIB_CONNECT_TIMEOUT: as ringline_prep_connect(), given up `timeout_ns` nanoseconds after submit.
/// res = 0, also when it connected just then; -ETIMEDOUT when the limit ended it, or the error of
/// connect(2). After a limit or a cancel the socket may still be connecting: close it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_connect_timeout(
    op: *mut Op,
    fd: i32,
    addr: *const c_void,
    addrlen: u32,
    timeout_ns: u64,
) {
    let filled = Op {
        opcode: opcode::LIB_CONNECT_TIMEOUT,
        fd,
        addr: addr as u64,
        off: addrlen.into(),
        addr3: timeout_ns,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SEND: send(2); may be short. `buf` is the library's until FINAL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_send(
    op: *mut Op,
    fd: i32,
    buf: *const c_void,
    len: u32,
    flags: u32,
) {
    let filled =
        Op { opcode: opcode::SEND, fd, addr: buf as u64, len, op_flags: flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LIB_SEND_ALL: goes on after short sends. res = `len`, or -errno with data = bytes the kernel
/// took. -EBUSY while one runs on the same descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_send_all(
    op: *mut Op,
    fd: i32,
    buf: *const c_void,
    len: u32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::LIB_SEND_ALL,
        fd,
        addr: buf as u64,
        len,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// RECV: recv(2) once into `buf`; res = 0 at the end of the stream. With ringline_prep_pool(),
/// `buf` NULL and `len` 0: into a buffer of the pool.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_recv(
    op: *mut Op,
    fd: i32,
    buf: *mut c_void,
    len: u32,
    flags: u32,
) {
    let filled =
        Op { opcode: opcode::RECV, fd, addr: buf as u64, len, op_flags: flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
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
pub unsafe extern "C-unwind" fn ringline_prep_recv_multishot(
    op: *mut Op,
    fd: i32,
    pool: i32,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::RECV,
        fd,
        op_flags: flags,
        ioprio: 2,
        flags: sqe_flag::BUFFER_SELECT,
        buf_index: pool as u16,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SHUTDOWN: shutdown(2). res = 0; -ENOTCONN. Linux 5.11.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_shutdown(op: *mut Op, fd: i32, how: i32) {
    let filled = Op { opcode: opcode::SHUTDOWN, fd, len: how as u32, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// Let a filled recv or read take its buffer from `pool`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_pool(op: *mut Op, pool: i32) {
    // SAFETY: the caller vouches for a writable op, or NULL.
    if let Some(op) = unsafe { op.as_mut() } {
        op.flags |= sqe_flag::BUFFER_SELECT;
        op.buf_index = pool as u16;
    }
}

/// Make a filled SEND QUIET: no completion when the kernel takes it whole at once, else a FINAL
/// with the count. Sets MSG_DONTWAIT | MSG_WAITALL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_quiet(op: *mut Op) {
    // SAFETY: the caller vouches for a writable op, or NULL.
    if let Some(op) = unsafe { op.as_mut() } {
        op.op_flags |= (libc::MSG_DONTWAIT | libc::MSG_WAITALL) as u32;
        op.ext = super::RINGLINE_EXT_QUIET;
    }
}
