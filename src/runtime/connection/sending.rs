//! The general road of what is sent: from the queue to the kernel, and what the kernel took of it.
//!
//! Owns: nothing. Invariant: one send of a connection is in flight at most. The short cut beside
//! it is `fast`.

use super::batch::SHORT;
use super::connections::Connections;
use super::outbound::End;
use super::table::local;
use super::teardown::Life;
use crate::driver::{Op, opcode};
use crate::fault::Fault;
use crate::op;
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::runtime::queue::Next;
use crate::sys::net;

/// Longest send that is tried at once, without a completion when it went whole.
const MOST_QUIET: u32 = 16 << 10;

/// What there is to tell of a send that is over.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The connection.
    pub id: u64,
    /// The user's number.
    pub user: u64,
    /// Bytes of the user's that the kernel took.
    pub users: u64,
    /// There is room in a queue that was full.
    pub writable: bool,
}

impl Connections {
    pub fn settle_sending(&mut self, index: usize) -> Result<(), Fault> {
        if self.table.at(index).tls.is_some() {
            self.settle_tls(index)?;
        }
        let connection = self.table.at(index);
        if connection.outbound.flight.is_some() {
            return Ok(());
        }
        let (flight, len) = match connection.outbound.queue.next(&mut self.blocks) {
            Next::Bytes(addr, len) => {
                let quietly = len <= MOST_QUIET && self.stage_piece(index, addr, len);
                (if quietly { Flight::UNTOLD } else { self.send_bytes(index, addr, len)? }, len)
            }
            Next::Nothing => {
                let flushed = connection.outbound.queue.is_empty() && connection.is_flushed();
                if connection.outbound.end == End::Wanted && flushed {
                    connection.outbound.end = End::Told;
                    connection.progress.at = self.engine.driver.now();
                    net::end_sending(connection.fd);
                }
                return Ok(());
            }
            rest => match self.settle_lent(index, rest)? {
                Some(sent) => sent,
                None => return Ok(()),
            },
        };
        let connection = self.table.at(index);
        connection.outbound.queue.take_off(len);
        connection.outbound.flight = flight;
        if let Some(limits) = &mut connection.limits {
            limits.send_since = self.engine.driver.now();
        }
        Ok(())
    }

    pub fn send_bytes(&mut self, index: usize, addr: u64, len: u32) -> Result<Flight, Fault> {
        let connection = self.table.at(index);
        connection.outbound.is_slow = false;
        let op = Op {
            opcode: opcode::LIB_SEND_ALL,
            fd: connection.fd,
            addr,
            len,
            user_data: kind::SEND << kind::SHIFT | local(connection.id),
            ..Op::default()
        };
        self.engine.send_all(&op).map(Flight::of)
    }

    /// The kernel took so many bytes of the send in flight, or refused it.
    pub fn sent(&mut self, index: usize, res: i32, bytes: u32) -> Sent {
        let connection = self.table.at(index);
        let heard = connection.outbound.is_heard();
        let users = connection.took(bytes);
        let over = connection.outbound.settle(bytes, users, &mut self.blocks);
        if let Some(limits) = &mut connection.limits {
            limits.sent_at = self.now;
        }
        let low = connection.queued() <= self.config.low_water.into();
        let open = connection.life == Life::Open && !connection.teardown.gone.is() && res >= 0;
        let writable = connection.outbound.was_full && low && open;
        connection.outbound.was_full &= !writable;
        let (id, user) = (connection.id, connection.user);
        let sent = Sent { id, user, users: if heard { users } else { 0 }, writable };
        self.stats.sends.add(1);
        self.stats.sent.add(bytes.into());
        if let Some(loan) = over {
            self.loan_is_sent(loan);
        }
        if res < 0 {
            self.lost(index, res);
        }
        let connection = self.table.at(index);
        if connection.goes_on() {
            self.make_due(index);
        } else {
            connection.allow_fast(self.skips);
        }
        sent
    }

    /// Try to send the first piece of a queue at once; false when it has to be noticed.
    fn stage_piece(&mut self, index: usize, addr: u64, len: u32) -> bool {
        let connection = self.table.at(index);
        let room = self.batch.pieces.len() < self.batch.pieces.capacity();
        if !self.skips || !room || connection.waits_for_sent() {
            return false;
        }
        let send = (connection.fd, addr, len, index as u64);
        let staged = op::fast::submit_named(&mut self.engine, core::iter::once(send)) == 1;
        if staged {
            self.batch.pieces.push(index as u32);
        }
        staged
    }

    /// Put `data` behind the small message of a connection that did not leave yet; false when there
    /// is none, or there is no room behind it.
    pub fn extend_short(&mut self, id: u64, data: &[u8]) -> Result<bool, Fault> {
        let connection = self.table.find(id)?;
        let room = connection.outbound.queue.queued() < self.config.high_water.into();
        let extends = connection.fast.send && room && data.len() <= SHORT;
        Ok(extends && self.batch.extend(connection, data))
    }

    /// Put a small message that did not leave yet into its connection's queue, since something is
    /// to follow it. Without memory it stays where it is.
    pub fn gather_short(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if connection.outbound.queue.short() == 0 || connection.outbound.flight.is_some() {
            return Ok(());
        }
        self.queue_short(index)?;
        // Whatever becomes of what was to follow: it is for the queue to send now.
        self.make_due(index);
        Ok(())
    }

    #[cold]
    pub fn queue_short(&mut self, index: usize) -> Result<(), Fault> {
        let queue = &mut self.table.at(index).outbound.queue;
        let number = queue.short();
        let Some(bytes) = self.batch.bytes(number) else { return Ok(()) };
        queue.unshort(bytes, &mut self.blocks)?;
        self.batch.forget(number);
        Ok(())
    }

    /// Forget a small message that did not leave yet.
    pub fn drop_short(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.outbound.queue.short() != 0 && connection.outbound.flight.is_none() {
            self.batch.forget(connection.outbound.queue.short());
            // Its bytes stay counted: the kernel never took them.
            connection.outbound.queue.forget_short(0);
        }
    }
}
