//! Connections: what one is, where they lie, and what is done for them with the ring.
//!
//! Owns: nothing; it says what of them the worker above may name. Nothing of this room knows the
//! worker, its listeners or the user: what is to be told is returned.

mod at_once;
mod batch;
mod closing;
mod connections;
mod deadlines;
mod dispose;
mod drains;
pub mod fast;
mod handshakes;
mod inbound;
mod kept;
mod lending;
mod limits;
mod line;
mod loans;
mod outbound;
mod progress;
mod rations;
mod receiving;
mod sending;
mod settle;
mod shown;
mod state;
mod table;
mod taking;
mod teardown;

pub use at_once::LEAST as LEAST_AT_ONCE;
pub use connections::Connections;
pub use kept::Kept;
pub use limits::Spans;
pub use progress::pause_of;
pub use sending::Sent;
pub use shown::{Held, Lent, Offer, Shown, Taking};
pub use state::{Connection, closing};
pub use table::{index_of, worker_of};
pub use taking::{few, nothing};
pub use teardown::{Close, Gone, How, Leave, Life, Teardown};
