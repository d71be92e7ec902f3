//! libringline: Linux io_uring as one shared library.
//!
//! The Rust door, `task`, has the names of the crate's root: [`AsyncEventHandler`] is where to
//! begin. Of it the connections, datagrams, tasks and timers are there; files, TLS, processes and
//! a ring of one's own are not yet.

// The house, from the ground up: `sys` is the kernel and nothing else, `driver` owns queues and
// lives, `resource` owns the memory lent to the kernel, `op` knows each operation, `runtime` is a
// server on top of them, and two doors stand side by side: `ffi` (feature `capi`) for C, and `task`
// for Rust. The upper floor may use the lower, never back.
mod driver;
mod fault;
// Their safety is the header's contract, which their comments are a part of.
#[allow(clippy::missing_safety_doc)]
#[cfg(feature = "capi")]
mod ffi;
mod log;
mod op;
mod resource;
// What is `pub` in the house is shown to its own floors, not to users.
#[allow(missing_docs)]
mod runtime;
mod sys;
mod task;
mod text;

/// The house's floors, for the project's own tests and tools alone: nothing here is stable.
#[doc(hidden)]
pub mod internals {
    pub mod driver {
        pub use crate::driver::*;
    }
    pub mod fault {
        pub use crate::fault::*;
    }
    #[cfg(feature = "capi")]
    pub mod ffi {
        pub use crate::ffi::*;
    }
    pub mod log {
        pub use crate::log::*;
    }
    pub mod op {
        pub use crate::op::*;
    }
    pub mod resource {
        pub use crate::resource::*;
    }
    pub mod runtime {
        pub use crate::runtime::*;
    }
    pub mod sys {
        pub use crate::sys::*;
    }
    pub mod text {
        pub use crate::text::*;
    }
}

pub use task::*;
