//! Data that was shown and whose consumption is told at the next turn.
//!
//! Owns: the pieces and buffers that such data lies in, until then. Invariant: whoever leaves
//! bytes of a connection gets them in front of everything that came behind them.

use super::connection::{Held, Shown, index_of};
use super::worker::Worker;

impl Worker {
    pub(super) fn hold(&self, conn: u64, shown: Shown) {
        self.core.borrow_mut().held.push(Held { conn, shown });
    }

    /// The user's answers to all that is held, in order; what has none was consumed.
    pub(super) fn answer(&self, mut answers: impl Iterator<Item = i64>) {
        let mut held = core::mem::take(&mut self.core.borrow_mut().held);
        for Held { conn, shown } in held.drain(..) {
            let end = matches!(shown, Shown::End);
            let answer = answers.next().unwrap_or(if end { 0 } else { i64::MAX });
            let index = index_of(conn);
            match self.later(conn, end, answer) {
                None => {}
                Some(false) => self.after(index, shown, answer),
                Some(true) if end => {}
                Some(true) => self.after(index, shown, 0),
            }
        }
        // Its memory serves the next turn.
        self.core.borrow_mut().held = held;
    }

    /// Whether this lies behind bytes that were left: then it counts as not seen, and is shown
    /// again together with them. None: the connection is gone.
    fn later(&self, conn: u64, end: bool, answer: i64) -> Option<bool> {
        let core = &mut *self.core.borrow_mut();
        let connection = core.table.find(conn).ok()?;
        // Nor is the end told to who paused before it: bytes that were left are shown first.
        let inbound = &mut connection.inbound;
        let unheard = inbound.show || inbound.paused;
        let left = if end { unheard } else { !inbound.kept.is_empty() };
        if !left || answer < 0 {
            return Some(false);
        }
        if end {
            inbound.note_end(true);
        }
        inbound.show = true;
        core.make_due(index_of(conn));
        Some(true)
    }
}
