//! Group G: prep helpers, files and paths.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;

/// OPENAT2: openat2(2); `how` is a struct open_how of `size` bytes. res and file_index as of
/// openat.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_openat2(
    op: Option<&mut MaybeUninit<Op>>,
    dirfd: i32,
    path: *const c_char,
    how: *const c_void,
    size: u32,
) {
    fill(op, rw(opcode::OPENAT2, dirfd, path as u64, size, how as u64));
}

/// STATX: statx(2) into `buf`, a struct statx that is written until FINAL. res = 0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_statx(
    op: Option<&mut MaybeUninit<Op>>,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
    mask: u32,
    buf: *mut c_void,
) {
    fill(
        op,
        Op { op_flags: flags as u32, ..rw(opcode::STATX, dirfd, path as u64, mask, buf as u64) },
    );
}

/// FALLOCATE: fallocate(2); `mode` of FALLOC_FL_*. res = 0; -EOPNOTSUPP where the file system
/// cannot.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fallocate(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    mode: i32,
    off: u64,
    len: u64,
) {
    fill(op, rw(opcode::FALLOCATE, fd, len, mode as u32, off));
}

/// FTRUNCATE: ftruncate(2) to `len` bytes. res = 0. Linux 6.9.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_ftruncate(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    len: u64,
) {
    fill(op, rw(opcode::FTRUNCATE, fd, 0, 0, len));
}

/// SYNC_FILE_RANGE: sync_file_range(2); `flags` of SYNC_FILE_RANGE_*. res = 0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_sync_file_range(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    off: u64,
    len: u32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::SYNC_FILE_RANGE, fd, 0, len, off) });
}

/// FADVISE: posix_fadvise(2); `advice` of POSIX_FADV_*. res = 0. `len` of 4 GiB and more needs
/// Linux 6.10.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fadvise(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    off: u64,
    len: u64,
    advice: i32,
) {
    // Up to 32 bits stand where every kernel looks for them.
    let (short, long) = u32::try_from(len).map_or((0, len), |len| (len, 0));
    fill(op, Op { op_flags: advice as u32, ..rw(opcode::FADVISE, fd, long, short, off) });
}

/// MADVISE: madvise(2); `advice` of MADV_*. res = 0. `len` of 4 GiB and more needs Linux 6.10.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_madvise(
    op: Option<&mut MaybeUninit<Op>>,
    addr: *mut c_void,
    len: u64,
    advice: i32,
) {
    // Up to 32 bits stand where every kernel looks for them.
    let (short, long) = u32::try_from(len).map_or((0, len), |len| (len, 0));
    fill(op, Op { op_flags: advice as u32, ..rw(opcode::MADVISE, -1, addr as u64, short, long) });
}

/// RENAMEAT: renameat2(2); `flags` of RENAME_*. res = 0. Linux 5.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_renameat(
    op: Option<&mut MaybeUninit<Op>>,
    olddirfd: i32,
    oldpath: *const c_char,
    newdirfd: i32,
    newpath: *const c_char,
    flags: u32,
) {
    fill(
        op,
        Op {
            op_flags: flags,
            ..rw(opcode::RENAMEAT, olddirfd, oldpath as u64, newdirfd as u32, newpath as u64)
        },
    );
}

/// UNLINKAT: unlinkat(2); `flags` 0 or AT_REMOVEDIR. res = 0. Linux 5.11.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_unlinkat(
    op: Option<&mut MaybeUninit<Op>>,
    dirfd: i32,
    path: *const c_char,
    flags: i32,
) {
    fill(op, Op { op_flags: flags as u32, ..rw(opcode::UNLINKAT, dirfd, path as u64, 0, 0) });
}

/// MKDIRAT: mkdirat(2). res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_mkdirat(
    op: Option<&mut MaybeUninit<Op>>,
    dirfd: i32,
    path: *const c_char,
    mode: u32,
) {
    fill(op, rw(opcode::MKDIRAT, dirfd, path as u64, mode, 0));
}

/// SYMLINKAT: symlinkat(2): `path` becomes a link to `target`. res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_symlinkat(
    op: Option<&mut MaybeUninit<Op>>,
    target: *const c_char,
    dirfd: i32,
    path: *const c_char,
) {
    fill(op, rw(opcode::SYMLINKAT, dirfd, target as u64, 0, path as u64));
}

/// LINKAT: linkat(2); `flags` of AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. res = 0. Linux 5.15.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_linkat(
    op: Option<&mut MaybeUninit<Op>>,
    olddirfd: i32,
    oldpath: *const c_char,
    newdirfd: i32,
    newpath: *const c_char,
    flags: i32,
) {
    fill(
        op,
        Op {
            op_flags: flags as u32,
            ..rw(opcode::LINKAT, olddirfd, oldpath as u64, newdirfd as u32, newpath as u64)
        },
    );
}

/// PIPE: pipe2(2); `fds` is int[2], written until FINAL. res = 0. Two ordinary descriptors only:
/// submit answers -EINVAL to a file_index. Linux 6.16.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_pipe(
    op: Option<&mut MaybeUninit<Op>>,
    fds: *mut i32,
    flags: u32,
) {
    fill(op, Op { op_flags: flags, ..rw(opcode::PIPE, 0, fds as u64, 0, 0) });
}
