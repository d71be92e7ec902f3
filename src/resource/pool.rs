//! A classic pool of provided buffers: equal buffers, one lease per receive.
//!
//! Owns: the buffers and the ring through which the kernel takes them. Invariant: a buffer is
//! with the kernel, or leased under one serial, never both; it goes back exactly once.

use super::registry;
use crate::error::{ENOTSUP_KERNEL, Fault};
use crate::sys::{Backend, Features, Map, ThreadId, current_thread, fork_epoch};
use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

/// Buffers of a pool; the kernel's limit for a ring of buffers.
pub const MAX_BUFFERS: u32 = 32768;

const ENTRY: usize = 16;
const TAIL_AT: usize = 14;

/// What a pool is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolInfo {
    /// Buffers in all.
    pub count: u32,
    /// Bytes per buffer.
    pub size: u32,
    /// Leases not given back yet.
    pub leases: u32,
}

pub(super) struct Pool {
    place: usize,
    /// Process the pool belongs to.
    pub(super) epoch: u64,
    group: u16,
    count: u32,
    size: u32,
    ring: Map,
    data: Map,
    tail: AtomicU16,
    /// Serial of the lease on each buffer; 0 = none.
    serials: Box<[AtomicU32]>,
    /// Buffers given back from other threads, one bit each, collected by the owner.
    returned: Box<[AtomicU64]>,
    has_returned: AtomicU32,
    /// Thread that may write the ring; 0 = no kernel ring behind it.
    owner: AtomicU64,
    leases: AtomicU32,
    /// One for the ring, one for each lease; the last one frees.
    references: AtomicU32,
}

impl Pool {
    /// Put `buffer` where the kernel takes it. Owner thread only.
    fn provide(&self, buffer: u16) {
        let tail = self.tail.load(Ordering::Relaxed);
        let at = (u32::from(tail) & (self.count - 1)) as usize * ENTRY;
        let address = self.data.as_ptr() as u64 + u64::from(buffer) * u64::from(self.size);
        // SAFETY: the entry lies in the ring's mapping; only the owner thread writes it, and the
        // kernel reads it after the tail below. Bytes 14 and 15 (the tail in entry 0) are spared.
        unsafe {
            let entry = self.ring.as_ptr().add(at);
            entry.cast::<u64>().write(address);
            entry.add(8).cast::<u32>().write(self.size);
            entry.add(12).cast::<u16>().write(buffer);
            let published = &*self.ring.as_ptr().add(TAIL_AT).cast::<AtomicU16>();
            self.tail.store(tail.wrapping_add(1), Ordering::Relaxed);
            published.store(tail.wrapping_add(1), Ordering::Release);
        }
    }

    /// Lease `buffer`, which the kernel just filled. Owner thread only.
    fn lease(&self, buffer: u16) -> u64 {
        let counter = &registry::entry(self.place).serial;
        let mut serial = counter.load(Ordering::Relaxed).wrapping_add(1);
        if serial == 0 {
            serial = 1;
        }
        counter.store(serial, Ordering::Relaxed);
        self.leases.fetch_add(1, Ordering::Relaxed);
        self.references.fetch_add(1, Ordering::Relaxed);
        self.serials[buffer as usize].store(serial, Ordering::Release);
        registry::lease_id(self.place, buffer, serial)
    }

    /// Take a lease back: None when it is stale, else whether the pool is to be destroyed.
    pub(super) fn release(&self, buffer: u16, serial: u32) -> Option<bool> {
        let slot = self.serials.get(buffer as usize)?;
        if serial == 0 {
            return None;
        }
        slot.compare_exchange(serial, 0, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        self.leases.fetch_sub(1, Ordering::Relaxed);
        if self.owner.load(Ordering::Acquire) == current_thread() {
            self.provide(buffer);
        } else {
            let bit = 1u64 << (buffer % 64);
            self.returned[buffer as usize / 64].fetch_or(bit, Ordering::AcqRel);
            self.has_returned.store(1, Ordering::Release);
        }
        Some(self.references.fetch_sub(1, Ordering::AcqRel) == 1)
    }

    /// Unlink and free.
    ///
    /// # Safety
    /// The caller dropped the last reference, and the kernel does not use the memory any more.
    pub(super) unsafe fn destroy(pool: *mut Pool) {
        // SAFETY: the last reference: nobody else frees it.
        registry::unlink(unsafe { (*pool).place });
        // SAFETY: made by Box::into_raw in `create`; unlinked, so nobody looks at it.
        drop(unsafe { Box::from_raw(pool) });
    }
}

/// The ring's reference to a pool.
pub struct PoolRef {
    pool: *mut Pool,
    /// Operations in flight that take buffers from it.
    pub pins: u32,
}

impl PoolRef {
    /// Make a pool and register it under `group`.
    pub fn create(
        backend: &mut dyn Backend,
        group: u16,
        count: u32,
        size: u32,
    ) -> Result<PoolRef, Fault> {
        if !count.is_power_of_two() || count > MAX_BUFFERS {
            return Err(Fault::errno(
                libc::EINVAL,
                "the number of buffers must be a power of two, 32768 at most",
            ));
        }
        if size == 0 || size > i32::MAX as u32 {
            return Err(Fault::errno(libc::EINVAL, "the buffer size must be 1..2147483647"));
        }
        if !backend.info().features.has(Features::POOL) {
            return Err(Fault::new(ENOTSUP_KERNEL, "pool: rings of provided buffers need 5.19"));
        }
        let no_memory = |errno| Fault::errno(errno, "no memory for the pool");
        let ring = Map::new(count as usize * ENTRY).map_err(no_memory)?;
        let data = Map::new(count as usize * size as usize).map_err(no_memory)?;
        let Some(place) = registry::reserve() else {
            return Err(Fault::errno(libc::ENFILE, "1024 pools exist in this process"));
        };
        let zeros = |n: u32| (0..n).map(|_| AtomicU32::new(0)).collect();
        let pool = Box::into_raw(Box::new(Pool {
            place,
            epoch: fork_epoch(),
            group,
            count,
            size,
            ring,
            data,
            tail: AtomicU16::new(0),
            serials: zeros(count),
            returned: (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            has_returned: AtomicU32::new(0),
            owner: AtomicU64::new(0),
            leases: AtomicU32::new(0),
            references: AtomicU32::new(1),
        }));
        let mut made = PoolRef { pool, pins: 0 };
        if let Err(fault) = made.register(backend) {
            registry::unreserve(place);
            // SAFETY: made above and published to nobody.
            drop(unsafe { Box::from_raw(pool) });
            core::mem::forget(made);
            return Err(fault);
        }
        registry::publish(place, pool);
        Ok(made)
    }

    fn pool(&self) -> &Pool {
        // SAFETY: this reference is counted, so the pool lives.
        unsafe { &*self.pool }
    }

    /// Register with a (new) kernel ring and provide every buffer that is not leased.
    pub fn register(&mut self, backend: &mut dyn Backend) -> Result<(), Fault> {
        let pool = self.pool();
        // SAFETY: nobody but the kernel ring being left reads the tail, and that one is gone.
        unsafe { pool.ring.as_ptr().add(TAIL_AT).cast::<u16>().write(0) };
        pool.tail.store(0, Ordering::Relaxed);
        // SAFETY: page-aligned, `count` entries, kept until unregistered or buried.
        let errno =
            unsafe { backend.register_pool(pool.group, pool.ring.as_ptr(), pool.count as u16) };
        if errno != 0 {
            return Err(Fault::errno(errno, "the kernel refused the pool"));
        }
        for word in &pool.returned {
            word.store(0, Ordering::Relaxed);
        }
        for buffer in 0..pool.count as u16 {
            if pool.serials[buffer as usize].load(Ordering::Acquire) == 0 {
                pool.provide(buffer);
            }
        }
        Ok(())
    }

    /// From now on the calling thread may provide buffers (or none, with 0).
    pub fn set_owner(&self, owner: ThreadId) {
        self.pool().owner.store(owner, Ordering::Release);
    }

    /// Provide what other threads gave back.
    #[inline]
    pub fn collect_returned(&self) {
        let pool = self.pool();
        if pool.has_returned.load(Ordering::Acquire) != 0 {
            self.collect(pool);
        }
    }

    #[cold]
    fn collect(&self, pool: &Pool) {
        pool.has_returned.store(0, Ordering::SeqCst);
        for (at, word) in pool.returned.iter().enumerate() {
            let mut set = word.swap(0, Ordering::AcqRel);
            while set != 0 {
                pool.provide((at * 64) as u16 + set.trailing_zeros() as u16);
                set &= set - 1;
            }
        }
    }

    /// The kernel put data into `buffer`: its lease id and address, or None for a foreign number.
    #[inline]
    pub fn lease(&self, buffer: u16) -> Option<(u64, u64)> {
        let pool = self.pool();
        if u32::from(buffer) >= pool.count {
            return None;
        }
        let address = pool.data.as_ptr() as u64 + u64::from(buffer) * u64::from(pool.size);
        Some((pool.lease(buffer), address))
    }

    /// The kernel took `buffer` and put nothing into it: provide it again.
    pub fn recycle(&self, buffer: u16) {
        let pool = self.pool();
        if u32::from(buffer) < pool.count {
            pool.provide(buffer);
        }
    }

    /// What it is like.
    pub fn info(&self) -> PoolInfo {
        let pool = self.pool();
        PoolInfo { count: pool.count, size: pool.size, leases: pool.leases.load(Ordering::Relaxed) }
    }

    /// Leases not given back.
    pub fn leases(&self) -> u32 {
        self.pool().leases.load(Ordering::Relaxed)
    }
}

impl Drop for PoolRef {
    fn drop(&mut self) {
        self.set_owner(0);
        if self.pool().references.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: that was the last reference; the ring unregistered or buried the pool.
            unsafe { Pool::destroy(self.pool) };
        }
    }
}
