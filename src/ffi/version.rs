//! Group A: version and features.

use super::boundary::{answered, fail};
use super::constants::*;
use super::given::{invalid, null, put, room, text};
use super::shared::ringline_shared;
use crate::driver::{Completion, Op};
use crate::fault::{EABI, Fault};
use crate::sys::{self, FEATURES};
use crate::text::Counted;
use core::ffi::c_char;
use core::fmt::Write;
use core::mem::MaybeUninit;

/// Version of the library: major << 16 | minor << 8 | patch. Never fails; any thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_version() -> u32 {
    RINGLINE_VERSION_MAJOR << 16 | RINGLINE_VERSION_MINOR << 8 | RINGLINE_VERSION_PATCH
}

/// Version of the library as text, static. Never fails; any thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// RINGLINE_ABI of the library. Never fails; any thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_abi() -> u32 {
    RINGLINE_ABI
}

/// Check that a program's header fits this library: pass RINGLINE_ABI, sizeof(ringline_op),
/// sizeof(ringline_completion) and sizeof(ringline_shared). Returns 0 or RINGLINE_EABI.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_check_abi(
    header_abi: u32,
    op_size: u32,
    completion_size: u32,
    shared_size: u32,
) -> i32 {
    let fits = header_abi == RINGLINE_ABI
        && op_size as usize == size_of::<Op>()
        && completion_size as usize == size_of::<Completion>()
        && shared_size as usize == size_of::<ringline_shared>();
    if fits {
        return 0;
    }
    fail(Fault::new(EABI, "this program was compiled with the header of another ABI; recompile"))
}

/// Write the RINGLINE_FEATURE_* bits of the running kernel. Returns 0, or -errno when the kernel
/// refuses rings (see ringline_doctor), RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_kernel_features(out: Option<&mut MaybeUninit<u64>>) -> i32 {
    answered(|| put(out, || Ok(sys::kernel()?.features.0)))
}

/// Whether the running kernel has the feature of that name ("defer_taskrun", ...), and
/// RINGLINE_DISABLE does not switch it off. Returns 1, 0, -EINVAL for an unknown name,
/// RINGLINE_ENULL, or -errno when the kernel refuses rings.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_has(feature: *const c_char) -> i32 {
    answered(|| {
        // SAFETY: the caller vouches for a terminated text, or gave NULL.
        let name = unsafe { text(feature) }.ok_or_else(|| null("feature is NULL"))?;
        let row = FEATURES.iter().find(|row| row.name == name);
        let row = row.ok_or_else(|| invalid("no feature has this name"))?;
        Ok(sys::kernel()?.features.without(sys::disabled_by_environment()).has(row.bit))
    })
}

/// Whether the opcode (RINGLINE_OP_* or RINGLINE_LIB_*) can be used here. Returns 1, 0, or -errno
/// when the kernel refuses rings.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_op_supported(opcode: u8) -> i32 {
    answered(|| {
        let kernel = sys::kernel()?;
        Ok(sys::is_library_op(opcode)
            || (crate::op::serves(opcode) && sys::supports(kernel, opcode)))
    })
}

/// Write a report of what this machine allows and, where it does not, why and the remedy; one
/// line per fact, terminated, cut off at `cap` bytes. Returns the length of the whole report
/// without the terminator, like snprintf(3), or RINGLINE_ENULL. `buf` may be NULL when `cap` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_doctor(buf: *mut c_char, cap: usize) -> i32 {
    answered(|| {
        // SAFETY: the caller vouches for `cap` writable bytes, or gave NULL.
        let mut text = Counted::new(unsafe { room(buf, cap) }?);
        // The writer never fails: what does not fit is counted.
        let _ = text.write_str(&sys::doctor().0);
        Ok(text.end())
    })
}
