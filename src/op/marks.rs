//! Marks on descriptors, one bit for each.
//!
//! Owns: the memory of the bits, mapped when the first mark is set: a ring that sets none pays
//! nothing. Invariant: whether a descriptor has a bit never changes once a mark was set.

use crate::sys::Map;

/// Descriptors with a bit of their own.
const DESCRIPTORS: u32 = 1 << 20;

/// A set of descriptors.
#[derive(Default)]
pub(super) struct Marks {
    map: Option<Map>,
    /// There was no memory for the bits: nobody has one.
    failed: bool,
}

impl Marks {
    fn byte(&mut self, fd: i32) -> Option<(&mut u8, u8)> {
        let fd = u32::try_from(fd).ok().filter(|fd| *fd < DESCRIPTORS)?;
        let map = self.map.as_ref()?;
        // SAFETY: the map holds DESCRIPTORS bits and `fd` is below; the set is borrowed meanwhile.
        let byte = unsafe { &mut *map.as_ptr().add(fd as usize / 8) };
        Some((byte, 1 << (fd % 8)))
    }

    /// Mark `fd`: false when it was marked, None when it has no bit.
    #[inline(always)]
    pub fn set(&mut self, fd: i32) -> Option<bool> {
        if self.map.is_none() {
            self.make();
        }
        let (byte, bit) = self.byte(fd)?;
        let free = *byte & bit == 0;
        *byte |= bit;
        Some(free)
    }

    #[cold]
    fn make(&mut self) {
        if !self.failed {
            self.map = Map::new(DESCRIPTORS as usize / 8).ok();
            self.failed = self.map.is_none();
        }
    }

    /// Take the mark off `fd`, if it has one.
    #[inline(always)]
    pub fn clear(&mut self, fd: i32) {
        if let Some((byte, bit)) = self.byte(fd) {
            *byte &= !bit;
        }
    }

    /// Whether `fd` is marked.
    pub fn has(&mut self, fd: i32) -> bool {
        self.byte(fd).is_some_and(|(byte, bit)| *byte & bit != 0)
    }
}
