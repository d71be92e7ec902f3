//! TLS of connections: what was received goes through it before it is shown, and what is to be sent
//! before it is queued.
//!
//! Owns: nothing; the list of handshakes is the connections'. Invariant: nothing that came before a
//! handshake ended is ever shown as if it had come by it.

use super::connections::Connections;
use super::loans::Layer;
use super::outbound::Outbound;
use super::state::Connection;
use super::table::index_of;
use super::teardown::{How, Leave, Life};
use crate::fault::{ETLS, ETRUNCATED, Fault};
use crate::runtime::tls::{Pumped, Session, TlsConfig};
use crate::sys::net;
use core::cmp::Reverse;

/// So much later a handshake whose next message was not looked at yet is judged again.
const LATE_NS: u64 = 20_000_000;

impl Connections {
    /// Have all of a connection that is sent and received from now on go through TLS.
    pub fn start_tls(
        &mut self,
        index: usize,
        config: &TlsConfig,
        name: Option<&str>,
    ) -> Result<(), Fault> {
        let now = self.engine.driver.now();
        self.gather_short(index)?;
        let connection = self.table.at(index);
        let session = Session::new(config, name, connection.outbound.queue.queued())?;
        connection.tls = Some(Box::new(session));
        let id = connection.id;
        self.handshakes.0.push(Reverse((now.saturating_add(config.handshake_ns), id)));
        self.forget_handshakes();
        self.make_due(index);
        Ok(())
    }

    /// Handshakes that ended before their time leave nothing in the list.
    fn forget_handshakes(&mut self) {
        if self.handshakes.0.len() > 2 * self.table.live() + 64 {
            let table = &mut self.table;
            let waits = |found: &mut Connection| {
                found.is_shaking() || found.teardown.leave == Leave::WhenHeard
            };
            let shakes = |id| table.find(id).is_ok_and(waits);
            let mut shakes = shakes;
            self.handshakes.0.retain(|Reverse((_, id))| shakes(*id));
        }
    }

    /// Look at the clock: handshakes that take too long.
    pub fn look_at_handshakes(&mut self, now: u64) {
        while self.handshakes.next().is_some_and(|end| end <= now) {
            let Some(Reverse((_, id))) = self.handshakes.0.pop() else { break };
            let Ok(connection) = self.table.find(id) else { continue };
            if !connection.is_shaking() {
                if connection.teardown.leave == Leave::WhenHeard {
                    connection.teardown.leave = Leave::WhenIdle;
                    self.make_due(index_of(id));
                }
                continue;
            }
            // What came and was not looked at yet: it is the worker that is late.
            if net::is_readable(connection.fd) {
                self.handshakes.0.push(Reverse((now.saturating_add(LATE_NS), id)));
                continue;
            }
            if let Some(tls) = &mut connection.tls {
                tls.fail("the handshake took too long");
            }
            self.close(index_of(id), How::AtOnce, ETLS);
        }
    }

    /// Ciphertext of a connection: what it says is in `plain` afterwards.
    pub fn feed_tls(&mut self, index: usize, bytes: &[u8]) {
        let Connections { table, plain, .. } = self;
        let connection = table.at(index);
        let Some(tls) = &mut connection.tls else { return };
        let before = plain.len();
        if !tls.begun {
            // Not consumed when TLS began, so it is part of the handshake: to show it as if it had
            // come by TLS would let anybody on the way put words into the other end's mouth.
            tls.begun = true;
            connection.inbound.show = false;
            tls.feed(&connection.inbound.take_kept(), plain);
        }
        tls.feed(bytes, plain);
        connection.inbound.received += (plain.len() - before) as u64;
        if tls.peer_closed() && !connection.inbound.has_ended() {
            connection.inbound.note_end(!connection.teardown.gone.is());
        }
        self.make_due(index);
    }

    /// Encrypt what is to be sent, and end what cannot go on.
    pub fn settle_tls(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        let Some(tls) = &mut connection.tls else { return Ok(()) };
        if connection.inbound.has_ended() && tls.is_shaking() {
            tls.fail("the other end closed the connection during the handshake");
        }
        if tls.fault().is_some() {
            let loses = tls.has_plain();
            if connection.life == Life::Draining && loses {
                connection.teardown.note(ETLS);
            }
            // Gracefully, for the alert that tells the other end why.
            self.close(index, How::Gracefully, ETLS);
        }
        loop {
            let Connections { table, blocks, .. } = self;
            let connection = table.at(index);
            let ends = connection.outbound.ends();
            let Some(tls) = &mut connection.tls else { return Ok(()) };
            let Outbound { queue, .. } = &mut connection.outbound;
            match tls.pump(ends, queue, blocks)? {
                Pumped::Over(loan) => self.loan_is_sent(loan),
                Pumped::File(loan) if self.settle_file(index, loan, Layer::Plain)? => {}
                Pumped::File(_) | Pumped::All => return Ok(()),
            }
        }
    }

    /// The other end closed: whether that is a failure, since it did not say so by TLS first.
    pub fn ends_badly(&mut self, index: usize) -> bool {
        let connection = self.table.at(index);
        let Some(tls) = &connection.tls else { return false };
        if tls.fault().is_some() || tls.is_shaking() {
            self.make_due(index);
            return true;
        }
        if tls.peer_closed() {
            return false;
        }
        self.close(index, How::Gracefully, ETRUNCATED);
        true
    }
}
