//! What is shown of a connection, and what of that waits for its answer.
//!
//! Owns: the pieces and buffers that such data lies in, until then.

use super::kept::Kept;
use crate::resource::Piece;

/// A lease that may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// Its number.
    pub lease: u64,
    /// Where the bytes are.
    pub address: u64,
    /// How many.
    pub len: usize,
}

/// Received bytes to show.
pub enum Shown {
    Nothing,
    /// Straight from the pool.
    Fresh(Piece),
    /// Behind what was kept before.
    Kept(Kept),
    /// Through TLS, which has it still.
    Tls,
    /// From TLS.
    Plain(Vec<u8>),
    /// Nothing more comes.
    End,
}

impl Shown {
    /// Leave its lease to the user.
    pub fn leave(self) {
        if let Shown::Fresh(piece) = self {
            piece.leave();
        }
    }
}

/// What was shown of a connection.
pub struct Held {
    pub conn: u64,
    pub shown: Shown,
}

impl Held {
    /// Whose it is.
    pub fn conn(&self) -> u64 {
        self.conn
    }

    /// What of it may be taken.
    pub fn offer(&self) -> Option<Offer> {
        match &self.shown {
            Shown::Fresh(piece) => Some(Offer {
                lease: piece.lease(),
                address: piece.bytes().as_ptr() as u64,
                len: piece.bytes().len(),
            }),
            _ => None,
        }
    }

    /// The user took `lease`, if it is this one.
    pub fn leave(&mut self, lease: u64) {
        if matches!(&self.shown, Shown::Fresh(piece) if piece.lease() == lease) {
            core::mem::replace(&mut self.shown, Shown::Nothing).leave();
        }
    }
}
