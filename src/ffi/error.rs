//! Group B: errors as text.

use super::boundary::detail;
use crate::fault::{code_text, to_errno};
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int};

const ROOM: usize = 256;

thread_local! {
    static DETAIL_TEXT: UnsafeCell<[u8; ROOM]> = const { UnsafeCell::new([0; ROOM]) };
}

unsafe extern "C" {
    /// glibc 2.32: the name ("EAGAIN") or text of an errno, static; NULL if unknown.
    fn strerrorname_np(errno: c_int) -> *const c_char;
    fn strerrordesc_np(errno: c_int) -> *const c_char;
}

fn or_unknown(text: *const c_char) -> *const c_char {
    if text.is_null() { c"unknown error code".as_ptr() } else { text }
}

/// What a code means and what to do, static text. Never NULL, never fails; any thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_strerror(code: i32) -> *const c_char {
    match (code, code_text(code)) {
        (0.., _) => c"success".as_ptr(),
        (_, Some(row)) => row.text.as_ptr(),
        // SAFETY: a lookup in libc's static table.
        (-4095..=-1, _) => or_unknown(unsafe { strerrordesc_np(-code) }),
        _ => c"unknown error code".as_ptr(),
    }
}

/// The name of a code ("RINGLINE_ESTALE", "EAGAIN"), static text. Never NULL; any thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_error_name(code: i32) -> *const c_char {
    match (code, code_text(code)) {
        (0.., _) => c"OK".as_ptr(),
        (_, Some(row)) => row.name.as_ptr(),
        // SAFETY: a lookup in libc's static table.
        (-4095..=-1, _) => or_unknown(unsafe { strerrorname_np(-code) }),
        _ => c"unknown error code".as_ptr(),
    }
}

/// What the last failing call of this thread has to say beyond its code: cause and remedy. Valid
/// until the next call of ringline_error_detail() on this thread. Never NULL; "" if nothing failed.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_error_detail() -> *const c_char {
    let text = detail().as_bytes();
    let len = text.len().min(ROOM - 1);
    DETAIL_TEXT.with(|cell| {
        // SAFETY: the buffer is this thread's, and no reference to it is kept.
        unsafe {
            let buffer = cell.get().cast::<u8>();
            core::ptr::copy_nonoverlapping(text.as_ptr(), buffer, len);
            buffer.add(len).write(0);
            buffer.cast()
        }
    })
}

/// The nearest errno of any code: 0 for >= 0, the errno for -errno, by meaning for RINGLINE_E*.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_to_errno(code: i32) -> i32 {
    to_errno(code)
}
