//! Group H: pools of provided buffers and their leases.

use super::boundary::{answered, on_engine};
use super::constants::*;
use super::given::{invalid, list, put_sized};
use super::ringline_ring;
use crate::fault::{ESTALE, Fault};
use crate::resource::{PoolInfo, PoolSpec, holder, release_here, release_lease};
use crate::sys::Huge;

/// What a pool is like. Set `size` to sizeof(ringline_pool_info) (0 = the same) before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_pool_info {
    /// sizeof(ringline_pool_info).
    pub size: u32,
    /// Buffers in all.
    pub count: u32,
    /// Bytes per buffer.
    pub buffer_size: u32,
    /// Leases not given back.
    pub leases: u32,
    /// RINGLINE_POOL_*: what it is, and what became of huge pages.
    pub flags: u32,
    /// Buffers that the kernel has.
    pub free: u32,
}

fn group(pool: i32) -> Result<u16, Fault> {
    u16::try_from(pool).map_err(|_| Fault::new(ESTALE, "this ring has no such pool"))
}

/// Make a pool of `count` (a power of two, 32768 at most) buffers of `size` bytes, from which recv
/// and read take theirs (RINGLINE_SQE_BUFFER_SELECT, buf_index = the pool). `flags`:
///
/// RINGLINE_POOL_INCREMENTAL: the kernel fills a buffer piece by piece, so that a few large ones
/// serve small and large messages alike (8 x 256 KiB is a good start). Each completion is a piece
/// with a lease of its own; a buffer goes back to the kernel when all its pieces are back and no
/// RINGLINE_CF_BUF_MORE is due. Receives only, without RINGLINE_SQE_ASYNC; 64 MiB at most.
/// RINGLINE_POOL_HUGE: huge pages, reserved ones or by advice; ringline_pool_info tells.
///
/// Owner thread (any while there is none). Returns the pool's id, -EINVAL, -ENOMEM, -ENFILE,
/// RINGLINE_ENOTSUP_KERNEL (pool: 5.19, pool_incremental: 6.12).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pool_create(
    ring: *mut ringline_ring,
    count: u32,
    size: u32,
    flags: u32,
) -> i32 {
    on_engine(ring, |engine| {
        if flags & !(RINGLINE_POOL_INCREMENTAL | RINGLINE_POOL_HUGE) != 0 {
            return Err(invalid("unknown bit in flags of a pool"));
        }
        let spec = PoolSpec {
            count,
            size,
            incremental: flags & RINGLINE_POOL_INCREMENTAL != 0,
            huge: flags & RINGLINE_POOL_HUGE != 0,
        };
        engine.pool_create(&spec).map(u32::from)
    })
}

/// Give a pool up. Leases stay valid until they are given back. Owner thread (any while there is
/// none). Returns 0, -EBUSY while ops in flight take buffers from it, RINGLINE_ESTALE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pool_destroy(ring: *mut ringline_ring, pool: i32) -> i32 {
    on_engine(ring, |engine| engine.pool_destroy(group(pool)?))
}

/// Tell what a pool is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
/// RINGLINE_ENULL, -EINVAL or -E2BIG for the size in `out`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_pool_info_of(
    ring: *mut ringline_ring,
    pool: i32,
    out: *mut ringline_pool_info,
) -> i32 {
    on_engine(ring, |engine| {
        let info = || Ok(to_c(&engine.pool_info(group(pool)?)?));
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, info) }
    })
}

fn to_c(info: &PoolInfo) -> ringline_pool_info {
    let incremental = if info.spec.incremental { RINGLINE_POOL_INCREMENTAL } else { 0 };
    let huge = match info.pages {
        Huge::No => 0,
        Huge::Advised => RINGLINE_POOL_HUGE_ADVISED,
        Huge::Reserved => RINGLINE_POOL_HUGE,
    };
    ringline_pool_info {
        size: size_of::<ringline_pool_info>() as u32,
        count: info.spec.count,
        buffer_size: info.spec.size,
        leases: info.leases,
        flags: incremental | huge,
        free: info.free,
    }
}

/// Tell when fewer than `mark` buffers of a pool are with the kernel (0 = never): a record with
/// `user_data`, RINGLINE_CF_LOW_WATER and nothing else in flags, res = buffers left, data = the
/// pool. It counts toward wait_min, belongs to no op and is never a callback's. Told once, until
/// more than `mark` buffers were free again. Owner thread (any while there is none). Returns 0,
/// -EINVAL for a mark above the number of buffers, RINGLINE_ESTALE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pool_set_low_water(
    ring: *mut ringline_ring,
    pool: i32,
    mark: u32,
    user_data: u64,
) -> i32 {
    on_engine(ring, |engine| engine.pool_set_low_water(group(pool)?, mark, user_data))
}

/// Leases not given back, over all pools of the ring. Owner thread (any while there is none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_lease_count(ring: *mut ringline_ring) -> i32 {
    on_engine(ring, |engine| Ok(engine.leases()))
}

/// Give received bytes back: `lease` is the token of a completion with RINGLINE_CF_LEASE. Any
/// thread, also after the ring is gone. Exactly once: a second time is RINGLINE_ESTALE. Given
/// back by another thread, the buffer is used again from the owner's next turn on. Returns 0,
/// RINGLINE_ESTALE or (in a forked child) RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_lease_release(lease: u64) -> i32 {
    // The short way has nothing in it that could panic.
    if release_here(lease, holder()) { 0 } else { release_slowly(lease) }
}

#[cold]
#[inline(never)]
fn release_slowly(lease: u64) -> i32 {
    answered(|| release_lease(lease))
}

/// Give back many leases, of any pools; a stale one is passed over. Any thread, as
/// ringline_lease_release(). Returns how many were given back, or RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_lease_release_many(leases: *const u64, count: u32) -> i32 {
    answered(|| {
        // SAFETY: the caller vouches for `count` readable ids, or gave NULL.
        let leases = unsafe { list(leases, count, "leases is NULL") }?;
        let caller = holder();
        let given = leases
            .iter()
            .filter(|lease| release_here(**lease, caller) || release_lease(**lease).is_ok());
        Ok(given.count())
    })
}
