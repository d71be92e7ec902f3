//! Sockets that datagrams come by, as a worker has them.
//!
//! Owns: the socket, its receive and the pool of all of them. Invariant: a socket is closed when
//! nothing of it is in flight any more, and those that found no buffer come one after the other.

use super::sends::{Kind, Sends};
use crate::runtime::backoff::{Episode, RETRY_NS};
use crate::runtime::config::Config;
use crate::runtime::flight::Flight;
use crate::sys::datagram::{Incoming, RECEIVED_HEAD, queued_bytes, received_shape};
use crate::sys::net;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};

/// The kernel charges more than that for each datagram that waits, however short.
const LEAST_CHARGE: usize = 512;

/// In the ids of sockets that no listener has.
const OWN: u32 = 1 << 31;

/// A socket for datagrams in the hands of a worker.
pub struct Socket {
    /// The listener's id.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// What is to be sent.
    pub sends: Sends,
    pub socket: OwnedFd,
    /// The receive in flight.
    pub recv: Flight,
    /// It stands in the line of those that found no buffer.
    pub waits: bool,
    /// What a single receive says, where none goes on.
    pub incoming: Option<Box<Incoming>>,
    /// Not to be asked before that time.
    pub retry_at: u64,
    /// It ends; what came before is shown, and what is to be sent leaves first.
    pub closing: bool,
    /// Nothing is left of what came before.
    pub empty: bool,
    /// It ends by then, whatever waits.
    until: u64,
    /// Bytes that it takes until then at most, as the kernel counts them.
    left: u64,
    /// It ends at once.
    pub ending: bool,
    /// The kernel was asked to put datagrams together.
    pub prepared: bool,
}

impl Socket {
    /// Its descriptor.
    pub fn fd(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// Whether datagrams can be sent by it.
    pub fn is_open(&self) -> bool {
        !self.ending && (!self.empty || self.recv.is_some())
    }

    pub fn is_over(&self) -> bool {
        self.empty && self.recv.is_none() && self.sends.is_idle()
    }

    fn close(&mut self, until: u64, unseen: u64) {
        if !self.closing {
            self.closing = true;
            self.left = queued_bytes(self.fd()) + unseen;
        }
        self.until = self.until.min(until);
    }

    /// A datagram of so many bytes came.
    pub fn takes(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes.max(LEAST_CHARGE) as u64);
    }

    /// Whether to receive, at `now`: also what came before it was told to end.
    pub fn wants_data(&mut self, now: u64) -> bool {
        let over = self.ending || self.left == 0 || self.until <= now;
        self.empty |= self.closing && (over || !net::is_readable(self.fd()));
        !self.empty
    }

    /// When to look at it again, if nothing happens until then.
    fn next(&self) -> Option<u64> {
        let retry = Some(self.retry_at).filter(|at| *at > 0);
        let end = Some(self.until).filter(|end| self.closing && !self.empty && *end < u64::MAX);
        retry.into_iter().chain(end).min()
    }
}

/// The sockets for datagrams of a worker.
pub struct Datagrams {
    pub list: Vec<Socket>,
    pub shape: Box<libc::msghdr>,
    pub pool: Option<u16>,
    /// Those that found no buffer, first come first served.
    pub line: VecDeque<u32>,
    /// Bytes that may have come and were not looked at: all buffers.
    unseen: u64,
    /// Receiving, as far as the kernel lets them.
    pub receiving: Episode,
    /// Sockets of the worker's own so far.
    added: u32,
}

impl Datagrams {
    /// None yet.
    pub fn new(worker: u32, config: &Config) -> Datagrams {
        let unseen = u64::from(config.datagram_buffers) * u64::from(config.datagram_size);
        Datagrams {
            unseen,
            list: Vec::new(),
            shape: received_shape(),
            pool: None,
            line: VecDeque::new(),
            receiving: Episode::new(worker, "receiving datagrams"),
            added: 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Have one more.
    pub fn add(&mut self, id: u32, socket: OwnedFd, kind: Kind) {
        let sends = Sends::new(socket.as_raw_fd(), kind);
        self.list.push(Socket {
            id,
            kind,
            sends,
            socket,
            recv: Flight::NONE,
            waits: false,
            incoming: None,
            retry_at: 0,
            closing: false,
            empty: false,
            until: u64::MAX,
            left: 0,
            ending: false,
            prepared: false,
        });
    }

    /// Have one more that is the worker's alone; its id, which no listener has.
    pub fn add_own(&mut self, socket: OwnedFd, kind: Kind) -> u32 {
        let id = OWN | self.added;
        self.added = (self.added + 1) & (OWN - 1);
        self.add(id, socket, kind);
        id
    }

    /// The socket of a listener.
    pub fn find(&mut self, id: u32) -> Option<&mut Socket> {
        self.list.iter_mut().find(|socket| socket.id == id)
    }

    /// Close one, when what came was shown and what is to be sent has left; at `until` at the
    /// latest.
    pub fn close(&mut self, id: u32, until: u64) {
        let unseen = self.unseen;
        let socket = self.find(id).filter(|socket| !socket.closing);
        socket.into_iter().for_each(|socket| socket.close(until, unseen));
    }

    /// Close all, as above.
    pub fn close_all(&mut self, until: u64) {
        let unseen = self.unseen;
        self.list.iter_mut().for_each(|socket| socket.close(until, unseen));
    }

    /// End all, whatever is to be sent.
    pub fn end_all(&mut self) {
        for socket in &mut self.list {
            (socket.closing, socket.empty, socket.ending) = (true, true, true);
        }
    }

    /// What a single receive of a socket, which ended with `res`, says beside the bytes.
    pub fn head(&mut self, id: u32, res: i32) -> Option<[u8; RECEIVED_HEAD]> {
        let len = usize::try_from(res).ok()?;
        Some(self.find(id)?.incoming.as_ref()?.head(len))
    }

    /// When the next is to be asked again.
    pub fn retry_at(&self) -> Option<u64> {
        self.list.iter().filter_map(Socket::next).min()
    }

    /// A receive of a socket ended with `res`. True when it rests, for want of something that the
    /// kernel has not; without a buffer it asks again when those at hand were looked at.
    pub fn recv_ended(&mut self, id: u32, res: i32, now: u64) -> bool {
        let Some(socket) = self.find(id) else { return false };
        socket.recv = Flight::NONE;
        if res == -libc::ENOBUFS && !core::mem::replace(&mut socket.waits, true) {
            self.line.push_back(id);
            return false;
        }
        // That nobody is there who was sent something is told once for each such datagram.
        if res >= 0 || matches!(-res, libc::ECANCELED | libc::ENOBUFS | libc::ECONNREFUSED) {
            return false;
        }
        socket.retry_at = now.saturating_add(RETRY_NS);
        self.receiving.begin(-res);
        true
    }
}
