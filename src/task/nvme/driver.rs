//! Commands to NVMe devices by the synchronous side: what becomes of them is the handler's to hear.
//!
//! Owns: nothing.

use super::command::NvmeUringCmd;
use super::device::{check_blocks, close, entry, open_nvme_device, used};
use super::words::NvmeDevice;
use crate::task::disk::{About, Kept};
use crate::task::driver_ctx::DriverCtx;
use std::io;

impl DriverCtx<'_> {
    /// As [`open_nvme_device`](crate::open_nvme_device).
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>) -> std::io::Result<()> {
    /// let device = driver.open_nvme_device("/dev/ng0n1", 1)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn open_nvme_device(&mut self, path: &str, nsid: u32) -> io::Result<NvmeDevice> {
        open_nvme_device(path, nsid)
    }

    /// Begin to read, as [`nvme_read`](crate::nvme_read); the number under which
    /// [`on_nvme_complete`](crate::AsyncEventHandler::on_nvme_complete) hears of it.
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, device: ringline::NvmeDevice, at: u64)
    /// # -> std::io::Result<()> {
    /// let seq = driver.nvme_read(device, 0, 1, at, 512)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`nvme_read`](crate::nvme_read) says at once.
    ///
    /// # Safety
    /// As there: the memory has to be valid for writes, and nobody else's, until the completion was
    /// heard of, or the worker is over.
    pub fn nvme_read(
        &mut self,
        device: NvmeDevice,
        lba: u64,
        num_blocks: u16,
        buf_addr: u64,
        buf_len: u32,
    ) -> io::Result<u32> {
        check_blocks(num_blocks)?;
        let command = |nsid| NvmeUringCmd::read(nsid, lba, num_blocks, buf_addr, buf_len);
        // SAFETY: the caller vouches for the memory, as the documentation asks.
        unsafe { self.begin_nvme(device, command) }
    }

    /// Begin to write, as [`nvme_write`](crate::nvme_write); the number under which
    /// [`on_nvme_complete`](crate::AsyncEventHandler::on_nvme_complete) hears of it.
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, device: ringline::NvmeDevice, at: u64)
    /// # -> std::io::Result<()> {
    /// let seq = driver.nvme_write(device, 0, 1, at, 512)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`nvme_write`](crate::nvme_write) says at once.
    ///
    /// # Safety
    /// As there: the memory has to be valid for reads, and unchanged, until the completion was
    /// heard of, or the worker is over.
    pub fn nvme_write(
        &mut self,
        device: NvmeDevice,
        lba: u64,
        num_blocks: u16,
        buf_addr: u64,
        buf_len: u32,
    ) -> io::Result<u32> {
        check_blocks(num_blocks)?;
        let command = |nsid| NvmeUringCmd::write(nsid, lba, num_blocks, buf_addr, buf_len);
        // SAFETY: the caller vouches for the memory, as the documentation asks.
        unsafe { self.begin_nvme(device, command) }
    }

    /// Begin to flush, as [`nvme_flush`](crate::nvme_flush); the number under which
    /// [`on_nvme_complete`](crate::AsyncEventHandler::on_nvme_complete) hears of it.
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, device: ringline::NvmeDevice)
    /// # -> std::io::Result<()> {
    /// let seq = driver.nvme_flush(device)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What [`nvme_flush`](crate::nvme_flush) says at once.
    pub fn nvme_flush(&mut self, device: NvmeDevice) -> io::Result<u32> {
        // SAFETY: it names no memory.
        unsafe { self.begin_nvme(device, NvmeUringCmd::flush) }
    }

    /// Close a device: see [`nvme::close`](crate::nvme::close).
    ///
    /// ```
    /// # fn example(driver: &mut ringline::DriverCtx<'_>, device: ringline::NvmeDevice)
    /// # -> std::io::Result<()> {
    /// driver.close_nvme_device(device)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn close_nvme_device(&mut self, device: NvmeDevice) -> io::Result<()> {
        close(device)
    }

    /// # Safety
    /// What the command names is valid until it is over, or the worker is.
    unsafe fn begin_nvme(
        &mut self,
        device: NvmeDevice,
        command: impl FnOnce(u32) -> NvmeUringCmd,
    ) -> io::Result<u32> {
        let (namespace, permit) = used(device)?;
        let bytes = command(namespace.nsid).to_bytes();
        let op = entry(&namespace, &bytes);
        let kept = Kept::Nvme { _namespace: namespace };
        // SAFETY: the caller vouches for the memory, and the device is kept.
        unsafe { self.begin(About::Nvme(device), (kept, permit), &op) }
    }
}
