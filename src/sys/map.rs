//! Mappings with an owner: memory of our own, and the queues of a ring.
//!
//! Owns: address ranges from mmap(2). Our own are zero-filled and touched lazily. Never grows or
//! moves.

use core::ptr::NonNull;

/// Bytes of a huge page.
const HUGE: usize = 2 << 20;

/// What became of the wish for huge pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Huge {
    /// Ordinary pages.
    #[default]
    No,
    /// The kernel was asked to use huge pages where it can.
    Advised,
    /// Reserved huge pages.
    Reserved,
}

/// Why the last call failed.
fn errno() -> i32 {
    // SAFETY: errno is this thread's.
    unsafe { *libc::__errno_location() }
}

/// A page-aligned range of memory, unmapped on drop.
#[derive(Debug)]
pub struct Map {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is plain memory; who may touch it is decided by its owner.
unsafe impl Send for Map {}

impl Map {
    /// Reserve `len` bytes (rounded up to pages). Pages cost memory only once written.
    /// Returns the errno on failure.
    pub fn new(len: usize) -> Result<Map, i32> {
        let len = len.max(1).checked_next_multiple_of(4096).ok_or(libc::ENOMEM)?;
        Map::of(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1, 0)
    }

    /// Queues of the kernel ring `fd`. A forked child does not inherit them: it could only disturb.
    pub(super) fn of_ring(fd: i32, offset: i64, len: usize) -> Result<Map, i32> {
        let map = Map::of(len, libc::MAP_SHARED, fd, offset)?;
        // SAFETY: the range is the mapping just made.
        match unsafe { libc::madvise(map.as_ptr().cast(), len, libc::MADV_DONTFORK) } {
            0 => Ok(map),
            _ => Err(errno()),
        }
    }

    fn of(len: usize, flags: i32, fd: i32, offset: i64) -> Result<Map, i32> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a mapping at an address of the kernel's choice touches no memory of ours.
        let base = unsafe { libc::mmap(core::ptr::null_mut(), len, access, flags, fd, offset) };
        if base == libc::MAP_FAILED {
            return Err(errno());
        }
        match NonNull::new(base.cast()) {
            Some(base) => Ok(Map { base, len }),
            None => Err(libc::ENOMEM),
        }
    }

    /// As [`Map::new`], on huge pages where there are any: reserved ones, else a wish.
    pub fn huge(len: usize) -> Result<(Map, Huge), i32> {
        let len = len.max(1).checked_next_multiple_of(HUGE).ok_or(libc::ENOMEM)?;
        // Without MAP_NORESERVE: pages that are not there are an error now, not a signal later.
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB;
        if let Ok(map) = Map::of(len, flags, -1, 0) {
            return Ok((map, Huge::Reserved));
        }
        let map = Map::aligned(len, HUGE)?;
        // SAFETY: the range is the mapping just made; the call is advice.
        let advised = unsafe { libc::madvise(map.as_ptr().cast(), len, libc::MADV_HUGEPAGE) };
        Ok((map, if advised == 0 { Huge::Advised } else { Huge::No }))
    }

    /// A mapping that starts at a multiple of `align`, which is a power of two.
    pub fn aligned(len: usize, align: usize) -> Result<Map, i32> {
        let len = len.max(1).checked_next_multiple_of(4096).ok_or(libc::ENOMEM)?;
        if align <= 4096 {
            return Map::new(len);
        }
        let whole = Map::new(len.checked_add(align).ok_or(libc::ENOMEM)?)?;
        let start = whole.as_ptr() as usize;
        let before = start.next_multiple_of(align) - start;
        let after = whole.len - before - len;
        // SAFETY: both ends are inside the mapping and belong to nobody.
        unsafe {
            if before > 0 {
                libc::munmap(whole.as_ptr().cast(), before);
            }
            if after > 0 {
                libc::munmap(whole.as_ptr().add(before + len).cast(), after);
            }
        }
        // SAFETY: inside the mapping, which is not NULL.
        let base = unsafe { whole.base.add(before) };
        core::mem::forget(whole);
        Ok(Map { base, len })
    }

    /// The first byte.
    #[inline]
    pub fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// A mapping is never empty; here because `len` is.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Give up ownership: the memory stays mapped until the process ends.
    pub fn leak(self) {
        core::mem::forget(self);
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: base and len are those of the mmap in `of`, or what `aligned` kept of it, and
        // unmapped once.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
