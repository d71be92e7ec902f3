//! Group H: regions (registered memory) and send buffers cut out of them.

use super::boundary::{Door, enter_ffi, long_outcome, on_engine};
use super::constants::*;
use super::given::{invalid, null, put_sized};
use super::ringline_ring;
use super::state::state;
use crate::fault::{ESTALE, Fault};
use crate::op::Engine;
use crate::resource::RegionInfo;
use crate::sys::Huge;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// What a region is like. Set `size` to sizeof(ringline_region_info) (0 = the same) before the
/// call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_region_info {
    /// sizeof(ringline_region_info).
    pub size: u32,
    /// RINGLINE_REGION_*: what became of huge pages.
    pub flags: u32,
    /// Its first byte.
    pub address: u64,
    /// Bytes.
    pub len: u64,
    /// Operations in flight that use it.
    pub users: u32,
    /// Zero.
    pub resv: u32,
}

fn place(region: i32) -> Result<u16, Fault> {
    u16::try_from(region).map_err(|_| Fault::new(ESTALE, "this ring has no such region"))
}

/// Allocate `len` bytes (1 GiB at most), zeroed and aligned to pages, and register them as a fixed
/// buffer. `*address` gets the first byte. `flags` is 0 or RINGLINE_REGION_HUGE (huge pages,
/// reserved ones or by advice; ringline_region_info_of tells). The memory is the ring's: it is gone
/// with ringline_region_release() or with the ring, but for a forced free, after which it stays
/// until the kernel is seen to be done. Owner thread (any while there is none).
///
/// Returns the region's id, which is the buf_index of READ_FIXED, WRITE_FIXED and SEND_ZC;
/// -EINVAL, -ENOMEM (RLIMIT_MEMLOCK counts), -ENFILE (64 regions), RINGLINE_ENULL,
/// RINGLINE_ENOTSUP_KERNEL (fixed_buffers: 5.19).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_region_alloc(
    ring: *mut ringline_ring,
    len: u64,
    flags: u32,
    address: Option<&mut MaybeUninit<*mut c_void>>,
) -> i32 {
    on_engine(ring, |engine| {
        let address = address.ok_or_else(|| null("address is NULL"))?;
        if flags & !RINGLINE_REGION_HUGE != 0 {
            return Err(invalid("unknown bit in flags of a region"));
        }
        let (place, first) = engine.region_alloc(len, flags & RINGLINE_REGION_HUGE != 0)?;
        address.write(first as *mut c_void);
        Ok(u32::from(place))
    })
}

/// Register `len` bytes of the caller's (1 GiB at most) as a fixed buffer. The memory has to stay
/// mapped until ringline_region_release() returned 0 or the ring is freed (what an ABANDONED op
/// used: for ever). Owner thread (any while there is none). Returns as ringline_region_alloc(),
/// and -EFAULT for memory that is not mapped.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_region_register(
    ring: *mut ringline_ring,
    address: *mut c_void,
    len: u64,
) -> i32 {
    on_engine(ring, |engine| {
        if address.is_null() {
            return Err(null("address is NULL"));
        }
        // SAFETY: the caller vouches for the memory, as documented.
        unsafe { engine.region_register(address as u64, len) }.map(u32::from)
    })
}

/// Unregister a region; memory of ringline_region_alloc() is gone then. Owner thread (any while
/// there is none). Returns 0, -EBUSY while ops in flight use it, RINGLINE_ESTALE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_region_release(ring: *mut ringline_ring, region: i32) -> i32 {
    on_engine(ring, |engine| engine.region_release(place(region)?))
}

/// Tell what a region is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
/// RINGLINE_ENULL, -EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_region_info_of(
    ring: *mut ringline_ring,
    region: i32,
    out: *mut ringline_region_info,
) -> i32 {
    on_engine(ring, |engine| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, || Ok(info_of(&engine.region_info(place(region)?)?))) }
    })
}

fn info_of(info: &RegionInfo) -> ringline_region_info {
    ringline_region_info {
        size: size_of::<ringline_region_info>() as u32,
        flags: match info.pages {
            Huge::No => 0,
            Huge::Advised => RINGLINE_REGION_HUGE_ADVISED,
            Huge::Reserved => RINGLINE_REGION_HUGE,
        },
        address: info.address,
        len: info.len,
        users: info.pins,
        resv: 0,
    }
}

/// Cut a region into equal buffers of `size` bytes, for ringline_buf_take(). Owner thread (any
/// while there is none). Returns how many there are; -EINVAL for a size that does not fit, -EBUSY
/// while buffers of an earlier cut are taken, -ENOMEM, RINGLINE_ESTALE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_region_cut(
    ring: *mut ringline_ring,
    region: i32,
    size: u32,
) -> i32 {
    on_engine(ring, |engine| engine.region_cut(place(region)?, size))
}

/// Take a buffer of a region that was cut: `*address` gets its first byte. It is the caller's until
/// ringline_buf_put(); put it back after the FINAL of the op that sends it. Owner thread (any while
/// there is none). Returns the buffer's id; -EAGAIN when all are taken, -EINVAL for a region that
/// was not cut, RINGLINE_ESTALE, RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_buf_take(
    ring: *mut ringline_ring,
    region: i32,
    address: Option<&mut MaybeUninit<*mut c_void>>,
) -> i64 {
    enter_ffi(ring, Door::Owner, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        let engine = &mut unsafe { state(inside.ring) }.engine;
        long_outcome(buf_take(engine, region, address))
    })
}

fn buf_take(
    engine: &mut Engine,
    region: i32,
    address: Option<&mut MaybeUninit<*mut c_void>>,
) -> Result<u64, Fault> {
    let address = address.ok_or_else(|| null("address is NULL"))?;
    let (id, first) = engine.buf_take(place(region)?)?;
    address.write(first as *mut c_void);
    Ok(id)
}

/// Put a buffer back, exactly once. Owner thread (any while there is none). Returns 0, or
/// RINGLINE_ESTALE for what was put back already or never was a buffer.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_buf_put(ring: *mut ringline_ring, buf: i64) -> i32 {
    on_engine(ring, |engine| engine.buf_put(buf as u64))
}
