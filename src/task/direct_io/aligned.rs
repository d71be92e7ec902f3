//! Memory whose address is good for any disk.
//!
//! Owns: that memory.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;

/// No disk has larger blocks that the kernel reads by itself.
const ALIGN: usize = 4096;

/// Bytes at an address that is a multiple of 4096, all 0 at first.
///
/// ```
/// use ringline::direct_io::AlignedBuffer;
/// let mut buffer = AlignedBuffer::new(8192);
/// buffer[..5].copy_from_slice(b"hello");
/// assert_eq!(buffer.as_ptr() as usize % 4096, 0);
/// ```
pub struct AlignedBuffer {
    at: NonNull<u8>,
    layout: Layout,
    len: usize,
}

// SAFETY: the memory is the buffer's own, and it is reached by its borrows alone.
unsafe impl Send for AlignedBuffer {}
// SAFETY: the memory is the buffer's own, and it is reached by its borrows alone.
unsafe impl Sync for AlignedBuffer {}

impl AlignedBuffer {
    /// One of `len` bytes. The memory behind them is rounded up to a multiple of 4096.
    ///
    /// ```
    /// let buffer = ringline::direct_io::AlignedBuffer::new(4096);
    /// assert_eq!(buffer.len(), 4096);
    /// ```
    ///
    /// # Panics
    /// For more than `isize::MAX` bytes, as std's collections do; where there is no memory the
    /// program ends, as with those.
    pub fn new(len: usize) -> AlignedBuffer {
        let room = len.max(1).checked_next_multiple_of(ALIGN).unwrap_or(usize::MAX);
        let Ok(layout) = Layout::from_size_align(room, ALIGN) else {
            panic!("capacity overflow");
        };
        // SAFETY: the layout has a size.
        let at = unsafe { alloc_zeroed(layout) };
        let Some(at) = NonNull::new(at) else { handle_alloc_error(layout) };
        AlignedBuffer { at, layout, len }
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes were allocated, set to 0, and are nobody else's.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes were allocated, set to 0, and are nobody else's.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}

impl Drop for AlignedBuffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.at.as_ptr(), self.layout) };
    }
}

impl fmt::Debug for AlignedBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBuffer").field("len", &self.len).finish_non_exhaustive()
    }
}
