//! Workers: the loop of each, what it tells and whom, and what the user asks of it.
//!
//! Owns: nothing; it says what of them the doors may name.

mod adopted;
mod calls;
mod children;
mod core;
mod datagrams;
mod dialing;
mod event;
mod jobs;
mod own;
mod posts;
mod run;
mod showing;
mod signals;
mod stalls;
mod state;
mod stopping;
mod threads;
mod timers;

pub use adopted::Adopted;
pub use calls::ConnFacts;
pub use event::{Door, Event, Rest};
pub use state::Worker;
pub use threads::Threads;
