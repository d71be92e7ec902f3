//! Direct I/O: reads and writes that pass by the page cache, on files that are registered with the
//! ring of the worker.
//!
//! It is there where `Config::direct_io` says how much of it. Address, offset and length of each
//! read and write are multiples of the block of the file's disk, mostly 512 or 4096 bytes: what is
//! not is refused by the kernel with `EINVAL`. An [`AlignedBuffer`] has such an address, and
//! [`read_into`] and [`write_from`] are safe with it.
//!
//! ```
//! use ringline::direct_io::{self, AlignedBuffer};
//!
//! async fn first_block(path: &str) -> std::io::Result<AlignedBuffer> {
//!     let file = ringline::open_direct_io_file(path)?;
//!     let (count, block) = direct_io::read_into(file, 0, AlignedBuffer::new(4096))?.await;
//!     println!("{} bytes", count?);
//!     direct_io::close(file)?;
//!     Ok(block)
//! }
//! ```

mod aligned;
mod buffered;
mod driver;
mod file;
mod words;

pub use aligned::AlignedBuffer;
pub use buffered::{AlignedFuture, read_into, write_from};
pub use file::{
    close, direct_io_fsync, direct_io_read, direct_io_write, open_direct_io_file, open_with,
};
pub(super) use words::described;
pub use words::{DirectIoCompletion, DirectIoConfig, DirectIoFile, DirectIoOp};
