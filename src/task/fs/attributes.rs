//! Extended attributes of files.
//!
//! Owns: nothing.

use super::paths::{c_path, c_string, on_files};
use crate::driver::{Op, opcode};
use crate::task::disk::{DiskIoFuture, Kept, submit};
use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Set an extended attribute of a file, whose name begins with a namespace: `user.` for one.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::set_attribute("page.html", "user.mime_type", b"text/html")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`](super::rename); of the future what setxattr(2) says, `Unsupported` where the file
/// system has none.
pub fn set_attribute(
    path: impl AsRef<Path>,
    name: impl AsRef<OsStr>,
    value: impl Into<Vec<u8>>,
) -> io::Result<DiskIoFuture> {
    let path = c_path(path.as_ref())?;
    let (name, value) = (c_string(name.as_ref().as_bytes())?, value.into());
    let permit = on_files(|files| files.commands.take())?;
    let op = Op {
        opcode: opcode::SETXATTR,
        fd: -1,
        addr: name.as_ptr() as u64,
        len: value.len().try_into().map_err(|_| io::ErrorKind::InvalidInput)?,
        off: value.as_ptr() as u64,
        addr3: path.as_ptr() as u64,
        ..Op::default()
    };
    let kept = Kept::Attribute { _path: path, _name: name, _value: value };
    // SAFETY: path, name and value are on the heap.
    unsafe { DiskIoFuture::submit(kept, permit, op) }
}

/// Bytes of a value at most: XATTR_SIZE_MAX of Linux.
const LONGEST_VALUE: usize = 64 << 10;

/// Read an extended attribute of a file.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let kind = ringline::fs::get_attribute("page.html", "user.mime_type").await?;
/// assert_eq!(kind, b"text/html");
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`](super::rename), and what getxattr(2) says: `ENODATA` where the file has none of
/// this name.
pub async fn get_attribute(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> io::Result<Vec<u8>> {
    let (path, name) = (c_path(path.as_ref())?, c_string(name.as_ref().as_bytes())?);
    let permit = on_files(|files| files.commands.take())?;
    let describe = |(path, name, value): &mut (CString, CString, Vec<u8>)| Op {
        opcode: opcode::GETXATTR,
        fd: -1,
        addr: name.as_ptr() as u64,
        len: LONGEST_VALUE as u32,
        off: value.as_mut_ptr() as u64,
        addr3: path.as_ptr() as u64,
        ..Op::default()
    };
    let kept = (path, name, Vec::with_capacity(LONGEST_VALUE));
    // SAFETY: path, name and the room for the value are on the heap.
    let (outcome, ((_, _, mut value), _)) = unsafe { submit(kept, permit, describe) }?.await;
    let len = outcome.value()? as usize;
    // SAFETY: the kernel wrote so many bytes, of those that there is room for.
    unsafe { value.set_len(len.min(LONGEST_VALUE)) };
    Ok(value)
}
