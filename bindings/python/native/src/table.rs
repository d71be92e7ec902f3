//! The operations in flight: id -> what is called and what is held.
//!
//! Owns one entry per operation, from submit until its FINAL. An id is a place and how often the
//! place was used, so that a late word about an old operation finds nothing. Invariant: an entry
//! is taken out at FINAL, and what it holds is dropped only by who took it.

use crate::py::Ref;

/// What a completion goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A callable.
    Call,
    /// A native stream transport, its receive.
    Receive,
    /// A native stream transport, what tells it to receive by a call.
    Poll,
    /// A native stream transport, its send.
    Send,
    /// A native datagram transport, its receive.
    Datagram,
}

/// An operation.
pub struct Entry {
    /// Its id.
    pub ident: u64,
    /// What is called.
    pub target: Ref,
    /// What the kernel may touch.
    pub keep: Option<Ref>,
    /// The library's name for it; 0 before it is accepted.
    pub token: u64,
    /// The length of a QUIET send.
    pub quiet: Option<u32>,
    /// Whether its FINAL waits in the inbox; kept of QUIET sends only.
    pub spoken: bool,
    /// Whether it may be cancelled and armed again when the loop stops.
    pub restart: bool,
    /// Whether it was cancelled before it was accepted.
    pub dropped: bool,
    /// What it goes to.
    pub kind: Kind,
}

const PLACE: u64 = (1 << 24) - 1;

/// The table.
#[derive(Default)]
pub struct Table {
    entries: Vec<(u64, Option<Entry>)>,
    free: Vec<usize>,
}

impl Table {
    /// Put an operation in; its id.
    #[inline]
    pub fn insert(&mut self, target: Ref, keep: Option<Ref>, kind: Kind) -> &mut Entry {
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push((0, None));
            self.entries.len() - 1
        });
        let (used, entry) = &mut self.entries[place];
        *used += 1;
        let ident = *used << 24 | place as u64;
        entry.insert(Entry {
            ident,
            target,
            keep,
            token: 0,
            quiet: None,
            spoken: false,
            restart: false,
            dropped: false,
            kind,
        })
    }

    /// An operation in flight.
    #[inline]
    pub fn get(&mut self, ident: u64) -> Option<&mut Entry> {
        let (_, entry) = self.entries.get_mut((ident & PLACE) as usize)?;
        entry.as_mut().filter(|entry| entry.ident == ident)
    }

    /// Take an operation out.
    #[inline]
    pub fn remove(&mut self, ident: u64) -> Option<Entry> {
        self.get(ident)?;
        let place = (ident & PLACE) as usize;
        self.free.push(place);
        self.entries[place].1.take()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter_map(|(_, entry)| entry.as_ref())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Take all out.
    pub fn drain(&mut self) -> Vec<Entry> {
        self.free.clear();
        let gone = self.entries.iter_mut().filter_map(|(_, entry)| entry.take()).collect();
        self.free.extend(0..self.entries.len());
        gone
    }
}
