//! What a connection wants next, done with the ring.
//!
//! Owns: nothing of its own: it reads what is wanted and submits it. Invariant: one receive and one
//! send of a connection are in flight at most, and it closes when neither is.

use super::connections::Connections;
use super::table::local;
use super::teardown::{Close, How, Life};
use crate::driver::{Op, opcode};
use crate::fault::Fault;
use crate::runtime::flight::Flight;
use crate::runtime::kind;

impl Connections {
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
        connection.allow_fast(self.skips);
        if connection.limits.is_some() {
            self.arm(index);
        }
        Ok(())
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
}
