//! What sockets for datagrams want next, done with the ring.
//!
//! Owns: nothing of its own. Invariant: those that found no buffer come one after the other, before
//! those that did not wait.

use super::sends::Kind;
use super::socket::Datagrams;
use crate::driver::{Op, opcode, sqe_flag};
use crate::fault::Fault;
use crate::resource::PoolSpec;
use crate::runtime::connection::Connections;
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::sys::Features;
use crate::sys::datagram::{Incoming, PAYLOAD_MOST, RECEIVED_HEAD, receive_runs};
use crate::sys::uapi::RECV_MULTISHOT;

/// So many buffers a receive that goes on takes before others are looked at: the kernel's number.
const MOST_IN_A_ROW: u32 = 32;
impl Datagrams {
    /// Receive and send what is wanted, and close what is over.
    pub fn settle(&mut self, own: &mut Connections, now: u64) {
        if self.list.is_empty() {
            return;
        }
        self.serve_line(own, now);
        for at in 0..self.list.len() {
            if self.settle_one(own, at, now).is_err() {
                own.again = true;
            }
        }
        self.list.retain(|socket| !socket.is_over());
    }

    /// As many of those that found no buffer as there are buffers ask again, in order, and before
    /// the others. One of them may take many.
    fn serve_line(&mut self, own: &mut Connections, now: u64) {
        if self.line.is_empty() {
            return;
        }
        let pool = self.pool.and_then(|pool| own.engine.pool_info(pool).ok());
        let free = pool.map_or(0, |info| info.free);
        let each = if Self::receives_on(own) { MOST_IN_A_ROW } else { 1 };
        for _ in 0..free.div_ceil(each) {
            let Some(id) = self.line.pop_front() else { break };
            let Some(at) = self.list.iter().position(|socket| socket.id == id) else {
                continue;
            };
            self.list[at].waits = false;
            // Before those that did not wait.
            if self.receive(own, at, now).is_err() {
                own.again = true;
            }
        }
        own.hurry |= free > 0 && !self.line.is_empty();
    }

    fn settle_one(&mut self, own: &mut Connections, at: usize, now: u64) -> Result<(), Fault> {
        self.settle_sends(own, at)?;
        let socket = &mut self.list[at];
        if socket.retry_at <= now {
            socket.retry_at = 0;
        }
        if !socket.wants_data(now) {
            return socket.recv.cancel(&mut own.engine);
        }
        self.receive(own, at, now)
    }

    fn receive(&mut self, own: &mut Connections, at: usize, now: u64) -> Result<(), Fault> {
        let socket = &self.list[at];
        let rests = socket.waits || socket.empty || socket.retry_at > 0;
        if socket.recv.is_some() || rests {
            return Ok(());
        }
        let Some(pool) = self.pool(own, at, now) else { return Ok(()) };
        let (goes_on, most) = (Self::receives_on(own), own.config.datagram_size);
        let socket = &mut self.list[at];
        if !socket.prepared {
            socket.prepared = true;
            // Cut off, a run would lose several datagrams at once.
            let whole = own.config.datagram_size as usize >= PAYLOAD_MOST;
            if whole && socket.kind != Kind::Unix {
                receive_runs(socket.fd());
            }
        }
        let (ioprio, addr) = if goes_on {
            (RECV_MULTISHOT, &raw const *self.shape as u64)
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
        let token = own.submit(&op)?;
        self.list[at].recv = Flight::of(token);
        Ok(())
    }

    /// Whether a receive goes on behind its first datagram.
    fn receives_on(own: &Connections) -> bool {
        let features = own.engine.driver.enter.backend_ref().info().features;
        features.has(Features::RECV_MULTISHOT)
    }

    /// The pool, made when the first socket wants it. Without memory for it the socket rests.
    fn pool(&mut self, own: &mut Connections, at: usize, now: u64) -> Option<u16> {
        if self.pool.is_none() {
            let spec = PoolSpec {
                count: own.config.datagram_buffers,
                size: own.config.datagram_size + RECEIVED_HEAD as u32,
                incremental: false,
                huge: false,
            };
            match own.engine.pool_create(&spec) {
                Ok(pool) => self.pool = Some(pool),
                Err(fault) => {
                    let id = self.list[at].id;
                    if self.recv_ended(id, fault.code, now) {
                        own.stats.backoffs.add(1);
                    }
                }
            }
        }
        self.pool
    }

    fn settle_sends(&mut self, own: &mut Connections, at: usize) -> Result<(), Fault> {
        let socket = &mut self.list[at];
        let (fd, id) = (socket.fd(), socket.id);
        if socket.ending {
            socket.sends.forget_queued();
            return socket.sends.cancel(&mut own.engine);
        }
        while let Some((slot, addr, op_flags)) = self.list[at].sends.next() {
            let op = Op {
                opcode: opcode::SENDMSG,
                fd,
                addr,
                len: 1,
                op_flags,
                user_data: kind::DATAGRAM_SEND << kind::SHIFT | slot << 32 | u64::from(id),
                ..Op::default()
            };
            let token = own.submit(&op)?;
            self.list[at].sends.take_off(Flight::of(token));
        }
        Ok(())
    }
}
