//! Direct I/O by the synchronous side: what becomes of it is the handler's to hear.
//!
//! Owns: nothing.

use super::file::{close, open_direct_io_file, sync, transfer, used};
use super::words::{DirectIoFile, DirectIoOp};
use crate::driver::{Op, opcode};
use crate::task::disk::{About, Kept};
use crate::task::driver_ctx::DriverCtx;
use std::io;

impl DriverCtx<'_> {
    /// As [`open_direct_io_file`](crate::open_direct_io_file).
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>) -> std::io::Result<()> {
    /// let disk = driver.open_direct_io_file("/dev/loop0")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn open_direct_io_file(&mut self, path: &str) -> io::Result<DirectIoFile> {
        open_direct_io_file(path)
    }

    /// Begin to read, as [`direct_io_read`](crate::direct_io_read); the number under which
    /// [`on_direct_io_complete`](crate::AsyncEventHandler::on_direct_io_complete) hears of it.
    ///
    /// ```
    /// # use ringline::{DirectIoFile, DriverCtx};
    /// # fn example(driver: &mut DriverCtx<'_>, file: DirectIoFile, at: *mut u8)
    /// # -> std::io::Result<()> {
    /// // SAFETY: there are 4096 bytes, which nobody touches until the completion is heard of.
    /// let seq = unsafe { driver.direct_io_read(file, 0, at, 4096) }?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`direct_io_read`](crate::direct_io_read) says at once.
    ///
    /// # Safety
    /// `at` is valid for writes of `len` bytes, and nobody else's, until the completion was heard
    /// of, or the worker is over.
    pub unsafe fn direct_io_read(
        &mut self,
        file: DirectIoFile,
        offset: u64,
        at: *mut u8,
        len: u32,
    ) -> io::Result<u32> {
        let op = |slot| transfer(opcode::READ, slot, offset, at as u64, len);
        // SAFETY: the caller vouches for the memory.
        unsafe { self.begin_direct(file, DirectIoOp::Read, op) }
    }

    /// Begin to write, as [`direct_io_write`](crate::direct_io_write); the number under which
    /// [`on_direct_io_complete`](crate::AsyncEventHandler::on_direct_io_complete) hears of it.
    ///
    /// ```
    /// # use ringline::{DirectIoFile, DriverCtx};
    /// # fn example(driver: &mut DriverCtx<'_>, file: DirectIoFile, at: *const u8)
    /// # -> std::io::Result<()> {
    /// // SAFETY: there are 4096 bytes, which do not change until the completion is heard of.
    /// let seq = unsafe { driver.direct_io_write(file, 0, at, 4096) }?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`direct_io_write`](crate::direct_io_write) says at once.
    ///
    /// # Safety
    /// `at` is valid for reads of `len` bytes, which do not change, until the completion was heard
    /// of, or the worker is over.
    pub unsafe fn direct_io_write(
        &mut self,
        file: DirectIoFile,
        offset: u64,
        at: *const u8,
        len: u32,
    ) -> io::Result<u32> {
        let op = |slot| transfer(opcode::WRITE, slot, offset, at as u64, len);
        // SAFETY: the caller vouches for the memory.
        unsafe { self.begin_direct(file, DirectIoOp::Write, op) }
    }

    /// Begin to sync, as [`direct_io_fsync`](crate::direct_io_fsync); the number under which
    /// [`on_direct_io_complete`](crate::AsyncEventHandler::on_direct_io_complete) hears of it.
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, file: ringline::DirectIoFile)
    /// # -> std::io::Result<()> {
    /// let seq = driver.direct_io_fsync(file)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`direct_io_fsync`](crate::direct_io_fsync) says at once.
    pub fn direct_io_fsync(&mut self, file: DirectIoFile) -> io::Result<u32> {
        // SAFETY: it names no memory.
        unsafe { self.begin_direct(file, DirectIoOp::Fsync, sync) }
    }

    /// Close a file: see [`direct_io::close`](crate::direct_io::close).
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, file: ringline::DirectIoFile)
    /// # -> std::io::Result<()> {
    /// driver.close_direct_io_file(file)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn close_direct_io_file(&mut self, file: DirectIoFile) -> io::Result<()> {
        close(file)
    }

    /// # Safety
    /// What the operation names is valid until it is over, or the worker is.
    unsafe fn begin_direct(
        &mut self,
        handle: DirectIoFile,
        what: DirectIoOp,
        describe: impl FnOnce(u32) -> Op,
    ) -> io::Result<u32> {
        let (file, permit) = used(handle)?;
        let op = describe(file.slot());
        let about = About::Direct(handle, what);
        // SAFETY: the caller vouches for the memory, and the file is kept.
        unsafe { self.begin(about, (Kept::Fixed { _file: file }, permit), &op) }
    }
}
