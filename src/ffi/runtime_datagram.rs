//! Group M: sending datagrams, as callbacks of a worker do.
//!
//! Owns: nothing; the socket lives on the worker that the calling thread is.

use super::given::{list, message, null};
use super::ringline_runtime;
use super::runtime_conn::on_worker;
use core::ffi::c_void;

const TOO_LONG: &str = "a datagram has 65507 bytes at most";

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
            return Err(null("to is NULL"));
        }
        // SAFETY: the caller vouches for the bytes and for the address, or gave NULL.
        let (bytes, to) = unsafe {
            (message(bytes, length, TOO_LONG)?, list(to.cast::<u8>(), to_length, "to is NULL")?)
        };
        worker.send_datagram(listener, to, bytes)
    })
}
