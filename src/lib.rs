//! libringline: Linux io_uring as one shared library.
//!
//! The house, from the ground up: [`sys`] is the kernel and nothing else, [`ring`] owns queues and
//! lives, [`resource`] owns the memory lent to the kernel, [`op`] knows each operation, [`runtime`]
//! is a server on top of them, and `ffi` (feature `capi`) is the C door. The upper floor may use
//! the lower, never back.
//!
//! The modules are public for the project's own tests and tools; only the C ABI is stable.

#[doc(hidden)]
pub mod error;
#[cfg(feature = "capi")]
#[doc(hidden)]
pub mod ffi;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod op;
#[doc(hidden)]
pub mod resource;
#[doc(hidden)]
pub mod ring;
#[doc(hidden)]
pub mod runtime;
#[doc(hidden)]
pub mod sys;
#[doc(hidden)]
pub mod text;
