//! Ctrl-C and SIGTERM as a flag, so that the demo ends its server before it ends itself.
//!
//! Owns: the flag. The handler does nothing but set it.

use std::sync::atomic::{AtomicBool, Ordering};

static SEEN: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(_number: libc::c_int) {
    SEEN.store(true, Ordering::Relaxed);
}

/// Catch SIGINT and SIGTERM from now on.
pub fn catch() {
    let handler = on_signal as extern "C" fn(libc::c_int);
    for number in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: a zeroed sigaction is valid, and the handler only stores to an atomic. Without
        // SA_RESTART a sleeping system call returns and the flag is looked at.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            libc::sigaction(number, &action, std::ptr::null_mut());
        }
    }
}

/// Whether one came.
pub fn seen() -> bool {
    SEEN.load(Ordering::Relaxed)
}

/// `Err` once one came.
pub fn check() -> Result<(), String> {
    if seen() { Err("interrupted".into()) } else { Ok(()) }
}
