//! Group A: version and features.

use super::boundary::{fail, netted};
use super::constants::*;
use super::shared::ringline_shared;
use crate::error::{EABI, ENULL, Fault};
use crate::ring::{Completion, Op};
use crate::sys::{self, FEATURES};
use core::ffi::{CStr, c_char};

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
pub unsafe extern "C-unwind" fn ringline_kernel_features(out: *mut u64) -> i32 {
    if out.is_null() {
        return fail(Fault::new(ENULL, "out is NULL"));
    }
    netted(|| match sys::kernel() {
        Ok(kernel) => {
            // SAFETY: not NULL; the caller vouches for eight writable bytes.
            unsafe { out.write(kernel.features.0) };
            0
        }
        Err(refused) => fail(refused.into()),
    })
}

/// Whether the running kernel has the feature of that name ("defer_taskrun", ...), and
/// RINGLINE_DISABLE does not switch it off. Returns 1, 0, -EINVAL for an unknown name,
/// RINGLINE_ENULL, or -errno when the kernel refuses rings.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_has(feature: *const c_char) -> i32 {
    if feature.is_null() {
        return fail(Fault::new(ENULL, "feature is NULL"));
    }
    // SAFETY: not NULL; the caller vouches for a terminated string.
    let name = unsafe { CStr::from_ptr(feature) };
    netted(|| {
        let Some(row) = FEATURES.iter().find(|row| row.name == name) else {
            return fail(Fault::errno(libc::EINVAL, "no feature has this name"));
        };
        match sys::kernel() {
            Ok(kernel) => {
                let on = kernel.features.without(sys::disabled_by_environment());
                i32::from(on.has(row.bit))
            }
            Err(refused) => fail(refused.into()),
        }
    })
}

/// Whether the opcode (RINGLINE_OP_* or RINGLINE_LIB_*) can be used here. Returns 1, 0, or -errno
/// when the kernel refuses rings.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_op_supported(opcode: u8) -> i32 {
    netted(|| match (opcode, sys::kernel()) {
        (_, Err(refused)) => fail(refused.into()),
        (RINGLINE_LIB_CLOSE..=RINGLINE_LIB_POST, _) => 1,
        (_, Ok(kernel)) => {
            let known = crate::op::serves(opcode);
            i32::from(known && sys::supports(kernel, opcode))
        }
    })
}

/// Write a report of what this machine allows and, where it does not, why and the remedy; one
/// line per fact, terminated, cut off at `cap` bytes. Returns the length of the whole report
/// without the terminator, like snprintf(3), or RINGLINE_ENULL. `buf` may be NULL when `cap` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_doctor(buf: *mut c_char, cap: usize) -> i32 {
    if buf.is_null() && cap > 0 {
        return fail(Fault::new(ENULL, "buf is NULL although cap is not 0"));
    }
    netted(|| {
        let (report, _) = sys::doctor();
        let room = report.len().min(cap.saturating_sub(1));
        if cap > 0 {
            // SAFETY: the caller vouches for `cap` writable bytes; room < cap.
            unsafe {
                core::ptr::copy_nonoverlapping(report.as_ptr(), buf.cast::<u8>(), room);
                buf.add(room).write(0);
            }
        }
        report.len().min(i32::MAX as usize) as i32
    })
}
