//! Files and folders, by the ring of the calling task's worker.
//!
//! A function that is no `async fn` begins its operation when it is called, and returns the future
//! of it: what cannot even begin is an error at once. Dropping a future cancels its operation,
//! where the kernel did not begin it yet; what the operation was given is kept until the kernel is
//! done with it, and a file that is opened after that is closed.
//!
//! What the ring has no operation for (reading a folder, copying a file as a whole) is done by the
//! runtime's threads for what blocks; the functions for that are `async fn`, and dropping their
//! futures does not end what such a thread has begun.
//!
//! Buffers are given to an operation and come back with its result. A [`File`] is a handle that is
//! copied freely; it is the worker's that opened it, and open until [`close`] or the worker's end.
//! [`File::owned`] makes one that closes itself.
//!
//! ```
//! use ringline::fs::{self, OpenFlags};
//!
//! async fn greet() -> std::io::Result<()> {
//!     let flags = OpenFlags::READ_WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
//!     let file = fs::open("greeting.txt", flags, 0o644)?.await?.owned();
//!     fs::write_all(*file, 0, "hello".into()).await.0?;
//!     fs::fdatasync(*file)?.await?;
//!     let text = fs::read_to_end(*file).await?;
//!     assert_eq!(text, "hello");
//!     Ok(())
//! }
//! ```

mod attributes;
mod config;
mod content;
mod data;
mod file;
mod folders;
mod metadata;
mod paths;

pub use attributes::{get_attribute, set_attribute};
pub use config::FsConfig;
pub use content::{read_exact, read_file, read_to_end, write_all, write_file};
pub use data::{
    ReadFuture, ReadVectoredFuture, WriteFuture, WriteVectoredFuture, append, fallocate, fdatasync,
    fsync, punch_hole, read, read_into, read_vectored, splice, truncate, write, write_from,
    write_vectored,
};
pub use file::{File, OpenFlags, OpenFuture, OwnedFile, adopt, close, create, open};
pub use folders::{
    DirEntry, copy, list_attributes, read_dir, read_link, remove_attribute, remove_dir_all,
    set_permissions,
};
pub use metadata::{Metadata, StatFuture, file_metadata, stat, symlink_metadata};
pub use paths::{create_dir, create_dir_all, link, mkdir, remove, remove_dir, rename, symlink};
