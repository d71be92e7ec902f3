//! Datagrams: the sockets of a worker that they come by, and what is sent by them.
//!
//! Owns: nothing; it says what of them the worker above may name.

mod sends;
mod settle;
mod socket;

pub use sends::Kind;
pub use socket::Datagrams;
