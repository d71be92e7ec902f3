//! Group H: pools of provided buffers and their leases.

use super::boundary::{Door, Inside, enter_ffi, fail, netted, outcome};
use super::config::write_sized;
use super::ringline_ring;
use super::state::state;
use crate::error::{ENULL, ESTALE, Fault};
use crate::op::Engine;
use crate::resource::release_lease;

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
}

fn with_engine(
    ring: *mut ringline_ring,
    body: impl FnOnce(&mut Engine) -> Result<u32, Fault>,
) -> i32 {
    enter_ffi(ring, Door::Owner, |inside: &Inside| {
        // SAFETY: inside, and this reference ends with the closure.
        outcome(body(&mut unsafe { state(inside.ring) }.engine)).into()
    }) as i32
}

fn group(pool: i32) -> Result<u16, Fault> {
    u16::try_from(pool).map_err(|_| Fault::new(ESTALE, "this ring has no such pool"))
}

/// Make a pool of `count` (a power of two, 32768 at most) buffers of `size` bytes, from which recv
/// and read take theirs (RINGLINE_SQE_BUFFER_SELECT, buf_index = the pool). `flags` must be 0.
/// Owner thread (any while there is none). Returns the pool's id, -EINVAL, -ENOMEM, -ENFILE,
/// RINGLINE_ENOTSUP_KERNEL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pool_create(
    ring: *mut ringline_ring,
    count: u32,
    size: u32,
    flags: u32,
) -> i32 {
    with_engine(ring, |engine| {
        if flags != 0 {
            return Err(Fault::errno(libc::EINVAL, "flags must be 0"));
        }
        engine.pool_create(count, size).map(u32::from)
    })
}

/// Give a pool up. Leases stay valid until they are given back. Returns 0, -EBUSY while ops in
/// flight take buffers from it, RINGLINE_ESTALE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pool_destroy(ring: *mut ringline_ring, pool: i32) -> i32 {
    with_engine(ring, |engine| engine.pool_destroy(group(pool)?).map(|()| 0))
}

/// Tell what a pool is like. Returns 0, RINGLINE_ESTALE, RINGLINE_ENULL, -EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_pool_info_of(
    ring: *mut ringline_ring,
    pool: i32,
    out: *mut ringline_pool_info,
) -> i32 {
    with_engine(ring, |engine| {
        if out.is_null() {
            return Err(Fault::new(ENULL, "out is NULL"));
        }
        let info = engine.pool_info(group(pool)?)?;
        let info = ringline_pool_info {
            size: size_of::<ringline_pool_info>() as u32,
            count: info.count,
            buffer_size: info.size,
            leases: info.leases,
        };
        // SAFETY: not NULL; the caller vouches for the size it wrote.
        unsafe { write_sized(out, &info) }.map(|()| 0)
    })
}

/// Give received bytes back: `lease` is the token of a completion with RINGLINE_CF_LEASE. Any
/// thread, also after the ring is gone. Exactly once: a second time is RINGLINE_ESTALE. Given
/// back by
/// another thread, the buffer is used again from the owner's next turn on. Returns 0,
/// RINGLINE_ESTALE or (in a forked child) RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_lease_release(lease: u64) -> i32 {
    netted(|| match release_lease(lease) {
        Ok(()) => 0,
        Err(fault) => fail(fault),
    })
}
