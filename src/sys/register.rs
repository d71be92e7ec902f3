//! What is registered with a kernel ring: pools, buffers, files.
//!
//! Owns: the choice of the register calls for these. Keeps nothing: what lies in which place is
//! the caller's to know.

use super::errno_of;
use super::rings::{Ring, outcome};
use super::uapi::{self, FileIndexRange, PBUF_RING_INC};

/// # Safety
/// As for [`super::Backend::register_pool`].
pub(super) unsafe fn pool(
    ring: &Ring,
    group: u16,
    memory: *mut u8,
    entries: u16,
    incremental: bool,
) -> i32 {
    let flags = if incremental { PBUF_RING_INC } else { 0 };
    let submitter = ring.submitter();
    // SAFETY: the caller keeps the memory until the group is unregistered or the ring gone.
    outcome(unsafe { submitter.register_buf_ring_with_flags(memory as u64, entries, group, flags) })
}

/// # Safety
/// As for [`super::Backend::update_buffer`].
pub(super) unsafe fn buffer(ring: &Ring, place: u32, address: u64, len: u64) -> i32 {
    let vector = libc::iovec { iov_base: address as *mut _, iov_len: len as usize };
    // SAFETY: the caller keeps the memory as long as it is registered.
    outcome(unsafe { ring.submitter().register_buffers_update(place, &[vector], None) })
}

pub(super) fn files(ring: &Ring, count: u32, direct_from: u32) -> i32 {
    let errno = outcome(ring.submitter().register_files_sparse(count));
    if errno != 0 {
        return errno;
    }
    let range = FileIndexRange { off: direct_from, len: count - direct_from, resv: 0 };
    // SAFETY: one record that the kernel only reads, and which names no memory.
    let done =
        unsafe { ring.register(uapi::register::FILE_ALLOC_RANGE, (&raw const range).cast(), 0) };
    -done.min(0)
}

pub(super) fn update_files(ring: &Ring, place: u32, fds: &[i32]) -> i32 {
    let done = ring.submitter().register_files_update(place, fds);
    done.map_or_else(|error| -errno_of(error), |count| count as i32)
}

/// A pipe whose write end only the ring holds; its read end, or -1.
pub(super) fn tombstone(ring: &Ring, place: Option<u32>) -> i32 {
    let mut ends = [0i32; 2];
    // SAFETY: room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) } != 0 {
        return -1;
    }
    let errno = match place {
        Some(place) => -update_files(ring, place, &ends[1..]).min(0),
        None => outcome(ring.submitter().register_files(&ends[1..])),
    };
    // SAFETY: both descriptors are ours and closed once.
    unsafe {
        libc::close(ends[1]);
        if errno != 0 {
            libc::close(ends[0]);
        }
    }
    if errno != 0 { -1 } else { ends[0] }
}
