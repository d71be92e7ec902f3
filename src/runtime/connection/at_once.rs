//! Long messages: what the kernel takes of one at once is sent from where it lies and not copied.
//!
//! Owns: nothing. Invariant: only the rest is copied, behind nothing else, so no memory of a user's
//! and no buffer of the pool waits for a slow reader.

use super::connections::Connections;
use crate::fault::Fault;
use crate::runtime::queue::Next;
use crate::sys::net;
use std::io::IoSlice;

/// A shorter message is copied, which costs less than a system call of its own.
pub const LEAST: usize = 16 << 10;
/// Parts of a message that are sent from where they lie.
const PARTS: usize = 8;

impl Connections {
    /// Send a message of `len` bytes: what the kernel takes at once, and a copy of the rest. All of
    /// it or nothing; without memory for the rest of one that began the connection is closed.
    pub fn send_parts<'a>(
        &mut self,
        index: usize,
        len: usize,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), Fault> {
        let sent = if len < LEAST { Ok(0) } else { self.send_at_once(index, len, parts.clone()) };
        let taken = sent.unwrap_or(0);
        if taken == len {
            return Ok(());
        }
        let mut over = taken;
        let rest = parts.map(|part| {
            let some = over.min(part.len());
            over -= some;
            &part[some..]
        });
        if len >= LEAST {
            self.stats.copied.add((len - taken) as u64);
        }
        let pushed = self.table.at(index).push(rest, &mut self.blocks);
        match (pushed, sent) {
            (Ok(()), Ok(_)) => self.make_due(index),
            (Ok(()), Err(errno)) => self.lost(index, -errno),
            (Err(fault), _) => {
                if taken > 0 {
                    self.lost(index, fault.code);
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    /// As much of a message as the kernel takes at once, behind the one piece that waits, if there
    /// is one: how many of its own bytes that was. Nothing where something else comes first, or has
    /// to be done with the bytes or told of them.
    fn send_at_once<'a>(
        &mut self,
        index: usize,
        len: usize,
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> Result<usize, i32> {
        let connection = self.table.at(index);
        let outbound = &connection.outbound;
        let goes = outbound.flight.is_none() && !outbound.is_slow && !outbound.is_heard();
        if !goes || connection.tls.is_some() || connection.teardown.gone.is() {
            return Ok(0);
        }
        let first = match outbound.queue.next(&mut self.blocks) {
            Next::Nothing if outbound.queue.is_empty() => &[][..],
            Next::Bytes(address, len) if outbound.queue.has_one() => {
                // SAFETY: the queue has them until `settle`.
                unsafe { core::slice::from_raw_parts(address as *const u8, len as usize) }
            }
            _ => return Ok(0),
        };
        let mut slices = [IoSlice::new(&[]); 1 + PARTS];
        slices[0] = IoSlice::new(first);
        let mut count = 1;
        for part in parts {
            let Some(slice) = slices.get_mut(count) else { return Ok(0) };
            *slice = IoSlice::new(part);
            count += 1;
        }
        let before = first.len();
        let sent = match net::send_at_once(connection.fd, &slices[..count]) {
            // For now: the queue waits for it.
            Err(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => 0,
            sent => sent?,
        };
        connection.outbound.is_slow = sent < before + len;
        if before > 0 {
            connection.outbound.queue.take_off(before as u32);
            let waited = sent.min(before) as u32;
            connection.outbound.settle(waited, waited.into(), &mut self.blocks);
        }
        let own = sent.saturating_sub(before);
        connection.outbound.taken += own as u64;
        if let Some(limits) = connection.limits.as_mut().filter(|_| sent > 0) {
            limits.sent_at = self.now;
        }
        self.stats.sends.add(1);
        self.stats.sent.add(sent as u64);
        Ok(own)
    }
}
