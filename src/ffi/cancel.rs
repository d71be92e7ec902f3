//! Group F: cancelling.

use super::boundary::{Door, on_engine, on_ring};
use super::given::list;
use super::ringline_ring;
use super::state::state;
use super::submit::not_in_callback;
use crate::op::Engine;

/// Ask for the op of `token` to end. Its memory stays the library's until its FINAL completion,
/// which tells -ECANCELED, or how it ended before. Owner thread (any while there is none).
///
/// An op that waits behind another one in its chain is not with the kernel yet: it is asked when
/// that one ended, and may have done a part, or all, by then. To be rid of it at once cancel the
/// first of the chain.
///
/// Returns 0 = asked, RINGLINE_ESTALE = gone already, -EALREADY for a close and for a LINK_TIMEOUT
/// (it ends with the op that it limits), -EAGAIN when the room kept for cancels is full: turn, then
/// cancel again.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_cancel(ring: *mut ringline_ring, token: u64) -> i32 {
    on_engine(ring, |engine| engine.cancel(token))
}

/// Ask for many ops to end, as ringline_cancel(). Tokens that are gone, of closes and of link
/// timeouts are skipped. Owner thread (any while there is none). Returns how many were asked,
/// RINGLINE_ENULL, or -EAGAIN as ringline_cancel(): then some may have been.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_cancel_many(
    ring: *mut ringline_ring,
    tokens: *const u64,
    count: u32,
) -> i32 {
    on_engine(ring, |engine| {
        let mut asked = 0u32;
        // SAFETY: the caller vouches for `count` readable tokens, or gave NULL.
        for token in unsafe { list(tokens, count, "tokens is NULL") }? {
            match engine.cancel(*token) {
                Ok(()) => asked += 1,
                Err(fault) if fault.code == -libc::EAGAIN => return Err(fault),
                Err(_) => {}
            }
        }
        Ok(asked)
    })
}

/// Ask for every op submitted on descriptor `fd` to end, as ringline_cancel(). Owner thread (any
/// while there is none). Returns how many were asked, or -EAGAIN as ringline_cancel().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_cancel_fd(ring: *mut ringline_ring, fd: i32) -> i32 {
    on_engine(ring, |engine| engine.cancel_fd(fd))
}

/// Ask for everything in flight to end, timers included. Owner thread (any while there is none).
/// Returns how many were asked, or -EAGAIN as ringline_cancel().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_cancel_all(ring: *mut ringline_ring) -> i32 {
    on_engine(ring, Engine::cancel_all)
}

/// Cancel and wait for the kernel's verdict, up to `timeout_ns` (-1 = forever). The FINAL still
/// comes by turn. For an op that waits behind another one in its chain the verdict comes when that
/// one ended.
///
/// Owner thread (any while there is none), not in a callback. Returns 0 = cancelled,
/// RINGLINE_ESTALE = gone already: its FINAL came or waits; -EALREADY = running and not to be
/// stopped, or as ringline_cancel(); -ETIME: what was asked stays asked; -EINTR when a signal
/// handler ran; -EBUSY when the records are full, behind which its FINAL may be: turn first;
/// RINGLINE_EREENTRANT inside a callback; RINGLINE_ENOTSUP_KERNEL (cancel_sync: 6.0).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_cancel_sync(
    ring: *mut ringline_ring,
    token: u64,
    timeout_ns: i64,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| {
        not_in_callback(inside)?;
        // SAFETY: inside, and this reference ends with the closure.
        unsafe { state(inside.ring) }.engine.cancel_sync(token, timeout_ns)
    })
}
