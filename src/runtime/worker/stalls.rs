//! Watching for callbacks that take too long, on request.
//!
//! Owns: since when each worker is in one. Needs no thread of its own: whoever comes out of a
//! callback looks at the clock, and every other worker that turns looks at those that do not come
//! out. Invariant: a row of such callbacks is told once.

use super::state::Worker;
use crate::log;
use crate::runtime::shared::Shared;
use core::sync::atomic::Ordering;

/// A row ends when for so many times `stall_ns` no callback took too long.
const QUIET: u64 = 16;

#[cold]
fn tell(worker: u32, ns: u64, rest: &str) {
    let ms = ns / 1_000_000;
    log::tell(log::WARN, format_args!("worker {worker}: a callback {rest} {ms} ms"));
}

impl Worker {
    /// Run `body`, which calls the user, and look how long it takes if that is wanted.
    #[inline]
    pub(super) fn watched(&self, body: impl FnOnce()) {
        if self.shared.config.stall_ns == 0 {
            return body();
        }
        self.watch(body);
    }

    pub(super) fn now(&self) -> u64 {
        self.core.borrow_mut().engine.driver.now()
    }

    #[cold]
    fn watch(&self, body: impl FnOnce()) {
        let Some(place) = self.shared.workers.get(self.index() as usize) else { return body() };
        let begin = self.now();
        let (watched, stall_ns) = (&place.stalls, self.shared.config.stall_ns);
        let quiet = begin.saturating_sub(watched.last.load(Ordering::Relaxed));
        if quiet > stall_ns.saturating_mul(QUIET) {
            watched.told.store(false, Ordering::Relaxed);
        }
        watched.since.store(begin, Ordering::Relaxed);
        body();
        watched.since.store(0, Ordering::Relaxed);
        let end = self.now();
        let took = end.saturating_sub(begin);
        if took <= stall_ns {
            return;
        }
        watched.last.store(end, Ordering::Relaxed);
        place.stats.stalls.add(1);
        if !watched.told.swap(true, Ordering::Relaxed) {
            tell(self.index(), took, "took");
        }
    }

    /// Look at the other workers.
    pub(super) fn look_at_others(&self) {
        if self.shared.config.stall_ns > 0 {
            self.shared.look_for_stalls(self.now());
        }
    }
}

impl Shared {
    #[cold]
    fn look_for_stalls(&self, now: u64) {
        for (worker, place) in self.workers.iter().enumerate() {
            let since = place.stalls.since.load(Ordering::Relaxed);
            let ns = now.saturating_sub(since);
            let stalls = since > 0 && ns > self.config.stall_ns;
            if stalls && !place.stalls.told.swap(true, Ordering::Relaxed) {
                tell(worker as u32, ns, "does not return since");
            }
        }
    }
}
