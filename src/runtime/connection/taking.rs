//! What users keep of what they are shown, and whether they may send.
//!
//! Owns: nothing. Invariant: a pool never has so many of its buffers with users that the other
//! connections starve: below a quarter nothing is given any more, and whoever wants it copies.

use super::connections::Connections;
use super::shown::Offer;
use super::table::index_of;
use crate::fault::Fault;
use crate::runtime::config::LONGEST;

#[cold]
pub fn few() -> Fault {
    Fault::errno(libc::ENOBUFS, "few receive buffers are left: copy it")
}

#[cold]
pub fn nothing() -> Fault {
    Fault::errno(libc::ENODATA, "nothing is shown now that is in the pool: copy it")
}

impl Connections {
    /// Whether enough buffers are left to give one away.
    pub fn check_taking(&mut self) -> Result<(), Fault> {
        let info = self.engine.pool_info(self.pool)?;
        if info.free <= (info.spec.count / 4).max(1) {
            self.stats.take_refusals.add(1);
            return Err(few());
        }
        Ok(())
    }

    /// Leave to the user what is held for the next turn.
    pub fn take_offer(&mut self, offer: Option<Offer>) -> Result<Offer, Fault> {
        let offer = offer.ok_or_else(nothing)?;
        self.check_taking()?;
        self.held.iter_mut().for_each(|held| held.leave(offer.lease));
        self.stats.taken.add(1);
        Ok(offer)
    }

    /// Whether `id` may send `len` bytes more now; its place.
    pub fn sender(&mut self, id: u64, len: u64) -> Result<usize, Fault> {
        let connection = self.table.find(id)?;
        connection.check_sending()?;
        if len > LONGEST as u64 {
            return Err(Fault::errno(libc::EMSGSIZE, "a message has 1 GiB at most"));
        }
        if connection.queued() >= self.config.high_water.into() {
            connection.outbound.was_full = true;
            connection.forbid_fast();
            return Err(Fault::errno(libc::EAGAIN, "the send queue is full; wait for writable"));
        }
        self.gather_short(index_of(id))?;
        Ok(index_of(id))
    }

    /// Whether something of a connection was shown that has no answer yet.
    pub fn holds(&self, conn: u64) -> bool {
        self.held.iter().any(|held| held.conn == conn)
    }
}
