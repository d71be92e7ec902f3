//! Reading and writing files that are open, and what else is done to their bytes.
//!
//! Owns: nothing; a buffer is its operation's until that is over.

use super::file::{File, used};
use crate::driver::{Op, opcode};
use crate::task::disk::{DiskIoFuture, Kept, Permit, submit};
use crate::task::operation::Operation;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Bytes of one operation at most.
const LONGEST: usize = i32::MAX as usize;
/// Pieces of one operation at most: UIO_MAXIOV of Linux.
const MOST_PIECES: usize = 1024;
/// Of pwritev2(2): write at the end, whatever the offset.
const RWF_APPEND: u32 = 0x10;
const FSYNC_DATASYNC: u32 = 1;
/// Of a splice: the pipe has no offset, or the file's own position is used.
const NO_OFFSET: u64 = u64::MAX;

/// Do `op` to a file.
fn on_file(file: File, op: Op) -> io::Result<DiskIoFuture> {
    let (opened, fd, permit) = used(file)?;
    // SAFETY: it names no memory, and the file is open as long as it is kept.
    unsafe { DiskIoFuture::submit(Kept::File { _file: opened }, permit, Op { fd, ..op }) }
}

/// Read into memory of the caller's, from `offset` on; resolves to the bytes read, 0 at the end.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let mut bytes = vec![0; 4096];
/// // SAFETY: the bytes are there until the read is over, which is awaited.
/// let count = unsafe { ringline::fs::read(file, 0, bytes.as_mut_ptr(), 4096) }?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`read_into`].
///
/// # Safety
/// `at` is valid for writes of `len` bytes, and nobody else's, until the future has resolved.
/// Dropping the future is no end of the read: then until the worker is over.
pub unsafe fn read(file: File, offset: u64, at: *mut u8, len: u32) -> io::Result<DiskIoFuture> {
    let (opened, fd, permit) = used(file)?;
    let op = Op { opcode: opcode::READ, fd, off: offset, addr: at as u64, len, ..Op::default() };
    // SAFETY: the caller vouches for the memory, and the file is open as long as it is kept.
    unsafe { DiskIoFuture::submit(Kept::File { _file: opened }, permit, op) }
}

/// Write memory of the caller's, from `offset` on; resolves to the bytes written.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let bytes = b"hello";
/// // SAFETY: the bytes are there for good.
/// let count = unsafe { ringline::fs::write(file, 0, bytes.as_ptr(), 5) }?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`].
///
/// # Safety
/// `at` is valid for reads of `len` bytes, which do not change, until the future has resolved.
/// Dropping the future is no end of the write: then until the worker is over.
pub unsafe fn write(file: File, offset: u64, at: *const u8, len: u32) -> io::Result<DiskIoFuture> {
    let (opened, fd, permit) = used(file)?;
    let op = Op { opcode: opcode::WRITE, fd, off: offset, addr: at as u64, len, ..Op::default() };
    // SAFETY: the caller vouches for the memory, and the file is open as long as it is kept.
    unsafe { DiskIoFuture::submit(Kept::File { _file: opened }, permit, op) }
}

/// A buffer, and the file that it is read from or written to.
type Buffered<B> = Operation<((B, Rc<OwnedFd>), Permit)>;

/// The future of [`read_into`].
///
/// ```
/// use bytes::BytesMut;
/// use ringline::fs::ReadFuture;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let reading: ReadFuture = ringline::fs::read_into(file, 0, BytesMut::with_capacity(64))?;
/// let (count, bytes) = reading.await;
/// assert_eq!(count?, bytes.len());
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the read"]
pub struct ReadFuture {
    operation: Buffered<BytesMut>,
}

impl Future for ReadFuture {
    type Output = (io::Result<usize>, BytesMut);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, ((mut buffer, _), _))| {
            let count = outcome.value().map(|count| count as usize);
            if let Ok(count) = count {
                // SAFETY: the kernel wrote so many bytes behind those that were there.
                unsafe { buffer.set_len(buffer.len() + count) };
            }
            (count, buffer)
        })
    }
}

/// Read from `offset` on into the spare capacity of `buffer`, behind what it has; resolves to the
/// bytes read, 0 at the end of the file, and the buffer.
///
/// ```
/// use bytes::BytesMut;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let (count, bytes) = ringline::fs::read_into(file, 0, BytesMut::with_capacity(4096))?.await;
/// println!("{} bytes: {bytes:?}", count?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// At once: `NotConnected` where the file was closed, is another worker's, or the calling thread is
/// no worker; `InvalidInput` where the buffer has no spare capacity; `StorageFull` where
/// [`FsConfig`](super::FsConfig) has no room for another operation. Of the future: what pread(2)
/// says.
pub fn read_into(file: File, offset: u64, buffer: BytesMut) -> io::Result<ReadFuture> {
    let spare = (buffer.capacity() - buffer.len()).min(LONGEST);
    if spare == 0 {
        return Err(io::Error::new(ErrorKind::InvalidInput, "reserve capacity to read into"));
    }
    let (opened, fd, permit) = used(file)?;
    let describe = |(buffer, _): &mut (BytesMut, _)| Op {
        opcode: opcode::READ,
        fd,
        off: offset,
        addr: buffer.spare_capacity_mut().as_mut_ptr() as u64,
        len: spare as u32,
        ..Op::default()
    };
    // SAFETY: the bytes are on the heap and the buffer's alone, and the file is kept open.
    let operation = unsafe { submit((buffer, opened), permit, describe) }?;
    Ok(ReadFuture { operation })
}

/// The future of [`write_from`] and [`append`].
///
/// ```
/// use ringline::fs::WriteFuture;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let writing: WriteFuture = ringline::fs::write_from(file, 0, "hello".into())?;
/// let (count, buffer) = writing.await;
/// println!("{} of {} bytes", count?, buffer.len());
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the write"]
pub struct WriteFuture<B: 'static = BytesMut> {
    operation: Buffered<B>,
}

impl<B: 'static> Future for WriteFuture<B> {
    type Output = (io::Result<usize>, B);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, ((buffer, _), _))| {
            (outcome.value().map(|count| count as usize), buffer)
        })
    }
}

/// Submit a write of `buffer`, whose bytes stay where they are when it is moved.
fn begin_write<B: AsRef<[u8]> + 'static>(
    file: File,
    offset: u64,
    buffer: B,
    flags: u32,
) -> io::Result<WriteFuture<B>> {
    let (opened, fd, permit) = used(file)?;
    let describe = |(buffer, _): &mut (B, _)| Op {
        opcode: opcode::WRITE,
        fd,
        off: offset,
        addr: buffer.as_ref().as_ptr() as u64,
        len: buffer.as_ref().len().min(LONGEST) as u32,
        op_flags: flags,
        ..Op::default()
    };
    // SAFETY: a buffer of the callers has its bytes on the heap, or for good; the file is open.
    let operation = unsafe { submit((buffer, opened), permit, describe) }?;
    Ok(WriteFuture { operation })
}

/// Write what `buffer` has, from `offset` on; resolves to the bytes written, which may be fewer
/// ([`write_all`](super::write_all) goes on), and the buffer as it was.
///
/// ```
/// use bytes::BytesMut;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let (count, buffer) = ringline::fs::write_from(file, 0, BytesMut::from("hello"))?.await;
/// assert_eq!(count?, 5);
/// # Ok(()) }
/// ```
///
/// # Errors
/// At once: `NotConnected` where the file was closed, is another worker's, or the calling thread is
/// no worker; `StorageFull` where [`FsConfig`](super::FsConfig) has no room for another operation.
/// Of the future: what pwrite(2) says.
pub fn write_from(file: File, offset: u64, buffer: BytesMut) -> io::Result<WriteFuture> {
    begin_write(file, offset, buffer, 0)
}

/// As [`write_from`], for bytes that are shared.
pub(super) fn write_bytes(file: File, offset: u64, bytes: Bytes) -> io::Result<WriteFuture<Bytes>> {
    begin_write(file, offset, bytes, 0)
}

/// Write what `buffer` has at the end of the file, however that was opened: writes of others come
/// before or after, never in between.
///
/// ```
/// use bytes::BytesMut;
/// # async fn example(log: ringline::fs::File) -> std::io::Result<()> {
/// let (count, buffer) = ringline::fs::append(log, BytesMut::from("a line\n"))?.await;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; of the future what pwritev2(2) says.
pub fn append(file: File, buffer: BytesMut) -> io::Result<WriteFuture> {
    begin_write(file, 0, buffer, RWF_APPEND)
}

/// Buffers, and the pieces of memory that the kernel reads them by.
struct Pieces<B> {
    buffers: Vec<B>,
    vectors: Vec<libc::iovec>,
    _file: Rc<OwnedFd>,
}

fn begin_vectored<B: 'static>(
    file: File,
    op: Op,
    buffers: Vec<B>,
    piece: impl Fn(&mut B) -> libc::iovec,
) -> io::Result<Operation<(Pieces<B>, Permit)>> {
    if buffers.len() > MOST_PIECES {
        return Err(io::Error::new(ErrorKind::InvalidInput, "1024 buffers at most at a time"));
    }
    let (opened, fd, permit) = used(file)?;
    let mut pieces = Pieces { buffers, vectors: Vec::new(), _file: opened };
    pieces.vectors = pieces.buffers.iter_mut().map(piece).collect();
    let describe = |pieces: &mut Pieces<B>| Op {
        fd,
        addr: pieces.vectors.as_ptr() as u64,
        len: pieces.vectors.len() as u32,
        ..op
    };
    // SAFETY: bytes and pieces are on the heap and kept as they are, and the file is kept open.
    unsafe { submit(pieces, permit, describe) }
}

/// The future of [`read_vectored`].
///
/// ```
/// use bytes::BytesMut;
/// use ringline::fs::ReadVectoredFuture;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let parts = vec![BytesMut::with_capacity(16), BytesMut::with_capacity(64)];
/// let reading: ReadVectoredFuture = ringline::fs::read_vectored(file, 0, parts)?;
/// let (count, parts) = reading.await;
/// assert_eq!(count?, parts[0].len() + parts[1].len());
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the read"]
pub struct ReadVectoredFuture {
    operation: Operation<(Pieces<BytesMut>, Permit)>,
}

impl Future for ReadVectoredFuture {
    type Output = (io::Result<usize>, Vec<BytesMut>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, (mut pieces, _))| {
            let count = outcome.value().map(|count| count as usize);
            let mut left = *count.as_ref().unwrap_or(&0);
            for (buffer, piece) in pieces.buffers.iter_mut().zip(&pieces.vectors) {
                let filled = left.min(piece.iov_len);
                // SAFETY: the kernel filled the pieces one after the other.
                unsafe { buffer.set_len(buffer.len() + filled) };
                left -= filled;
            }
            (count, pieces.buffers)
        })
    }
}

/// Read from `offset` on into the spare capacity of each of `buffers` in turn; resolves to the
/// bytes read and the buffers.
///
/// ```
/// use bytes::BytesMut;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let parts = vec![BytesMut::with_capacity(16), BytesMut::with_capacity(4096)];
/// let (count, parts) = ringline::fs::read_vectored(file, 0, parts)?.await;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`read_into`]; `InvalidInput` for more than 1024 buffers.
pub fn read_vectored(
    file: File,
    offset: u64,
    buffers: Vec<BytesMut>,
) -> io::Result<ReadVectoredFuture> {
    let op = Op { opcode: opcode::READV, off: offset, ..Op::default() };
    let piece = |buffer: &mut BytesMut| {
        let spare = buffer.spare_capacity_mut();
        libc::iovec { iov_base: spare.as_mut_ptr().cast(), iov_len: spare.len() }
    };
    let operation = begin_vectored(file, op, buffers, piece)?;
    Ok(ReadVectoredFuture { operation })
}

/// The future of [`write_vectored`].
///
/// ```
/// use ringline::fs::WriteVectoredFuture;
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let parts = vec!["head".into(), "body".into()];
/// let writing: WriteVectoredFuture = ringline::fs::write_vectored(file, 0, parts)?;
/// assert_eq!(writing.await.0?, 8);
/// # Ok(()) }
/// ```
#[must_use = "dropping the future cancels the write"]
pub struct WriteVectoredFuture {
    operation: Operation<(Pieces<Bytes>, Permit)>,
}

impl Future for WriteVectoredFuture {
    type Output = (io::Result<usize>, Vec<Bytes>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, (pieces, _))| {
            (outcome.value().map(|count| count as usize), pieces.buffers)
        })
    }
}

/// Write all of `parts` in turn, from `offset` on, as one; resolves to the bytes written, which may
/// be fewer, and the parts.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let parts = vec!["head".into(), "body".into()];
/// let (count, parts) = ringline::fs::write_vectored(file, 0, parts)?.await;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; `InvalidInput` for more than 1024 parts.
pub fn write_vectored(
    file: File,
    offset: u64,
    parts: Vec<Bytes>,
) -> io::Result<WriteVectoredFuture> {
    let op = Op { opcode: opcode::WRITEV, off: offset, ..Op::default() };
    let piece = |part: &mut Bytes| libc::iovec {
        iov_base: part.as_ptr().cast_mut().cast(),
        iov_len: part.len(),
    };
    let operation = begin_vectored(file, op, parts, piece)?;
    Ok(WriteVectoredFuture { operation })
}

/// A `Debug` for each of these, which says its name.
macro_rules! debug {
    ($($name:ident),*) => {
        $(
            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($name)).finish_non_exhaustive()
                }
            }
        )*
    };
}

debug! { ReadFuture, ReadVectoredFuture, WriteVectoredFuture }

impl<B: 'static> fmt::Debug for WriteFuture<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteFuture").finish_non_exhaustive()
    }
}

/// Have all that was written to a file, and what is said of it, be on its disk.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::fsync(file)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; of the future what fsync(2) says.
pub fn fsync(file: File) -> io::Result<DiskIoFuture> {
    on_file(file, Op { opcode: opcode::FSYNC, ..Op::default() })
}

/// As [`fsync`], but of what is said of the file only as much as is needed to read it again.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::fdatasync(file)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`fsync`].
pub fn fdatasync(file: File) -> io::Result<DiskIoFuture> {
    on_file(file, Op { opcode: opcode::FSYNC, op_flags: FSYNC_DATASYNC, ..Op::default() })
}

/// Cut a file to `len` bytes, or let it grow to them with zeros. Linux 6.9.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::truncate(file, 0)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; `Unsupported` on an older kernel; of the future what ftruncate(2) says.
pub fn truncate(file: File, len: u64) -> io::Result<DiskIoFuture> {
    on_file(file, Op { opcode: opcode::FTRUNCATE, off: len, ..Op::default() })
}

/// Have room on the disk for `len` bytes from `offset` on, and the file be as long.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::fallocate(file, 0, 1 << 20)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; of the future what fallocate(2) says.
pub fn fallocate(file: File, offset: u64, len: u64) -> io::Result<DiskIoFuture> {
    on_file(file, Op { opcode: opcode::FALLOCATE, off: offset, addr: len, ..Op::default() })
}

/// Give back what `len` bytes from `offset` on take on the disk: they read as zeros, and the file
/// is as long as before.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// ringline::fs::punch_hole(file, 0, 1 << 20)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`fallocate`].
pub fn punch_hole(file: File, offset: u64, len: u64) -> io::Result<DiskIoFuture> {
    let mode = (libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE) as u32;
    let op = Op { opcode: opcode::FALLOCATE, off: offset, addr: len, len: mode, ..Op::default() };
    on_file(file, op)
}

/// Move up to `len` bytes from one file to another within the kernel. One of them is a pipe
/// ([`adopt`](super::adopt) has a file of one), whose offset is `None`; that of a file is where
/// it is read or written, or `None` for its own position. Resolves to the bytes moved, 0 at the
/// end.
///
/// ```
/// # async fn example(file: ringline::fs::File, pipe: ringline::fs::File) -> std::io::Result<()> {
/// let moved = ringline::fs::splice(file, Some(0), pipe, None, 65536)?.await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`]; of the future what splice(2) says.
pub fn splice(
    from: File,
    from_offset: Option<u64>,
    to: File,
    to_offset: Option<u64>,
    len: u32,
) -> io::Result<DiskIoFuture> {
    let (source, source_fd, permit) = used(from)?;
    let (target, fd, _) = used(to)?;
    let op = Op {
        opcode: opcode::SPLICE,
        fd,
        off: to_offset.unwrap_or(NO_OFFSET),
        addr: from_offset.unwrap_or(NO_OFFSET),
        len,
        file_index: source_fd as u32,
        ..Op::default()
    };
    let kept = Kept::Files { _from: source, _to: target };
    // SAFETY: it names no memory, and the files are open as long as they are kept.
    unsafe { DiskIoFuture::submit(kept, permit, op) }
}
