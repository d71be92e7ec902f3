//! The timers of a loop: a binary heap by time, those of equal time in the order they were set.
//!
//! Owns one reference per timer. A cancelled timer leaves at once: each knows its place, so nothing
//! waits for a sweep. Invariant: the handle at index `i` has place `i` (handles that Python made in
//! debug mode know none, and are searched for). One that is not here may have any place, so that
//! taking many out need not touch them.

use crate::handle::Handle;
use crate::py::Ref;
use std::cmp::Ordering;
use std::collections::VecDeque;

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

    fn order(&self, other: &Timer) -> Ordering {
        self.when.total_cmp(&other.when).then(self.number.cmp(&other.number))
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

    /// Take out all that are due before `end`, in their order.
    pub fn take_before(&mut self, end: f64, out: &mut VecDeque<Ref>) {
        // Where all are due, none need sink: sorting is cheaper, of what is sorted most of all.
        // The look at them is too: a parent is due before its children, so it ends soon if not.
        if self.timers.iter().all(|timer| timer.when < end) {
            self.timers.sort_unstable_by(Timer::order);
            out.extend(self.timers.drain(..).map(|timer| timer.handle));
            return;
        }
        while self.first().is_some_and(|when| when < end) {
            out.extend(self.remove(0));
        }
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
        Some(gone)
    }

    /// Where a handle is, if it is here.
    pub fn find(&self, handle: &Ref) -> Option<usize> {
        let Some(part) = Handle::of(handle) else {
            return self.timers.iter().position(|timer| timer.handle.is(handle));
        };
        let place = part.place.get() as usize;
        self.timers.get(place).is_some_and(|timer| timer.handle.is(handle)).then_some(place)
    }

    /// Take one out.
    pub fn take(&mut self, handle: &Ref) -> Option<Ref> {
        self.find(handle).and_then(|at| self.remove(at))
    }

    /// The handles, the first to come first.
    pub fn sorted(&self) -> Vec<Ref> {
        let mut order: Vec<&Timer> = self.timers.iter().collect();
        order.sort_unstable_by(|a, b| a.order(b));
        order.into_iter().map(|timer| timer.handle.clone()).collect()
    }

    /// Take all out.
    pub fn drain(&mut self) -> Vec<Ref> {
        self.timers.drain(..).map(|timer| timer.handle).collect()
    }

    /// Every handle, for the collector.
    pub fn handles(&self) -> impl Iterator<Item = &Ref> {
        self.timers.iter().map(|timer| &timer.handle)
    }

    fn tell(&self, at: usize) {
        if let Some(part) = Handle::of(&self.timers[at].handle) {
            part.place.set(at as u32);
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
