//! Datagrams: the sockets of a worker that they come by, and what is sent by them.
//!
//! Owns: nothing; it says what of them the worker above may name.

mod sends;
mod settle;
mod socket;

pub use sends::Kind;
pub use socket::Datagrams;

/// A datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The sender's address, a sockaddr; empty when it has none.
    pub from: &'a [u8],
    /// What it sent.
    pub bytes: &'a [u8],
    /// There was more of it than room.
    pub truncated: bool,
}
