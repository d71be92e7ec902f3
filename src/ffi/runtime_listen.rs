//! Group M: listening with all that can be said about it.
//!
//! Owns: nothing; the listener is the runtime's.

use super::address::{Purpose, place_for};
use super::constants::RINGLINE_LISTEN_SHARED;
use super::given::{invalid, read_or_default};
use super::runtime::{listening, visit};
use super::tls::server_of;
use super::{ringline_runtime, ringline_tls_config};
use core::ffi::c_char;

/// How to listen. All-zero is what ringline_runtime_listen() does. `size` as in ringline_config.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ringline_listen {
    /// sizeof(ringline_listen).
    pub size: u32,
    /// RINGLINE_LISTEN_*.
    pub flags: u32,
    /// Clients that may wait, 65535 at most; 0 = 4096.
    pub backlog: u32,
    /// Zero.
    pub resv: u32,
    /// A TLS server's config, as in ringline_runtime_listen_tls(); NULL = in the clear.
    pub tls: *mut ringline_tls_config,
}

impl Default for ringline_listen {
    fn default() -> ringline_listen {
        let tls = core::ptr::null_mut();
        ringline_listen { size: 0, flags: 0, backlog: 0, resv: 0, tls }
    }
}

/// Listen on `address` as `how` says (NULL = as ringline_runtime_listen() does). Any thread.
///
/// Returns the listener's id (> 0); -EINVAL or -E2BIG for `how`, -EINVAL also for
/// RINGLINE_LISTEN_SHARED with a path, which has one socket; and as ringline_runtime_listen() and
/// ringline_runtime_listen_tls().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_listen_with(
    runtime: *mut ringline_runtime,
    address: *const c_char,
    how: *const ringline_listen,
) -> i32 {
    visit(runtime, |runtime| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        let how = unsafe { read_or_default(how) }?;
        if how.flags & !RINGLINE_LISTEN_SHARED != 0 {
            return Err(invalid("unknown bit in the flags of ringline_listen"));
        }
        if how.resv != 0 {
            return Err(invalid("resv of ringline_listen must be 0"));
        }
        let tls = if how.tls.is_null() { None } else { Some(server_of(how.tls)?) };
        let purpose = if tls.is_some() { Purpose::ListenTls } else { Purpose::Listen };
        // SAFETY: the caller vouches for a terminated text, or gave NULL.
        let place = unsafe { place_for(purpose, address) }?;
        let shared = how.flags & RINGLINE_LISTEN_SHARED != 0;
        listening(runtime, &place, how.backlog, shared, tls)
    })
}

const _: () = assert!(size_of::<ringline_listen>() == 24);
