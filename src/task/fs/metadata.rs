//! What the file system says of a file.
//!
//! Owns: nothing.

use super::file::{File, used};
use super::paths::{c_path, on_files};
use crate::driver::{Op, opcode};
use crate::task::disk::{Permit, submit};
use crate::task::operation::Operation;
use std::ffi::CString;
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What the file system says of a file. Times are since 1970; what is before is 1970.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let found = ringline::fs::stat("old.txt")?.await?;
/// println!("{} bytes, mode {:o}", found.size, found.mode & 0o7777);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// Bytes.
    pub size: u64,
    /// Kind and permissions, as `st_mode` of stat(2).
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Last read.
    pub atime: Duration,
    /// Last written.
    pub mtime: Duration,
    /// This here last changed.
    pub ctime: Duration,
    /// It is an ordinary file.
    pub is_file: bool,
    /// It is a folder.
    pub is_dir: bool,
    /// It is a symbolic link.
    pub is_symlink: bool,
    /// Its number in its file system.
    pub inode: u64,
    /// Names that it has.
    pub links: u32,
    /// Pieces of 512 bytes that it takes on its disk.
    pub blocks: u64,
}

fn since_1970(time: &libc::statx_timestamp) -> Duration {
    match u64::try_from(time.tv_sec) {
        Ok(seconds) => Duration::new(seconds, time.tv_nsec),
        Err(_) => Duration::ZERO,
    }
}

impl Metadata {
    fn of(found: &libc::statx) -> Metadata {
        let kind = u32::from(found.stx_mode) & libc::S_IFMT;
        Metadata {
            size: found.stx_size,
            mode: found.stx_mode.into(),
            uid: found.stx_uid,
            gid: found.stx_gid,
            atime: since_1970(&found.stx_atime),
            mtime: since_1970(&found.stx_mtime),
            ctime: since_1970(&found.stx_ctime),
            is_file: kind == libc::S_IFREG,
            is_dir: kind == libc::S_IFDIR,
            is_symlink: kind == libc::S_IFLNK,
            inode: found.stx_ino,
            links: found.stx_nlink,
            blocks: found.stx_blocks,
        }
    }
}

/// What is looked at, and where the kernel writes what it finds.
struct Look {
    path: CString,
    _file: Option<Rc<OwnedFd>>,
    found: Box<libc::statx>,
}

/// The future of [`stat`] and its kin.
///
/// ```
/// use ringline::fs::StatFuture;
/// # async fn example() -> std::io::Result<()> {
/// let looking: StatFuture = ringline::fs::stat("old.txt")?;
/// println!("{} bytes", looking.await?.size);
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the operation"]
pub struct StatFuture {
    operation: Operation<(Look, Permit)>,
}

impl fmt::Debug for StatFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatFuture").finish_non_exhaustive()
    }
}

impl Future for StatFuture {
    type Output = io::Result<Metadata>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Metadata>> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, (look, _))| outcome.value().map(|_| Metadata::of(&look.found)))
    }
}

fn look(
    path: CString,
    (file, fd): (Option<Rc<OwnedFd>>, i32),
    permit: Permit,
    flags: i32,
) -> io::Result<StatFuture> {
    // SAFETY: it is numbers, of which all may be 0.
    let found = Box::new(unsafe { std::mem::zeroed::<libc::statx>() });
    let describe = |look: &mut Look| Op {
        opcode: opcode::STATX,
        fd,
        addr: look.path.as_ptr() as u64,
        len: libc::STATX_BASIC_STATS,
        off: &raw mut *look.found as u64,
        op_flags: flags as u32,
        ..Op::default()
    };
    // SAFETY: path and result are on the heap and the look's, and its file is open.
    let operation = unsafe { submit(Look { path, _file: file, found }, permit, describe) }?;
    Ok(StatFuture { operation })
}

/// Look at a file, following symbolic links.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// if ringline::fs::stat("folder")?.await?.is_dir {
///     println!("a folder");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rename`](super::rename); of the future what statx(2) says.
pub fn stat(path: impl AsRef<Path>) -> io::Result<StatFuture> {
    let path = c_path(path.as_ref())?;
    let permit = on_files(|files| files.commands.take())?;
    look(path, (None, libc::AT_FDCWD), permit, 0)
}

/// As [`stat`], of a symbolic link itself.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// assert!(ringline::fs::symlink_metadata("link.txt")?.await?.is_symlink);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`stat`].
pub fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<StatFuture> {
    let path = c_path(path.as_ref())?;
    let permit = on_files(|files| files.commands.take())?;
    look(path, (None, libc::AT_FDCWD), permit, libc::AT_SYMLINK_NOFOLLOW)
}

/// As [`stat`], of a file that is open.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let size = ringline::fs::file_metadata(file)?.await?.size;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`read_into`](super::read_into); of the future what statx(2) says.
pub fn file_metadata(file: File) -> io::Result<StatFuture> {
    let (opened, fd, permit) = used(file)?;
    look(CString::default(), (Some(opened), fd), permit, libc::AT_EMPTY_PATH)
}
