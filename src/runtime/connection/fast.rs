//! Sends without a completion: small messages that leave with the next enter, and pieces of send
//! queues that are tried at once.
//!
//! Owns: the memory of such messages, from the call to the enter that takes them. Invariant: the
//! kernel deals with such a send while it consumes the entry, so what it did not tell of by then is
//! sent, and its memory is free.

use super::batch::{Batch, NOBODY, SHORT};
use super::connections::Connections;
use super::table::index_of;
use crate::error::Fault;
use crate::runtime::flight::Flight;
use crate::sys::Features;
use core::ptr::NonNull;

impl Connections {
    /// Send what can be sent without completions so, unless somebody wants to be told of each.
    pub fn be_quiet_unless(&mut self, wants_sent: bool) {
        let features = self.engine.driver.enter.backend_ref().info().features;
        self.hush = features.has(Features::CQE_SKIP) && !wants_sent;
    }

    /// Have a message of `len` bytes leave with the next enter, if there is nothing else about its
    /// connection: where the bytes are to be written.
    #[inline(always)]
    pub fn begin_short(&mut self, id: u64, len: usize) -> Option<NonNull<u8>> {
        let connection = self.table.get(index_of(id))?;
        let quick =
            connection.fast.send && connection.id == id && connection.outbound.queue.short() == 0;
        if !quick || len.wrapping_sub(1) >= SHORT {
            return None;
        }
        debug_assert!(connection.keeps_fast());
        self.batch.begin(connection, len)
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
    fn queue_short(&mut self, index: usize) -> Result<(), Fault> {
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

    /// Submit the small messages.
    #[inline(always)]
    pub fn stage_shorts(&mut self) {
        if self.batch.staged < self.batch.count {
            self.stage_some();
        }
    }

    #[inline(always)]
    fn stage_some(&mut self) {
        let Connections { engine, table, batch, hurry, .. } = self;
        let Batch { shorts, count, staged, memory, .. } = batch;
        let memory = memory.as_ptr() as u64;
        let sends = shorts[*staged..*count].iter().filter_map(|short| {
            if short.conn == NOBODY {
                *staged += 1;
                return None;
            }
            let connection = table.at(short.conn as usize);
            connection.outbound.flight = Flight::UNTOLD;
            connection.outbound.queue.take_off(short.len);
            // What follows waits for it, and it ends no wait.
            *hurry |= !connection.fast.send;
            let address = memory + u64::from(short.at);
            Some((connection.fd, address, short.len, short.conn.into()))
        });
        *staged += engine.send_untold(sends) as usize;
        // The submission queue is full: the rest goes with the next turn, which is soon.
        *hurry |= *staged < *count;
    }

    /// Try to send the first piece of a queue at once; false when it has to be noticed.
    pub fn stage_piece(&mut self, index: usize, addr: u64, len: u32) -> bool {
        let connection = self.table.at(index);
        let room = self.batch.pieces.len() < self.batch.pieces.capacity();
        if !self.hush || !room || connection.waits_for_sent() {
            return false;
        }
        let send = (connection.fd, addr, len, index as u64);
        let staged = self.engine.send_untold(core::iter::once(send)) == 1;
        if staged {
            self.batch.pieces.push(index as u32);
        }
        staged
    }

    /// A send that was to be quiet and that the kernel told of: it is one of the queue from now on.
    /// Its connection, which is still the one it was: as long as it sends it has its place.
    #[cold]
    pub fn untold_told(&mut self, name: u64) -> Option<usize> {
        let index = name as usize;
        if self.table.get(index).is_none_or(|found| found.outbound.flight != Flight::UNTOLD) {
            return None;
        }
        if self.table.at(index).outbound.queue.short() == 0 {
            self.batch.pieces.retain(|piece| *piece as usize != index);
        } else if let Err(fault) = self.queue_short(index) {
            let connection = self.table.at(index);
            self.batch.forget(connection.outbound.queue.short());
            connection.outbound.queue.forget_short(0);
            connection.outbound.flight = Flight::NONE;
            self.lost(index, -fault.code);
            return None;
        }
        Some(index)
    }

    /// What was submitted quietly is sent, as far as the kernel took it all. Stops at a connection
    /// about which more is to be done.
    #[inline]
    pub fn settle_quiet(&mut self) -> Option<usize> {
        let none = self.batch.staged == self.batch.settled && self.batch.pieces.is_empty();
        if none || !self.engine.untold_are_sent() {
            return None;
        }
        let (mut bytes, mut count) = (0, 0);
        let mut more = None;
        while self.batch.settled < self.batch.staged {
            let short = self.batch.shorts[self.batch.settled];
            self.batch.settled += 1;
            if short.conn == NOBODY {
                continue;
            }
            let connection = self.table.at(short.conn as usize);
            if !connection.fast.send {
                more = Some(short.conn as usize);
                break;
            }
            connection.outbound.settle(short.len, short.len.into(), &mut self.blocks);
            bytes += u64::from(short.len);
            count += 1;
        }
        self.stats.sends.add(count);
        self.stats.sent.add(bytes);
        if more.is_none() {
            self.batch.clear();
            more = self.batch.pieces.pop().map(|index| index as usize);
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::config::Config;

    #[test]
    fn no_send_is_quiet_without_cqe_skip() {
        let quiet = |disable, wants_sent| {
            let config = Config { disable, ..Config::default() }.resolved().unwrap();
            let mut core = Connections::new(&config, 0, Default::default()).unwrap();
            core.be_quiet_unless(wants_sent);
            let hush = core.hush;
            core.dispose();
            hush
        };
        assert!(quiet(Features::default(), false));
        assert!(!quiet(Features::default(), true));
        assert!(!quiet(Features::CQE_SKIP, false));
    }
}
