//! Group G: prep helpers, extended attributes.
//! Each fills the whole op (user_data becomes 0: set it after).
//!
//! None can fail; a NULL op is ignored.

use super::prep::fill;
use crate::ring::{Op, opcode};
use core::ffi::{c_char, c_void};

/// GETXATTR: getxattr(2) of `path` into `value`, written until FINAL. res = the length (with `len`
/// 0 as well); -ENODATA, -ERANGE. Linux 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_getxattr(
    op: *mut Op,
    path: *const c_char,
    name: *const c_char,
    value: *mut c_void,
    len: u32,
) {
    let filled = Op {
        opcode: opcode::GETXATTR,
        addr: name as u64,
        off: value as u64,
        len,
        addr3: path as u64,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// SETXATTR: setxattr(2) of `path`; `flags` 0, XATTR_CREATE or XATTR_REPLACE. res = 0; -EEXIST,
/// -ENODATA. Linux 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_setxattr(
    op: *mut Op,
    path: *const c_char,
    name: *const c_char,
    value: *const c_void,
    len: u32,
    flags: i32,
) {
    let filled = Op {
        opcode: opcode::SETXATTR,
        addr: name as u64,
        off: value as u64,
        len,
        op_flags: flags as u32,
        addr3: path as u64,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FGETXATTR: fgetxattr(2) into `value`, written until FINAL. res as of getxattr. Linux 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fgetxattr(
    op: *mut Op,
    fd: i32,
    name: *const c_char,
    value: *mut c_void,
    len: u32,
) {
    let filled = Op {
        opcode: opcode::FGETXATTR,
        fd,
        addr: name as u64,
        off: value as u64,
        len,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}

/// FSETXATTR: fsetxattr(2); `flags` 0, XATTR_CREATE or XATTR_REPLACE. res as of setxattr. Linux
/// 5.19.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_prep_fsetxattr(
    op: *mut Op,
    fd: i32,
    name: *const c_char,
    value: *const c_void,
    len: u32,
    flags: i32,
) {
    let filled = Op {
        opcode: opcode::FSETXATTR,
        fd,
        addr: name as u64,
        off: value as u64,
        len,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: the caller vouches for a writable op.
    unsafe { fill(op, filled) };
}
