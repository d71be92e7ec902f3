//! What files and devices share: the future of an operation on one of them.
//!
//! Owns: nothing; it says what of the room others may name.

mod future;

pub use future::DiskIoFuture;
pub(super) use future::Kept;
