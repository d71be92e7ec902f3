//! What a connection or a listener wants next, done with the ring.
//!
//! Owns: nothing of its own: it reads what is wanted and submits it. Invariant: one receive and one
//! send of a connection are in flight at most, and it closes when neither is.

use super::conn_table::local;
use super::connection::{Close, End, How, Life};
use super::core::{Core, kind};
use super::flight::Flight;
use super::send_queue::Next;
use crate::error::Fault;
use crate::ring::{Op, opcode};
use crate::sys::uapi::ACCEPT_MULTISHOT;
use crate::sys::{Features, net};

/// Longest send that is tried at once, without a completion when it went whole.
const MOST_QUIET: u32 = 16 << 10;
/// With so little room in the table clients are accepted one at a time: an accept that goes on
/// would take whoever waits, and those beyond the room would have to be sent away.
const LITTLE_ROOM: usize = 256;
const CLOEXEC: u32 = libc::SOCK_CLOEXEC as u32;

impl Core {
    /// Do what a connection wants. What the ring refuses for now is asked for again soon.
    pub fn settle(&mut self, index: usize) {
        if self.try_settle(index).is_err() {
            self.again = true;
            self.make_due(index);
        }
    }

    fn try_settle(&mut self, index: usize) -> Result<(), Fault> {
        match self.table.at(index).life {
            Life::Free | Life::Connecting => return Ok(()),
            Life::Closing(_) => return self.settle_closing(index),
            Life::Open | Life::Draining => {}
        }
        if self.table.at(index).teardown.gone.is() {
            return self.settle_gone(index);
        }
        self.settle_sending(index)?;
        if self.table.at(index).is_drained() {
            self.table.at(index).begin_close(How::AtOnce, 0);
            return self.settle_closing(index);
        }
        if !self.settle_leaving(index)? {
            self.settle_receiving(index)?;
            self.settle_watch(index)?;
        }
        let connection = self.table.at(index);
        connection.allow_fast(self.hush);
        if connection.limits.is_some() {
            self.arm(index);
        }
        Ok(())
    }

    fn settle_sending(&mut self, index: usize) -> Result<(), Fault> {
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

    pub(super) fn send_bytes(
        &mut self,
        index: usize,
        addr: u64,
        len: u32,
    ) -> Result<Flight, Fault> {
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

    fn settle_receiving(&mut self, index: usize) -> Result<(), Fault> {
        let pool = self.pool;
        let connection = self.table.at(index);
        let wants = connection.wants_data();
        if connection.inbound.flight.is_some() {
            if !wants || connection.inbound.takes_too_much() {
                connection.inbound.flight.cancel(&mut self.engine)?;
            }
            return Ok(());
        }
        if !wants {
            return Ok(());
        }
        let op = self.rations.receive(connection, pool);
        let token = self.submit(&op)?;
        self.table.at(index).inbound.flight = Flight::of(token);
        Ok(())
    }

    /// End what is in flight, then close: before that the kernel would keep the connection alive.
    fn settle_closing(&mut self, index: usize) -> Result<(), Fault> {
        self.drop_short(index);
        let connection = self.table.at(index);
        if !connection.is_idle() {
            connection.inbound.flight.cancel(&mut self.engine)?;
            connection.outbound.flight.cancel(&mut self.engine)?;
            return connection.teardown.watch.flight.cancel(&mut self.engine);
        }
        if connection.life != Life::CLOSING {
            return Ok(());
        }
        let op = Op {
            opcode: opcode::CLOSE,
            fd: connection.fd,
            user_data: kind::CLOSE << kind::SHIFT | local(connection.id),
            ..Op::default()
        };
        self.submit(&op)?;
        self.table.at(index).life = Life::Closing(Close::Asked);
        Ok(())
    }

    /// Accept where there is room, and end the listeners that are to end.
    pub fn settle_listeners(&mut self, now: u64) {
        let room = self.table.room();
        self.listened = self.table.live();
        for at in 0..self.listeners.len() {
            if self.settle_listener(at, room, now).is_err() {
                self.again = true;
            }
        }
        self.listeners.retain(|listening| !listening.is_over());
    }

    fn settle_listener(&mut self, at: usize, room: usize, now: u64) -> Result<(), Fault> {
        let listening = &mut self.listeners[at];
        if listening.retry_at <= now {
            listening.retry_at = 0;
        }
        let wants = listening.accepts(now) && room > 0;
        let too_many = room <= LITTLE_ROOM && listening.goes_on;
        let anew = listening.asks_anew();
        self.hurry |= wants && listening.waits && listening.retry_at == 0;
        let accepts = listening.accept.is_some();
        if (!wants || too_many || anew) && accepts && !listening.accept.is_cancelled() {
            return listening.accept.cancel(&mut self.engine);
        }
        if !wants || accepts || listening.retry_at > 0 {
            return Ok(());
        }
        if let Err(errno) = listening.listen() {
            listening.accept_ended(-errno, now);
            self.accepting.begin(errno);
            return Ok(());
        }
        let can_go_on = self.engine.driver.enter.backend_ref().info().features;
        let can_go_on = can_go_on.has(Features::ACCEPT_MULTISHOT);
        let goes_on = can_go_on && listening.share.is_none() && room > LITTLE_ROOM;
        let op = Op {
            opcode: opcode::ACCEPT,
            ioprio: if goes_on { ACCEPT_MULTISHOT } else { 0 },
            fd: listening.fd(),
            op_flags: CLOEXEC,
            user_data: kind::ACCEPT << kind::SHIFT | u64::from(listening.id),
            ..Op::default()
        };
        self.listeners[at].accept = Flight::of(self.submit(&op)?);
        self.listeners[at].goes_on = goes_on;
        self.listeners[at].share.iter().for_each(|share| share.takes_part(true));
        Ok(())
    }
}
