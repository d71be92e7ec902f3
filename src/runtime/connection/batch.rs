//! Small messages that leave with the next enter, and pieces of send queues that are tried at once.
//!
//! Owns: the memory of such messages, from the call to the enter that takes them. Invariant: the
//! kernel deals with such a send while it consumes the entry, so what it did not tell of by then is
//! sent, and its memory is free.

use super::state::Connection;
use super::table::index_of;
use crate::sys::Map;
use core::ptr::NonNull;

/// Longest message that is kept here.
pub const SHORT: usize = 4096;
/// Bytes of all of them.
const MEMORY: usize = 256 << 10;
/// Messages at most.
const SHORTS: usize = 512;
pub const NOBODY: u32 = u32::MAX;

/// A message of a connection that has nothing else to send.
#[derive(Clone, Copy)]
pub struct Short {
    pub conn: u32,
    pub at: u32,
    pub len: u32,
}

/// What leaves without a completion.
pub struct Batch {
    pub memory: Map,
    pub used: usize,
    pub shorts: Box<[Short]>,
    /// Messages: the first so many of `shorts`.
    pub count: usize,
    /// The first so many were submitted, and the first so many of these are dealt with.
    pub staged: usize,
    pub settled: usize,
    /// Connections whose queue's first piece was submitted.
    pub pieces: Vec<u32>,
}

impl Batch {
    pub fn new() -> Result<Batch, i32> {
        let mut pieces = Vec::new();
        pieces.try_reserve_exact(2 * SHORTS).map_err(|_| libc::ENOMEM)?;
        let nothing = Short { conn: NOBODY, at: 0, len: 0 };
        Ok(Batch {
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
    pub fn begin(&mut self, connection: &mut Connection, len: usize) -> Option<NonNull<u8>> {
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
    pub fn forget(&mut self, number: u32) {
        if let Some(short) = self.shorts.get_mut((number as usize).wrapping_sub(1)) {
            short.conn = NOBODY;
        }
    }

    /// The bytes of message `number`.
    pub fn bytes(&self, number: u32) -> Option<&[u8]> {
        let short = self.shorts.get((number as usize).checked_sub(1)?)?;
        // SAFETY: bytes of a message are below `used`, and were written when it began.
        Some(unsafe {
            let first = self.memory.as_ptr().add(short.at as usize);
            core::slice::from_raw_parts(first, short.len as usize)
        })
    }

    /// What was submitted is dealt with: if that is all, the memory is free.
    pub fn clear(&mut self) {
        if self.settled == self.count {
            (self.count, self.used, self.staged, self.settled) = (0, 0, 0, 0);
        }
    }
}
