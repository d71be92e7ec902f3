//! What a connection has to send, in order: blocks of copied bytes, one of which is with the
//! kernel, and between them what was lent: leases, memory and files of the user's.
//!
//! Owns: the blocks' memory until the kernel is done with it, and the leases. Invariant: one send
//! is in flight per connection, since the kernel interleaves two; what it may read is not written,
//! and a block is not reused before its send completed.

use crate::fault::Fault;
use crate::resource::Held;

/// Small messages behind one another are gathered in a block and go as one send.
pub const SMALL: usize = 16 << 10;
pub const LARGE: usize = 256 << 10;
/// Unused blocks that a worker keeps.
const SPARE_SMALL: usize = 1024;
const SPARE_LARGE: usize = 64;
/// A lease of so many bytes at most is copied behind what waits already: fewer sends.
const GATHERED: u32 = 2048;
const NONE: u32 = u32::MAX;

/// Where bytes to be sent are.
pub enum Source {
    /// A copy.
    Block(Box<[u8]>),
    /// Received and not copied; given back when it goes.
    Lease(Held),
    /// At that address; the number of the loan.
    Memory(u32, u64),
    /// In the file of that loan, from which it is read in blocks.
    File(u32),
}

/// Bytes `start..end` of a source are to be sent.
struct Piece {
    source: Source,
    start: u32,
    end: u32,
}

impl Piece {
    /// Bytes that fit behind it.
    fn room(&self) -> usize {
        match &self.source {
            Source::Block(block) => block.len() - self.end as usize,
            _ => 0,
        }
    }

    fn address(&self) -> u64 {
        let base = match &self.source {
            Source::Block(block) => block.as_ptr() as u64,
            Source::Lease(held) => held.address(),
            Source::Memory(_, address) => *address,
            Source::File(_) => 0,
        };
        base + u64::from(self.start)
    }
}

/// A place for a piece, and the one behind it in its queue.
struct Node {
    piece: Option<Piece>,
    next: u32,
}

/// What the queues of a worker share: places for pieces, and unused blocks. After a while nothing
/// is allocated any more, and an idle connection has nothing.
pub struct Blocks {
    nodes: Vec<Node>,
    free: u32,
    small: Vec<Box<[u8]>>,
    large: Vec<Box<[u8]>>,
}

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks { nodes: Vec::new(), free: NONE, small: Vec::new(), large: Vec::new() }
    }
}

impl Blocks {
    /// A block for `len` bytes, or for as many of them as fit.
    pub fn take(&mut self, len: usize) -> Option<Box<[u8]>> {
        let (spare, size) =
            if len > SMALL { (&mut self.large, LARGE) } else { (&mut self.small, SMALL) };
        spare.pop().or_else(|| fresh(size))
    }

    /// Give a block back.
    pub fn put(&mut self, block: Box<[u8]>) {
        let (spare, most) = match block.len() {
            SMALL => (&mut self.small, SPARE_SMALL),
            _ => (&mut self.large, SPARE_LARGE),
        };
        if spare.len() < most {
            spare.push(block);
        }
    }

    fn at(&mut self, node: u32) -> Option<&mut Piece> {
        self.nodes.get_mut(node as usize)?.piece.as_mut()
    }

    /// A place with `piece` in it.
    fn insert(&mut self, piece: Piece) -> Result<u32, Piece> {
        let node = self.free;
        if let Some(free) = self.nodes.get_mut(node as usize) {
            self.free = free.next;
            (free.piece, free.next) = (Some(piece), NONE);
            return Ok(node);
        }
        if self.nodes.try_reserve(1).is_err() {
            return Err(piece);
        }
        self.nodes.push(Node { piece: Some(piece), next: NONE });
        Ok(self.nodes.len() as u32 - 1)
    }

    /// Take the piece out of a place; with it the next place.
    fn remove(&mut self, node: u32) -> Option<(Piece, u32)> {
        let place = self.nodes.get_mut(node as usize)?;
        let piece = place.piece.take()?;
        let next = core::mem::replace(&mut place.next, self.free);
        self.free = node;
        Some((piece, next))
    }
}

#[cold]
fn fresh(size: usize) -> Option<Box<[u8]>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    bytes.resize(size, 0);
    Some(bytes.into_boxed_slice())
}

#[cold]
fn no_memory() -> Fault {
    Fault::errno(libc::ENOMEM, "no memory for the send queue")
}

/// What to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, or a send is in flight.
    Nothing,
    /// Bytes of the library's own: address and length.
    Bytes(u64, u32),
    /// Bytes of a loan: address, length and loan.
    Lent(u64, u32, u32),
    /// What is read from the file of a loan.
    File(u32),
}

/// The send queue of a connection.
pub struct SendQueue {
    first: u32,
    last: u32,
    /// Bytes of the first piece that are with the kernel.
    flying: u32,
    /// Number of a small message in front of the first piece, which lies elsewhere; 0 = none.
    short: u32,
    queued: u64,
}

impl Default for SendQueue {
    fn default() -> SendQueue {
        SendQueue { first: NONE, last: NONE, flying: 0, short: 0, queued: 0 }
    }
}

impl SendQueue {
    /// Bytes that the kernel did not take yet.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Nothing is in it, not even an empty file.
    pub fn is_empty(&self) -> bool {
        self.first == NONE && self.short == 0
    }

    /// Only a small message is in it.
    pub fn is_short(&self) -> bool {
        self.first == NONE && self.short != 0
    }

    /// Number of the small message in front, 0 = none.
    #[inline]
    pub fn short(&self) -> u32 {
        self.short
    }

    /// `len` bytes more are in the small message `number` in front.
    #[inline]
    pub fn set_short(&mut self, number: u32, len: u32) {
        self.short = number;
        self.queued += u64::from(len);
    }

    /// The small message in front, of `len` bytes, is gone.
    #[inline]
    pub fn forget_short(&mut self, len: u32) {
        (self.short, self.flying) = (0, 0);
        self.queued -= u64::from(len);
    }

    /// The small message in front has these bytes: make it the first piece, in flight or not.
    pub fn unshort(&mut self, bytes: &[u8], blocks: &mut Blocks) -> Result<(), Fault> {
        let mut block = blocks.take(bytes.len()).ok_or_else(no_memory)?;
        let Some(place) = block.get_mut(..bytes.len()) else { return Err(no_memory()) };
        place.copy_from_slice(bytes);
        let flying = core::mem::take(&mut self.flying);
        let pushed = self.push_front(block, bytes.len() as u32, blocks);
        self.flying = flying;
        if let Err(block) = pushed {
            blocks.put(block);
            return Err(no_memory());
        }
        self.short = 0;
        Ok(())
    }

    /// Bytes that are with the kernel.
    pub fn flying(&self) -> u32 {
        self.flying
    }

    /// One piece is in it.
    pub fn has_one(&self) -> bool {
        self.first == self.last && self.first != NONE
    }

    fn push_piece(&mut self, piece: Piece, blocks: &mut Blocks) -> Result<(), Piece> {
        let node = blocks.insert(piece)?;
        match blocks.nodes.get_mut(self.last as usize) {
            Some(last) => last.next = node,
            None => self.first = node,
        }
        self.last = node;
        Ok(())
    }

    /// Copy a small message into an empty queue; false when it is not both, or a block is missing.
    #[inline]
    pub fn push_first(&mut self, data: &[u8], blocks: &mut Blocks) -> bool {
        if self.first != NONE || data.len() > SMALL {
            return false;
        }
        let Some(mut block) = blocks.small.pop() else { return false };
        let Some(place) = block.get_mut(..data.len()) else { return false };
        place.copy_from_slice(data);
        let end = data.len() as u32;
        if self.push_piece(Piece { source: Source::Block(block), start: 0, end }, blocks).is_err() {
            return false;
        }
        self.queued += u64::from(end);
        true
    }

    /// Copy all of `parts` to the end, or nothing when there is no memory.
    pub fn push_all<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [u8]>,
        blocks: &mut Blocks,
    ) -> Result<(), Fault> {
        let (last, queued) = (self.last, self.queued);
        let end = blocks.at(last).map_or(0, |piece| piece.end);
        for part in parts {
            if self.push(part, blocks).is_err() {
                self.undo(last, end, blocks);
                self.queued = queued;
                return Err(no_memory());
            }
        }
        Ok(())
    }

    /// Copy `data` to the end; without memory for all of it, less: see [`SendQueue::push_all`].
    fn push(&mut self, mut data: &[u8], blocks: &mut Blocks) -> Result<(), Fault> {
        self.queued += data.len() as u64;
        if let Some(Piece { source: Source::Block(block), end, .. }) = blocks.at(self.last) {
            let at = *end as usize;
            let some = data.len().min(block.len() - at);
            block[at..at + some].copy_from_slice(&data[..some]);
            *end += some as u32;
            data = &data[some..];
        }
        while !data.is_empty() {
            let mut block = blocks.take(data.len()).ok_or_else(no_memory)?;
            let some = data.len().min(block.len());
            block[..some].copy_from_slice(&data[..some]);
            let piece = Piece { source: Source::Block(block), start: 0, end: some as u32 };
            self.push_piece(piece, blocks).map_err(|_| no_memory())?;
            data = &data[some..];
        }
        Ok(())
    }

    /// Take away what is behind `last`, and what is behind `end` in it.
    #[cold]
    fn undo(&mut self, last: u32, end: u32, blocks: &mut Blocks) {
        let mut node = match blocks.nodes.get_mut(last as usize) {
            Some(place) => core::mem::replace(&mut place.next, NONE),
            None => core::mem::replace(&mut self.first, NONE),
        };
        self.last = last;
        while let Some((piece, next)) = blocks.remove(node) {
            if let Source::Block(block) = piece.source {
                blocks.put(block);
            }
            node = next;
        }
        if let Some(piece) = blocks.at(last) {
            piece.end = end;
        }
    }

    /// Put a lease at the end. A small one behind others is copied, and given back at once. One
    /// that does not get in stays the user's.
    pub fn push_lease(&mut self, held: Held, blocks: &mut Blocks) -> Result<(), Fault> {
        let len = held.length();
        if len <= GATHERED && blocks.at(self.last).is_some_and(|last| last.room() >= len as usize) {
            return self.push(held.bytes(), blocks);
        }
        let piece = Piece { source: Source::Lease(held), start: 0, end: len };
        match self.push_piece(piece, blocks) {
            Ok(()) => {}
            Err(Piece { source: Source::Lease(held), .. }) => {
                held.leave();
                return Err(no_memory());
            }
            Err(_) => return Err(no_memory()),
        }
        self.queued += u64::from(len);
        Ok(())
    }

    /// Put a loan's memory at the end.
    pub fn push_lent(
        &mut self,
        loan: u32,
        address: u64,
        len: u32,
        blocks: &mut Blocks,
    ) -> Result<(), Fault> {
        let piece = Piece { source: Source::Memory(loan, address), start: 0, end: len };
        self.push_piece(piece, blocks).map_err(|_| no_memory())?;
        self.queued += u64::from(len);
        Ok(())
    }

    /// Put `len` bytes of a loan's file at the end.
    pub fn push_file(&mut self, loan: u32, len: u64, blocks: &mut Blocks) -> Result<(), Fault> {
        let piece = Piece { source: Source::File(loan), start: 0, end: 0 };
        self.push_piece(piece, blocks).map_err(|_| no_memory())?;
        self.queued += len;
        Ok(())
    }

    /// Put a block with `len` bytes of the file that is first in front of it. They were counted
    /// with the file.
    pub fn push_front(
        &mut self,
        block: Box<[u8]>,
        len: u32,
        blocks: &mut Blocks,
    ) -> Result<(), Box<[u8]>> {
        debug_assert!(self.flying == 0);
        match blocks.insert(Piece { source: Source::Block(block), start: 0, end: len }) {
            Ok(node) => {
                blocks.nodes[node as usize].next = self.first;
                self.first = node;
                if self.last == NONE {
                    self.last = node;
                }
                Ok(())
            }
            Err(Piece { source: Source::Block(block), .. }) => Err(block),
            Err(_) => Ok(()),
        }
    }

    /// What to send next.
    pub fn next(&self, blocks: &mut Blocks) -> Next {
        if self.flying != 0 || self.short != 0 {
            return Next::Nothing;
        }
        let Some(first) = blocks.at(self.first) else { return Next::Nothing };
        let (address, len) = (first.address(), first.end - first.start);
        match first.source {
            Source::Block(_) | Source::Lease(_) => Next::Bytes(address, len),
            Source::Memory(loan, _) => Next::Lent(address, len, loan),
            Source::File(loan) => Next::File(loan),
        }
    }

    /// What [`SendQueue::next`] gave is with the kernel.
    pub fn take_off(&mut self, len: u32) {
        self.flying = len;
    }

    /// The send in flight completed, and the kernel took `sent` bytes of it. The loan whose bytes
    /// are all sent with that.
    #[inline(always)]
    pub fn advance(&mut self, sent: u32, blocks: &mut Blocks) -> Option<u32> {
        let sent = sent.min(self.flying);
        self.flying = 0;
        self.queued -= u64::from(sent);
        let first = blocks.at(self.first)?;
        first.start += sent;
        if first.start < first.end {
            return None;
        }
        match self.pop(blocks)? {
            Source::Block(block) => blocks.put(block),
            Source::Lease(_) => {}
            Source::Memory(loan, _) | Source::File(loan) => return Some(loan),
        }
        None
    }

    /// Take the first piece away, whatever is left of it. No send is in flight.
    pub fn pop(&mut self, blocks: &mut Blocks) -> Option<Source> {
        let (piece, next) = blocks.remove(self.first)?;
        self.first = next;
        if next == NONE {
            self.last = NONE;
        }
        Some(piece.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of the next send, taken as the kernel would.
    fn send(queue: &mut SendQueue, blocks: &mut Blocks, most: u32) -> Vec<u8> {
        let Next::Bytes(address, len) = queue.next(blocks) else { return Vec::new() };
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
            queue.push_all([&[byte; 10][..]], &mut blocks).unwrap();
        }
        let bytes = send(&mut queue, &mut blocks, u32::MAX);
        assert_eq!(bytes.len(), 1000);
        assert!(bytes.chunks(10).enumerate().all(|(at, ten)| ten == [at as u8; 10]));
        assert_eq!(queue.queued(), 0);
    }

    #[test]
    fn what_is_pushed_under_way_goes_with_the_next_one() {
        let (mut queue, mut blocks) = (SendQueue::default(), Blocks::default());
        queue.push_all([&b"one"[..]], &mut blocks).unwrap();
        let Next::Bytes(_, len) = queue.next(&mut blocks) else { panic!("nothing to send") };
        queue.take_off(len);
        queue.push_all([&b"two"[..]], &mut blocks).unwrap();
        assert_eq!(queue.next(&mut blocks), Next::Nothing);
        queue.advance(2, &mut blocks);
        assert_eq!(send(&mut queue, &mut blocks, u32::MAX), b"etwo");
        assert_eq!(queue.queued(), 0);
    }

    #[test]
    fn short_sends_lose_nothing() {
        let (mut queue, mut blocks) = (SendQueue::default(), Blocks::default());
        let byte = |at: u32| (at.wrapping_mul(2_654_435_761) >> 13) as u8;
        let data: Vec<u8> = (0..3_000_000).map(byte).collect();
        queue.push_all([&data[..]], &mut blocks).unwrap();
        let mut out = Vec::new();
        while queue.queued() > 0 {
            out.extend(send(&mut queue, &mut blocks, 70_001));
        }
        assert!(out == data);
    }
}
