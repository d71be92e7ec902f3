//! Group G: prep helpers, files and paths.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::fill;
use crate::ring::{Op, opcode};
use core::ffi::{c_char, c_void};

/// OPENAT2: openat2(2); `how` is a struct open_how of `size` bytes. res and file_index as of
/// openat.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_openat2(
    op: *mut Op,
    dirfd: i32,
    path: *const c_char,
    how: *const c_void,
    size: u32,
) {
    let filled = Op {
        opcode: opcode::OPENAT2,
        fd: dirfd,
        addr: path as u64,
        len: size,
        off: how as u64,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// STATX: statx(2) into `buf`, a struct statx that is written until FINAL. res = 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_statx(
    op: *mut Op,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
    mask: u32,
    buf: *mut c_void,
) {
    let filled = Op {
        opcode: opcode::STATX,
        fd: dirfd,
        addr: path as u64,
        len: mask,
        off: buf as u64,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FALLOCATE: fallocate(2); `mode` of FALLOC_FL_*. res = 0; -EOPNOTSUPP where the file system
/// cannot.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fallocate(
    op: *mut Op,
    fd: i32,
    mode: i32,
    off: u64,
    len: u64,
) {
    let filled =
        Op { opcode: opcode::FALLOCATE, fd, off, addr: len, len: mode as u32, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FTRUNCATE: ftruncate(2) to `len` bytes. res = 0. Linux 6.9.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_ftruncate(op: *mut Op, fd: i32, len: u64) {
    let filled = Op { opcode: opcode::FTRUNCATE, fd, off: len, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SYNC_FILE_RANGE: sync_file_range(2); `flags` of SYNC_FILE_RANGE_*. res = 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_sync_file_range(
    op: *mut Op,
    fd: i32,
    off: u64,
    len: u32,
    flags: u32,
) {
    let filled =
        Op { opcode: opcode::SYNC_FILE_RANGE, fd, off, len, op_flags: flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FADVISE: posix_fadvise(2); `advice` of POSIX_FADV_*. res = 0. `len` of 4 GiB and more needs
/// Linux 6.10.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fadvise(
    op: *mut Op,
    fd: i32,
    off: u64,
    len: u64,
    advice: i32,
) {
    // Up to 32 bits stand where every kernel looks for them.
    let (short, long) = u32::try_from(len).map_or((0, len), |len| (len, 0));
    let filled = Op {
        opcode: opcode::FADVISE,
        fd,
        off,
        len: short,
        addr: long,
        op_flags: advice as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// MADVISE: madvise(2); `advice` of MADV_*. res = 0. `len` of 4 GiB and more needs Linux 6.10.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_madvise(
    op: *mut Op,
    addr: *mut c_void,
    len: u64,
    advice: i32,
) {
    // Up to 32 bits stand where every kernel looks for them.
    let (short, long) = u32::try_from(len).map_or((0, len), |len| (len, 0));
    let filled = Op {
        opcode: opcode::MADVISE,
        fd: -1,
        addr: addr as u64,
        len: short,
        off: long,
        op_flags: advice as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// RENAMEAT: renameat2(2); `flags` of RENAME_*. res = 0. Linux 5.11.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_renameat(
    op: *mut Op,
    olddirfd: i32,
    oldpath: *const c_char,
    newdirfd: i32,
    newpath: *const c_char,
    flags: u32,
) {
    let filled = Op {
        opcode: opcode::RENAMEAT,
        fd: olddirfd,
        addr: oldpath as u64,
        len: newdirfd as u32,
        off: newpath as u64,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// UNLINKAT: unlinkat(2); `flags` 0 or AT_REMOVEDIR. res = 0. Linux 5.11.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_unlinkat(
    op: *mut Op,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
) {
    let filled = Op {
        opcode: opcode::UNLINKAT,
        fd: dirfd,
        addr: path as u64,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// MKDIRAT: mkdirat(2). res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_mkdirat(
    op: *mut Op,
    dirfd: i32,
    path: *const c_char,
    mode: u32,
) {
    let filled =
        Op { opcode: opcode::MKDIRAT, fd: dirfd, addr: path as u64, len: mode, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SYMLINKAT: symlinkat(2): `path` becomes a link to `target`. res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_symlinkat(
    op: *mut Op,
    target: *const c_char,
    dirfd: i32,
    path: *const c_char,
) {
    let filled = Op {
        opcode: opcode::SYMLINKAT,
        fd: dirfd,
        addr: target as u64,
        off: path as u64,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// LINKAT: linkat(2); `flags` of AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_linkat(
    op: *mut Op,
    olddirfd: i32,
    oldpath: *const c_char,
    newdirfd: i32,
    newpath: *const c_char,
    flags: i32,
) {
    let filled = Op {
        opcode: opcode::LINKAT,
        fd: olddirfd,
        addr: oldpath as u64,
        len: newdirfd as u32,
        off: newpath as u64,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// PIPE: pipe2(2); `fds` is int[2], written until FINAL. res = 0. Two ordinary descriptors only:
/// submit answers -EINVAL to a file_index. Linux 6.16.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_pipe(op: *mut Op, fds: *mut i32, flags: u32) {
    let filled = Op { opcode: opcode::PIPE, addr: fds as u64, op_flags: flags, ..Op::default() };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}
