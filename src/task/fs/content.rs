//! Reading and writing to the end: operations one after the other.
//!
//! Owns: nothing.

use super::data::write_bytes;
use super::file::{File, OpenFlags, create, open};
use super::metadata::file_metadata;
use super::read_into;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::path::Path;

/// How much is read at a time where the file does not say how much there is.
const PIECE: usize = 64 << 10;

/// Write all of `bytes`, from `offset` on; what comes back is what was not written, for an error.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let (written, _rest) = ringline::fs::write_all(file, 0, "hello".into()).await;
/// written?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`write_from`](super::write_from); `WriteZero` where the file takes nothing more.
pub async fn write_all(file: File, mut offset: u64, mut bytes: Bytes) -> (io::Result<()>, Bytes) {
    while !bytes.is_empty() {
        let written = match write_bytes(file, offset, bytes.clone()) {
            Ok(write) => write.await.0,
            Err(error) => Err(error),
        };
        match written {
            Ok(0) => return (Err(io::ErrorKind::WriteZero.into()), bytes),
            Ok(count) => {
                bytes.advance(count);
                offset += count as u64;
            }
            Err(error) => return (Err(error), bytes),
        }
    }
    (Ok(()), bytes)
}

/// Read `len` bytes from `offset` on.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let head = ringline::fs::read_exact(file, 0, 16).await?;
/// assert_eq!(head.len(), 16);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`read_into`]; `UnexpectedEof` where the file ends before.
pub async fn read_exact(file: File, offset: u64, len: usize) -> io::Result<BytesMut> {
    let mut all = BytesMut::with_capacity(len);
    while all.len() < len {
        let (count, filled) = read_into(file, offset + all.len() as u64, all)?.await;
        all = filled;
        if count? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    // There may be more room than was asked for.
    all.truncate(len);
    Ok(all)
}

/// Read a file from its beginning to its end.
///
/// ```
/// # async fn example(file: ringline::fs::File) -> std::io::Result<()> {
/// let bytes = ringline::fs::read_to_end(file).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`read_into`].
pub async fn read_to_end(file: File) -> io::Result<BytesMut> {
    let size = file_metadata(file)?.await?.size;
    // One more, so that the end is seen without another buffer.
    let mut all = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0).max(PIECE - 1) + 1);
    loop {
        if all.capacity() == all.len() {
            all.reserve(PIECE.max(all.len()));
        }
        let (count, filled) = read_into(file, all.len() as u64, all)?.await;
        all = filled;
        if count? == 0 {
            return Ok(all);
        }
    }
}

/// Read the whole of the file of this path.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let bytes = ringline::fs::read_file("old.txt").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`open`] and [`read_into`].
pub async fn read_file(path: impl AsRef<Path>) -> io::Result<BytesMut> {
    let file = open(path, OpenFlags::READ, 0)?.await?.owned();
    read_to_end(*file).await
}

/// Write a file of this path: a new one, or in place of what there is.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::write_file("new.txt", "hello").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`open`] and [`write_all`].
pub async fn write_file(path: impl AsRef<Path>, bytes: impl Into<Bytes>) -> io::Result<()> {
    let file = create(path)?.await?.owned();
    write_all(*file, 0, bytes.into()).await.0
}
