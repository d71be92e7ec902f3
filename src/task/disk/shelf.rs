//! What a worker's tasks opened, by handles that are copied freely, and how much of it there may
//! be.
//!
//! Owns: the files behind the handles. Invariant: a handle of what was closed, or of another
//! worker, names nothing.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number of something that was opened, which nothing else ever has.
static OPENED: AtomicU64 = AtomicU64::new(1);

/// Names something that was opened: its place, and which of those that were there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle {
    index: u16,
    serial: u64,
}

impl Handle {
    /// Its place.
    pub(crate) fn index(self) -> usize {
        self.index.into()
    }
}

/// How many there may be, and are.
#[derive(Debug)]
pub(crate) struct Quota {
    limit: u16,
    /// What to do when there is no room.
    text: &'static str,
    used: Rc<Cell<u16>>,
}

/// One of a quota; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Permit(Rc<Cell<u16>>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Quota {
    fn new(limit: u16, text: &'static str) -> Quota {
        Quota { limit, text, used: Rc::default() }
    }

    /// Take one.
    ///
    /// # Errors
    /// `StorageFull` says what to do.
    pub(crate) fn take(&self) -> io::Result<Permit> {
        if self.used.get() >= self.limit {
            return Err(io::Error::new(io::ErrorKind::StorageFull, self.text));
        }
        self.used.set(self.used.get() + 1);
        Ok(Permit(self.used.clone()))
    }
}

struct Place<T> {
    serial: u64,
    held: Option<(Rc<T>, Permit)>,
}

struct Places<T> {
    all: Vec<Place<T>>,
    free: Vec<u16>,
}

impl<T> Places<T> {
    fn get(&mut self, handle: Handle) -> Option<&mut Place<T>> {
        self.all.get_mut(handle.index()).filter(|place| place.serial == handle.serial)
    }
}

/// What is said where something cannot be had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// Too much is open.
    pub(crate) full: &'static str,
    /// Too many commands are under way.
    pub(crate) busy: &'static str,
    /// The handle names nothing.
    pub(crate) stale: &'static str,
}

/// What of one kind is open on a worker.
pub(crate) struct Shelf<T> {
    places: RefCell<Places<T>>,
    words: Words,
    /// How much may be open.
    pub(crate) room: Quota,
    /// How many commands may be under way.
    pub(crate) commands: Quota,
}

impl<T> Shelf<T> {
    pub(crate) fn new(room: u16, commands: u16, words: Words) -> Shelf<T> {
        Shelf {
            places: RefCell::new(Places { all: Vec::new(), free: Vec::new() }),
            words,
            room: Quota::new(room, words.full),
            commands: Quota::new(commands, words.busy),
        }
    }

    /// Keep what was opened; `permit` is one of [`Shelf::room`].
    pub(crate) fn put(&self, what: T, permit: Permit) -> Handle {
        let mut places = self.places.borrow_mut();
        // A quota has 65535 at most.
        let index = places.free.pop().unwrap_or_else(|| {
            places.all.push(Place { serial: 0, held: None });
            (places.all.len() - 1) as u16
        });
        let serial = OPENED.fetch_add(1, Ordering::Relaxed);
        places.all[usize::from(index)] = Place { serial, held: Some((Rc::new(what), permit)) };
        Handle { index, serial }
    }

    /// What a handle names.
    ///
    /// # Errors
    /// `NotConnected` when it was closed, or is another worker's.
    pub(crate) fn get(&self, handle: Handle) -> io::Result<Rc<T>> {
        let mut places = self.places.borrow_mut();
        let held = places.get(handle).and_then(|place| place.held.as_ref());
        held.map(|(what, _)| what.clone()).ok_or_else(|| self.stale())
    }

    /// Forget it: it is closed when nothing under way uses it any more.
    ///
    /// # Errors
    /// As [`Shelf::get`].
    pub(crate) fn close(&self, handle: Handle) -> io::Result<()> {
        let held = {
            let mut places = self.places.borrow_mut();
            let held = places.get(handle).and_then(|place| place.held.take());
            if held.is_some() {
                places.free.push(handle.index);
            }
            held
        };
        held.map(drop).ok_or_else(|| self.stale())
    }

    /// Forget everything.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut self.places.borrow_mut().all);
        drop(all);
    }

    #[cold]
    fn stale(&self) -> io::Error {
        io::Error::new(io::ErrorKind::NotConnected, self.words.stale)
    }
}
