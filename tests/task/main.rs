//! The Rust API, as programs use it: real sockets, real threads.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

mod blocking;
mod channels;
mod children;
mod common;
mod descriptors;
mod disk;
mod files;
mod forward;
mod full;
mod launch;
mod left;
mod limits;
mod names;
mod panics;
mod published;
mod segments;
mod server;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod udp;
mod unix;
