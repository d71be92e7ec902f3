//! Where TLS sits in a worker: what was received goes through it before it is shown, and what is to
//! be sent before it is queued.
//!
//! Owns: when each handshake has to be over. Invariant: nothing that came before a handshake ended
//! is ever shown as if it had come by it.

use super::{Session, TlsConfig, TlsFacts};
use crate::error::{ECLOSED, Fault};
use crate::runtime::connection::{Connections, Life, Shown, index_of};
use crate::runtime::{Door, Event, Worker};

/// Unused bytes that a worker keeps for what it decrypts.
const SPARE: usize = 512 << 10;

impl Worker {
    /// Have all of a connection that is sent and received from now on go through TLS.
    pub fn start_tls(&self, id: u64, config: &TlsConfig, name: Option<&str>) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
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
        let core = &mut self.core.borrow_mut().connections;
        let connection = core.table.find(id)?;
        Ok(match &connection.tls {
            Some(tls) => body(Some(&tls.facts())),
            None => body(None),
        })
    }

    /// TLS began in a callback: what that left is part of the handshake.
    pub(in crate::runtime) fn begin_tls(&self, door: &impl Door, index: usize) {
        {
            let core = &mut self.core.borrow_mut().connections;
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
            let core = &mut self.core.borrow_mut().connections;
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
        let core = &mut self.core.borrow_mut().connections;
        let Connections { table, plain, .. } = core;
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
