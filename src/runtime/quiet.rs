//! Sends without a completion: small messages that leave with the next enter, and pieces of send
//! queues that are tried at once.
//!
//! Owns: the memory of such messages, from the call to the enter that takes them. Invariant: the
//! kernel deals with such a send while it consumes the entry, so what it did not tell of by then is
//! sent, and its memory is free.

use super::conn_table::index_of;
use super::connection::Connection;
use super::core::Core;
use super::flight::Flight;
use crate::error::Fault;
use crate::sys::{Features, Map};
use core::ptr::NonNull;

/// Longest message that is kept here.
pub const SHORT: usize = 4096;
/// Bytes of all of them.
const MEMORY: usize = 256 << 10;
/// Messages at most.
const SHORTS: usize = 512;
const NOBODY: u32 = u32::MAX;

/// A message of a connection that has nothing else to send.
#[derive(Clone, Copy)]
struct Short {
    conn: u32,
    at: u32,
    len: u32,
}

/// What leaves without a completion.
pub struct Quiet {
    memory: Map,
    used: usize,
    shorts: Box<[Short]>,
    /// Messages: the first so many of `shorts`.
    count: usize,
    /// The first so many were submitted, and the first so many of these are dealt with.
    staged: usize,
    settled: usize,
    /// Connections whose queue's first piece was submitted.
    pieces: Vec<u32>,
}

impl Quiet {
    pub fn new() -> Result<Quiet, i32> {
        let mut pieces = Vec::new();
        pieces.try_reserve_exact(2 * SHORTS).map_err(|_| libc::ENOMEM)?;
        let nothing = Short { conn: NOBODY, at: 0, len: 0 };
        Ok(Quiet {
            memory: Map::new(MEMORY)?,
            used: 0,
            shorts: vec![nothing; SHORTS].into_boxed_slice(),
            count: 0,
            staged: 0,
            settled: 0,
            pieces,
        })
    }

    /// Room for a message of `len` bytes, [`SHORT`] at most, that is sent as what will be there.
    #[inline(always)]
    fn begin(&mut self, connection: &mut Connection, len: usize) -> Option<NonNull<u8>> {
        let short = self.shorts.get_mut(self.count)?;
        if len > MEMORY - self.used {
            return None;
        }
        let conn = index_of(connection.id) as u32;
        *short = Short { conn, at: self.used as u32, len: len as u32 };
        // SAFETY: below MEMORY, which the map holds.
        let room = unsafe { self.memory.as_ptr().add(self.used) };
        self.used += len;
        self.count += 1;
        connection.outbound.queue.set_short(self.count as u32, len as u32);
        NonNull::new(room)
    }

    /// Put `data` behind the message of `connection` if that is the last one; else false.
    pub fn extend(&mut self, connection: &mut Connection, data: &[u8]) -> bool {
        let number = connection.outbound.queue.short() as usize;
        if number == 0 || number != self.count || number <= self.staged {
            return false;
        }
        let Some(short) = self.shorts.get_mut(number - 1) else { return false };
        if data.len() > MEMORY - self.used {
            return false;
        }
        // SAFETY: what is behind `used` is nobody's, and the map holds that much of it.
        unsafe {
            let room = self.memory.as_ptr().add(self.used);
            room.copy_from_nonoverlapping(data.as_ptr(), data.len());
        }
        short.len += data.len() as u32;
        self.used += data.len();
        connection.outbound.queue.set_short(number as u32, data.len() as u32);
        true
    }

    /// Message `number` is somebody else's to send, or nobody's.
    fn forget(&mut self, number: u32) {
        if let Some(short) = self.shorts.get_mut((number as usize).wrapping_sub(1)) {
            short.conn = NOBODY;
        }
    }

    /// The bytes of message `number`.
    fn bytes(&self, number: u32) -> Option<&[u8]> {
        let short = self.shorts.get((number as usize).checked_sub(1)?)?;
        // SAFETY: bytes of a message are below `used`, and were written when it began.
        Some(unsafe {
            let first = self.memory.as_ptr().add(short.at as usize);
            core::slice::from_raw_parts(first, short.len as usize)
        })
    }

    /// What was submitted is dealt with: if that is all, the memory is free.
    fn clear(&mut self) {
        if self.settled == self.count {
            (self.count, self.used, self.staged, self.settled) = (0, 0, 0, 0);
        }
    }
}

impl Core {
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
        self.quiet.begin(connection, len)
    }

    /// Put `data` behind the small message of a connection that did not leave yet; false when there
    /// is none, or there is no room behind it.
    pub fn extend_short(&mut self, id: u64, data: &[u8]) -> Result<bool, Fault> {
        let connection = self.table.find(id)?;
        let room = connection.outbound.queue.queued() < self.config.high_water.into();
        let extends = connection.fast.send && room && data.len() <= SHORT;
        Ok(extends && self.quiet.extend(connection, data))
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
        let Some(bytes) = self.quiet.bytes(number) else { return Ok(()) };
        queue.unshort(bytes, &mut self.blocks)?;
        self.quiet.forget(number);
        Ok(())
    }

    /// Forget a small message that did not leave yet.
    pub fn drop_short(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.outbound.queue.short() != 0 && connection.outbound.flight.is_none() {
            self.quiet.forget(connection.outbound.queue.short());
            // Its bytes stay counted: the kernel never took them.
            connection.outbound.queue.forget_short(0);
        }
    }

    /// Submit the small messages.
    #[inline(always)]
    pub fn stage_shorts(&mut self) {
        if self.quiet.staged < self.quiet.count {
            self.stage_some();
        }
    }

    #[inline(always)]
    fn stage_some(&mut self) {
        let Core { engine, table, quiet, hurry, .. } = self;
        let Quiet { shorts, count, staged, memory, .. } = quiet;
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
        let room = self.quiet.pieces.len() < self.quiet.pieces.capacity();
        if !self.hush || !room || connection.waits_for_sent() {
            return false;
        }
        let send = (connection.fd, addr, len, index as u64);
        let staged = self.engine.send_untold(core::iter::once(send)) == 1;
        if staged {
            self.quiet.pieces.push(index as u32);
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
            self.quiet.pieces.retain(|piece| *piece as usize != index);
        } else if let Err(fault) = self.queue_short(index) {
            let connection = self.table.at(index);
            self.quiet.forget(connection.outbound.queue.short());
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
        let none = self.quiet.staged == self.quiet.settled && self.quiet.pieces.is_empty();
        if none || !self.engine.untold_are_sent() {
            return None;
        }
        let (mut bytes, mut count) = (0, 0);
        let mut more = None;
        while self.quiet.settled < self.quiet.staged {
            let short = self.quiet.shorts[self.quiet.settled];
            self.quiet.settled += 1;
            if short.conn == NOBODY {
                continue;
            }
            let connection = self.table.at(short.conn as usize);
            if !connection.fast.send {
                more = Some(short.conn as usize);
                break;
            }
            connection.outbound.flight = Flight::NONE;
            connection.outbound.queue.forget_short(short.len);
            connection.outbound.taken += u64::from(short.len);
            bytes += u64::from(short.len);
            count += 1;
        }
        self.stats.sends.add(count);
        self.stats.sent.add(bytes);
        if more.is_none() {
            self.quiet.clear();
            more = self.quiet.pieces.pop().map(|index| index as usize);
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
            let mut core = Core::new(&config, 0, Default::default()).unwrap();
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
