//! Direct I/O with buffers that an operation has until it is over.
//!
//! Owns: nothing.

use super::aligned::AlignedBuffer;
use super::file::{transfer, used};
use super::words::DirectIoFile;
use crate::driver::opcode;
use crate::task::disk::{FixedFile, Permit, submit};
use crate::task::operation::Operation;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Bytes of one operation at most, aligned.
const LONGEST: usize = (i32::MAX as usize) & !4095;

/// The future of [`read_into`] and [`write_from`].
///
/// ```
/// use ringline::direct_io::{AlignedBuffer, AlignedFuture, read_into};
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// // Two are under way at a time.
/// let first: AlignedFuture = read_into(file, 0, AlignedBuffer::new(4096))?;
/// let second = read_into(file, 4096, AlignedBuffer::new(4096))?;
/// let ((one, _), (two, _)) = ringline::join(first, second).await;
/// println!("{} bytes", one? + two?);
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the operation"]
pub struct AlignedFuture {
    operation: Operation<((AlignedBuffer, Rc<FixedFile>), Permit)>,
}

impl Future for AlignedFuture {
    type Output = (io::Result<usize>, AlignedBuffer);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, ((buffer, _), _))| {
            (outcome.value().map(|count| count as usize), buffer)
        })
    }
}

impl fmt::Debug for AlignedFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedFuture").finish_non_exhaustive()
    }
}

fn begin(
    opcode: u8,
    file: DirectIoFile,
    offset: u64,
    buffer: AlignedBuffer,
) -> io::Result<AlignedFuture> {
    let (file, permit) = used(file)?;
    let slot = file.slot();
    let describe = |(buffer, _): &mut (AlignedBuffer, _)| {
        let len = buffer.len().min(LONGEST) as u32;
        transfer(opcode, slot, offset, buffer.as_mut_ptr() as u64, len)
    };
    // SAFETY: the buffer's bytes stay where they are when it is moved, and the file is kept.
    let operation = unsafe { submit((buffer, file), permit, describe) }?;
    Ok(AlignedFuture { operation })
}

/// Read from `offset` on until `buffer` is full, or the file ends; resolves to the bytes read and
/// the buffer. Offset and length are multiples of the disk's block.
///
/// ```
/// use ringline::direct_io::{AlignedBuffer, read_into};
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// let (count, block) = read_into(file, 0, AlignedBuffer::new(4096))?.await;
/// println!("{} bytes, the first is {}", count?, block[0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`direct_io_read`](super::direct_io_read).
pub fn read_into(
    file: DirectIoFile,
    offset: u64,
    buffer: AlignedBuffer,
) -> io::Result<AlignedFuture> {
    begin(opcode::READ, file, offset, buffer)
}

/// Write all of `buffer` from `offset` on; resolves to the bytes written and the buffer. Offset and
/// length are multiples of the disk's block.
///
/// ```
/// use ringline::direct_io::{AlignedBuffer, write_from};
/// # async fn example(file: ringline::DirectIoFile) -> std::io::Result<()> {
/// let (count, block) = write_from(file, 0, AlignedBuffer::new(4096))?.await;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`direct_io_write`](super::direct_io_write).
pub fn write_from(
    file: DirectIoFile,
    offset: u64,
    buffer: AlignedBuffer,
) -> io::Result<AlignedFuture> {
    begin(opcode::WRITE, file, offset, buffer)
}
