//! Files that are open for direct I/O.
//!
//! Owns: nothing; the worker's ring has the files.

use super::words::DirectIoFile;
use crate::driver::{Op, opcode, sqe_flag};
use crate::task::disk::{DiskIoFuture, FixedFile, Kept, Permit, Shelf};
use crate::task::fs::OpenFlags;
use crate::task::here::{no_worker, with_here};
use std::io;
use std::path::Path;
use std::rc::Rc;

/// What `body` makes of the files of the calling thread's worker.
fn on_shelf<T>(body: impl FnOnce(&Shelf<FixedFile>) -> io::Result<T>) -> io::Result<T> {
    with_here(|here, _| body(here.disk.direct()?)).ok_or_else(no_worker)?
}

/// The file behind a handle, and a permit for an operation on it.
pub(super) fn used(file: DirectIoFile) -> io::Result<(Rc<FixedFile>, Permit)> {
    on_shelf(|shelf| Ok((shelf.get(file.0)?, shelf.commands.take()?)))
}

/// Open a file or a disk for direct I/O, to be read and written. It is opened at once: open(2) is
/// called in here.
///
/// ```
/// # fn example() -> std::io::Result<()> {
/// let disk = ringline::open_direct_io_file("/dev/loop0")?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; `Unsupported` where `Config::direct_io` is
/// `None`; `StorageFull` where [`DirectIoConfig::max_files`](super::DirectIoConfig::max_files) are
/// open; what open(2) says, `EINVAL` where the file system has no direct I/O.
pub fn open_direct_io_file(path: &str) -> io::Result<DirectIoFile> {
    open_with(path, OpenFlags::READ_WRITE, 0)
}

/// As [`open_direct_io_file`], by these flags; `mode` is what a file that is made is permitted.
///
/// ```
/// use ringline::fs::OpenFlags;
/// # fn example() -> std::io::Result<()> {
/// let file = ringline::direct_io::open_with("data", OpenFlags::READ, 0)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`open_direct_io_file`].
pub fn open_with(path: impl AsRef<Path>, flags: OpenFlags, mode: u32) -> io::Result<DirectIoFile> {
    let permit = on_shelf(|shelf| shelf.room.take())?;
    let opened = FixedFile::open(path.as_ref(), flags.bits() | libc::O_DIRECT, mode)?;
    on_shelf(|shelf| Ok(DirectIoFile(shelf.put(opened, permit))))
}

/// Close a file. Operations that are under way go on, and the kernel closes it after them.
///
/// ```
/// # fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// ringline::direct_io::close(file)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` when it was closed before, or is another worker's.
pub fn close(file: DirectIoFile) -> io::Result<()> {
    on_shelf(|shelf| shelf.close(file.0))
}

/// A read or a write of memory.
pub(super) fn transfer(opcode: u8, slot: u32, offset: u64, at: u64, len: u32) -> Op {
    Op {
        opcode,
        flags: sqe_flag::FIXED_FILE,
        fd: slot as i32,
        off: offset,
        addr: at,
        len,
        ..Op::default()
    }
}

/// What has all that was written be on the disk.
pub(super) fn sync(slot: u32) -> Op {
    Op { opcode: opcode::FSYNC, flags: sqe_flag::FIXED_FILE, fd: slot as i32, ..Op::default() }
}

/// Read `len` bytes from `offset` on into `at`, all of them aligned; resolves to the bytes read.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// let mut block = AlignedBuffer::new(4096);
/// // SAFETY: the block is there until the read is over, which is awaited.
/// let count = unsafe { ringline::direct_io_read(file, 0, block.as_mut_ptr(), 4096) }?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// At once: `NotConnected` where the file was closed, is another worker's, or the calling thread is
/// no worker; `StorageFull` where `DirectIoConfig::max_commands_in_flight` are under way. Of the
/// future: what pread(2) says, `EINVAL` where address, offset or length is not aligned.
///
/// # Safety
/// `at` is valid for writes of `len` bytes, and nobody else's, until the future has resolved.
/// Dropping the future is no end of the read: then until the worker is over.
pub unsafe fn direct_io_read(
    file: DirectIoFile,
    offset: u64,
    at: *mut u8,
    len: u32,
) -> io::Result<DiskIoFuture> {
    let (file, permit) = used(file)?;
    let op = transfer(opcode::READ, file.slot(), offset, at as u64, len);
    // SAFETY: the caller vouches for the memory, and the file is kept.
    unsafe { DiskIoFuture::submit(Kept::Fixed { _file: file }, permit, op) }
}

/// Write `len` bytes at `at` from `offset` on, all of them aligned; resolves to the bytes written.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// let block = AlignedBuffer::new(4096);
/// // SAFETY: the block is there until the write is over, which is awaited.
/// let count = unsafe { ringline::direct_io_write(file, 0, block.as_ptr(), 4096) }?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`direct_io_read`]; of the future what pwrite(2) says.
///
/// # Safety
/// `at` is valid for reads of `len` bytes, which do not change, until the future has resolved.
/// Dropping the future is no end of the write: then until the worker is over.
pub unsafe fn direct_io_write(
    file: DirectIoFile,
    offset: u64,
    at: *const u8,
    len: u32,
) -> io::Result<DiskIoFuture> {
    let (file, permit) = used(file)?;
    let op = transfer(opcode::WRITE, file.slot(), offset, at as u64, len);
    // SAFETY: the caller vouches for the memory, and the file is kept.
    unsafe { DiskIoFuture::submit(Kept::Fixed { _file: file }, permit, op) }
}

/// Have all that was written be on the disk, also what the disk itself keeps for a while.
///
/// ```
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// ringline::direct_io_fsync(file)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`direct_io_read`]; of the future what fsync(2) says.
pub fn direct_io_fsync(file: DirectIoFile) -> io::Result<DiskIoFuture> {
    let (file, permit) = used(file)?;
    let op = sync(file.slot());
    // SAFETY: it names no memory, and the file is kept.
    unsafe { DiskIoFuture::submit(Kept::Fixed { _file: file }, permit, op) }
}
