//! Data that was shown and whose consumption is told at the next turn.
//!
//! Owns: the pieces and buffers that such data lies in, until then. Invariant: whoever leaves
//! bytes of a connection gets them in front of everything that came behind them.

use super::Door;
use super::conn_table::index_of;
use super::receiving::Shown;
use super::worker::Worker;

/// What was shown of a connection.
pub(super) struct Held {
    conn: u64,
    shown: Shown,
}

impl<D: Door> Worker<D> {
    pub(super) fn hold(&self, conn: u64, shown: Shown) {
        self.core.borrow_mut().held.push(Held { conn, shown });
    }

    /// The user's answers to all that is held, in order; what has none was consumed.
    pub(super) fn answer(&self, mut answers: impl Iterator<Item = i64>) {
        let mut held = core::mem::take(&mut self.core.borrow_mut().held);
        for Held { conn, shown } in held.drain(..) {
            let end = matches!(shown, Shown::End);
            let answer = answers.next().unwrap_or(if end { 0 } else { i64::MAX });
            let left = match self.core.borrow_mut().table.find(conn) {
                Ok(connection) => !connection.kept.is_empty(),
                Err(_) => continue,
            };
            // What came before was not consumed whole, so this lies behind it.
            let used = if left && !end && answer > 0 { 0 } else { answer };
            self.after(index_of(conn), shown, used);
        }
        // Its memory serves the next turn.
        self.core.borrow_mut().held = held;
    }
}
