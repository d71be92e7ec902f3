//! What is lent to the kernel: pools of provided buffers and their leases, regions, files.
//!
//! Owns: buffer memory and who may touch it, and which file lies in which slot. Never knows
//! connections or callbacks.

mod files;
mod graveyard;
mod held;
mod piece;
mod pool;
mod pool_ref;
mod region;
mod registry;

pub use files::{Files, INDEX_ALLOC};
pub use graveyard::{bury, reclaim};
pub use held::Held;
pub use piece::{Leased, Piece};
pub use pool_ref::{PoolInfo, PoolRef, PoolSpec};
pub use region::{RegionInfo, Regions};
pub use registry::{holder, release_here, release_lease};
