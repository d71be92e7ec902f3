//! Memory lent to the kernel: pools of provided buffers and their leases.
//!
//! Owns: buffer memory and who may touch it. Never knows connections or callbacks.

mod graveyard;
mod pool;
mod registry;

pub use graveyard::{bury, reclaim};
pub use pool::{PoolInfo, PoolRef};
pub use registry::release_lease;
