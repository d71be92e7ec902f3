//! Where TLS sits in a worker: what was received goes through it before it is shown, and what is to
//! be sent before it is queued.
//!
//! Owns: when each handshake has to be over. Invariant: nothing that came before a handshake ended
//! is ever shown as if it had come by it.

use super::{Session, TlsConfig, TlsFacts};
use crate::error::{ECLOSED, ETLS, ETRUNCATED, Fault};
use crate::runtime::conn_table::index_of;
use crate::runtime::connection::{Connection, How, Leave, Life, Outbound};
use crate::runtime::core::Core;
use crate::runtime::lending::Layer;
use crate::runtime::receiving::Shown;
use crate::runtime::send_queue::{Blocks, SendQueue};
use crate::runtime::{Door, Event, Worker};
use crate::sys::net;
use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// Unused bytes that a worker keeps for what it decrypts.
const SPARE: usize = 512 << 10;

/// So much later a handshake whose next message was not looked at yet is judged again.
const LATE_NS: u64 = 20_000_000;

/// Until when the handshakes of a worker have to be over; some of them are long since.
#[derive(Default)]
pub struct Handshakes(BinaryHeap<Reverse<(u64, u64)>>);

impl Handshakes {
    /// The next time to look.
    pub fn next(&self) -> Option<u64> {
        self.0.peek().map(|Reverse((end, _))| *end)
    }
}

/// How far encrypting came.
#[cfg_attr(not(feature = "tls"), expect(dead_code))]
pub enum Pumped {
    /// As far as there is room, or all of it.
    All,
    /// Up to the end of a loan.
    Over(u32),
    /// Up to the file of a loan, of which something is to be read first.
    File(u32),
}

impl Connection {
    /// Where the user's bytes go.
    pub fn outgoing(&mut self) -> &mut SendQueue {
        match &mut self.tls {
            None => &mut self.outbound.queue,
            Some(tls) => &mut tls.plain,
        }
    }

    /// Copy all of `parts` behind what is to be sent, or nothing when there is no memory.
    pub fn push<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [u8]>,
        blocks: &mut Blocks,
    ) -> Result<(), Fault> {
        self.outgoing().push_all(parts, blocks)
    }

    /// TLS began, and what was received before was not looked at.
    pub fn begins_tls(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.begun)
    }

    /// Bytes that the kernel did not take yet, as the user counts them.
    pub fn queued(&self) -> u64 {
        self.tls.as_ref().map_or_else(|| self.outbound.queue.queued(), |tls| tls.queued())
    }

    /// The kernel took `bytes` of the send queue: how many of the user's these are.
    pub fn took(&mut self, bytes: u32) -> u64 {
        let bytes = u64::from(bytes);
        self.tls.as_mut().map_or(bytes, |tls| tls.acknowledge(bytes))
    }

    /// Whether plaintext waits to be encrypted.
    pub fn has_plain(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_plain())
    }

    /// Whether all that is to be sent is in the send queue.
    pub fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.is_flushed())
    }

    /// Whether it shakes hands: then it receives although the user wants no data.
    pub fn is_shaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_shaking())
    }
}

impl Core {
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
        let Core { table, plain, .. } = self;
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
            let Core { table, blocks, .. } = self;
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
    fn ends_badly(&mut self, index: usize) -> bool {
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

impl Worker {
    /// Have all of a connection that is sent and received from now on go through TLS.
    pub fn start_tls(&self, id: u64, config: &TlsConfig, name: Option<&str>) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let connection = core.table.find(id)?;
        connection.check_sending()?;
        if connection.tls.is_some() {
            return Err(Fault::errno(libc::EALREADY, "the connection has TLS already"));
        }
        if connection.inbound.has_ended() {
            return Err(Fault::new(ECLOSED, "the other end sends nothing more"));
        }
        core.start_tls(index_of(id), config, name)
    }

    /// What a connection can say about its TLS; None when it has none.
    pub fn tls_facts<T>(
        &self,
        id: u64,
        body: impl FnOnce(Option<&TlsFacts<'_>>) -> T,
    ) -> Result<T, Fault> {
        let core = &mut *self.core.borrow_mut();
        let connection = core.table.find(id)?;
        Ok(match &connection.tls {
            Some(tls) => body(Some(&tls.facts())),
            None => body(None),
        })
    }

    /// TLS began in a callback: what that left is part of the handshake.
    pub(in crate::runtime) fn begin_tls(&self, door: &impl Door, index: usize) {
        {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            if !connection.begins_tls() {
                return;
            }
            core.feed_tls(index, &[]);
        }
        self.show_plain(door, index);
    }

    /// Tell that the handshake ended, and show what came by it.
    pub(in crate::runtime) fn show_plain(&self, door: &impl Door, index: usize) {
        let secured = {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            let open = connection.life == Life::Open;
            let (id, user) = (connection.id, connection.user);
            let tells = |tls: &mut Box<Session>| {
                let tells = !tls.told && !tls.is_shaking() && tls.fault().is_none() && open;
                tls.told |= tells;
                tells
            };
            connection.tls.as_mut().is_some_and(tells).then_some((id, user))
        };
        if let Some((id, user)) = secured {
            door.tell(self, Event::Secured { conn: id, user });
        }
        let shown = self.plain_of(index);
        self.show(door, index, shown);
    }

    /// What was decrypted, unless the user wants none (any more).
    fn plain_of(&self, index: usize) -> Shown {
        let core = &mut *self.core.borrow_mut();
        let Core { table, plain, .. } = core;
        let connection = table.at(index);
        if plain.is_empty() || connection.life != Life::Open {
            plain.clear();
            return Shown::Nothing;
        }
        let inbound = &mut connection.inbound;
        if inbound.kept.is_empty() && !inbound.paused {
            return Shown::Plain(core::mem::take(plain));
        }
        inbound.kept.push(plain);
        plain.clear();
        if inbound.paused {
            inbound.show = true;
            return Shown::Nothing;
        }
        Shown::Kept(inbound.take_kept())
    }

    /// The bytes of [`Shown::Plain`] serve the next connection.
    pub(in crate::runtime) fn put_plain(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        if bytes.capacity() <= SPARE {
            self.core.borrow_mut().plain = bytes;
        }
    }

    /// The other end closed: whether that was told already, as a failure.
    pub(in crate::runtime) fn ended_badly(&self, index: usize) -> bool {
        self.core.borrow_mut().ends_badly(index)
    }
}
