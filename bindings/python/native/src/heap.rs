//! The timers of a loop: a binary heap by time, those of equal time in the order they were set.
//!
//! Owns one reference per timer. A cancelled timer leaves at once: each knows its place, so nothing
//! waits for a sweep. Invariant: the handle at index `i` has place `i` (handles that Python made in
//! debug mode know none, and are searched for).

use crate::handle::{Handle, UNSCHEDULED};
use crate::py::Ref;

/// A timer in the heap.
struct Timer {
    when: f64,
    number: u64,
    handle: Ref,
}

impl Timer {
    fn before(&self, other: &Timer) -> bool {
        self.when < other.when || (self.when == other.when && self.number < other.number)
    }
}

/// The heap.
#[derive(Default)]
pub struct Heap {
    timers: Vec<Timer>,
    numbers: u64,
}

impl Heap {
    /// When the first is due.
    #[inline]
    pub fn first(&self) -> Option<f64> {
        self.timers.first().map(|timer| timer.when)
    }

    /// Put one in.
    #[inline]
    pub fn push(&mut self, when: f64, handle: Ref) {
        let number = self.numbers;
        self.numbers += 1;
        let at = self.timers.len();
        self.timers.push(Timer { when, number, handle });
        self.rise(at);
    }

    /// Take the first out if it is due before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: f64) -> Option<Ref> {
        if self.first()? < end { self.remove(0) } else { None }
    }

    /// Take one out by its place.
    pub fn remove(&mut self, at: usize) -> Option<Ref> {
        if at >= self.timers.len() {
            return None;
        }
        let gone = self.timers.swap_remove(at).handle;
        if at < self.timers.len() {
            let at = self.sink(at);
            self.rise(at);
        }
        if let Some(part) = Handle::of(&gone) {
            part.set_place(UNSCHEDULED);
        }
        Some(gone)
    }

    /// Where a handle is that does not know it.
    pub fn find(&self, handle: &Ref) -> Option<usize> {
        self.timers.iter().position(|timer| timer.handle.is(handle))
    }

    /// The handles, the first to come first.
    pub fn sorted(&self) -> Vec<Ref> {
        let mut order: Vec<&Timer> = self.timers.iter().collect();
        order.sort_by(|a, b| a.when.total_cmp(&b.when).then(a.number.cmp(&b.number)));
        order.into_iter().map(|timer| timer.handle.clone()).collect()
    }

    /// Take all out.
    pub fn drain(&mut self) -> Vec<Ref> {
        let gone: Vec<Ref> = self.timers.drain(..).map(|timer| timer.handle).collect();
        for handle in &gone {
            if let Some(part) = Handle::of(handle) {
                part.set_place(UNSCHEDULED);
            }
        }
        gone
    }

    /// Every handle, for the collector.
    pub fn handles(&self) -> impl Iterator<Item = &Ref> {
        self.timers.iter().map(|timer| &timer.handle)
    }

    fn tell(&self, at: usize) {
        if let Some(part) = Handle::of(&self.timers[at].handle) {
            part.set_place(at);
        }
    }

    #[inline]
    fn rise(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.timers[at].before(&self.timers[parent]) {
                break;
            }
            self.timers.swap(at, parent);
            self.tell(at);
            at = parent;
        }
        self.tell(at);
    }

    fn sink(&mut self, mut at: usize) -> usize {
        loop {
            let left = 2 * at + 1;
            let right = left + 1;
            let mut least = at;
            for child in [left, right] {
                if child < self.timers.len() && self.timers[child].before(&self.timers[least]) {
                    least = child;
                }
            }
            if least == at {
                return at;
            }
            self.timers.swap(at, least);
            self.tell(at);
            at = least;
        }
    }
}
