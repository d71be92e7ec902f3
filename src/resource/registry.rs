//! The process-wide table of pools, so that a lease can be given back from any thread, also after
//! its ring is gone.
//!
//! Owns: never-freed entries. Invariant: a pool is unlinked before it is freed, and freed only
//! when no other thread is looking at it (`pins`). The owner thread needs no pin: a pool has an
//! owner only while its ring holds it, and only the owner (or its heir) makes the ring let go.

use super::pool::Pool;
use crate::error::{EFORKED, ESTALE, EWRONGTHREAD, Fault};
use crate::sys::{ThreadId, current_thread, fork_epoch};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// Pools of a process at a time.
pub const MAX_POOLS: usize = 1024;

/// Lease id: 0 | pool:10 | piece:26 | serial:27.
pub(super) const SERIAL_BITS: u32 = 27;
pub(super) const SERIAL_MASK: u32 = (1 << SERIAL_BITS) - 1;
pub(super) const PIECE_BITS: u32 = 26;
const PIECE_MASK: u32 = (1 << PIECE_BITS) - 1;

#[repr(C, align(64))]
pub(super) struct PoolEntry {
    pool: AtomicPtr<Pool>,
    /// Who may write the pool's ring, as [`holder`] says it; 0 = nobody.
    owner: AtomicU64,
    /// Process the pool belongs to.
    epoch: AtomicU64,
    pins: AtomicU32,
    /// Where the serials of a pool made here start: behind those of earlier pools, so that their
    /// leases stay stale. Not at 0, so that small numbers are no leases.
    serial: AtomicU32,
    taken: AtomicU32,
}

static ENTRIES: [PoolEntry; MAX_POOLS] = [const {
    PoolEntry {
        pool: AtomicPtr::new(core::ptr::null_mut()),
        owner: AtomicU64::new(0),
        epoch: AtomicU64::new(0),
        pins: AtomicU32::new(0),
        serial: AtomicU32::new(0x0155_5555),
        taken: AtomicU32::new(0),
    }
}; MAX_POOLS];

/// Reserve a place for a pool; with it, where its serials start.
pub(super) fn reserve() -> Option<(usize, u32)> {
    let place = ENTRIES.iter().position(|entry| {
        entry.taken.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    })?;
    Some((place, ENTRIES[place].serial.load(Ordering::Relaxed)))
}

/// Give a reserved place back unused.
pub(super) fn unreserve(place: usize) {
    ENTRIES[place].taken.store(0, Ordering::Release);
}

/// Publish a pool at its place.
pub(super) fn publish(place: usize, pool: *mut Pool) {
    ENTRIES[place].epoch.store(fork_epoch(), Ordering::Relaxed);
    ENTRIES[place].pool.store(pool, Ordering::SeqCst);
}

/// The calling thread of this process, in one number: a forked child has the same threads.
#[inline]
pub fn holder() -> u64 {
    holder_of(current_thread())
}

#[inline]
fn holder_of(thread: ThreadId) -> u64 {
    thread ^ fork_epoch() << 40
}

/// From now on `owner` may write the ring of the pool (or nobody, with 0).
pub(super) fn set_owner(place: usize, owner: ThreadId) {
    let holder = if owner == 0 { 0 } else { holder_of(owner) };
    ENTRIES[place].owner.store(holder, Ordering::Release);
}

/// Take a pool whose serials went up to `serial` out of the table and wait until nobody looks.
pub(super) fn unlink(place: usize, serial: u32) {
    let entry = &ENTRIES[place];
    entry.pool.store(core::ptr::null_mut(), Ordering::SeqCst);
    while entry.pins.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    entry.serial.store(serial, Ordering::Relaxed);
    entry.taken.store(0, Ordering::Release);
}

/// The id of piece `piece` under `serial`.
#[inline]
pub(super) fn lease_id(place: usize, piece: u32, serial: u32) -> u64 {
    (place as u64) << (SERIAL_BITS + PIECE_BITS)
        | u64::from(piece) << SERIAL_BITS
        | u64::from(serial)
}

#[inline]
fn entry_of(lease: u64) -> Option<&'static PoolEntry> {
    // Bit 63 lies in the place: an id that has it is beyond the table.
    ENTRIES.get((lease >> (SERIAL_BITS + PIECE_BITS)) as usize)
}

#[inline]
fn piece_of(lease: u64) -> (u32, u32) {
    ((lease >> SERIAL_BITS) as u32 & PIECE_MASK, lease as u32 & SERIAL_MASK)
}

/// Give a lease back as the owner thread, the short way; `caller` is [`holder`] of the calling
/// thread. False changes nothing: another thread owns the pool, or the lease is stale.
#[inline(always)]
pub fn release_here(lease: u64, caller: u64) -> bool {
    let Some(entry) = entry_of(lease) else { return false };
    if entry.owner.load(Ordering::Relaxed) != caller {
        return false;
    }
    let (piece, serial) = piece_of(lease);
    // SAFETY: this thread stored the owner, so the ring holds the pool, and nobody but this
    // thread makes it let go: the pool lives while this call runs.
    unsafe { (*entry.pool.load(Ordering::Relaxed)).release_here(piece, serial) }
}

/// Give a lease back: the pool may hand the buffer to the kernel again. Any thread.
pub fn release_lease(lease: u64) -> Result<(), Fault> {
    if release_here(lease, holder()) { Ok(()) } else { release_elsewhere(lease) }
}

#[cold]
fn release_elsewhere(lease: u64) -> Result<(), Fault> {
    let Some(entry) = entry_of(lease) else {
        return Err(stale());
    };
    let (piece, serial) = piece_of(lease);
    entry.pins.fetch_add(1, Ordering::SeqCst);
    let pool = entry.pool.load(Ordering::SeqCst);
    let forked = entry.epoch.load(Ordering::Relaxed) != fork_epoch();
    // SAFETY: a published pool is freed only after it was unlinked and the pins are gone.
    let last = match unsafe { pool.as_ref() } {
        Some(_) if forked => Err(EFORKED),
        Some(pool) => pool.release_elsewhere(piece, serial).ok_or(ESTALE),
        None => Err(ESTALE),
    };
    entry.pins.fetch_sub(1, Ordering::SeqCst);
    match last {
        Err(EFORKED) => Err(Fault::new(EFORKED, "the lease belongs to the parent process")),
        Err(_) => Err(stale()),
        Ok(last) => {
            if last {
                // SAFETY: the count of references just fell to zero in this call.
                unsafe { Pool::destroy(pool) };
            }
            Ok(())
        }
    }
}

/// Mark a lease of this thread's pools as sent from, if `len` bytes at `address` are in its pool.
pub(super) fn hold(lease: u64, address: u64, len: u32) -> Result<(), Fault> {
    let entry = entry_of(lease).ok_or_else(stale)?;
    if entry.owner.load(Ordering::Relaxed) != holder() {
        return Err(not_here(entry));
    }
    let (piece, serial) = piece_of(lease);
    // SAFETY: this thread stored the owner, so the ring holds the pool, and nobody but this
    // thread makes it let go: the pool lives while this call runs.
    let pool = unsafe { &*entry.pool.load(Ordering::Relaxed) };
    if !pool.contains(address, len) {
        return Err(Fault::errno(libc::EINVAL, "the bytes are not in the pool of the lease"));
    }
    if pool.hold(piece, serial) { Ok(()) } else { Err(stale()) }
}

/// Take the mark of [`hold`] away, on the same thread.
pub(super) fn unmark(lease: u64) {
    let Some(entry) =
        entry_of(lease).filter(|entry| entry.owner.load(Ordering::Relaxed) == holder())
    else {
        return;
    };
    let (piece, serial) = piece_of(lease);
    // SAFETY: as in `hold`.
    unsafe { (*entry.pool.load(Ordering::Relaxed)).unhold(piece, serial) };
}

/// Give a lease back that was marked by [`hold`].
pub(super) fn unhold(lease: u64) {
    let Some(entry) = entry_of(lease) else { return };
    let (piece, serial) = piece_of(lease);
    if entry.owner.load(Ordering::Relaxed) == holder() {
        // SAFETY: as in `hold`.
        let pool = unsafe { &*entry.pool.load(Ordering::Relaxed) };
        if pool.unhold(piece, serial) {
            pool.release_here(piece, serial);
        }
        return;
    }
    // The ring is gone: the lease alone keeps the pool.
    // SAFETY: a pool is freed with its last lease, and this one is out.
    let marked = unsafe { entry.pool.load(Ordering::SeqCst).as_ref() };
    if marked.is_some_and(|pool| pool.unhold(piece, serial)) {
        let _ = release_elsewhere(lease);
    }
}

#[cold]
fn not_here(entry: &PoolEntry) -> Fault {
    if entry.pool.load(Ordering::SeqCst).is_null() {
        return stale();
    }
    Fault::new(EWRONGTHREAD, "the lease is of another thread's pool")
}

#[cold]
fn stale() -> Fault {
    Fault::new(ESTALE, "the lease was given back already, or never was one")
}
