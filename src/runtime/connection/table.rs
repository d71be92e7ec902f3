//! The connections of a worker by id: 0:1 | worker:11 | generation:28 | index:24.
//!
//! Owns: the places. Invariant: an id is given out once: a place is given again under the next
//! generation, and retired when those are used up.

use super::state::Connection;
use super::teardown::Life;
use crate::fault::{ESTALE, EWRONGTHREAD, Fault};

const INDEX_BITS: u32 = 24;
const GENERATION_BITS: u32 = 28;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;
const WORKER_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;

/// The worker of an id.
pub fn worker_of(id: u64) -> u64 {
    id >> WORKER_SHIFT
}

/// Place and generation of an id, without the worker.
pub fn local(id: u64) -> u64 {
    id & ((1 << WORKER_SHIFT) - 1)
}

/// The place of an id.
pub fn index_of(id: u64) -> usize {
    (id & INDEX_MASK) as usize
}

/// The connections of a worker.
pub struct ConnTable {
    worker: u64,
    places: Vec<Connection>,
    free: Vec<u32>,
    most: usize,
    live: usize,
    /// The end of every send is told.
    pub heard: bool,
}

impl ConnTable {
    /// An empty table for `most` connections.
    pub fn new(worker: u32, most: u32) -> ConnTable {
        ConnTable {
            worker: worker.into(),
            places: Vec::new(),
            free: Vec::new(),
            most: most as usize,
            live: 0,
            heard: false,
        }
    }

    /// Connections that there are.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Whether one more fits.
    pub fn has_room(&self) -> bool {
        self.live < self.most
    }

    /// How many more fit.
    pub fn room(&self) -> usize {
        self.most.saturating_sub(self.live)
    }

    /// Places, used or not.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// The place of a connection. Panics beyond [`ConnTable::places`].
    pub fn at(&mut self, index: usize) -> &mut Connection {
        &mut self.places[index]
    }

    /// The place of a connection, if there is one.
    #[inline]
    pub fn get(&mut self, index: usize) -> Option<&mut Connection> {
        self.places.get_mut(index)
    }

    /// Take a place for a new connection; None when the table is full.
    pub fn insert(&mut self, fd: i32, listener: u32) -> Option<&mut Connection> {
        if !self.has_room() {
            return None;
        }
        let index = match self.free.pop() {
            Some(index) => index as usize,
            None => self.grow()?,
        };
        self.live += 1;
        let connection = &mut self.places[index];
        let generation = (connection.id >> INDEX_BITS & GENERATION_MASK) + 1;
        connection.id = self.worker << WORKER_SHIFT | generation << INDEX_BITS | index as u64;
        (connection.fd, connection.listener) = (fd, listener);
        connection.life = Life::Open;
        connection.outbound.heard = if self.heard { u64::MAX } else { 0 };
        Some(connection)
    }

    #[cold]
    fn grow(&mut self) -> Option<usize> {
        self.places.try_reserve(1).ok()?;
        // Giving a place back must not need memory.
        self.free.try_reserve(self.places.len() + 1 - self.free.len()).ok()?;
        self.places.push(Connection::default());
        Some(self.places.len() - 1)
    }

    /// A connection is over, and nothing of it is in flight.
    pub fn remove(&mut self, index: usize) {
        let connection = &mut self.places[index];
        let (id, due) = (connection.id, connection.due);
        // Its limits serve the next one. What was kept does not: memory goes with the connections.
        let mut limits = connection.limits.take();
        limits.iter_mut().for_each(|limits| limits.clear());
        *connection = Connection { id, due, limits, ..Connection::default() };
        self.live -= 1;
        if id >> INDEX_BITS & GENERATION_MASK < GENERATION_MASK {
            self.free.push(index as u32);
        }
    }

    /// The connection of an id.
    pub fn find(&mut self, id: u64) -> Result<&mut Connection, Fault> {
        if worker_of(id) != self.worker {
            return Err(elsewhere(id));
        }
        match self.places.get_mut(index_of(id)) {
            Some(connection) if connection.id == id && connection.life != Life::Free => {
                Ok(connection)
            }
            _ => Err(stale()),
        }
    }
}

#[cold]
fn stale() -> Fault {
    Fault::new(ESTALE, "the connection is over, or there never was one of this id")
}

#[cold]
fn elsewhere(id: u64) -> Fault {
    if id >> 63 != 0 || local(id) >> INDEX_BITS == 0 {
        return stale();
    }
    Fault::new(EWRONGTHREAD, "the connection belongs to another worker of this runtime")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_id_is_stale_and_another_workers_is_elsewhere() {
        let mut table = ConnTable::new(3, 2);
        let first = table.insert(7, 0).unwrap().id;
        assert_eq!((worker_of(first), index_of(first)), (3, 0));
        table.remove(0);
        let second = table.insert(7, 0).unwrap().id;
        assert_ne!(first, second);
        assert_eq!(table.find(first).err().unwrap().code, ESTALE);
        assert_eq!(table.find(second).unwrap().fd, 7);
        assert_eq!(table.find(second ^ 1 << WORKER_SHIFT).err().unwrap().code, EWRONGTHREAD);
        assert_eq!(table.find(u64::MAX).err().unwrap().code, ESTALE);
        assert_eq!(table.find(0).err().unwrap().code, ESTALE);
        assert!(table.insert(8, 0).is_some());
        assert!(table.insert(9, 0).is_none());
    }
}
