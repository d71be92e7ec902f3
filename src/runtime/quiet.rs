//! Sends without a completion: small messages that leave with the next enter, and pieces of send
//! queues that are tried at once.
//!
//! Owns: the memory of such messages, from the call to the enter that takes them. Invariant: the
//! kernel deals with such a send while it consumes the entry, so what it did not tell of by then is
//! sent, and its memory is free.

use super::conn_table::{index_of, local};
use super::connection::{Connection, Life};
use super::core::Core;
use crate::error::Fault;

/// Longest message that is kept here.
pub const SHORT: usize = 4096;
/// Bytes of all of them.
const MEMORY: usize = 256 << 10;
/// Messages at most.
const SHORTS: usize = 512;
/// In [`Connection::send`]: a send without a completion. No operation has that token.
pub const UNTOLD: u64 = 1;
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
    memory: Box<[u8]>,
    used: usize,
    shorts: Vec<Short>,
    /// The first so many were submitted, and the first so many of these are dealt with.
    staged: usize,
    settled: usize,
    /// Connections whose queue's first piece was submitted.
    pieces: Vec<u32>,
}

impl Quiet {
    pub fn new() -> Result<Quiet, i32> {
        let (mut memory, mut shorts, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
        let no_memory = |_| libc::ENOMEM;
        memory.try_reserve_exact(MEMORY).map_err(no_memory)?;
        shorts.try_reserve_exact(SHORTS).map_err(no_memory)?;
        pieces.try_reserve_exact(2 * SHORTS).map_err(no_memory)?;
        memory.resize(MEMORY, 0);
        Ok(Quiet {
            memory: memory.into_boxed_slice(),
            used: 0,
            shorts,
            staged: 0,
            settled: 0,
            pieces,
        })
    }

    /// Keep a copy of a message that is [`SHORT`] at most; false when there is no room.
    #[inline(always)]
    pub fn push(&mut self, connection: &mut Connection, data: &[u8]) -> bool {
        let (at, len) = (self.used, data.len());
        let room = self.memory.get_mut(at..).and_then(|rest| rest.get_mut(..len));
        let Some(room) = room.filter(|_| self.shorts.len() < SHORTS) else { return false };
        room.copy_from_slice(data);
        let conn = index_of(connection.id) as u32;
        self.shorts.push(Short { conn, at: at as u32, len: len as u32 });
        self.used = at + len;
        connection.queue.set_short(self.shorts.len() as u32, len as u32);
        true
    }

    /// Put `data` behind the message of `connection` if that is the last one; else false.
    pub fn extend(&mut self, connection: &mut Connection, data: &[u8]) -> bool {
        let number = connection.queue.short() as usize;
        let last = number == self.shorts.len() && number > self.staged;
        let (at, len) = (self.used, data.len());
        let room = self.memory.get_mut(at..).and_then(|rest| rest.get_mut(..len));
        let (Some(short), Some(room), true) = (self.shorts.last_mut(), room, last) else {
            return false;
        };
        room.copy_from_slice(data);
        short.len += len as u32;
        self.used = at + len;
        connection.queue.set_short(number as u32, len as u32);
        true
    }

    /// The bytes of message `number`, which is somebody else's to send from now on.
    fn pull(&mut self, number: u32) -> Option<&[u8]> {
        let short = self.shorts.get_mut((number as usize).checked_sub(1)?)?;
        short.conn = NOBODY;
        self.memory.get(short.at as usize..)?.get(..short.len as usize)
    }

    /// What was submitted is dealt with: if that is all, the memory is free.
    fn clear(&mut self) {
        if self.settled == self.shorts.len() {
            self.shorts.clear();
            (self.used, self.staged, self.settled) = (0, 0, 0);
        }
    }
}

impl Connection {
    /// Whether a small message may leave without another look at the connection.
    pub fn is_quick(&self) -> bool {
        let open = self.life == Life::Open && !self.wants_end;
        let plain = self.tls.is_none() && self.limits.is_none();
        let idle = self.queue.is_empty() && self.send == 0 || self.queue.is_short();
        let free = idle && !self.is_slow && !self.was_full;
        open && plain && free
    }
}

impl Core {
    /// Have a small message leave with the next enter, if there is nothing else about its
    /// connection.
    #[inline(always)]
    pub fn send_quick(&mut self, id: u64, data: &[u8]) -> Result<bool, Fault> {
        let connection = self.table.find(id)?;
        if !connection.quick || data.len().wrapping_sub(1) >= SHORT {
            return Ok(false);
        }
        if connection.queue.short() != 0 {
            let room = connection.queue.queued() < self.config.high_water.into();
            return Ok(room && self.quiet.extend(connection, data));
        }
        Ok(self.quiet.push(connection, data))
    }

    /// Put a small message that did not leave yet into its connection's queue, since something is
    /// to follow it.
    pub fn gather_short(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if connection.queue.short() == 0 || connection.send != 0 {
            return Ok(());
        }
        self.queue_short(index)
    }

    #[cold]
    fn queue_short(&mut self, index: usize) -> Result<(), Fault> {
        let queue = &mut self.table.at(index).queue;
        let number = queue.short();
        let Some(bytes) = self.quiet.pull(number) else { return Ok(()) };
        queue.unshort(bytes, &mut self.blocks)
    }

    /// Forget a small message that did not leave yet.
    pub fn drop_short(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.queue.short() != 0 && connection.send == 0 {
            let dropped = self.quiet.pull(connection.queue.short()).map_or(0, <[u8]>::len);
            connection.queue.forget_short(dropped as u32);
        }
    }

    /// Submit the small messages.
    #[inline]
    pub fn stage_shorts(&mut self) {
        while let Some(short) = self.quiet.shorts.get(self.quiet.staged) {
            if short.conn != NOBODY {
                let Some(bytes) = self.quiet.memory.get(short.at as usize..) else { return };
                let connection = self.table.at(short.conn as usize);
                let (fd, name) = (connection.fd, local(connection.id));
                if !self.engine.send_untold(fd, bytes.as_ptr() as u64, short.len, name) {
                    // The queue is full: they go with the next turn, which is soon.
                    return self.hurry = true;
                }
                connection.send = UNTOLD;
                connection.queue.take_off(short.len);
                // What follows waits for it, and it ends no wait.
                self.hurry |= !connection.quick;
            }
            self.quiet.staged += 1;
        }
    }

    /// Try to send the first piece of a queue at once; false when it has to be noticed.
    pub fn stage_piece(&mut self, index: usize, addr: u64, len: u32) -> bool {
        let connection = self.table.at(index);
        let room = self.quiet.pieces.len() < self.quiet.pieces.capacity();
        if !self.hush || !room || connection.waits_for_sent() {
            return false;
        }
        let staged = self.engine.send_untold(connection.fd, addr, len, local(connection.id));
        if staged {
            self.quiet.pieces.push(index as u32);
        }
        staged
    }

    /// A send that was to be quiet and that the kernel told of: it is one of the queue from now on.
    /// Its connection.
    #[cold]
    pub fn untold_told(&mut self, name: u64) -> Option<usize> {
        let index = index_of(name);
        if !self.names(index, name) || self.table.at(index).send != UNTOLD {
            return None;
        }
        if self.table.at(index).queue.short() == 0 {
            self.quiet.pieces.retain(|piece| *piece as usize != index);
        } else if let Err(fault) = self.queue_short(index) {
            let connection = self.table.at(index);
            connection.queue.forget_short(connection.queue.flying());
            connection.send = 0;
            self.close(index, super::connection::How::AtOnce, -fault.code);
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
            if !connection.quick {
                more = Some(short.conn as usize);
                break;
            }
            connection.send = 0;
            connection.queue.forget_short(short.len);
            connection.sent += u64::from(short.len);
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
