//! What files and devices share: what of them a worker has open, and the future of an operation.
//!
//! Owns: nothing; it says what of the room others may name.

mod commands;
mod fixed;
mod future;
mod open;
mod shelf;

pub(super) use commands::{About, COMMAND};
pub(super) use fixed::FixedFile;
pub use future::DiskIoFuture;
pub(super) use future::{Kept, refused, submit};
pub(super) use open::Disk;
pub(super) use shelf::{Handle, Permit, Shelf};
