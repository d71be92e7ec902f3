//! Linux io_uring as an async runtime: a thread per core, one task per connection.
//!
//! Each worker is a thread with a ring and an executor of its own; tasks never move to another one,
//! so they need neither `Send` nor locks. The same library, built as `libringline.so`, is a C ABI;
//! this is its Rust side.
//!
//! # Quick start
//!
//! ```no_run
//! use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder};
//! use std::future::Future;
//!
//! struct Echo;
//!
//! impl AsyncEventHandler for Echo {
//!     fn create_for_worker(_worker: usize) -> Self {
//!         Echo
//!     }
//!
//!     fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
//!         async move {
//!             let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
//!                 Ok(()) => ParseResult::Consumed(bytes.len()),
//!                 Err(_) => ParseResult::NeedMore,
//!             };
//!             while peer.with_data(echo).await > 0 {}
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), ringline::Error> {
//! let builder = RinglineBuilder::new(ConfigBuilder::new().build()?);
//! let (stop, workers) = builder.bind(([127, 0, 0, 1], 7878).into()).launch::<Echo>()?;
//! stop.wait_on_signal();
//! stop.shutdown();
//! for worker in workers {
//!     worker.join().expect("no panic")?;
//! }
//! # Ok(()) }
//! ```
//!
//! # A tour
//!
//! - A server is a handler per worker: [`AsyncEventHandler`]; it is launched, and stopped, by
//!   [`RinglineBuilder`] and [`ShutdownHandle`]. A client is a runtime that binds nothing, with a
//!   task of [`on_start`](AsyncEventHandler::on_start).
//! - [`ConnCtx`] is a connection: [`with_data`](ConnCtx::with_data) shows what came where it is,
//!   [`segments`](ConnCtx::segments) lends it, [`send`](ConnCtx::send) copies,
//!   [`send_parts`](ConnCtx::send_parts) sends memory under a [`SendGuard`], and [`ConnStream`]
//!   is the traits of futures-io and tokio. [`connect`], [`connect_host`] and [`connect_unix`]
//!   make one.
//! - [`UdpCtx`] and [`UdpSocket`] are datagrams; [`fs`], [`direct_io`] and [`nvme`] files, disks
//!   and devices; [`process`] and [`signal`] what a service has around it.
//! - [`spawn`], [`sleep`], [`timeout`], [`select`] and [`join`] are tasks and time; [`oneshot`],
//!   [`mpsc`], [`watch`] and [`sync`] what they share, with other threads too;
//!   [`spawn_blocking`] is for what would stop a worker.
//!
//! # What always holds
//!
//! Dropping a future never frees memory that the kernel may still write, and leaves no descriptor
//! behind. A send is queued whole or refused whole. A panic in a task ends that task's connection,
//! and no other. A runtime that rests uses no CPU.
//!
//! # Features
//!
//! - `tls`: TLS by rustls, whose configs are taken as they are (`TlsConfig`, `connect_tls`); the
//!   crate is shown again as `ringline::rustls`.
//! - `capi`, `cli`, `header`, `sim`: for building the C library and for the project's own tests.
//!
//! Linux 6.1 or newer; x86-64 and 64-bit ARM.

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

/// The programs of the README are those that compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
