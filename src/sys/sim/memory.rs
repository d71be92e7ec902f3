//! The only places where the simulated kernel touches memory it was lent.
//!
//! Owns: pointer access. Every function is called for an entry in flight, whose submitter
//! promised the memory until the last completion, or for a registered pool.

use core::ptr;
use core::sync::atomic::{AtomicU16, Ordering};

const POOL_ENTRY: usize = 16;
const POOL_TAIL_AT: usize = 14;
/// What the kernel leaves in memory it was lent and does not use.
const SCRIBBLE: u8 = 0xee;

/// The byte at `at` of what the operation `user_data` receives.
pub fn pattern(user_data: u64, at: usize) -> u8 {
    let mixed = user_data.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
    (mixed as u8).wrapping_add((at as u8).wrapping_mul(7))
}

/// Put `len` bytes of the pattern of `user_data` at `addr`.
pub fn fill(addr: u64, len: u32, user_data: u64) {
    for at in 0..len as usize {
        // SAFETY: `addr..addr + len` is lent by an entry in flight or a taken pool buffer.
        unsafe { ptr::write((addr as *mut u8).add(at), pattern(user_data, at)) };
    }
}

/// Spoil `len` bytes at `addr`, as the kernel may until the last completion.
pub fn scribble(addr: u64, len: u32) {
    // SAFETY: the memory is lent by an entry in flight.
    unsafe { ptr::write_bytes(addr as *mut u8, SCRIBBLE, len as usize) };
}

/// Start of [`hash`].
pub const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over `len` bytes at `addr`, going on from `hash`.
pub fn hash(mut hash: u64, addr: u64, len: u32) -> u64 {
    for at in 0..len as usize {
        // SAFETY: the memory is lent by an entry in flight.
        let byte = unsafe { ptr::read((addr as *const u8).add(at)) };
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash
}

/// Nanoseconds in the `struct __kernel_timespec` at `addr`.
pub fn timespec(addr: u64) -> Option<u64> {
    if addr == 0 {
        return None;
    }
    // SAFETY: two 64-bit numbers that the entry names as its input.
    let [seconds, nanos] = unsafe { ptr::read_unaligned(addr as *const [i64; 2]) };
    if seconds < 0 || !(0..1_000_000_000).contains(&nanos) {
        return None;
    }
    Some((seconds as u64).saturating_mul(1_000_000_000).saturating_add(nanos as u64))
}

/// Write a peer's address as accept does: as much as fits, and its full length.
pub fn peer(addr: u64, addr_len: u64) {
    const LEN: u32 = 16;
    if addr == 0 || addr_len == 0 {
        return;
    }
    // SAFETY: accept's output arguments, lent by an entry in flight.
    unsafe {
        let room = ptr::read_unaligned(addr_len as *const u32);
        ptr::write_bytes(addr as *mut u8, SCRIBBLE, room.min(LEN) as usize);
        ptr::write_unaligned(addr_len as *mut u32, LEN);
    }
}

/// A registered ring of provided buffers.
#[derive(Clone, Copy, Debug)]
pub struct PoolRing {
    ring: *mut u8,
    entries: u16,
    head: u16,
    incremental: bool,
}

/// A buffer out of a pool.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub addr: u64,
    pub len: u32,
    pub id: u16,
}

impl PoolRing {
    /// A ring at `ring`, which outlives the registration.
    pub fn new(ring: *mut u8, entries: u16, incremental: bool) -> PoolRing {
        PoolRing { ring, entries, head: 0, incremental }
    }

    /// Look at the next buffer without taking it.
    pub fn peek(&self) -> Option<Taken> {
        // SAFETY: the tail stands in the first entry of the registered ring, two-byte aligned.
        let tail = unsafe { &*self.ring.add(POOL_TAIL_AT).cast::<AtomicU16>() };
        if tail.load(Ordering::Acquire) == self.head {
            return None;
        }
        let at = usize::from(self.head & (self.entries - 1)) * POOL_ENTRY;
        // SAFETY: `at` lies within the ring; the tail says that the entry is published.
        unsafe {
            let entry = self.ring.add(at);
            Some(Taken {
                addr: entry.cast::<u64>().read(),
                len: entry.add(8).cast::<u32>().read(),
                id: entry.add(12).cast::<u16>().read(),
            })
        }
    }

    /// `used` bytes of the buffer looked at are. Whether it stays, with what is left of it.
    pub fn take(&mut self, used: u32) -> bool {
        let at = usize::from(self.head & (self.entries - 1)) * POOL_ENTRY;
        // SAFETY: `at` lies within the ring; the entry is published and was looked at.
        let left = unsafe {
            let entry = self.ring.add(at);
            let (addr, len) = (entry.cast::<u64>(), entry.add(8).cast::<u32>());
            let left = len.read() - used;
            if self.incremental {
                addr.write(addr.read() + u64::from(used));
                len.write(left);
            }
            left
        };
        if self.incremental && left > 0 {
            return true;
        }
        self.head = self.head.wrapping_add(1);
        false
    }
}
