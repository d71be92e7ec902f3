//! Operations: what each one needs before the kernel sees it, and what its completion means.
//!
//! Owns: the rules per operation. Submission entries are only touched here and below; nobody
//! above knows them.

mod batch;
mod cancel;
mod close;
mod completed;
mod engine;
mod pools;
mod prepare;
mod send_all;
mod timer;

pub use completed::{Call, Completed};
pub use engine::{Engine, EngineConfig, Sink};

/// Who completes a slot: values of `Slot::route`. Zero is passed on as it is.
mod route {
    pub const TIMER: u8 = 1;
    pub const SEND_ALL: u8 = 2;
    pub const CLOSE: u8 = 3;
}
