//! The process-wide table of pools, so that a lease can be given back from any thread, also after
//! its ring is gone.
//!
//! Owns: never-freed entries. Invariant: a pool is unlinked before it is freed, and freed only
//! when no other thread is looking at it (`pins`). The owner thread needs no pin: a pool has an
//! owner only while its ring holds it, and only the owner (or its heir) makes the ring let go.

use super::pool::Pool;
use crate::fault::{EFORKED, ESTALE, EWRONGTHREAD, Fault};
use crate::sys::{ThreadId, current_thread, fork_epoch};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// Pools of a process at a time.
pub const MAX_POOLS: usize = 1024;

/// Lease id: 0 | place:10 | use:53. A use is a serial and, in as many bits as the pool needs, the
/// piece below it: so uses of one place only grow, also from pool to pool.
pub(super) const USE_BITS: u32 = 53;
pub(super) const USE_MASK: u64 = (1 << USE_BITS) - 1;
/// Bits that name a piece at most.
pub(super) const PIECE_BITS: u32 = 26;

#[repr(C, align(64))]
pub(super) struct PoolEntry {
    pool: AtomicPtr<Pool>,
    /// Who may write the pool's ring, as [`holder`] says it; 0 = nobody.
    owner: AtomicU64,
    /// Process the pool belongs to.
    epoch: AtomicU64,
    pins: AtomicU32,
    /// The last use by earlier pools: a pool made here goes on behind it, so that their leases stay
    /// stale. Not 0 at first, so that small numbers are no leases.
    last_use: AtomicU64,
    taken: AtomicU32,
}

static ENTRIES: [PoolEntry; MAX_POOLS] = [const {
    PoolEntry {
        pool: AtomicPtr::new(core::ptr::null_mut()),
        owner: AtomicU64::new(0),
        epoch: AtomicU64::new(0),
        pins: AtomicU32::new(0),
        last_use: AtomicU64::new(0x0155_5555 << PIECE_BITS),
        taken: AtomicU32::new(0),
    }
}; MAX_POOLS];

/// Reserve a place for a pool with serials up to `last` above `piece_bits` bits; with it, behind
/// which serial they start. A place that is used up stays so.
pub(super) fn reserve(piece_bits: u32, last: u64) -> Option<(usize, u64)> {
    ENTRIES.iter().enumerate().find_map(|(place, entry)| {
        let free = |from, to| {
            entry.taken.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        if !free(0, 1) {
            return None;
        }
        let serial = entry.last_use.load(Ordering::Relaxed) >> piece_bits;
        if serial < last {
            return Some((place, serial));
        }
        unreserve(place);
        None
    })
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

/// Take a pool whose last use was `last_use` out of the table and wait until nobody looks.
pub(super) fn unlink(place: usize, last_use: u64) {
    let entry = &ENTRIES[place];
    entry.pool.store(core::ptr::null_mut(), Ordering::SeqCst);
    while entry.pins.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    entry.last_use.store(last_use, Ordering::Relaxed);
    entry.taken.store(0, Ordering::Release);
}

/// The id of a use.
#[inline]
pub(super) fn lease_id(place: usize, at: u64) -> u64 {
    (place as u64) << USE_BITS | at
}

#[inline]
fn entry_of(lease: u64) -> Option<&'static PoolEntry> {
    // Bit 63 lies in the place: an id that has it is beyond the table.
    ENTRIES.get((lease >> USE_BITS) as usize)
}

/// Give a lease back as the owner thread, the short way; `caller` is [`holder`] of the calling
/// thread. False changes nothing: another thread owns the pool, or the lease is stale.
#[inline(always)]
pub fn release_here(lease: u64, caller: u64) -> bool {
    let Some(entry) = entry_of(lease) else { return false };
    if entry.owner.load(Ordering::Relaxed) != caller {
        return false;
    }
    // SAFETY: this thread stored the owner, so the ring holds the pool, and nobody but this
    // thread makes it let go: the pool lives while this call runs.
    unsafe { (*entry.pool.load(Ordering::Relaxed)).release_here(lease) }
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
    entry.pins.fetch_add(1, Ordering::SeqCst);
    let pool = entry.pool.load(Ordering::SeqCst);
    let forked = entry.epoch.load(Ordering::Relaxed) != fork_epoch();
    // SAFETY: a published pool is freed only after it was unlinked and the pins are gone.
    let last = match unsafe { pool.as_ref() } {
        Some(_) if forked => Err(EFORKED),
        Some(pool) => pool.release_elsewhere(lease).ok_or(ESTALE),
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
    // SAFETY: this thread stored the owner, so the ring holds the pool, and nobody but this
    // thread makes it let go: the pool lives while this call runs.
    let pool = unsafe { &*entry.pool.load(Ordering::Relaxed) };
    if !pool.contains(address, len) {
        return Err(Fault::errno(libc::EINVAL, "the bytes are not in the pool of the lease"));
    }
    if pool.hold(lease) { Ok(()) } else { Err(stale()) }
}

/// Take the mark of [`hold`] away, on the same thread.
pub(super) fn unmark(lease: u64) {
    let Some(entry) =
        entry_of(lease).filter(|entry| entry.owner.load(Ordering::Relaxed) == holder())
    else {
        return;
    };
    // SAFETY: this thread is the owner, so the ring holds the pool while this call runs.
    unsafe { (*entry.pool.load(Ordering::Relaxed)).unhold(lease) };
}

/// Give a lease back that was marked by [`hold`].
pub(super) fn unhold(lease: u64) {
    let Some(entry) = entry_of(lease) else { return };
    if entry.owner.load(Ordering::Relaxed) == holder() {
        // SAFETY: this thread is the owner, so the ring holds the pool while this call runs.
        let pool = unsafe { &*entry.pool.load(Ordering::Relaxed) };
        if pool.unhold(lease) {
            pool.release_here(lease);
        }
        return;
    }
    // The ring is gone: the lease alone keeps the pool.
    // SAFETY: a pool is freed with its last lease, and this one is out.
    let marked = unsafe { entry.pool.load(Ordering::SeqCst).as_ref() };
    if marked.is_some_and(|pool| pool.unhold(lease)) {
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
