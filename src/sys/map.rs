//! Anonymous private mappings with an owner.
//!
//! Owns: address ranges from mmap(2), zero-filled, touched lazily. Never grows or moves.

use core::ptr::NonNull;

/// A zero-filled, page-aligned range of memory, unmapped on drop.
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
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory.
        let base = unsafe {
            libc::mmap(
                core::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            // SAFETY: errno is this thread's.
            return Err(unsafe { *libc::__errno_location() });
        }
        match NonNull::new(base.cast()) {
            Some(base) => Ok(Map { base, len }),
            None => Err(libc::ENOMEM),
        }
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
        // SAFETY: base and len are those of the mmap in `new`, unmapped once.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
