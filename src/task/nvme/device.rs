//! Devices that are open, and commands to them.
//!
//! Owns: nothing; the worker's ring has the devices.

use super::command::{NVME_URING_CMD_IO, NvmeUringCmd};
use super::namespace::Namespace;
use super::words::{NvmeDevice, NvmeIdentity};
use crate::driver::{Op, opcode, sqe_flag};
use crate::task::disk::{DiskIoFuture, Kept, Permit, Shelf};
use crate::task::here::{no_worker, with_here};
use std::io;
use std::path::Path;
use std::rc::Rc;

/// What `body` makes of the devices of the calling thread's worker.
fn on_shelf<T>(body: impl FnOnce(&Shelf<Namespace>) -> io::Result<T>) -> io::Result<T> {
    with_here(|here, _| body(here.disk.nvme()?)).ok_or_else(no_worker)?
}

/// The namespace behind a handle, and a permit for a command to it.
pub(super) fn used(device: NvmeDevice) -> io::Result<(Rc<Namespace>, Permit)> {
    on_shelf(|shelf| Ok((shelf.get(device.0)?, shelf.commands.take()?)))
}

/// Whether a command may have so many blocks.
pub(super) fn check_blocks(num_blocks: u16) -> io::Result<()> {
    if num_blocks == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "num_blocks is 1 at least"));
    }
    Ok(())
}

/// The entry for a command, whose 80 bytes are copied when it is submitted.
pub(super) fn entry(namespace: &Namespace, bytes: &[u8; 80]) -> Op {
    Op {
        opcode: opcode::URING_CMD,
        flags: sqe_flag::FIXED_FILE,
        fd: namespace.file.slot() as i32,
        off: NVME_URING_CMD_IO.into(),
        ext: bytes.as_ptr() as u64,
        ..Op::default()
    }
}

/// Open namespace `nsid` of a device, by its character device. It is opened at once, and asked what
/// it is.
///
/// ```
/// # fn example() -> std::io::Result<()> {
/// let device = ringline::open_nvme_device("/dev/ng0n1", 1)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; `Unsupported` where `Config::nvme` is
/// `None`; `InvalidInput` for what is no namespace of an NVMe device; `StorageFull` where
/// [`NvmeConfig::max_devices`](super::NvmeConfig::max_devices) are open; what open(2) says.
pub fn open_nvme_device(path: &str, nsid: u32) -> io::Result<NvmeDevice> {
    let permit = on_shelf(|shelf| shelf.room.take())?;
    let opened = Namespace::open(Path::new(path), nsid)?;
    on_shelf(|shelf| Ok(NvmeDevice(shelf.put(opened, permit))))
}

/// Close a device. Commands that are under way go on, and the kernel closes it after them.
///
/// ```
/// # fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// ringline::nvme::close(device)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` when it was closed before, or is another worker's.
pub fn close(device: NvmeDevice) -> io::Result<()> {
    on_shelf(|shelf| shelf.close(device.0))
}

/// What the namespace said of itself when it was opened.
///
/// ```
/// # fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// println!("blocks of {} bytes", ringline::nvme::identify(device)?.block_size);
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` when it was closed, or is another worker's; what the device answered to the
/// Identify command.
pub fn identify(device: NvmeDevice) -> io::Result<NvmeIdentity> {
    let namespace = on_shelf(|shelf| shelf.get(device.0))?;
    namespace.identity.map_err(io::Error::from_raw_os_error)
}

/// Submit a command.
///
/// # Safety
/// As of [`nvme_command`].
unsafe fn begin(
    device: NvmeDevice,
    command: impl FnOnce(u32) -> NvmeUringCmd,
) -> io::Result<DiskIoFuture> {
    let (namespace, permit) = used(device)?;
    let bytes = command(namespace.nsid).to_bytes();
    let op = entry(&namespace, &bytes);
    // SAFETY: the caller vouches for the memory, and the device is kept.
    unsafe { DiskIoFuture::submit(Kept::Nvme { _namespace: namespace }, permit, op) }
}

/// Do any command of the NVM command set; resolves to 0.
///
/// ```
/// use ringline::nvme::NvmeUringCmd;
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// // Write Zeroes, 8 blocks from the first one on.
/// let zero = NvmeUringCmd { opcode: 8, nsid: 1, cdw12: 7, ..NvmeUringCmd::flush(1) };
/// // SAFETY: it names no memory.
/// unsafe { ringline::nvme::nvme_command(device, zero) }?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`nvme_read`].
///
/// # Safety
/// The memory that the command names is valid for what the device does with it, and nobody else's,
/// until the future has resolved. Dropping the future is no end of the command: then until the
/// worker is over.
pub unsafe fn nvme_command(device: NvmeDevice, command: NvmeUringCmd) -> io::Result<DiskIoFuture> {
    // SAFETY: the caller's duty is the same.
    unsafe { begin(device, |_| command) }
}

/// Read `num_blocks` blocks from `lba` on into the `buf_len` bytes at `buf_addr`; resolves to 0.
/// [`read_into`](super::read_into) does it with a buffer of its own.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let mut block = AlignedBuffer::new(512);
/// ringline::nvme_read(device, 0, 1, block.as_mut_ptr() as u64, 512)?.await?;
/// # Ok(()) }
/// ```
///
/// # Safety
/// It is no `unsafe fn` because it is published without; all the same the memory has to be valid
/// for writes, and nobody else's, until the future has resolved. Dropping the future is no end of
/// the command: then until the worker is over.
///
/// # Errors
/// At once: `NotConnected` where the device was closed, is another worker's, or the calling thread
/// is no worker; `InvalidInput` for 0 blocks; `StorageFull` where
/// `NvmeConfig::max_commands_in_flight` are under way. Of the future: errno of the kernel, or
/// `Other` with the status by which the device refused the command.
pub fn nvme_read(
    device: NvmeDevice,
    lba: u64,
    num_blocks: u16,
    buf_addr: u64,
    buf_len: u32,
) -> io::Result<DiskIoFuture> {
    check_blocks(num_blocks)?;
    // SAFETY: the caller vouches for the memory, as the documentation asks.
    unsafe { begin(device, |nsid| NvmeUringCmd::read(nsid, lba, num_blocks, buf_addr, buf_len)) }
}

/// Write `num_blocks` blocks from `lba` on: the `buf_len` bytes at `buf_addr`; resolves to 0.
/// [`write_from`](super::write_from) does it with a buffer of its own.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let block = AlignedBuffer::new(512);
/// ringline::nvme_write(device, 0, 1, block.as_ptr() as u64, 512)?.await?;
/// # Ok(()) }
/// ```
///
/// # Safety
/// It is no `unsafe fn` because it is published without; all the same the memory has to be valid
/// for reads, and unchanged, until the future has resolved. Dropping the future is no end of the
/// command: then until the worker is over.
///
/// # Errors
/// As [`nvme_read`].
pub fn nvme_write(
    device: NvmeDevice,
    lba: u64,
    num_blocks: u16,
    buf_addr: u64,
    buf_len: u32,
) -> io::Result<DiskIoFuture> {
    check_blocks(num_blocks)?;
    // SAFETY: the caller vouches for the memory, as the documentation asks.
    unsafe { begin(device, |nsid| NvmeUringCmd::write(nsid, lba, num_blocks, buf_addr, buf_len)) }
}

/// Have all that was written be on the medium; resolves to 0.
///
/// ```
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// ringline::nvme::nvme_flush(device)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`nvme_read`].
pub fn nvme_flush(device: NvmeDevice) -> io::Result<DiskIoFuture> {
    // SAFETY: it names no memory.
    unsafe { begin(device, NvmeUringCmd::flush) }
}
