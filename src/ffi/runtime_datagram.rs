//! Group M: sending datagrams, as callbacks of a worker do.
//!
//! Owns: nothing; the socket lives on the worker that the calling thread is.

use super::ringline_runtime;
use super::runtime_conn::on_worker;
use crate::error::{ENULL, Fault};
use core::ffi::c_void;

/// The bytes at an address, which may be NULL when there are none.
fn bytes_of<'a>(address: *const c_void, length: usize) -> Option<&'a [u8]> {
    match (address.is_null(), length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        // SAFETY: not NULL; the caller vouches for that many readable bytes.
        (false, _) => Some(unsafe { core::slice::from_raw_parts(address.cast(), length) }),
    }
}

/// Send a copy of `length` bytes (0 as well) as one datagram to the sockaddr `to` of `to_length`
/// bytes, such as the datagram callback got, by the socket that this worker has of `listener`. They
/// leave when the callback has returned, several at a time; datagrams of one size to the same
/// address go in one system call where the kernel cuts them (UDP_SEGMENT). What the kernel then
/// refuses is lost, as datagrams are, and counted (datagrams_lost): no route, a Unix socket that is
/// full or gone. ringline_runtime_listener_close() sends what is queued. In the worker's callbacks
/// only.
///
/// Returns 0; -EAGAIN when 64 sends are under way: wait for writable; -EINVAL for an address that
/// is not of the listener's family; -EMSGSIZE above 65507 bytes (65536 for unixgram:); -ENOMEM;
/// RINGLINE_ENULL; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE for a listener that is closed or not for
/// datagrams; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_udp_send(
    runtime: *mut ringline_runtime,
    listener: u32,
    to: *const c_void,
    to_length: u32,
    bytes: *const c_void,
    length: usize,
) -> i32 {
    on_worker(runtime, |worker| {
        if to.is_null() {
            return Err(Fault::new(ENULL, "to is NULL"));
        }
        if length > isize::MAX as usize {
            return Err(Fault::errno(libc::EMSGSIZE, "a datagram has 65507 bytes at most"));
        }
        let bytes = bytes_of(bytes, length).ok_or(Fault::new(ENULL, "bytes is NULL"))?;
        let to = bytes_of(to, to_length as usize).unwrap_or_default();
        worker.send_datagram(listener, to, bytes).map(|()| 0)
    })
}
