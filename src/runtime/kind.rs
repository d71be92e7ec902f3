//! What a completion of a worker is about: the top bits of its user data. Below them are place and
//! generation of a connection, or the number of what else it is.
//!
//! Owns: nothing.

pub const ACCEPT: u64 = 1;
pub const RECV: u64 = 2;
pub const SEND: u64 = 3;
pub const CLOSE: u64 = 4;
pub const LENT: u64 = 5;
pub const READ: u64 = 6;
pub const CONNECT: u64 = 7;
pub const WATCH: u64 = 8;
pub const PROCESS: u64 = 10;
pub const SIGNAL: u64 = 11;
pub const DATAGRAM_RECV: u64 = 20;
pub const DATAGRAM_SEND: u64 = 21;
pub const SHIFT: u32 = 56;
