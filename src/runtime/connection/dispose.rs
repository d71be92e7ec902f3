//! The end of a worker's connections and their ring, when nothing is told any more.
//!
//! Owns: nothing. Invariant: what the kernel still uses keeps its memory for good.

use super::connections::Connections;

/// How long what is in flight beside connections has for its end.
const REST_PATIENCE_NS: u64 = 500_000_000;
const REST_STEP_NS: u64 = 10_000_000;

impl Connections {
    /// Nothing is told any more; what is still in flight keeps its memory for good. Whether nothing
    /// is.
    pub fn dispose(mut self) -> bool {
        self.end_rest();
        let Connections { mut engine, table, blocks, loans, .. } = self;
        let left = engine.inflight() > 0;
        if left {
            core::mem::forget((table, blocks, loans));
            engine.drop_records();
            engine.driver.closing = true;
        }
        engine.dispose(left);
        !left
    }

    /// Nothing is told any more: timers, polls and whatever else is in flight end.
    fn end_rest(&mut self) {
        let (mut left, mut since, mut asked) = (u32::MAX, 0, 0);
        while self.engine.inflight() > 0 {
            let now = self.engine.driver.now();
            if self.engine.inflight() < left {
                (left, since) = (self.engine.inflight(), now);
            }
            if now - since >= REST_PATIENCE_NS {
                return;
            }
            // By the clock: there may be a million to ask.
            if now - asked >= REST_STEP_NS && self.engine.cancel_all().is_ok() {
                asked = now;
            }
            let step = REST_STEP_NS as i64;
            if self.engine.turn(|| &[], 1, step, 0, None).is_err() {
                self.engine.driver.enter.backend().pause(REST_STEP_NS);
            }
            self.engine.drop_records();
            self.engine.drop_calls();
        }
    }
}
