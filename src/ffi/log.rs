//! Group N: the log function, and what the boundary tells it.
//!
//! Owns: the panic hook of the .so and the .a, which puts a panic's text into the log instead of
//! stderr. The rlib without feature `capi` does not have this file, and keeps the hook it finds.

use super::boundary::{fail, netted};
use crate::fault::{ENOTSUP_KERNEL, EPANIC, EREENTRANT, Fault};
use crate::log::{self, Refused};
use core::ffi::{c_char, c_void};

/// A log function: `message` is one line without newline, terminated, valid during the call;
/// `level` is RINGLINE_LOG_*. Called from whatever thread something happened on, possibly from
/// several at a time, never from a signal handler. What happens inside it is not told again. A
/// C++ exception that leaves it ends the program.
pub type ringline_log_function =
    Option<unsafe extern "C-unwind" fn(ctx: *mut c_void, level: u32, message: *const c_char)>;

/// Let `function` be told what happens on cold paths, up to `level` (RINGLINE_LOG_*): setup flags
/// that stepped down, features that are missing, a caught panic, abandoned operations, waiting for
/// memory; with RINGLINE_LOG_DEBUG every call that failed. One function for the whole process;
/// NULL or level 0 = silence, as at first. The library itself prints nothing, ever.
///
/// When it returns 0, the function set before is not running and is not called any more. Any
/// thread. Returns 0, -EINVAL for an unknown level, RINGLINE_EREENTRANT inside a log function,
/// -EBUSY when another thread is setting one or stayed inside the old one for a second (then the
/// log is off; call again).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_set_log(
    function: ringline_log_function,
    ctx: *mut c_void,
    level: u32,
) -> i32 {
    if level > log::DEBUG {
        return fail(Fault::errno(libc::EINVAL, "the log level is RINGLINE_LOG_DEBUG at most"));
    }
    netted(|| match log::set(function.filter(|_| level > 0), ctx, level) {
        Ok(()) => {
            silence_panics();
            0
        }
        Err(Refused::Inside) => {
            fail(Fault::new(EREENTRANT, "a log function cannot set another one; return first"))
        }
        Err(Refused::Busy) => fail(Fault::errno(
            libc::EBUSY,
            "another thread sets the log function or is inside the old one; call again",
        )),
    })
}

/// The library prints nothing: a panic's text does not go to stderr but into the log.
pub(super) fn silence_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            log::tell(log::ERROR, format_args!("{panic}"));
        }))
    });
}

/// A call fails with `fault`.
pub(super) fn tell_fault(fault: &Fault) {
    let level = match fault.code {
        EPANIC => log::ERROR,
        ENOTSUP_KERNEL => log::WARN,
        _ => log::DEBUG,
    };
    log::tell(level, format_args!("{}: {}", fault.code, fault.context));
}

/// A ring was freed although the kernel did not let go of `count` operations.
pub(super) fn tell_abandoned(count: u64) {
    if count > 0 {
        log::tell(
            log::WARN,
            format_args!("a ring was freed with {count} operations abandoned: their memory stays"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;
    use std::sync::Mutex;

    static HEARD: Mutex<Vec<(u32, String)>> = Mutex::new(Vec::new());

    unsafe extern "C-unwind" fn hear(_: *mut c_void, level: u32, message: *const c_char) {
        // SAFETY: the library passes a terminated string.
        let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
        HEARD.lock().unwrap().push((level, text));
    }

    #[test]
    fn a_panic_is_told_with_its_place_and_is_an_error_code() {
        // SAFETY: a function without context.
        let set = unsafe { ringline_set_log(Some(hear), core::ptr::null_mut(), log::ERROR) };
        assert_eq!(set, 0);
        let code = netted(|| panic!("a test of the net"));
        // The other tests of this process want their panics printed.
        drop(std::panic::take_hook());
        // SAFETY: no function.
        assert_eq!(unsafe { ringline_set_log(None, core::ptr::null_mut(), 0) }, 0);
        drop(std::panic::take_hook());
        assert_eq!(code, EPANIC);
        let heard = HEARD.lock().unwrap();
        let has = |text: &str| heard.iter().any(|(level, told)| *level == 1 && told.contains(text));
        assert!(has("a test of the net") && has("log.rs") && has("-4096"), "{heard:?}");
    }
}
