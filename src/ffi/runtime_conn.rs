//! Group M: connections, as callbacks of their worker use them.
//!
//! Owns: nothing; the connection lives on the worker that the calling thread is.

use super::boundary::{Answer, answered};
use super::constants::*;
use super::given::{invalid, message, put_sized};
use super::ringline_runtime;
use super::runtime_here::here;
use super::table;
use crate::fault::{EWRONGTHREAD, Fault};
use crate::runtime::{ConnFacts, How, Life, Worker};
use core::ffi::c_void;
use std::net::IpAddr;

/// Of bytes that no message can have.
pub(super) const TOO_LONG: &str = "a message has 1 GiB at most";

/// What a connection is like. Set `size` to sizeof(ringline_conn_info) (0 = the same) before the
/// call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_conn_info {
    /// sizeof(ringline_conn_info).
    pub size: u32,
    /// RINGLINE_CONN_OPEN, _CONNECTING, _DRAINING or _CLOSING.
    pub state: u32,
    /// RINGLINE_CONN_PAUSED, _ENDED and _GONE.
    pub flags: u32,
    /// The listener it came by.
    pub listener: u32,
    /// What ringline_conn_set_user() keeps.
    pub user: u64,
    /// Bytes received.
    pub received: u64,
    /// Bytes of what was sent that the kernel took.
    pub sent: u64,
    /// Bytes that it did not take yet (in the close callback: and never will).
    pub queued: u64,
    /// Bytes received and not consumed.
    pub kept: u64,
    /// The descriptor, for socket options only: the library closes it. -1 when it did.
    pub fd: i32,
    /// AF_INET or AF_INET6; 0 when the other end has no such address (any more).
    pub peer_family: u16,
    /// The other end's port.
    pub peer_port: u16,
    /// Its address, 4 or 16 bytes as on the wire.
    pub peer_address: [u8; 16],
    /// Bytes that the kernel took and the other end did not yet (with TLS, as on the wire; of a
    /// Unix socket, with what the kernel needs to keep them). In the close callback: what it had
    /// not taken when the connection was closed at once, for whatever reason.
    pub untaken: u64,
}

/// Run `body` on the worker that the calling thread is.
pub(super) fn on_worker<T: Answer>(
    runtime: *mut ringline_runtime,
    body: impl FnOnce(&Worker) -> Result<T, Fault>,
) -> i32 {
    answered(|| body(valid_here(runtime as u64).ok_or_else(|| refusal(runtime as u64))?))
}

/// The worker that the calling thread is, if it is one of `runtime` and that was not freed.
#[inline(always)]
fn valid_here<'a>(runtime: u64) -> Option<&'a Worker> {
    here(runtime).filter(|_| table::is_valid(runtime))
}

#[cold]
fn refusal(handle: u64) -> Fault {
    match table::with_runtime(handle, |_| ()) {
        Ok(()) => Fault::new(
            EWRONGTHREAD,
            "connections are used on their worker's thread, that is in its callbacks",
        ),
        Err(fault) => fault,
    }
}

/// Send `length` bytes, behind what is queued; all of them or none. They may change when this
/// returns: they are copied, and leave when the callback has returned, small ones together; of 16
/// KiB and more, with nothing but one small message before them, what the kernel takes leaves at
/// once and only the rest is copied. In the worker's callbacks only.
///
/// Returns 0; -EAGAIN when high_water bytes are queued: wait for writable; RINGLINE_ECLOSED after
/// close or shutdown; -EMSGSIZE above 1 GiB; -ENOMEM (the connection closes when a part of a long
/// message had left); RINGLINE_ENULL; RINGLINE_EWRONGTHREAD;
/// RINGLINE_ESTALE when the connection is over; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_send(
    runtime: *mut ringline_runtime,
    conn: u64,
    bytes: *const c_void,
    length: usize,
) -> i32 {
    let worker = valid_here(runtime as u64).filter(|_| !bytes.is_null());
    match worker.and_then(|worker| worker.send_shortly(conn, length)) {
        Some(room) => {
            // SAFETY: `length` bytes of the worker's own, which are nobody else's; and the caller
            // vouches for as many readable ones.
            unsafe { room.as_ptr().copy_from_nonoverlapping(bytes.cast(), length) };
            0
        }
        None => send_at_length(runtime, conn, bytes, length),
    }
}

#[inline(never)]
fn send_at_length(
    runtime: *mut ringline_runtime,
    conn: u64,
    bytes: *const c_void,
    length: usize,
) -> i32 {
    on_worker(runtime, |worker| {
        // SAFETY: the caller of the exported function vouches for the bytes, or gave NULL.
        let bytes = unsafe { message(bytes, length, TOO_LONG) }?;
        worker.send(conn, bytes)
    })
}

/// Close: RINGLINE_CLOSE_GRACEFULLY sends what is queued, says that nothing more comes, and waits
/// for the other end to do so, dropping what it sends; RINGLINE_CLOSE_AT_ONCE drops what is queued
/// and resets the connection. No data is shown any more; the close callback comes later, never from
/// here. In the worker's callbacks only.
///
/// A graceful close lasts as long as the other end takes bytes, also those that the kernel has
/// already. When it took less than min_rate for close_timeout_ns, the reason is -ETIMEDOUT, and
/// `queued` and `untaken` of ringline_conn_info say what it did not get: what the kernel did not
/// take is dropped by a reset, and so is lent memory, which is released; what the kernel copied it
/// goes on to send. When it took all and does not end, the connection is closed close_timeout_ns
/// later, with the reason 0. An other end that ended before is not waited for: the kernel sends
/// what it has.
///
/// Returns 0, RINGLINE_ECLOSED when it closes already, -EINVAL, and as ringline_conn_send().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_close(
    runtime: *mut ringline_runtime,
    conn: u64,
    how: u32,
) -> i32 {
    on_worker(runtime, |worker| {
        let how = match how {
            RINGLINE_CLOSE_GRACEFULLY => How::Gracefully,
            RINGLINE_CLOSE_AT_ONCE => How::AtOnce,
            _ => return Err(invalid("how is no RINGLINE_CLOSE_*")),
        };
        worker.close(conn, how)
    })
}

/// Send nothing more: after what is queued the other end is told so, and what it still sends is
/// shown. In the worker's callbacks only. Returns 0 and as ringline_conn_send().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_shutdown(runtime: *mut ringline_runtime, conn: u64) -> i32 {
    on_worker(runtime, |worker| worker.shutdown(conn))
}

/// Show no data until ringline_conn_resume(): the other end is held back once the kernel's buffers
/// are full. What was on its way is kept. That the other end is gone (a reset, not an orderly end)
/// is noticed nevertheless, and ends the pause: all that it sent before is shown, in one piece, and
/// then the connection closes, also where that callback pauses once more: what it leaves is
/// dropped. See RINGLINE_CONN_GONE. In the worker's callbacks only. Returns 0,
/// RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_pause(runtime: *mut ringline_runtime, conn: u64) -> i32 {
    on_worker(runtime, |worker| worker.pause(conn))
}

/// Show data again; what is kept is shown after the callback. In the worker's callbacks only.
/// Returns as ringline_conn_pause().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_resume(runtime: *mut ringline_runtime, conn: u64) -> i32 {
    on_worker(runtime, |worker| worker.resume(conn))
}

/// Keep a number with a connection, which the callbacks get. In the worker's callbacks only.
/// Returns as ringline_conn_pause().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_set_user(
    runtime: *mut ringline_runtime,
    conn: u64,
    user: u64,
) -> i32 {
    on_worker(runtime, |worker| worker.set_user(conn, user))
}

/// What a connection is like, the other end's address included. In the worker's callbacks only.
/// Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_info_of(
    runtime: *mut ringline_runtime,
    conn: u64,
    out: *mut ringline_conn_info,
) -> i32 {
    on_worker(runtime, |worker| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, || Ok(info_of(&worker.facts(conn)?))) }
    })
}

fn info_of(facts: &ConnFacts) -> ringline_conn_info {
    let mut info = ringline_conn_info {
        size: 0,
        state: match facts.life {
            Life::Free | Life::Closing(_) => RINGLINE_CONN_CLOSING,
            Life::Open => RINGLINE_CONN_OPEN,
            Life::Connecting => RINGLINE_CONN_CONNECTING,
            Life::Draining => RINGLINE_CONN_DRAINING,
        },
        flags: if facts.paused { RINGLINE_CONN_PAUSED } else { 0 }
            | if facts.ended { RINGLINE_CONN_ENDED } else { 0 }
            | if facts.gone { RINGLINE_CONN_GONE } else { 0 },
        listener: facts.listener,
        user: facts.user,
        received: facts.received,
        sent: facts.sent,
        queued: facts.queued,
        kept: facts.kept,
        fd: facts.fd,
        untaken: facts.untaken,
        ..ringline_conn_info::default()
    };
    if let Some(peer) = facts.peer() {
        info.peer_port = peer.port();
        match peer.ip() {
            IpAddr::V4(ip) => {
                info.peer_family = libc::AF_INET as u16;
                info.peer_address[..4].copy_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                info.peer_family = libc::AF_INET6 as u16;
                info.peer_address = ip.octets();
            }
        }
    }
    info
}
