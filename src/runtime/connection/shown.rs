//! What is shown of a connection, and what of that waits for its answer.
//!
//! Owns: the pieces and buffers that such data lies in, until then.

use super::kept::Kept;
use crate::resource::Piece;
use core::cell::Cell;

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

/// What keeps the bytes that are shown.
#[derive(Clone, Copy, Debug)]
pub enum Lent {
    /// A lease.
    Lease(u64),
    /// A claim, by the flags of its completion, of which a lease is made when somebody takes it.
    Claim(u32),
}

/// The bytes that are shown just now, as long as nobody took them.
pub struct Taking {
    /// Whose they are; 0 = nobody's, or taken.
    conn: Cell<u64>,
    lent: Cell<Lent>,
    address: Cell<*const u8>,
    len: Cell<usize>,
}

impl Default for Taking {
    fn default() -> Taking {
        Taking {
            conn: Cell::new(0),
            lent: Cell::new(Lent::Lease(0)),
            address: Cell::new(core::ptr::null()),
            len: Cell::new(0),
        }
    }
}

impl Taking {
    #[inline(always)]
    pub fn offer(&self, conn: u64, lent: Lent, bytes: &[u8]) {
        self.conn.set(conn);
        self.lent.set(lent);
        self.address.set(bytes.as_ptr());
        self.len.set(bytes.len());
    }

    /// The show of what was offered is over: whether somebody took it.
    #[inline(always)]
    pub fn withdraw(&self) -> bool {
        self.conn.replace(0) == 0
    }

    /// What is shown of `conn`.
    pub fn of(&self, conn: u64) -> Option<(Lent, u64, usize)> {
        let shown = (self.lent.get(), self.address.get() as u64, self.len.get());
        (self.conn.get() == conn).then_some(shown)
    }

    pub fn take(&self) {
        self.conn.set(0);
    }
}
