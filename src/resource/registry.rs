//! The process-wide table of pools, so that a lease can be given back from any thread, also after
//! its ring is gone.
//!
//! Owns: never-freed entries. Invariant: a pool is unlinked before it is freed, and freed only
//! when no other thread is looking at it (`pins`).

use super::pool::Pool;
use crate::error::{EFORKED, ESTALE, Fault};
use crate::sys::fork_epoch;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Pools of a process at a time.
pub const MAX_POOLS: usize = 1024;

const SERIAL_BITS: u32 = 32;
const BUFFER_BITS: u32 = 16;

pub(super) struct PoolEntry {
    pool: AtomicPtr<Pool>,
    pins: AtomicU32,
    /// Last serial given to a lease here; never reset, so that leases of an earlier pool at the
    /// same place stay stale.
    pub(super) serial: AtomicU32,
    taken: AtomicU32,
}

static ENTRIES: [PoolEntry; MAX_POOLS] = [const {
    PoolEntry {
        pool: AtomicPtr::new(core::ptr::null_mut()),
        pins: AtomicU32::new(0),
        serial: AtomicU32::new(0),
        taken: AtomicU32::new(0),
    }
}; MAX_POOLS];

/// Reserve a place for a pool.
pub(super) fn reserve() -> Option<usize> {
    ENTRIES.iter().position(|entry| {
        entry.taken.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    })
}

/// Give a reserved place back unused.
pub(super) fn unreserve(place: usize) {
    ENTRIES[place].taken.store(0, Ordering::Release);
}

/// Publish a pool at its place.
pub(super) fn publish(place: usize, pool: *mut Pool) {
    ENTRIES[place].pool.store(pool, Ordering::SeqCst);
}

/// Take a pool out of the table and wait until nobody looks at it.
pub(super) fn unlink(place: usize) {
    let entry = &ENTRIES[place];
    entry.pool.store(core::ptr::null_mut(), Ordering::SeqCst);
    while entry.pins.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    entry.taken.store(0, Ordering::Release);
}

pub(super) fn entry(place: usize) -> &'static PoolEntry {
    &ENTRIES[place]
}

/// Lease id: 0 | pool:15 | buffer:16 | serial:32.
pub(super) fn lease_id(place: usize, buffer: u16, serial: u32) -> u64 {
    (place as u64) << (SERIAL_BITS + BUFFER_BITS)
        | u64::from(buffer) << SERIAL_BITS
        | u64::from(serial)
}

/// Give a lease back: the pool may hand the buffer to the kernel again. Any thread.
pub fn release_lease(lease: u64) -> Result<(), Fault> {
    let place = (lease >> (SERIAL_BITS + BUFFER_BITS)) as usize;
    let buffer = (lease >> SERIAL_BITS) as u16;
    let Some(entry) = ENTRIES.get(place) else {
        return Err(stale());
    };
    entry.pins.fetch_add(1, Ordering::SeqCst);
    let pool = entry.pool.load(Ordering::SeqCst);
    // SAFETY: a published pool is freed only after it was unlinked and the pins are gone.
    let last = unsafe { pool.as_ref() }.map(|pool| {
        if pool.epoch != fork_epoch() {
            Err(EFORKED)
        } else {
            Ok(pool.release(buffer, lease as u32))
        }
    });
    entry.pins.fetch_sub(1, Ordering::SeqCst);
    match last {
        Some(Err(code)) => Err(Fault::new(code, "the lease belongs to the parent process")),
        Some(Ok(Some(last))) => {
            if last {
                // SAFETY: the count of references just fell to zero in this call.
                unsafe { Pool::destroy(pool) };
            }
            Ok(())
        }
        _ => Err(stale()),
    }
}

#[cold]
fn stale() -> Fault {
    Fault::new(ESTALE, "the lease was given back already, or never was one")
}
