//! What is registered with a kernel ring: pools, buffers, files.
//!
//! Owns: the records of io_uring_register(2) for these. Keeps nothing: what lies in which place is
//! the caller's to know.

use super::rings::Rings;
use core::ffi::c_void;

const REGISTER_FILES: u32 = 2;
const REGISTER_FILES_UPDATE: u32 = 6;
const REGISTER_FILES2: u32 = 13;
const REGISTER_BUFFERS2: u32 = 15;
const REGISTER_BUFFERS_UPDATE: u32 = 16;
const REGISTER_PBUF_RING: u32 = 22;
const UNREGISTER_PBUF_RING: u32 = 23;
const REGISTER_FILE_ALLOC_RANGE: u32 = 25;
const SPARSE: u32 = 1;
const INCREMENTAL: u16 = 2;

/// struct io_uring_buf_reg.
#[repr(C)]
#[derive(Default)]
struct BufReg {
    ring_addr: u64,
    ring_entries: u32,
    bgid: u16,
    flags: u16,
    resv: [u64; 3],
}

/// struct io_uring_rsrc_register.
#[repr(C)]
#[derive(Default)]
struct Table {
    nr: u32,
    flags: u32,
    resv2: u64,
    data: u64,
    tags: u64,
}

/// struct io_uring_rsrc_update2.
#[repr(C)]
#[derive(Default)]
struct Update {
    offset: u32,
    resv: u32,
    data: u64,
    tags: u64,
    nr: u32,
    resv2: u32,
}

/// struct io_uring_file_index_range.
#[repr(C)]
struct Range {
    off: u32,
    len: u32,
    resv: u64,
}

/// Register a record that the kernel only reads; what it answers, or -errno.
///
/// # Safety
/// Memory that the record names must be what the call asks for.
unsafe fn register<T>(rings: &Rings, what: u32, record: &T, count: u32) -> i32 {
    // SAFETY: the record is alive; the rest is the caller's promise.
    unsafe { rings.register(what, (record as *const T).cast::<c_void>(), count) }
}

/// # Safety
/// As for [`super::Backend::register_pool`].
pub(super) unsafe fn pool(
    rings: &Rings,
    group: u16,
    ring: *mut u8,
    entries: u16,
    incremental: bool,
) -> i32 {
    let request = BufReg {
        ring_addr: ring as u64,
        ring_entries: entries.into(),
        bgid: group,
        flags: if incremental { INCREMENTAL } else { 0 },
        resv: [0; 3],
    };
    // SAFETY: the caller keeps the memory until the group is unregistered or the ring gone.
    -unsafe { register(rings, REGISTER_PBUF_RING, &request, 1) }.min(0)
}

pub(super) fn no_pool(rings: &Rings, group: u16) -> i32 {
    let request = BufReg { bgid: group, ..BufReg::default() };
    // SAFETY: the record names no memory.
    -unsafe { register(rings, UNREGISTER_PBUF_RING, &request, 1) }.min(0)
}

fn sparse(rings: &Rings, what: u32, count: u32) -> i32 {
    let request = Table { nr: count, flags: SPARSE, ..Table::default() };
    // SAFETY: the record names no memory.
    -unsafe { register(rings, what, &request, size_of::<Table>() as u32) }.min(0)
}

pub(super) fn buffers(rings: &Rings, count: u32) -> i32 {
    sparse(rings, REGISTER_BUFFERS2, count)
}

/// # Safety
/// As for [`super::Backend::update_buffer`].
pub(super) unsafe fn buffer(rings: &Rings, place: u32, address: u64, len: u64) -> i32 {
    let vector = [address, len];
    let (data, nr) = (vector.as_ptr() as u64, 1);
    let request = Update { offset: place, data, nr, ..Update::default() };
    // SAFETY: one vector; the caller keeps the memory as long as it is registered.
    let done =
        unsafe { register(rings, REGISTER_BUFFERS_UPDATE, &request, size_of::<Update>() as u32) };
    -done.min(0)
}

pub(super) fn files(rings: &Rings, count: u32, direct_from: u32) -> i32 {
    let errno = sparse(rings, REGISTER_FILES2, count);
    if errno != 0 {
        return errno;
    }
    let range = Range { off: direct_from, len: count - direct_from, resv: 0 };
    // SAFETY: the record names no memory.
    -unsafe { register(rings, REGISTER_FILE_ALLOC_RANGE, &range, 0) }.min(0)
}

pub(super) fn update_files(rings: &Rings, place: u32, fds: &[i32]) -> i32 {
    let request = Update { offset: place, data: fds.as_ptr() as u64, ..Update::default() };
    // SAFETY: as many descriptors as the count says; the kernel reads the first half of the record.
    unsafe { register(rings, REGISTER_FILES_UPDATE, &request, fds.len() as u32) }
}

/// A pipe whose write end only the ring holds; its read end, or -1.
pub(super) fn tombstone(rings: &Rings, place: Option<u32>) -> i32 {
    let mut ends = [0i32; 2];
    // SAFETY: room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) } != 0 {
        return -1;
    }
    let done = match place {
        Some(place) => update_files(rings, place, &ends[1..]),
        // SAFETY: one descriptor to read.
        None => unsafe { rings.register(REGISTER_FILES, ends[1..].as_ptr().cast(), 1) },
    };
    // SAFETY: both descriptors are ours and closed once.
    unsafe {
        libc::close(ends[1]);
        if done < 0 {
            libc::close(ends[0]);
        }
    }
    if done < 0 { -1 } else { ends[0] }
}
