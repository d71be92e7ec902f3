//! The receiving side of a connection: what is with the kernel, what is kept, and what is owed.
//!
//! Owns: the received bytes that nobody consumed. Invariant: one receive is in flight at most, and
//! the end of what comes is owed to the user once.

use super::kept::Kept;
use crate::runtime::flight::Flight;

/// Whether the other end sends more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeerEnd {
    /// More may come.
    #[default]
    Open,
    /// Nothing more comes, and the user was not told of it yet.
    Owed,
    /// Nothing more comes, and that is no news.
    Told,
}

/// The receiving side.
#[derive(Default)]
pub struct Inbound {
    /// The receive in flight.
    pub flight: Flight,
    /// Whether the other end sends more.
    pub end: PeerEnd,
    /// The receive in flight brings more than one piece.
    pub multishot: bool,
    /// The last one took all that there was: the next one finds nothing at once.
    pub drained: bool,
    /// Much comes: it receives once at a time.
    pub takes_much: bool,
    /// It waits for a buffer of the pool, or for its turn.
    pub in_line: bool,
    /// The user wants no data for now.
    pub paused: bool,
    /// So much is kept that nothing more is received.
    pub full: bool,
    /// What is kept is to be shown again.
    pub show: bool,
    /// What was received and not consumed.
    pub kept: Kept,
    /// Bytes received.
    pub received: u64,
}

impl Inbound {
    /// Whether the other end sends nothing more.
    pub fn has_ended(&self) -> bool {
        self.end != PeerEnd::Open
    }

    /// The other end sends nothing more; `owed`: the user is to be told.
    pub fn note_end(&mut self, owed: bool) {
        self.end = if owed { PeerEnd::Owed } else { PeerEnd::Told };
    }

    /// Whether the user is to be told that.
    pub fn owes_end(&self) -> bool {
        self.end == PeerEnd::Owed
    }

    /// Whether something is to be shown without anything coming.
    pub fn owes(&self) -> bool {
        self.show || self.owes_end()
    }

    /// The end is told, or needs not be told any more.
    pub fn settle_end(&mut self) {
        if self.owes_end() {
            self.end = PeerEnd::Told;
        }
    }

    /// Whether its receive is to end, since it takes more than is its part.
    pub fn takes_too_much(&self) -> bool {
        self.takes_much && self.multishot
    }

    /// Whether it waits for bytes of the other end.
    pub fn listens(&self) -> bool {
        !self.paused && !self.full && !self.has_ended()
    }

    /// What is kept, to be shown.
    pub fn take_kept(&mut self) -> Kept {
        core::mem::take(&mut self.kept)
    }

    /// Nothing is shown any more.
    pub fn drop_owed(&mut self) {
        self.show = false;
        self.settle_end();
        self.kept.clear();
    }
}
