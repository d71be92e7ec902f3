//! Group M: connections that send without a copy, that have time limits, that are opened here.
//!
//! Owns: the records of these calls; the connection lives on the worker that the calling thread is.

use super::address::{Purpose, place_for};
use super::given::{invalid, message, null, put, put_sized, read_or_default};
use super::ringline_runtime;
use super::runtime_conn::{TOO_LONG, on_worker};
use crate::fault::Fault;
use crate::runtime::{Offer, Spans};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;

/// Slices of one ringline_conn_sendv() at most.
const MOST_SLICES: u32 = 1024;

/// Received bytes that were kept by ringline_conn_take(). Set `size` to sizeof(ringline_lease)
/// (0 = the same) before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ringline_lease {
    /// sizeof(ringline_lease).
    pub size: u32,
    /// Zero.
    pub resv: u32,
    /// The lease, for ringline_conn_send_lease() or ringline_lease_release().
    pub lease: u64,
    /// The bytes: the same as the data callback shows.
    pub bytes: *mut c_void,
    /// How many.
    pub length: u64,
}

/// How long a connection may do nothing. `size` as in ringline_config.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_conn_timeouts {
    /// sizeof(ringline_conn_timeouts).
    pub size: u32,
    /// Zero.
    pub resv: u32,
    /// Nothing was received, nothing sent, and the other end took nothing of what was sent (less
    /// than min_rate of ringline_runtime_config) for so many nanoseconds; 0 = no limit.
    pub idle_ns: u64,
    /// Nothing was received, although data is not paused and the other end has not ended.
    pub read_ns: u64,
    /// Something is to be sent that the kernel has no room for, and the other end took nothing
    /// (less than min_rate) of what it has.
    pub write_ns: u64,
}

/// In a data callback: keep the bytes that are shown, as a lease. They stay where they are until
/// ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back (any
/// thread), also when the connection is over. All bytes shown count as consumed then: of what the
/// callback returns only a negative value is looked at. In that callback only.
///
/// On an adopted worker: between turns, and it keeps the first record of this connection in the
/// turn that nobody took yet and that can be kept, which need not be the one in hand: where a turn
/// may show several of one connection, ringline_worker_take() names it.
///
/// Returns 0; -ENODATA when these bytes are not in the pool (an earlier callback or a pause left
/// them, or they came by TLS): copy them; -ENOBUFS when only a quarter of the receive buffers is
/// left, which is for the other connections: copy them (counted in take_refusals); RINGLINE_ENULL,
/// -EINVAL, RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_take(
    runtime: *mut ringline_runtime,
    conn: u64,
    out: *mut ringline_lease,
) -> i32 {
    on_worker(runtime, |worker| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { lease_to(out, || worker.take(conn)) }
    })
}

/// Tell what is taken.
///
/// # Safety
/// `out` may be written with the size that it names.
pub(super) unsafe fn lease_to(
    out: *mut ringline_lease,
    take: impl FnOnce() -> Result<Offer, Fault>,
) -> Result<(), Fault> {
    let lease =
        ringline_lease { size: 0, resv: 0, lease: 0, bytes: core::ptr::null_mut(), length: 0 };
    // Before it is taken: a wrong size must change nothing.
    // SAFETY: the caller of this function vouches for the size that the struct says.
    unsafe { put_sized(out, || Ok(lease)) }?;
    let Offer { lease: id, address, len } = take()?;
    let (bytes, length) = (address as *mut c_void, len as u64);
    // SAFETY: the same struct, and it has its size still.
    unsafe { put_sized(out, || Ok(ringline_lease { lease: id, bytes, length, ..lease })) }
}

/// Send `length` bytes at `bytes`, which are (a part of) those of `lease`, behind what is queued,
/// without a copy. The lease is the library's from now on, and it gives it back when they are
/// sent or the connection is over. In the worker's callbacks only.
///
/// Returns 0; an error leaves the lease to the caller: RINGLINE_ESTALE also when the lease was
/// given back or sent already, -EINVAL when the bytes are not in its pool, RINGLINE_EWRONGTHREAD
/// also for a lease of another thread's pool, and as ringline_conn_send().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_send_lease(
    runtime: *mut ringline_runtime,
    conn: u64,
    lease: u64,
    bytes: *const c_void,
    length: usize,
) -> i32 {
    on_worker(runtime, |worker| worker.send_lease(conn, lease, bytes as u64, length))
}

/// Send a copy of `count` slices (struct iovec of <sys/uio.h>), one behind the other; all of them
/// or none. In the worker's callbacks only. Returns as ringline_conn_send(), and -EINVAL above 1024
/// slices.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_sendv(
    runtime: *mut ringline_runtime,
    conn: u64,
    iovecs: *const c_void,
    count: u32,
) -> i32 {
    on_worker(runtime, |worker| {
        if iovecs.is_null() && count > 0 {
            return Err(null("iovecs is NULL"));
        }
        if count > MOST_SLICES {
            return Err(invalid("1024 slices at most"));
        }
        let slice = |at: u32| {
            // SAFETY: not NULL; the caller vouches for `count` of them, and for the bytes of each.
            unsafe {
                let slice = iovecs.cast::<libc::iovec>().add(at as usize).read_unaligned();
                message(slice.iov_base, slice.iov_len, TOO_LONG)
            }
        };
        (0..count).try_for_each(|at| slice(at).map(drop))?;
        worker.send_parts(conn, (0..count).flat_map(slice))
    })
}

/// Send `length` bytes out of the caller's memory, behind what is queued. They must stay as they
/// are until the released callback comes with `cookie` (always later, never from here). Where the
/// kernel copies after all (loopback), messages of 16 KiB at most are copied at once and
/// released soon.
/// In the worker's callbacks only. Returns as ringline_conn_send(), and -ENOBUFS for a length of 0
/// while 65536 releases wait to be told; an error means no callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_send_zc(
    runtime: *mut ringline_runtime,
    conn: u64,
    bytes: *const c_void,
    length: usize,
    cookie: u64,
) -> i32 {
    on_worker(runtime, |worker| {
        // SAFETY: the caller vouches for the memory until it is released, or gave NULL.
        unsafe { worker.send_lent(conn, message(bytes, length, TOO_LONG)?, cookie) }
    })
}

/// Send `length` bytes of a regular file from `offset` on, behind what is queued; 0 = up to its end
/// as it is now. They count as queued. The file's own position is neither used nor moved. `fd` must
/// stay open until the released callback comes with `cookie` (always later, never from here). A
/// file that ends before `length` closes the connection with -ENODATA, a read that fails with its
/// -errno: the other end was promised more. Files that the kernel makes up (/proc, /sys) do not say
/// how long they are: those are sent with a `length` only. In the worker's callbacks only.
///
/// Returns 0; -ENODATA when the file is shorter now; -EINVAL (no regular file, or `length` is 0 and
/// the file does not say how long it is), -EBADF; -ENOBUFS
/// for nothing of a file while 65536 releases wait to be told; and as ringline_conn_send(). An
/// error means no callback.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_conn_send_file(
    runtime: *mut ringline_runtime,
    conn: u64,
    fd: i32,
    offset: u64,
    length: u64,
    cookie: u64,
) -> i32 {
    on_worker(runtime, |worker| worker.send_file(conn, fd, (offset, length), cookie))
}

/// Limit how long a connection may do nothing; the time starts now. It is closed at once with the
/// reason -ETIMEDOUT, an eighth of idle_ns or write_ns late at most; what came and was not shown
/// yet, as the worker is late, counts as something. Timeouts end with the connection; a later call
/// replaces them, NULL ends them. In the worker's callbacks only. Returns 0, -EINVAL or -E2BIG for
/// the struct and as ringline_conn_pause().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_set_timeouts(
    runtime: *mut ringline_runtime,
    conn: u64,
    timeouts: *const ringline_conn_timeouts,
) -> i32 {
    on_worker(runtime, |worker| {
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        let timeouts = unsafe { read_or_default(timeouts) }?;
        let (idle, read, write) = (timeouts.idle_ns, timeouts.read_ns, timeouts.write_ns);
        worker.set_timeouts(conn, Spans { idle, read, write })
    })
}

/// Connect to `address` (as in ringline_runtime_listen(), but for datagrams, which have no
/// connections), for `timeout_ns` at most (0 = as long as the kernel tries). `*out` is the id of
/// the connection to be, `user` what its callbacks get. The connect callback tells what became of
/// it, never from here; ringline_conn_close() ends it before. In the worker's callbacks only.
///
/// Returns 0, RINGLINE_ENULL, -EINVAL for the address (also of datagrams) or the time, -ENODEV for
/// an interface that there is not, what socket(2) says (-EMFILE),
/// -ENFILE when the worker has max_connections, RINGLINE_ECLOSED after stop, -ENOMEM,
/// RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED. An error means no callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_connect(
    runtime: *mut ringline_runtime,
    address: *const c_char,
    timeout_ns: u64,
    user: u64,
    out: Option<&mut MaybeUninit<u64>>,
) -> i32 {
    on_worker(runtime, |worker| {
        put(out, || {
            if timeout_ns > i64::MAX as u64 {
                return Err(invalid("a time is 9223372036854775807 ns at most"));
            }
            // SAFETY: the caller vouches for a terminated text, or gave NULL.
            let place = unsafe { place_for(Purpose::Connect, address) }?;
            worker.connect(&place, timeout_ns, user)
        })
    })
}
