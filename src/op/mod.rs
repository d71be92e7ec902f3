//! Operations: what each one needs before the kernel sees it, and what its completion means.
//!
//! Owns: the rules per operation. Submission entries are only touched here and below; nobody
//! above knows them.

mod arguments;
mod batch;
mod cancel;
mod close;
mod command;
mod complete;
mod completed;
mod connect;
mod descriptor;
mod engine;
pub mod fast;
mod foreign;
mod mail;
mod marks;
mod message;
mod pools;
mod prepare;
mod registered;
mod send_all;
mod table;
mod tables;
mod timer;
mod turn;
mod zero_copy;

pub use arguments::Arguments;
pub use completed::{Call, Completed};
pub use descriptor::brings;
pub use engine::{Engine, EngineConfig, Sink};
pub use table::serves;
pub use turn::Begun;

/// Who completes a slot: values of `Slot::route`. Zero is passed on as it is.
mod route {
    pub const TIMER: u8 = 1;
    pub const SEND_ALL: u8 = 2;
    pub const CLOSE: u8 = 3;
    /// It fills or empties a slot of the table of files.
    pub const DIRECT: u8 = 4;
    pub const ZERO_COPY: u8 = 5;
    pub const COPIED: u8 = 6;
    /// A command on a BIG ring.
    pub const COMMAND: u8 = 7;
    /// A connect with a time limit.
    pub const CONNECT: u8 = 8;
    /// Its result is a descriptor, or it makes two.
    pub const DESCRIPTOR: u8 = 9;
}
