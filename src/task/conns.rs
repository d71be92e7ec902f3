//! What the tasks of a worker know of its connections.
//!
//! Owns: who waits for what of a connection. Invariant: a place says what became of a connection
//! until the next one gets it.

use super::here::{Here, Waiter};
use crate::fault::Fault;
use crate::runtime::{Kept, Worker, index_of};
use crate::sys::net::Place;
use std::mem;
use std::net::SocketAddr;
use std::ptr::{self, NonNull};
use std::time::Duration;

/// Memory of the program's that is received into.
pub(super) struct Sink {
    pub(super) at: NonNull<u8>,
    pub(super) len: usize,
    pub(super) filled: usize,
}

impl Sink {
    /// Receive from `bytes` what there is room for; how many they are.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let used = bytes.len().min(self.len - self.filled);
        // SAFETY: `set_recv_sink`'s caller vouches for `len` bytes, nobody else's.
        unsafe {
            let at = self.at.as_ptr().add(self.filled);
            ptr::copy_nonoverlapping(bytes.as_ptr(), at, used);
        }
        self.filled += used;
        used
    }
}

/// One connection.
#[derive(Default)]
pub(super) struct Conn {
    id: u64,
    pub(super) is_outbound: bool,
    /// Its connect is not over yet, with its handshake.
    pub(super) connects: bool,
    /// The server to shake hands with when it is connected.
    pub(super) server: Option<Box<str>>,
    /// The words for why it is over, where TLS has some.
    pub(super) why: &'static str,
    /// The other end sends nothing more.
    pub(super) has_ended: bool,
    /// Why it is over: 0, or -errno.
    pub(super) closed: Option<i32>,
    pub(super) peer: Option<SocketAddr>,
    /// What was received and not consumed when it was over.
    pub(super) left: Kept,
    /// Bytes that the kernel took until it was over.
    pub(super) sent: u64,
    pub(super) reader: Option<Waiter>,
    pub(super) senders: Vec<Waiter>,
    pub(super) connector: Option<Waiter>,
    pub(super) sink: Option<Sink>,
}

impl Conn {
    /// Somebody waits until more is sent; once, however often he asks.
    pub(super) fn wait_for_sent(&mut self, waiter: Waiter) {
        if !self.senders.iter().any(|known| known.is_same(&waiter)) {
            self.senders.push(waiter);
        }
    }
}

/// The connections of a worker.
#[derive(Default)]
pub(super) struct Conns {
    places: Vec<Conn>,
}

impl Conns {
    /// A connection, as long as its place is not another one's.
    pub(super) fn get(&mut self, id: u64) -> Option<&mut Conn> {
        self.places.get_mut(index_of(id)).filter(|conn| conn.id == id)
    }

    /// Nobody reads what a connection left.
    pub(super) fn forget(&mut self, id: u64) {
        if let Some(conn) = self.get(id) {
            conn.left.clear();
        }
    }

    /// A new connection.
    pub(super) fn open(&mut self, id: u64) -> &mut Conn {
        let index = index_of(id);
        if index >= self.places.len() {
            self.places.resize_with(index + 1, Conn::default);
        }
        let place = &mut self.places[index];
        *place = Conn { id, ..Conn::default() };
        place
    }
}

impl Here {
    /// Begin to connect; the connection to be.
    pub(super) fn dial(
        &self,
        worker: &Worker,
        place: &Place,
        peer: Option<SocketAddr>,
        limit: Duration,
        server: Option<&str>,
    ) -> Result<u64, Fault> {
        let limit = limit.as_nanos().try_into().unwrap_or(u64::MAX);
        let id = worker.connect(place, limit, 0)?;
        let mut conns = self.conns.borrow_mut();
        let conn = conns.open(id);
        (conn.is_outbound, conn.connects, conn.peer) = (true, true, peer);
        conn.server = server.map(Into::into);
        Ok(id)
    }

    /// The other end's address, if it has one of IP and the connection is there.
    pub(super) fn peer_of(&self, worker: &Worker, conn: u64) -> Option<SocketAddr> {
        let known = self.conns.borrow_mut().get(conn).and_then(|conn| conn.peer);
        known.or_else(|| worker.facts(conn).ok()?.peer())
    }

    /// Wake who waits until something of a connection is sent.
    pub(super) fn wake_senders(&self, conn: u64) {
        let senders = {
            let mut conns = self.conns.borrow_mut();
            let Some(conn) = conns.get(conn) else { return };
            mem::take(&mut conn.senders)
        };
        senders.into_iter().for_each(|waiter| self.wake(waiter));
    }

    /// Wake all who wait for something of a connection.
    pub(super) fn wake_all(&self, conn: u64) {
        let waiters = {
            let mut conns = self.conns.borrow_mut();
            let Some(conn) = conns.get(conn) else { return };
            let senders = mem::take(&mut conn.senders);
            senders.into_iter().chain(conn.reader.take()).chain(conn.connector.take())
        };
        waiters.for_each(|waiter| self.wake(waiter));
    }
}
