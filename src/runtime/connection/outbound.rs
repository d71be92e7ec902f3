//! The sending side of a connection: what is to be sent, what is with the kernel, and its end.
//!
//! Owns: the send queue. Invariant: one send is in flight at most, and nothing is sent after the
//! other end was told that nothing more comes.

use crate::runtime::flight::Flight;
use crate::runtime::queue::{Blocks, SendQueue};

/// How far the end of what is sent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// More may be sent.
    #[default]
    Open,
    /// Nothing more is sent after what is queued.
    Wanted,
    /// The other end was told so.
    Told,
}

/// How a socket sends from lent memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroCopy {
    /// Without a copy, as far as known.
    #[default]
    Works,
    /// The kernel copies it.
    Copies,
    /// Not at all.
    Fails,
}

/// The sending side.
#[derive(Default)]
pub struct Outbound {
    /// The send in flight; of a connection that connects, its connect.
    pub flight: Flight,
    /// What is to be sent.
    pub queue: SendQueue,
    /// Whether more is to be sent.
    pub end: End,
    /// How it sends from lent memory.
    pub zero_copy: ZeroCopy,
    /// The queue was full: tell when there is room again.
    pub was_full: bool,
    /// The kernel did not take all of a send at once: the next one waits for room.
    pub is_slow: bool,
    /// Reads of files in flight for it.
    pub reads: u8,
    /// Zero-copy sends whose memory the kernel still has.
    pub lent: u32,
    /// Bytes of the user's that the kernel took.
    pub taken: u64,
    /// Up to how many of these the user is told.
    pub heard: u64,
}

impl Outbound {
    /// The send in flight is over: the kernel took `bytes` of the queue, with `users` bytes of the
    /// user's. The loan whose bytes are all sent with that.
    #[inline(always)]
    pub fn settle(&mut self, bytes: u32, users: u64, blocks: &mut Blocks) -> Option<u32> {
        if self.queue.short() != 0 {
            self.settle_short(bytes.min(self.queue.flying()), users);
            return None;
        }
        self.flight = Flight::NONE;
        self.taken += users;
        self.queue.advance(bytes, blocks)
    }

    /// As [`Outbound::settle`], where the send was of the small message that waits in the batch.
    #[inline(always)]
    pub fn settle_short(&mut self, bytes: u32, users: u64) {
        self.flight = Flight::NONE;
        self.taken += users;
        self.queue.forget_short(bytes);
    }

    /// Whether the user is told when the kernel takes more.
    pub fn is_heard(&self) -> bool {
        self.taken < self.heard
    }

    /// Nothing is to be sent, and nothing is with the kernel.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flight.is_none()
    }

    /// Whether nothing more is sent after what is queued.
    pub fn ends(&self) -> bool {
        self.end != End::Open
    }

    /// Send nothing more after what is queued.
    pub fn want_end(&mut self) {
        if self.end == End::Open {
            self.end = End::Wanted;
        }
    }

    /// Whether the other end was told that nothing more comes.
    pub fn has_ended(&self) -> bool {
        self.end == End::Told
    }
}
