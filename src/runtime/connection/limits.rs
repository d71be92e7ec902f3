//! How long a connection may do nothing, and what it did last.
//!
//! Owns: the times. Invariant: what happens on a connection only notes the time, so it costs a
//! store.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// The limits of a connection, in nanoseconds; 0 = none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spans {
    /// Nothing received, nothing sent, and nothing taken by the other end.
    pub idle: u64,
    /// Nothing received although data is wanted.
    pub read: u64,
    /// A send is with the kernel, and the other end takes nothing.
    pub write: u64,
}

impl Spans {
    /// The shortest one that lasts as long as the other end takes nothing.
    pub fn taking(&self) -> Option<u64> {
        [self.idle, self.write].into_iter().filter(|span| *span > 0).min()
    }
}

/// The limits of a connection, and what it did last.
#[derive(Default)]
pub struct Limits {
    pub spans: Spans,
    /// When bytes came last.
    pub read_at: u64,
    /// When a pause ended: since then, at most, bytes are waited for.
    pub wanted_at: u64,
    /// When the kernel took bytes last.
    pub sent_at: u64,
    /// Since when the send in flight is.
    pub send_since: u64,
    /// The entry in the list that counts; 0 = none.
    pub armed: u64,
}

impl Limits {
    /// Whether there is a limit.
    pub fn are_set(&self) -> bool {
        self.spans.idle | self.spans.read | self.spans.write != 0
    }

    /// The spans end with their connection; the place serves the next one.
    pub fn clear(&mut self) {
        *self = Limits::default();
    }
}

/// Deadlines and ids of connections, earliest first.
#[derive(Default)]
pub struct Deadlines {
    pub heap: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Deadlines {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The first one; it may have moved.
    pub fn first(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.0.0)
    }
}

/// Until when the handshakes of a worker have to be over; some of them are long since.
#[derive(Default)]
pub struct Handshakes(pub BinaryHeap<Reverse<(u64, u64)>>);

impl Handshakes {
    /// The next time to look.
    pub fn next(&self) -> Option<u64> {
        self.0.peek().map(|Reverse((end, _))| *end)
    }
}
