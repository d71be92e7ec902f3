//! Operations on paths.
//!
//! Owns: nothing.

use crate::driver::{Op, opcode};
use crate::task::disk::{DiskIoFuture, Kept};
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path for the kernel.
fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a path has no NUL in it"))
}

/// Do what `describe` makes of the address of `path`.
fn on_path(path: &Path, describe: impl FnOnce(u64) -> Op) -> io::Result<DiskIoFuture> {
    let path = c_path(path)?;
    let op = describe(path.as_ptr() as u64);
    // SAFETY: the operation names the path alone, whose bytes are on the heap.
    unsafe { DiskIoFuture::submit(Kept::Path { _path: path }, op) }
}

/// As [`on_path`], for two.
fn on_paths(
    from: &Path,
    to: &Path,
    describe: impl FnOnce(u64, u64) -> Op,
) -> io::Result<DiskIoFuture> {
    let (from, to) = (c_path(from)?, c_path(to)?);
    let op = describe(from.as_ptr() as u64, to.as_ptr() as u64);
    // SAFETY: the operation names the paths alone, whose bytes are on the heap.
    unsafe { DiskIoFuture::submit(Kept::Paths { _from: from, _to: to }, op) }
}

/// Rename a file or a folder; what `to` names is replaced.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::rename("new.txt", "old.txt")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// At once: `NotConnected` where the calling thread is no worker, `InvalidInput` for a path with a
/// NUL. Of the future: what rename(2) says.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    on_paths(from.as_ref(), to.as_ref(), |from, to| Op {
        opcode: opcode::RENAMEAT,
        fd: libc::AT_FDCWD,
        addr: from,
        len: libc::AT_FDCWD as u32,
        off: to,
        ..Op::default()
    })
}

/// Remove a file.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::remove("old.txt")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`]; of the future what unlink(2) says.
pub fn remove(path: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    on_path(path.as_ref(), |path| Op {
        opcode: opcode::UNLINKAT,
        fd: libc::AT_FDCWD,
        addr: path,
        ..Op::default()
    })
}

/// Make a folder of these permissions, of which umask takes some.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::mkdir("folder", 0o755)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`]; of the future what mkdir(2) says.
pub fn mkdir(path: impl AsRef<Path>, mode: u32) -> io::Result<DiskIoFuture> {
    on_path(path.as_ref(), |path| Op {
        opcode: opcode::MKDIRAT,
        fd: libc::AT_FDCWD,
        addr: path,
        len: mode,
        ..Op::default()
    })
}
