//! Listeners: bound once for all workers, and what each worker makes of its own socket.
//!
//! Owns: nothing; it says what of them the worker above may name.

mod accepting;
mod listening;
mod registry;
mod share;

pub use accepting::Listeners;
pub use listening::Manner;
pub use registry::Registry;
