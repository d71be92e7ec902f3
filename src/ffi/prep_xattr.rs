//! Group G: prep helpers, extended attributes.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::{fill, rw};
use crate::driver::{Op, opcode};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;

/// GETXATTR: getxattr(2) of `path` into `value`, written until FINAL. res = the length (with `len`
/// 0 as well); -ENODATA, -ERANGE. Linux 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_getxattr(
    op: Option<&mut MaybeUninit<Op>>,
    path: *const c_char,
    name: *const c_char,
    value: *mut c_void,
    len: u32,
) {
    fill(op, Op { addr3: path as u64, ..rw(opcode::GETXATTR, 0, name as u64, len, value as u64) });
}

/// SETXATTR: setxattr(2) of `path`; `flags` 0, XATTR_CREATE or XATTR_REPLACE. res = 0; -EEXIST,
/// -ENODATA. Linux 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_setxattr(
    op: Option<&mut MaybeUninit<Op>>,
    path: *const c_char,
    name: *const c_char,
    value: *const c_void,
    len: u32,
    flags: i32,
) {
    fill(
        op,
        Op {
            op_flags: flags as u32,
            addr3: path as u64,
            ..rw(opcode::SETXATTR, 0, name as u64, len, value as u64)
        },
    );
}

/// FGETXATTR: fgetxattr(2) into `value`, written until FINAL. res as of getxattr. Linux 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fgetxattr(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    name: *const c_char,
    value: *mut c_void,
    len: u32,
) {
    fill(op, rw(opcode::FGETXATTR, fd, name as u64, len, value as u64));
}

/// FSETXATTR: fsetxattr(2); `flags` 0, XATTR_CREATE or XATTR_REPLACE. res as of setxattr. Linux
/// 5.19.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prep_fsetxattr(
    op: Option<&mut MaybeUninit<Op>>,
    fd: i32,
    name: *const c_char,
    value: *const c_void,
    len: u32,
    flags: i32,
) {
    fill(
        op,
        Op { op_flags: flags as u32, ..rw(opcode::FSETXATTR, fd, name as u64, len, value as u64) },
    );
}
