//! Queues and lives: how an operation enters the kernel and how its end comes back.
//!
//! Owns: the records of the ABI, slots and tokens, the one errno match, user-space timers and the
//! wake. Never knows what an operation means; a slot is plain data that upper floors interpret.

mod driver;
mod enter;
mod late;
mod lifecycle;
mod mailbox;
mod record;
mod slab;
mod spin;
mod stats;
mod timers;
mod wake;

pub use driver::{Driver, Reaped, no_slot};
pub use enter::{Enter, Outcome};
pub use late::Late;
pub use lifecycle::{Lifecycle, Step};
pub use mailbox::{MAILBOX_MESSAGES, MAILBOX_OPS, Mailbox, Message};
/// Tells the compiler that the way here is rarely taken, so that the other one needs no detour.
#[cold]
#[inline(always)]
pub fn rarely() {}

pub use record::*;
pub use slab::{Slab, Slot, bits, index_of};
pub use stats::{Counter, Stats};
pub use timers::Timers;
pub use wake::{Wake, signal};
