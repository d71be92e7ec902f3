//! A ring's hold on a pool: making it, registering it, letting go.
//!
//! Owns: one reference. Invariant: as long as a ring holds a pool, the pool lives; when it lets
//! go, the last lease frees it.

use super::pool::{Pieces, Pool};
use super::registry::{self, PIECE_BITS};
use crate::fault::{ENOTSUP_KERNEL, Fault};
use crate::sys::uapi::BUF_BYTES;
use crate::sys::{
    Backend, Call, Features, Huge, Map, Refused, ThreadId, is_forbidden, refusal_text,
};
use core::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Buffers of a pool; the kernel's limit for a ring of buffers.
pub const MAX_BUFFERS: u32 = 32768;
/// Bytes of an incremental pool: a peer may send byte by byte, and each is a lease of its own.
const MOST_PIECES: u64 = 1 << PIECE_BITS;

/// How often and how long a kernel that is short of memory is waited for.
const MEMORY_TRIES: u32 = 40;
const MEMORY_PAUSE_NS: u64 = 5_000_000;

/// What a pool shall be like.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolSpec {
    /// Buffers in all.
    pub count: u32,
    /// Bytes per buffer.
    pub size: u32,
    /// The kernel fills a buffer piece by piece.
    pub incremental: bool,
    /// Huge pages, if there are any.
    pub huge: bool,
}

/// What a pool is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolInfo {
    /// What was asked for.
    pub spec: PoolSpec,
    /// Leases not given back yet.
    pub leases: u32,
    /// Buffers that the kernel has.
    pub free: u32,
    /// What became of huge pages.
    pub pages: Huge,
}

/// The ring's reference to a pool.
pub struct PoolRef {
    pool: *mut Pool,
    /// Operations in flight that take buffers from it.
    pub pins: u32,
    /// The caller's number for the record that tells of few buffers.
    pub low_water_data: u64,
    pages: Huge,
}

fn check(spec: &PoolSpec, features: Features) -> Result<(), Fault> {
    if !spec.count.is_power_of_two() || spec.count > MAX_BUFFERS {
        return Err(Fault::errno(
            libc::EINVAL,
            "the number of buffers must be a power of two, 32768 at most",
        ));
    }
    if spec.size == 0 || spec.size > i32::MAX as u32 {
        return Err(Fault::errno(libc::EINVAL, "the buffer size must be 1..2147483647"));
    }
    if !features.has(Features::POOL) {
        return Err(Fault::new(ENOTSUP_KERNEL, "pool: rings of provided buffers need 5.19"));
    }
    if !spec.incremental {
        return Ok(());
    }
    if !features.has(Features::POOL_INCREMENTAL) {
        return Err(Fault::new(ENOTSUP_KERNEL, "pool_incremental: such pools need Linux 6.12"));
    }
    if u64::from(spec.count) * u64::from(spec.size) > MOST_PIECES {
        return Err(Fault::errno(libc::EINVAL, "an incremental pool has 64 MiB at most"));
    }
    Ok(())
}

impl Pieces {
    fn new(spec: &PoolSpec) -> Result<Pieces, i32> {
        let most = if spec.incremental { spec.count * spec.size } else { spec.count };
        let links = if spec.incremental { most as usize * 4 } else { 1 };
        Ok(Pieces {
            most,
            words: Map::new(most as usize * 8)?,
            links: Map::new(links)?,
            returned: Map::new(most.div_ceil(64) as usize * 8)?,
        })
    }
}

impl PoolRef {
    /// Make a pool and register it under `group`.
    pub fn create(
        backend: &mut dyn Backend,
        group: u16,
        spec: &PoolSpec,
    ) -> Result<PoolRef, Fault> {
        check(spec, backend.info().features)?;
        let no_memory = |errno| Fault::errno(errno, "no memory for the pool");
        let bytes = spec.count as usize * spec.size as usize;
        let (data, pages) =
            if spec.huge { Map::huge(bytes) } else { Map::new(bytes).map(|map| (map, Huge::No)) }
                .map_err(no_memory)?;
        let ring = Map::new(spec.count as usize * BUF_BYTES).map_err(no_memory)?;
        let pieces = Pieces::new(spec).map_err(no_memory)?;
        let (piece_bits, last) = Pool::id_layout(pieces.most);
        let filling = if spec.incremental { spec.count } else { 0 };
        let Some((place, serial)) = registry::reserve(piece_bits, last) else {
            return Err(Fault::errno(libc::ENFILE, "1024 pools exist in this process"));
        };
        let pool = Box::into_raw(Box::new(Pool {
            place,
            group,
            count: spec.count,
            mask: spec.count - 1,
            size: spec.size,
            filling: (0..filling).map(|_| Default::default()).collect(),
            ring,
            data,
            pieces,
            serial,
            last,
            piece_bits,
            tail: Default::default(),
            taken: Default::default(),
            low_water: Default::default(),
            told: Default::default(),
            touched: Default::default(),
            free: Default::default(),
            has_returned: AtomicU32::new(0),
            here: AtomicI64::new(0),
            elsewhere: AtomicI64::new(0),
        }));
        let mut made = PoolRef { pool, pins: 0, low_water_data: 0, pages };
        made.pool().begin();
        if let Err(fault) = made.register(backend) {
            registry::unreserve(place);
            core::mem::forget(made);
            // SAFETY: made above and published to nobody.
            drop(unsafe { Box::from_raw(pool) });
            return Err(fault);
        }
        registry::publish(place, pool);
        Ok(made)
    }

    #[inline]
    fn pool(&self) -> &Pool {
        // SAFETY: this reference is counted, so the pool lives.
        unsafe { &*self.pool }
    }

    /// Register with a (new) kernel ring and provide every buffer that is not leased.
    pub fn register(&mut self, backend: &mut dyn Backend) -> Result<(), Fault> {
        let pool = self.pool();
        let (ring, count) = (pool.ring.as_ptr(), pool.count as u16);
        let register = |backend: &mut dyn Backend| {
            // SAFETY: page-aligned, `count` entries, kept until unregistered or buried.
            unsafe { backend.register_pool(pool.group, ring, count, pool.is_incremental()) }
        };
        let mut errno = register(backend);
        // It counts as locked memory, and the kernel gives back that of a closed ring late.
        for _ in 0..MEMORY_TRIES {
            if errno != libc::ENOMEM {
                break;
            }
            backend.pause(MEMORY_PAUSE_NS);
            errno = register(backend);
        }
        match errno {
            0 => pool.provide_anew(),
            libc::ENOMEM => return Err(Fault::errno(errno, refusal_text(errno))),
            _ if is_forbidden(errno) => return Err(Refused { call: Call::Register, errno }.into()),
            _ => return Err(Fault::errno(errno, "the kernel refused the pool")),
        }
        Ok(())
    }

    /// From now on the calling thread may provide buffers (or none, with 0).
    pub fn set_owner(&self, owner: ThreadId) {
        registry::set_owner(self.pool().place, owner);
    }

    /// Provide what other threads gave back.
    #[inline]
    pub fn collect_returned(&self) {
        let pool = self.pool();
        if pool.has_returned.load(Ordering::Acquire) != 0 {
            pool.collect();
        }
    }

    /// The kernel put `len` bytes into `buffer`, and with `more` goes on with it: lease id and
    /// address, or None for what cannot be.
    #[inline(always)]
    pub fn lease(&self, buffer: u16, len: u32, more: bool) -> Option<(u64, u64)> {
        let address = self.claim(buffer, len, more)?;
        Some((self.lease_claimed(buffer, more)?, address))
    }

    /// As [`PoolRef::lease`], for bytes of which nobody may keep anything: only their address.
    #[inline(always)]
    pub fn claim(&self, buffer: u16, len: u32, more: bool) -> Option<u64> {
        let pool = self.pool();
        let offset = pool.claim(buffer.into(), len, more)?;
        Some(pool.address(buffer.into()) + u64::from(offset))
    }

    /// What the last claim on a buffer, after which no more follow, was about was looked at: to be
    /// called once for each such claim.
    pub fn unclaim(&self, buffer: u16) {
        self.pool().unclaim(buffer.into());
    }

    /// Make a lease of a claim.
    #[inline(always)]
    pub fn lease_claimed(&self, buffer: u16, more: bool) -> Option<u64> {
        self.pool().lease_claimed(buffer.into(), more)
    }

    /// The kernel took `buffer` and put nothing into it: provide it again.
    pub fn recycle(&self, buffer: u16, more: bool) {
        let pool = self.pool();
        if u32::from(buffer) < pool.count {
            pool.take_back(buffer.into(), more);
        }
    }

    /// Whether the kernel fills buffers piece by piece.
    pub fn is_incremental(&self) -> bool {
        self.pool().is_incremental()
    }

    /// Tell when fewer than `mark` buffers are with the kernel; 0 = never.
    pub fn set_low_water(&mut self, mark: u32, user_data: u64) -> Result<(), Fault> {
        let pool = self.pool();
        if mark > pool.count {
            return Err(Fault::errno(libc::EINVAL, "the mark is above the number of buffers"));
        }
        pool.low_water.set(mark);
        pool.told.set(0);
        self.low_water_data = user_data;
        Ok(())
    }

    /// Whether to tell now that few buffers are left.
    #[inline]
    pub fn falls_low(&self) -> bool {
        self.pool().falls_low()
    }

    /// Buffers that the kernel has.
    pub fn free(&self) -> u32 {
        self.pool().with_kernel()
    }

    /// What it is like.
    pub fn info(&self) -> PoolInfo {
        let pool = self.pool();
        let incremental = pool.is_incremental();
        let huge = self.pages != Huge::No;
        PoolInfo {
            spec: PoolSpec { count: pool.count, size: pool.size, incremental, huge },
            leases: self.leases(),
            free: self.free(),
            pages: self.pages,
        }
    }

    /// Leases not given back.
    #[inline]
    pub fn leases(&self) -> u32 {
        let pool = self.pool();
        let here = pool.here.load(Ordering::Relaxed);
        (here - pool.elsewhere.load(Ordering::Relaxed)) as u32
    }
}

impl Drop for PoolRef {
    fn drop(&mut self) {
        self.set_owner(0);
        // From now on every lease is given back the long way, and the last one frees the pool.
        let out = self.pool().here.load(Ordering::Relaxed);
        if self.pool().elsewhere.fetch_sub(out, Ordering::AcqRel) == out {
            // SAFETY: no lease is left; the ring unregistered or buried the pool.
            unsafe { Pool::destroy(self.pool) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::release_lease;
    use crate::sys::{Sim, SimPlan, current_thread};

    const SIZE: u32 = 16;

    fn pool(sim: &mut Sim, count: u32, incremental: bool, left: u64) -> PoolRef {
        let spec = PoolSpec { count, size: SIZE, incremental, huge: false };
        let made = PoolRef::create(sim, 0, &spec).unwrap();
        if left > 0 {
            // SAFETY: nothing else refers to it, and nothing is leased.
            unsafe { (*made.pool).age(left) };
        }
        made.set_owner(current_thread());
        made
    }

    /// Each buffer of a classic pool is leased until its serials are over: no id comes twice, and
    /// an old one gives nothing back.
    #[test]
    fn a_lease_that_is_stale_stays_so_when_serials_end() {
        let mut sim = Sim::new(SimPlan::quiet(1));
        let pool = pool(&mut sim, 2, false, 3);
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (lease, _) = pool.lease(1, 4, false).unwrap();
            assert!(!seen.contains(&lease) && lease >> 63 == 0 && lease != 0);
            seen.iter().for_each(|old| assert!(release_lease(*old).is_err()));
            assert_eq!(pool.leases(), 1);
            release_lease(lease).unwrap();
            seen.push(lease);
        }
        // The kernel has the other one, and this one no more.
        assert_eq!(pool.free(), 1);
        let (other, _) = pool.lease(0, 4, false).unwrap();
        seen.iter().for_each(|old| assert!(release_lease(*old).is_err()));
        release_lease(other).unwrap();
        assert_eq!((pool.free(), pool.leases()), (1, 0));
    }

    /// In an incremental pool a piece that is used up makes room for the next.
    #[test]
    fn pieces_that_are_used_up_are_not_leased_again() {
        let mut sim = Sim::new(SimPlan::quiet(1));
        let pool = pool(&mut sim, 1, true, 2);
        let mut seen = Vec::new();
        for at in 0..2 * SIZE {
            let (lease, _) = pool.lease(0, 1, (at + 1) % SIZE != 0).expect("pieces are left");
            assert!(!seen.contains(&lease));
            seen.iter().for_each(|old| assert!(release_lease(*old).is_err()));
            release_lease(lease).unwrap();
            seen.push(lease);
        }
        assert!(pool.lease(0, 1, true).is_none());
    }

    /// The ids of a later pool at the same place lie behind, also when it has other pieces.
    #[test]
    fn a_later_pool_has_other_leases() {
        let mut sim = Sim::new(SimPlan::quiet(1));
        let mut old: Vec<u64> = Vec::new();
        for round in 0..12 {
            let (count, incremental) = (1 << (round % 4), round % 3 == 0);
            let pool = pool(&mut sim, count, incremental, 0);
            for _ in 0..4 {
                let (lease, _) = pool.lease(0, SIZE, false).unwrap();
                assert!(!old.contains(&lease));
                old.iter().for_each(|old| assert!(release_lease(*old).is_err()));
                release_lease(lease).unwrap();
                old.push(lease);
            }
            drop(pool);
            sim.unregister_pool(0);
        }
    }
}
