//! Files that are open: their handles, and how they are opened and closed.
//!
//! Owns: nothing; the worker has the descriptors.

use super::paths::{c_path, on_files};
use crate::driver::{Op, opcode};
use crate::task::disk::{Handle, Permit, submit};
use crate::task::here::{no_worker, with_here};
use crate::task::operation::Operation;
use std::ffi::CString;
use std::future::Future;
use std::io;
use std::ops::{BitOr, Deref};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A file that is open: a handle of the worker that opened it, which is copied freely. It is open
/// until [`close`] or the worker's end; afterwards, and on other workers, it names nothing.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let file = ringline::fs::create("new.txt")?.await?;
/// ringline::fs::close(file)?;
/// assert!(ringline::fs::fsync(file).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct File(pub(super) Handle);

impl File {
    /// Its place among the worker's open files, from 0.
    ///
    /// ```
    /// # fn example(file: ringline::fs::File) {
    /// println!("the file in place {}", file.index());
    /// # }
    /// ```
    pub fn index(&self) -> usize {
        self.0.index()
    }

    /// One that closes itself when it is dropped.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// let file = ringline::fs::create("new.txt")?.await?.owned();
    /// ringline::fs::fsync(*file)?.await?;
    /// # Ok(()) }
    /// ```
    pub fn owned(self) -> OwnedFile {
        OwnedFile { file: self }
    }
}

/// A [`File`] that is closed when this is dropped.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let file = ringline::fs::create("new.txt")?.await?.owned();
/// let handle = *file;
/// drop(file);
/// assert!(ringline::fs::fsync(handle).is_err());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct OwnedFile {
    file: File,
}

impl Deref for OwnedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for OwnedFile {
    fn drop(&mut self) {
        // It may be closed already, by a copy of its handle or with its worker.
        let _ = close(self.file);
    }
}

/// How a file is opened: one of [`READ`](OpenFlags::READ), [`WRITE`](OpenFlags::WRITE) and
/// [`READ_WRITE`](OpenFlags::READ_WRITE), and what is added by `|`.
///
/// ```
/// use ringline::fs::OpenFlags;
/// let log = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::APPEND;
/// assert_eq!(log.bits(), libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenFlags(i32);

/// A constant for each of these, which is one of open(2)'s.
macro_rules! flags {
    ($($(#[doc = $text:literal])* $name:ident = $value:expr;)*) => {
        $(
            $(#[doc = $text])*
            pub const $name: OpenFlags = OpenFlags($value);
        )*
    };
}

impl OpenFlags {
    flags! {
        /// For reading.
        READ = libc::O_RDONLY;
        /// For writing.
        WRITE = libc::O_WRONLY;
        /// For both.
        READ_WRITE = libc::O_RDWR;
        /// Make the file where there is none, of the mode that `open` is given.
        CREATE = libc::O_CREAT;
        /// Cut what is there to nothing.
        TRUNCATE = libc::O_TRUNC;
        /// Each write goes to the end, whatever its offset.
        APPEND = libc::O_APPEND;
        /// With `CREATE`: refuse where there is one.
        EXCLUSIVE = libc::O_EXCL;
        /// Refuse what is no folder.
        DIRECTORY = libc::O_DIRECTORY;
        /// Refuse a symbolic link.
        NO_FOLLOW = libc::O_NOFOLLOW;
        /// Each write is on the disk when it is done.
        DATA_SYNC = libc::O_DSYNC;
        /// A file without a name, in the folder that is opened: it goes when it is closed.
        TEMPORARY = libc::O_TMPFILE;
    }

    /// As open(2) has them.
    ///
    /// ```
    /// assert_eq!(ringline::fs::OpenFlags::WRITE.bits(), libc::O_WRONLY);
    /// ```
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// Any flags of open(2).
    ///
    /// ```
    /// use ringline::fs::OpenFlags;
    /// let quiet = OpenFlags::READ | OpenFlags::from_bits(libc::O_NOATIME);
    /// ```
    pub const fn from_bits(bits: i32) -> OpenFlags {
        OpenFlags(bits)
    }
}

impl BitOr for OpenFlags {
    type Output = OpenFlags;

    fn bitor(self, other: OpenFlags) -> OpenFlags {
        OpenFlags(self.0 | other.0)
    }
}

/// The future of [`open`] and [`create`]. Dropping it cancels the open; a file that is opened
/// nevertheless is closed.
///
/// ```
/// use ringline::fs::{File, OpenFuture};
/// # async fn example() -> std::io::Result<()> {
/// let opening: OpenFuture = ringline::fs::create("new.txt")?;
/// let file: File = opening.await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "dropping the future cancels the open"]
pub struct OpenFuture {
    operation: Operation<(CString, Permit)>,
    /// One of the files that may be open.
    room: Option<Permit>,
}

impl Future for OpenFuture {
    type Output = io::Result<File>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<File>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.operation).poll(cx);
        polled.map(|(outcome, _)| {
            let number = outcome.value()? as i32;
            // SAFETY: the kernel made the descriptor for this operation, and it is nobody else's.
            let opened = unsafe { OwnedFd::from_raw_fd(number) };
            let room = this.room.take().ok_or_else(no_worker)?;
            keep(opened, room)
        })
    }
}

/// Have the worker keep a file.
fn keep(opened: OwnedFd, room: Permit) -> io::Result<File> {
    with_here(|here, _| Ok(File(here.disk.files()?.put(opened, room)))).ok_or_else(no_worker)?
}

/// Open a file. `mode` is what a file that is made is permitted, of which umask takes some.
///
/// ```
/// use ringline::fs::{self, OpenFlags};
/// # async fn example() -> std::io::Result<()> {
/// let log = fs::open("log.txt", OpenFlags::WRITE | OpenFlags::CREATE, 0o600)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// At once: `NotConnected` where the calling thread is no worker, `InvalidInput` for a path with a
/// NUL, `StorageFull` where [`FsConfig`](super::FsConfig) has no room for another file or
/// operation. Of the future: what open(2) says.
pub fn open(path: impl AsRef<Path>, flags: OpenFlags, mode: u32) -> io::Result<OpenFuture> {
    let path = c_path(path.as_ref())?;
    let (room, permit) = on_files(|files| Ok((files.room.take()?, files.commands.take()?)))?;
    let describe = |path: &mut CString| Op {
        opcode: opcode::OPENAT,
        fd: libc::AT_FDCWD,
        addr: path.as_ptr() as u64,
        len: mode,
        op_flags: (flags.0 | libc::O_CLOEXEC) as u32,
        ..Op::default()
    };
    // SAFETY: the operation names the path alone, whose bytes are on the heap.
    let operation = unsafe { submit(path, permit, describe) }?;
    Ok(OpenFuture { operation, room: Some(room) })
}

/// Open a file for writing: a new one, or what is there is cut to nothing.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let file = ringline::fs::create("new.txt")?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`open`].
pub fn create(path: impl AsRef<Path>) -> io::Result<OpenFuture> {
    open(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE, 0o644)
}

/// Have the worker keep a descriptor that was opened elsewhere, of a pipe or a file of std.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let file = ringline::fs::adopt(std::fs::File::open("old.txt")?)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; `StorageFull` where
/// [`FsConfig::max_files`](super::FsConfig::max_files) are open.
pub fn adopt(opened: impl Into<OwnedFd>) -> io::Result<File> {
    let room = on_files(|files| files.room.take())?;
    keep(opened.into(), room)
}

/// Close a file: its handle names nothing from now on. Operations that are under way go on, and the
/// kernel closes it after them.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::close(file)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` when it was closed before, or is another worker's.
pub fn close(file: File) -> io::Result<()> {
    on_files(|files| files.close(file.0))
}

/// The descriptor of a file, and a permit for an operation on it.
pub(super) fn used(file: File) -> io::Result<(std::rc::Rc<OwnedFd>, i32, Permit)> {
    on_files(|files| {
        let opened = files.get(file.0)?;
        let fd = opened.as_raw_fd();
        Ok((opened, fd, files.commands.take()?))
    })
}
