//! Files and folders, by the ring of the calling task's worker.
//!
//! Every function begins its operation when it is called and returns a future; dropping that
//! cancels the operation where the kernel did not begin it yet.

mod paths;

pub use paths::{mkdir, remove, rename};
