//! Sockets that datagrams come by, as a worker has them.
//!
//! Owns: the socket, its receive and the pool of all of them. Invariant: a socket is closed when
//! nothing of it is in flight any more, and those that found no buffer come one after the other.

use super::backoff::Episode;
use super::config::Config;
use super::core::Core;
use super::datagram_send::Sends;
use super::flight::Flight;
use super::kind;
use super::listener::RETRY_NS;
use crate::error::Fault;
use crate::resource::PoolSpec;
use crate::ring::{Op, opcode, sqe_flag};
use crate::sys::Features;
use crate::sys::datagram::{
    Incoming, PAYLOAD_MOST, RECEIVED_HEAD, queued_bytes, receive_runs, received_shape,
};
use crate::sys::net;
use crate::sys::uapi::RECV_MULTISHOT;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};

/// So many buffers a receive that goes on takes before others are looked at: the kernel's number.
const MOST_IN_A_ROW: u32 = 32;
/// The kernel charges more than that for each datagram that waits, however short.
const LEAST_CHARGE: usize = 512;

/// What kind of datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UDP, of that version of IP.
    Udp { v6: bool },
    /// A path.
    Unix,
}

/// A socket for datagrams in the hands of a worker.
pub struct Socket {
    /// The listener's id.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// What is to be sent.
    pub sends: Sends,
    socket: OwnedFd,
    /// The receive in flight.
    recv: Flight,
    /// It stands in the line of those that found no buffer.
    waits: bool,
    /// What a single receive says, where none goes on.
    pub incoming: Option<Box<Incoming>>,
    /// Not to be asked before that time.
    retry_at: u64,
    /// It ends; what came before is shown, and what is to be sent leaves first.
    closing: bool,
    /// Nothing is left of what came before.
    empty: bool,
    /// It ends by then, whatever waits.
    until: u64,
    /// Bytes that it takes until then at most, as the kernel counts them.
    left: u64,
    /// It ends at once.
    ending: bool,
    /// The kernel was asked to put datagrams together.
    prepared: bool,
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

    fn is_over(&self) -> bool {
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
    fn wants_data(&mut self, now: u64) -> bool {
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
    list: Vec<Socket>,
    shape: Box<libc::msghdr>,
    pool: Option<u16>,
    /// Those that found no buffer, first come first served.
    line: VecDeque<u32>,
    /// Bytes that may have come and were not looked at: all buffers.
    unseen: u64,
    /// Receiving, as far as the kernel lets them.
    pub receiving: Episode,
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
        if res >= 0 || matches!(-res, libc::ECANCELED | libc::ENOBUFS) {
            return false;
        }
        socket.retry_at = now.saturating_add(RETRY_NS);
        self.receiving.begin(-res);
        true
    }
}

impl Core {
    /// Receive and send what is wanted, and close what is over.
    pub fn settle_datagrams(&mut self, now: u64) {
        if self.datagrams.list.is_empty() {
            return;
        }
        self.serve_line(now);
        for at in 0..self.datagrams.list.len() {
            if self.settle_datagram(at, now).is_err() {
                self.again = true;
            }
        }
        self.datagrams.list.retain(|socket| !socket.is_over());
    }

    /// As many of those that found no buffer as there are buffers ask again, in order, and before
    /// the others. One of them may take many.
    fn serve_line(&mut self, now: u64) {
        if self.datagrams.line.is_empty() {
            return;
        }
        let pool = self.datagrams.pool.and_then(|pool| self.engine.pool_info(pool).ok());
        let free = pool.map_or(0, |info| info.free);
        let each = if self.receives_on() { MOST_IN_A_ROW } else { 1 };
        for _ in 0..free.div_ceil(each) {
            let Some(id) = self.datagrams.line.pop_front() else { break };
            let Some(at) = self.datagrams.list.iter().position(|socket| socket.id == id) else {
                continue;
            };
            self.datagrams.list[at].waits = false;
            // Before those that did not wait.
            if self.receive_datagrams(at, now).is_err() {
                self.again = true;
            }
        }
        self.hurry |= free > 0 && !self.datagrams.line.is_empty();
    }

    fn settle_datagram(&mut self, at: usize, now: u64) -> Result<(), Fault> {
        self.settle_datagram_sends(at)?;
        let socket = &mut self.datagrams.list[at];
        if socket.retry_at <= now {
            socket.retry_at = 0;
        }
        if !socket.wants_data(now) {
            return socket.recv.cancel(&mut self.connections.engine);
        }
        self.receive_datagrams(at, now)
    }

    fn receive_datagrams(&mut self, at: usize, now: u64) -> Result<(), Fault> {
        let socket = &self.datagrams.list[at];
        let rests = socket.waits || socket.empty || socket.retry_at > 0;
        if socket.recv.is_some() || rests {
            return Ok(());
        }
        let Some(pool) = self.datagram_pool(at, now) else { return Ok(()) };
        let (goes_on, most) = (self.receives_on(), self.config.datagram_size);
        let socket = &mut self.datagrams.list[at];
        if !socket.prepared {
            socket.prepared = true;
            // Cut off, a run would lose several datagrams at once.
            let whole = self.connections.config.datagram_size as usize >= PAYLOAD_MOST;
            if whole && socket.kind != Kind::Unix {
                receive_runs(socket.fd());
            }
        }
        let (ioprio, addr) = if goes_on {
            (RECV_MULTISHOT, &raw const *self.datagrams.shape as u64)
        } else {
            (0, socket.incoming.get_or_insert_with(Incoming::new).begin(most))
        };
        let op = Op {
            opcode: opcode::RECVMSG,
            flags: sqe_flag::BUFFER_SELECT,
            ioprio,
            fd: socket.fd(),
            addr,
            len: 1,
            buf_index: pool,
            user_data: kind::DATAGRAM_RECV << kind::SHIFT | u64::from(socket.id),
            ..Op::default()
        };
        let token = self.submit(&op)?;
        self.datagrams.list[at].recv = Flight::of(token);
        Ok(())
    }

    /// Whether a receive goes on behind its first datagram.
    fn receives_on(&self) -> bool {
        let features = self.engine.driver.enter.backend_ref().info().features;
        features.has(Features::RECV_MULTISHOT)
    }

    /// The pool, made when the first socket wants it. Without memory for it the socket rests.
    fn datagram_pool(&mut self, at: usize, now: u64) -> Option<u16> {
        if self.datagrams.pool.is_none() {
            let spec = PoolSpec {
                count: self.config.datagram_buffers,
                size: self.config.datagram_size + RECEIVED_HEAD as u32,
                incremental: false,
                huge: false,
            };
            match self.engine.pool_create(&spec) {
                Ok(pool) => self.datagrams.pool = Some(pool),
                Err(fault) => {
                    let id = self.datagrams.list[at].id;
                    if self.datagrams.recv_ended(id, fault.code, now) {
                        self.stats.backoffs.add(1);
                    }
                }
            }
        }
        self.datagrams.pool
    }

    fn settle_datagram_sends(&mut self, at: usize) -> Result<(), Fault> {
        let socket = &mut self.datagrams.list[at];
        let (fd, id) = (socket.fd(), socket.id);
        if socket.ending {
            socket.sends.forget_queued();
            return socket.sends.cancel(&mut self.connections.engine);
        }
        while let Some((slot, addr, op_flags)) = self.datagrams.list[at].sends.next() {
            let op = Op {
                opcode: opcode::SENDMSG,
                fd,
                addr,
                len: 1,
                op_flags,
                user_data: kind::DATAGRAM_SEND << kind::SHIFT | slot << 32 | u64::from(id),
                ..Op::default()
            };
            let token = self.submit(&op)?;
            self.datagrams.list[at].sends.take_off(Flight::of(token));
        }
        Ok(())
    }
}
