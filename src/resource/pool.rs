//! The heart of a pool of provided buffers: what is provided, leased and given back.
//!
//! Owns: the buffers, the ring through which the kernel takes them, and one word per piece. In a
//! classic pool a piece is a buffer; in an incremental one the kernel fills a buffer piece by
//! piece. Invariant: a buffer is with the kernel, or pieces of it are leased, each under one
//! serial; it goes back exactly once, when all its pieces are back and the kernel has left it. A
//! piece whose serials are used up is never leased again: no id names two leases.

use super::registry::{self, USE_BITS, USE_MASK};
use crate::sys::Map;
use crate::sys::uapi::{BUF_BYTES, BUF_TAIL};
use core::sync::atomic::{AtomicI64, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// The serial in the word of a piece.
const SERIAL_MASK: u64 = USE_MASK;

const NONE: u32 = u32::MAX;
/// In the word of a piece, beside its serial: it is leased.
const OUT: u64 = 1 << 63;
/// In the word of a piece: another thread gave it back, and the owner has not collected it.
const BACK: u64 = 1 << 62;
/// In the word of a piece, beside OUT: the library sends from it, and gives it back itself.
const HELD: u64 = 1 << 61;

/// A number that only the owner thread touches (or the one thread that is inside the ring).
#[derive(Default)]
pub(super) struct Own(AtomicU32);

impl Own {
    #[inline]
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub fn set(&self, value: u32) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// How far the kernel and the leases are with a buffer of an incremental pool.
#[derive(Default)]
pub(super) struct Filling {
    /// Bytes of it that were told of.
    offset: Own,
    /// Pieces leased.
    out: Own,
    /// 1 when the kernel has left it: no piece follows.
    left: Own,
}

/// Zero-filled arrays for the pieces, touched as they are used.
pub(super) struct Pieces {
    pub most: u32,
    pub words: Map,
    /// In an incremental pool: the buffer of a piece, or the next free piece.
    pub links: Map,
    /// Pieces given back by other threads, one bit each, collected by the owner.
    pub returned: Map,
}

pub(super) struct Pool {
    pub place: usize,
    pub group: u16,
    pub count: u32,
    /// To turn a counter into a place of the ring: `count` is a power of two.
    pub mask: u32,
    pub size: u32,
    /// Buffers of an incremental pool; empty in a classic one.
    pub filling: Box<[Filling]>,
    pub ring: Map,
    pub data: Map,
    pub pieces: Pieces,
    /// Where the serials start, and the last there is.
    pub serial: u64,
    pub last: u64,
    /// Bits of a lease id that are the piece.
    pub piece_bits: u32,
    /// Buffers provided so far, and taken by the kernel so far.
    pub tail: Own,
    pub taken: Own,
    /// Tell when fewer buffers than this are with the kernel; and whether it was told.
    pub low_water: Own,
    pub told: Own,
    /// Pieces 0..touched were leased at least once.
    pub touched: Own,
    pub free: Own,
    pub has_returned: AtomicU32,
    /// Leases given out less leases given back by the owner thread. Owner thread only.
    pub here: AtomicI64,
    /// Leases given back elsewhere. When the ring lets go, what is still out is subtracted: then
    /// the lease that makes it 0 is the last one.
    pub elsewhere: AtomicI64,
}

impl Pool {
    #[inline]
    pub fn is_incremental(&self) -> bool {
        !self.filling.is_empty()
    }

    /// Buffers that the kernel has.
    #[inline]
    pub fn with_kernel(&self) -> u32 {
        self.tail.get().wrapping_sub(self.taken.get())
    }

    fn word(&self, piece: u32) -> &AtomicU64 {
        debug_assert!(piece < self.pieces.most);
        // SAFETY: the map holds `most` words and every caller checked the piece.
        unsafe { &*self.pieces.words.as_ptr().cast::<AtomicU64>().add(piece as usize) }
    }

    fn link(&self, piece: u32) -> &Own {
        debug_assert!(self.is_incremental() && piece < self.pieces.most);
        // SAFETY: the map of an incremental pool holds `most` links; the piece was checked.
        unsafe { &*self.pieces.links.as_ptr().cast::<Own>().add(piece as usize) }
    }

    fn returned(&self, piece: u32) -> &AtomicU64 {
        // SAFETY: the map holds a bit for each of `most` pieces; the piece was checked.
        unsafe { &*self.pieces.returned.as_ptr().cast::<AtomicU64>().add(piece as usize / 64) }
    }

    /// Address of a buffer.
    #[inline]
    pub fn address(&self, buffer: u32) -> u64 {
        self.data.as_ptr() as u64 + u64::from(buffer) * u64::from(self.size)
    }

    /// Put `buffer` where the kernel takes it. Owner thread only.
    #[inline]
    pub fn provide(&self, buffer: u32) {
        let (tail, size, ring) = (self.tail.get(), self.size, self.ring.as_ptr());
        let at = (tail & self.mask) as usize * BUF_BYTES;
        let next = tail.wrapping_add(1);
        self.tail.set(next);
        // SAFETY: the entry lies in the ring's mapping; only the owner thread writes it, and the
        // kernel reads it after the tail below. Bytes 14 and 15 (the tail in entry 0) are spared.
        unsafe {
            let entry = ring.add(at);
            entry.cast::<u64>().write(self.address(buffer));
            entry.add(8).cast::<u32>().write(size);
            entry.add(12).cast::<u16>().write(buffer as u16);
            (*ring.add(BUF_TAIL).cast::<AtomicU16>()).store(next as u16, Ordering::Release);
        }
    }

    /// Forget what the kernel ring that is gone had, and provide every buffer that is not leased.
    pub fn provide_anew(&self) {
        // SAFETY: nobody reads the tail: the kernel ring that did is gone.
        unsafe { self.ring.as_ptr().add(BUF_TAIL).cast::<u16>().write(0) };
        self.tail.set(0);
        self.taken.set(0);
        for buffer in 0..self.count {
            if self.is_incremental() {
                self.leave(buffer);
            } else if self.word(buffer).load(Ordering::Acquire) < self.last {
                // Neither leased, nor given back elsewhere, nor used up.
                self.provide(buffer);
            }
        }
    }

    /// The kernel just put `len` bytes into a buffer: where in it they are, or None for what cannot
    /// be. Unless `more` follow the kernel has left the buffer, and it stays out until
    /// [`Pool::unclaim`], or the end of the lease that [`Pool::lease_claimed`] makes of this claim.
    /// Claims of one buffer are to be given up in their order, so the last one keeps it for all.
    /// Owner thread only.
    #[inline(always)]
    pub fn claim(&self, buffer: u32, len: u32, more: bool) -> Option<u32> {
        let Some(filling) = self.filling.get(buffer as usize) else {
            if self.is_incremental() || buffer >= self.count {
                return None;
            }
            self.taken.set(self.taken.get().wrapping_add(1));
            return Some(0);
        };
        let offset = filling.offset.get();
        if len > self.size - offset {
            return None;
        }
        filling.offset.set(offset + len);
        if !more {
            filling.out.set(filling.out.get() + 1);
            filling.left.set(1);
            self.taken.set(self.taken.get().wrapping_add(1));
        }
        Some(offset)
    }

    /// The bytes of the last claim on a buffer were looked at, and nobody has them. Owner thread
    /// only.
    pub fn unclaim(&self, buffer: u32) {
        match self.filling.get(buffer as usize) {
            Some(filling) => self.piece_went(buffer, filling),
            None => self.provide(buffer),
        }
    }

    /// Make a lease of a claim, after which `more` follow on the same buffer; its id. Owner thread
    /// only.
    #[inline(always)]
    pub fn lease_claimed(&self, buffer: u32, more: bool) -> Option<u64> {
        let Some(filling) = self.filling.get(buffer as usize) else {
            return Some(self.lease_piece(buffer));
        };
        let piece = self.free.get();
        let piece = if piece == NONE { self.fresh_piece()? } else { piece };
        self.free.set(self.link(piece).get());
        self.link(piece).set(buffer);
        if more {
            filling.out.set(filling.out.get() + 1);
        }
        Some(self.lease_piece(piece))
    }

    /// A piece that was never leased. There is one for each byte, so there is one for each piece.
    #[cold]
    fn fresh_piece(&self) -> Option<u32> {
        let piece = self.touched.get();
        if piece >= self.pieces.most {
            return None;
        }
        self.touched.set(piece + 1);
        self.word(piece).store(self.serial, Ordering::Relaxed);
        self.link(piece).set(NONE);
        Some(piece)
    }

    #[inline]
    fn lease_piece(&self, piece: u32) -> u64 {
        let word = self.word(piece);
        // A piece at its last serial is nowhere to be taken from.
        let serial = word.load(Ordering::Relaxed) + 1;
        debug_assert!(serial <= self.last);
        word.store(serial | OUT, Ordering::Release);
        self.here.store(self.here.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        registry::lease_id(self.place, serial << self.piece_bits | u64::from(piece))
    }

    /// The piece and the serial that a lease names; None when there is no such piece.
    #[inline]
    fn split(&self, lease: u64) -> Option<(u32, u64)> {
        let piece = (lease & ((1 << self.piece_bits) - 1)) as u32;
        let serial = (lease & USE_MASK) >> self.piece_bits;
        (piece < self.pieces.most).then_some((piece, serial))
    }

    /// Whether no further lease of a piece can be told from the one of `serial`.
    #[inline]
    fn is_worn(&self, serial: u64) -> bool {
        serial >= self.last
    }

    /// Whether `len` bytes at `address` are in the pool.
    pub fn contains(&self, address: u64, len: u32) -> bool {
        let first = self.data.as_ptr() as u64;
        let bytes = u64::from(self.count) * u64::from(self.size);
        address
            .checked_sub(first)
            .is_some_and(|offset| offset.checked_add(len.into()).is_some_and(|end| end <= bytes))
    }

    /// Mark a lease: only [`Pool::unhold`] finds it from now on. False when it is stale.
    pub fn hold(&self, lease: u64) -> bool {
        self.split(lease)
            .is_some_and(|(piece, serial)| self.turn_word(piece, serial | OUT, serial | OUT | HELD))
    }

    /// Take the mark away.
    pub fn unhold(&self, lease: u64) -> bool {
        self.split(lease)
            .is_some_and(|(piece, serial)| self.turn_word(piece, serial | OUT | HELD, serial | OUT))
    }

    fn turn_word(&self, piece: u32, from: u64, to: u64) -> bool {
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        self.word(piece).compare_exchange(from, to, order.0, order.1).is_ok()
    }

    /// Take a lease back on the owner thread; false when it is stale.
    #[inline]
    pub fn release_here(&self, lease: u64) -> bool {
        let Some((piece, serial)) = self.split(lease) else { return false };
        // Another thread may give the same lease back at this moment: one of the two is late.
        let given = self.word(piece).compare_exchange(
            serial | OUT,
            serial,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if given.is_err() {
            return false;
        }
        self.here.store(self.here.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        if self.is_incremental() {
            self.piece_is_back(piece, serial)
        } else if !self.is_worn(serial) {
            self.provide(piece)
        }
        true
    }

    /// Take a lease back on any thread: None when it is stale, else whether it was the last one
    /// of a pool that its ring gave up.
    pub fn release_elsewhere(&self, lease: u64) -> Option<bool> {
        let (piece, serial) = self.split(lease)?;
        self.word(piece)
            .compare_exchange(serial | OUT, serial | BACK, Ordering::AcqRel, Ordering::Relaxed)
            .ok()?;
        self.returned(piece).fetch_or(1 << (piece % 64), Ordering::AcqRel);
        self.has_returned.store(1, Ordering::Release);
        Some(self.elsewhere.fetch_add(1, Ordering::AcqRel) + 1 == 0)
    }

    /// Provide what other threads gave back. Owner thread only.
    #[cold]
    pub fn collect(&self) {
        self.has_returned.store(0, Ordering::SeqCst);
        let end = if self.is_incremental() { self.touched.get() } else { self.count };
        for first in (0..end).step_by(64) {
            let mut set = self.returned(first).swap(0, Ordering::AcqRel);
            while set != 0 {
                let piece = first + set.trailing_zeros();
                set &= set - 1;
                let word = self.word(piece);
                let serial = word.load(Ordering::Relaxed) & SERIAL_MASK;
                word.store(serial, Ordering::Relaxed);
                if self.is_incremental() {
                    self.piece_is_back(piece, serial)
                } else if !self.is_worn(serial) {
                    self.provide(piece)
                }
            }
        }
        self.provide_left();
    }

    /// A piece is free again; with the last one of a buffer the kernel has left, the buffer is.
    fn piece_is_back(&self, piece: u32, serial: u64) {
        let buffer = self.link(piece).get();
        if !self.is_worn(serial) {
            self.link(piece).set(self.free.get());
            self.free.set(piece);
        }
        if let Some(filling) = self.filling.get(buffer as usize) {
            self.piece_went(buffer, filling);
        }
    }

    #[inline(always)]
    fn piece_went(&self, buffer: u32, filling: &Filling) {
        let out = filling.out.get() - 1;
        filling.out.set(out);
        if out == 0 && filling.left.get() != 0 {
            self.provide_whole(buffer, filling);
        }
    }

    #[inline]
    fn provide_whole(&self, buffer: u32, filling: &Filling) {
        filling.offset.set(0);
        filling.left.set(0);
        self.provide(buffer);
    }

    /// The kernel has left a buffer of an incremental pool without another piece.
    fn leave(&self, buffer: u32) {
        let Some(filling) = self.filling.get(buffer as usize) else { return };
        filling.left.set(1);
        if filling.out.get() == 0 {
            self.provide_whole(buffer, filling);
        }
    }

    /// The kernel took `buffer` and put nothing into it.
    pub fn take_back(&self, buffer: u32, more: bool) {
        if self.is_incremental() && more {
            return;
        }
        self.taken.set(self.taken.get().wrapping_add(1));
        let Some(filling) = self.filling.get(buffer as usize) else { return self.provide(buffer) };
        // Claims on it may be under way: the next turn, when they are over, provides it.
        filling.left.set(1);
        self.has_returned.store(1, Ordering::Release);
    }

    /// Provide the buffers of an incremental pool that came back empty.
    #[cold]
    fn provide_left(&self) {
        for (buffer, filling) in self.filling.iter().enumerate() {
            if filling.left.get() != 0 && filling.out.get() == 0 {
                self.provide_whole(buffer as u32, filling);
            }
        }
    }

    /// Whether to tell now that few buffers are left: once, until there were more than the mark.
    #[inline]
    pub fn falls_low(&self) -> bool {
        let low = u32::from(self.with_kernel() < self.low_water.get());
        if low == self.told.get() {
            return false;
        }
        self.told.set(low);
        low != 0
    }

    /// Unlink and free.
    ///
    /// # Safety
    /// The caller dropped the last reference, and the kernel does not use the memory any more.
    pub unsafe fn destroy(pool: *mut Pool) {
        // SAFETY: the last reference: nobody else frees it.
        let (place, last_use) = unsafe { ((*pool).place, (*pool).last_use()) };
        registry::unlink(place, last_use);
        // SAFETY: made by Box::into_raw in `create`; unlinked, so nobody looks at it.
        drop(unsafe { Box::from_raw(pool) });
    }

    /// No lease of this pool was of a later use of its place.
    fn last_use(&self) -> u64 {
        let end = if self.is_incremental() { self.touched.get() } else { self.count };
        let serial = |piece| self.word(piece).load(Ordering::Relaxed) & SERIAL_MASK;
        let last = (0..end).map(serial).max().unwrap_or(self.serial);
        last << self.piece_bits | ((1 << self.piece_bits) - 1)
    }

    /// How many bits name one of `most` pieces, and with them the last serial.
    pub fn id_layout(most: u32) -> (u32, u64) {
        let piece_bits = most.next_power_of_two().trailing_zeros();
        (piece_bits, (1 << (USE_BITS - piece_bits)) - 1)
    }

    /// Leave `left` more leases to each piece, for tests of the end. Nothing is leased yet.
    #[cfg(test)]
    pub fn age(&mut self, left: u64) {
        self.serial = self.last - left;
        self.begin();
    }

    /// Start the pieces: classic ones are all there from the start.
    pub fn begin(&self) {
        self.free.set(NONE);
        if !self.is_incremental() {
            for buffer in 0..self.count {
                self.word(buffer).store(self.serial, Ordering::Relaxed);
            }
        }
    }
}
