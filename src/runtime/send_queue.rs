//! What a connection has to send: copied into blocks, one of which is with the kernel.
//!
//! Owns: the blocks' memory until the kernel is done with it. Invariant: one send is in flight per
//! connection, since the kernel interleaves two; what it may read is not written, and a block is
//! not reused before its send completed.

use crate::error::Fault;
use std::collections::VecDeque;

/// Small messages behind one another are gathered in a block and go as one send.
const SMALL: usize = 16 << 10;
const LARGE: usize = 256 << 10;
/// Unused blocks that a worker keeps.
const SPARE_SMALL: usize = 1024;
const SPARE_LARGE: usize = 64;

/// The unused blocks of a worker: after a while nothing is allocated any more.
#[derive(Default)]
pub struct Blocks {
    small: Vec<Box<[u8]>>,
    large: Vec<Box<[u8]>>,
}

impl Blocks {
    /// A block for `len` bytes, or for as many of them as fit.
    fn take(&mut self, len: usize) -> Option<Box<[u8]>> {
        let (spare, size) =
            if len > SMALL { (&mut self.large, LARGE) } else { (&mut self.small, SMALL) };
        spare.pop().or_else(|| fresh(size))
    }

    fn put(&mut self, block: Box<[u8]>) {
        let (spare, most) = match block.len() {
            SMALL => (&mut self.small, SPARE_SMALL),
            _ => (&mut self.large, SPARE_LARGE),
        };
        if spare.len() < most {
            spare.push(block);
        }
    }
}

#[cold]
fn fresh(size: usize) -> Option<Box<[u8]>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    bytes.resize(size, 0);
    Some(bytes.into_boxed_slice())
}

/// Bytes `start..end` of a block are to be sent.
struct Piece {
    block: Box<[u8]>,
    start: usize,
    end: usize,
}

/// The send queue of a connection.
#[derive(Default)]
pub struct SendQueue {
    pieces: VecDeque<Piece>,
    queued: u64,
    /// Bytes of the first piece that are with the kernel.
    flying: usize,
}

impl SendQueue {
    /// Bytes that the kernel did not take yet.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Copy `data` to the end: all of it, or nothing when there is no memory.
    pub fn push(&mut self, mut data: &[u8], blocks: &mut Blocks) -> Result<(), Fault> {
        let (pieces, len) = (self.pieces.len(), data.len());
        let end = self.pieces.back().map_or(0, |last| last.end);
        while !data.is_empty() {
            if self.pieces.back().is_none_or(|last| last.end == last.block.len()) {
                let Some(block) = self.grow(data.len(), blocks) else {
                    self.undo(pieces, end, blocks);
                    return Err(Fault::errno(libc::ENOMEM, "no memory for the send queue"));
                };
                self.pieces.push_back(Piece { block, start: 0, end: 0 });
            }
            let Some(last) = self.pieces.back_mut() else { break };
            let some = data.len().min(last.block.len() - last.end);
            last.block[last.end..last.end + some].copy_from_slice(&data[..some]);
            last.end += some;
            data = &data[some..];
        }
        self.queued += len as u64;
        Ok(())
    }

    fn grow(&mut self, len: usize, blocks: &mut Blocks) -> Option<Box<[u8]>> {
        self.pieces.try_reserve(1).ok()?;
        blocks.take(len)
    }

    #[cold]
    fn undo(&mut self, pieces: usize, end: usize, blocks: &mut Blocks) {
        while self.pieces.len() > pieces {
            if let Some(piece) = self.pieces.pop_back() {
                blocks.put(piece.block);
            }
        }
        if let Some(last) = self.pieces.back_mut() {
            last.end = end;
        }
    }

    /// What to send next, unless a send is in flight: address and length.
    pub fn next(&self) -> Option<(u64, u32)> {
        let first = self.pieces.front().filter(|_| self.flying == 0)?;
        let bytes = &first.block[first.start..first.end];
        Some((bytes.as_ptr() as u64, bytes.len() as u32))
    }

    /// What [`SendQueue::next`] gave is with the kernel.
    pub fn take_off(&mut self, len: u32) {
        self.flying = len as usize;
    }

    /// The send in flight completed, and the kernel took `sent` bytes of it.
    pub fn advance(&mut self, sent: u32, blocks: &mut Blocks) {
        let sent = (sent as usize).min(self.flying);
        self.flying = 0;
        self.queued -= sent as u64;
        let Some(first) = self.pieces.front_mut() else { return };
        first.start += sent;
        if first.start == first.end {
            if let Some(piece) = self.pieces.pop_front() {
                blocks.put(piece.block);
            }
        }
    }

    /// Forget what is left. No send is in flight.
    pub fn clear(&mut self, blocks: &mut Blocks) {
        debug_assert!(self.flying == 0);
        while let Some(piece) = self.pieces.pop_front() {
            blocks.put(piece.block);
        }
        self.queued = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of the next send, taken as the kernel would.
    fn send(queue: &mut SendQueue, blocks: &mut Blocks, most: u32) -> Vec<u8> {
        let Some((address, len)) = queue.next() else { return Vec::new() };
        queue.take_off(len);
        let some = len.min(most);
        // SAFETY: the queue keeps the block until `advance`.
        let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, some as usize) };
        let bytes = bytes.to_vec();
        queue.advance(some, blocks);
        bytes
    }

    #[test]
    fn small_messages_are_gathered_in_order() {
        let (mut queue, mut blocks) = (SendQueue::default(), Blocks::default());
        for byte in 0..100u8 {
            queue.push(&[byte; 10], &mut blocks).unwrap();
        }
        let bytes = send(&mut queue, &mut blocks, u32::MAX);
        assert_eq!(bytes.len(), 1000);
        assert!(bytes.chunks(10).enumerate().all(|(at, ten)| ten == [at as u8; 10]));
        assert_eq!(queue.queued(), 0);
    }

    #[test]
    fn what_is_pushed_under_way_goes_with_the_next_one() {
        let (mut queue, mut blocks) = (SendQueue::default(), Blocks::default());
        queue.push(b"one", &mut blocks).unwrap();
        let (_, len) = queue.next().unwrap();
        queue.take_off(len);
        queue.push(b"two", &mut blocks).unwrap();
        assert!(queue.next().is_none());
        queue.advance(2, &mut blocks);
        assert_eq!(send(&mut queue, &mut blocks, u32::MAX), b"etwo");
        assert_eq!(queue.queued(), 0);
    }

    #[test]
    fn short_sends_lose_nothing() {
        let (mut queue, mut blocks) = (SendQueue::default(), Blocks::default());
        let byte = |at: u32| (at.wrapping_mul(2_654_435_761) >> 13) as u8;
        let data: Vec<u8> = (0..3_000_000).map(byte).collect();
        queue.push(&data, &mut blocks).unwrap();
        let mut out = Vec::new();
        while queue.queued() > 0 {
            out.extend(send(&mut queue, &mut blocks, 70_001));
        }
        assert!(out == data);
    }
}
