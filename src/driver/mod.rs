//! Queues and lives: how an operation enters the kernel and how its end comes back.
//!
//! Owns: the records of the ABI, slots and tokens, the one errno match, user-space timers and the
//! wake. Never knows what an operation means; a slot is plain data that upper floors interpret.

mod enter;
pub mod fast;
mod late;
mod lifecycle;
mod mailbox;
mod own;
mod quiet;
mod record;
mod slab;
mod sleep;
mod state;
mod stats;
mod timers;
mod wake;

pub use enter::{Enter, Outcome};
pub use late::Late;
pub use lifecycle::{Lifecycle, Step};
pub use mailbox::{MAILBOX_MESSAGES, MAILBOX_OPS, Mailbox, Message};
pub use record::*;
pub use slab::{Slab, Slot, bits, index_of, kind};
pub use state::{Driver, no_slot};
pub use stats::{Counter, Stats};
pub use timers::Timers;
pub use wake::{Wake, signal};
