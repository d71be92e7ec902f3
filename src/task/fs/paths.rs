//! Operations on paths.
//!
//! Owns: nothing.

use crate::driver::{Op, opcode};
use crate::task::disk::{DiskIoFuture, Kept, Shelf};
use crate::task::here::{no_worker, with_here};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path for the kernel.
pub(super) fn c_path(path: &Path) -> io::Result<CString> {
    c_string(path.as_os_str().as_bytes())
}

/// A path or a name for the kernel.
pub(super) fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a path or a name has no NUL"))
}

/// What `body` makes of the files of the calling thread's worker.
pub(super) fn on_files<T>(body: impl FnOnce(&Shelf<OwnedFd>) -> io::Result<T>) -> io::Result<T> {
    with_here(|here, _| body(here.disk.files()?)).ok_or_else(no_worker)?
}

/// Do what `describe` makes of the address of `path`.
fn on_path(path: &Path, describe: impl FnOnce(u64) -> Op) -> io::Result<DiskIoFuture> {
    let path = c_path(path)?;
    let permit = on_files(|files| files.commands.take())?;
    let op = describe(path.as_ptr() as u64);
    // SAFETY: the operation names the path alone, whose bytes are on the heap.
    unsafe { DiskIoFuture::submit(Kept::Path { _path: path }, permit, op) }
}

/// As [`on_path`], for two.
fn on_paths(
    from: &Path,
    to: &Path,
    describe: impl FnOnce(u64, u64) -> Op,
) -> io::Result<DiskIoFuture> {
    let (from, to) = (c_path(from)?, c_path(to)?);
    let permit = on_files(|files| files.commands.take())?;
    let op = describe(from.as_ptr() as u64, to.as_ptr() as u64);
    // SAFETY: the operation names the paths alone, whose bytes are on the heap.
    unsafe { DiskIoFuture::submit(Kept::Paths { _from: from, _to: to }, permit, op) }
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
/// NUL, `StorageFull` where [`FsConfig`](super::FsConfig) has no room for another operation. Of the
/// future: what rename(2) says.
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

/// Remove a file, or a symbolic link.
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
    unlink(path.as_ref(), 0)
}

/// Remove a folder that is empty.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::remove_dir("folder")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`]; of the future what rmdir(2) says.
pub fn remove_dir(path: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    unlink(path.as_ref(), libc::AT_REMOVEDIR as u32)
}

fn unlink(path: &Path, flags: u32) -> io::Result<DiskIoFuture> {
    on_path(path, |path| Op {
        opcode: opcode::UNLINKAT,
        fd: libc::AT_FDCWD,
        addr: path,
        op_flags: flags,
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

/// Make a folder, as std does: umask alone says what it is permitted.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::create_dir("folder")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`mkdir`].
pub fn create_dir(path: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    mkdir(path, 0o777)
}

/// Make a folder and those that it lies in, as far as they are not there.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::create_dir_all("some/folder/deep/down").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`mkdir`]; those that were made stay.
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    let mut missing = Vec::new();
    for folder in path.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        match create_dir(folder)?.await {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(folder),
            Err(error) => {
                // Somebody else may have made it meanwhile; what is there is a folder, or no way.
                if !super::stat(folder)?.await.is_ok_and(|found| found.is_dir) {
                    return Err(error);
                }
                break;
            }
        }
    }
    for folder in missing.into_iter().rev() {
        match create_dir(folder)?.await {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Make a symbolic link at `link` that says `target`.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::symlink("file.txt", "link.txt")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`]; of the future what symlink(2) says.
pub fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    on_paths(target.as_ref(), link.as_ref(), |target, link| Op {
        opcode: opcode::SYMLINKAT,
        fd: libc::AT_FDCWD,
        addr: target,
        off: link,
        ..Op::default()
    })
}

/// Give a file another name: a hard link.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::link("file.txt", "same.txt")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`]; of the future what link(2) says.
pub fn link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<DiskIoFuture> {
    on_paths(from.as_ref(), to.as_ref(), |from, to| Op {
        opcode: opcode::LINKAT,
        fd: libc::AT_FDCWD,
        addr: from,
        len: libc::AT_FDCWD as u32,
        off: to,
        ..Op::default()
    })
}
