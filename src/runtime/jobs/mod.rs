//! Jobs: what a worker has others do for it: threads that may block, and child processes.
//!
//! Owns: nothing; it says what of them the worker above may name.

mod leaving;
mod process;
mod threads;

pub use leaving::{LOOKUPS_NS, Leaving, STARTS_NS};
pub use process::{Processes, UNKNOWN};
