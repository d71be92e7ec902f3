//! Commands with buffers that they have until they are over.
//!
//! Owns: nothing.

use super::command::NvmeUringCmd;
use super::device::{entry, used};
use super::namespace::Namespace;
use super::words::NvmeDevice;
use crate::task::direct_io::AlignedBuffer;
use crate::task::disk::{Permit, refused, submit};
use crate::task::operation::Operation;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The future of [`read_into`] and [`write_from`].
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// use ringline::nvme::{NvmeFuture, read_into};
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let reading: NvmeFuture = read_into(device, 0, AlignedBuffer::new(4096))?;
/// let (read, _blocks) = reading.await;
/// read?;
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the command"]
pub struct NvmeFuture {
    operation: Operation<((AlignedBuffer, Rc<Namespace>), Permit)>,
}

impl Future for NvmeFuture {
    type Output = (io::Result<()>, AlignedBuffer);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, ((buffer, _), _))| (refused(outcome).map(drop), buffer))
    }
}

impl fmt::Debug for NvmeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvmeFuture").finish_non_exhaustive()
    }
}

/// How many blocks a buffer has.
fn blocks_of(namespace: &Namespace, buffer: &AlignedBuffer) -> io::Result<u16> {
    let size = namespace.identity.map_err(io::Error::from_raw_os_error)?.block_size as usize;
    let whole = buffer.len() % size == 0;
    let blocks = u16::try_from(buffer.len() / size).ok();
    blocks.filter(|blocks| whole && *blocks > 0).ok_or_else(|| {
        let text = "a buffer for a command has whole blocks, 65535 at most";
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

type Command = fn(u32, u64, u16, u64, u32) -> NvmeUringCmd;

fn begin(
    command: Command,
    device: NvmeDevice,
    lba: u64,
    mut buffer: AlignedBuffer,
) -> io::Result<NvmeFuture> {
    let (namespace, permit) = used(device)?;
    let blocks = blocks_of(&namespace, &buffer)?;
    let len = u32::try_from(buffer.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let bytes = command(namespace.nsid, lba, blocks, buffer.as_mut_ptr() as u64, len).to_bytes();
    let op = entry(&namespace, &bytes);
    // SAFETY: the buffer's bytes stay where they are when it is moved, and the device is kept.
    let operation = unsafe { submit((buffer, namespace), permit, |_| op) }?;
    Ok(NvmeFuture { operation })
}

/// Read blocks from `lba` on until `buffer` is full, and have it back.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let (read, blocks) = ringline::nvme::read_into(device, 0, AlignedBuffer::new(4096))?.await;
/// read?;
/// println!("the first byte is {}", blocks[0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`nvme_read`](super::nvme_read); `InvalidInput` where the buffer has no whole blocks.
pub fn read_into(device: NvmeDevice, lba: u64, buffer: AlignedBuffer) -> io::Result<NvmeFuture> {
    begin(NvmeUringCmd::read, device, lba, buffer)
}

/// Write all of `buffer` from block `lba` on, and have it back.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// # async fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let (written, blocks) = ringline::nvme::write_from(device, 0, AlignedBuffer::new(4096))?.await;
/// written?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`nvme_write`](super::nvme_write); `InvalidInput` where the buffer has no whole blocks.
pub fn write_from(device: NvmeDevice, lba: u64, buffer: AlignedBuffer) -> io::Result<NvmeFuture> {
    begin(NvmeUringCmd::write, device, lba, buffer)
}
