//! Received bytes that were not consumed yet: a growing buffer that gives back what it has.
//!
//! Owns: its memory. What is large is mapped and not allocated: malloc learns from what is freed,
//! and from then on keeps such memory in the middle of its heap, resident, after a thousand
//! connections went. Invariant: the first `len` bytes of the map, where there is one, else those
//! of the vector.

use crate::sys::Map;
use core::ops::Deref;
use core::slice;

/// From so many bytes on memory is mapped.
const LARGE: usize = 128 << 10;
/// What an empty buffer keeps for the next bytes.
const SPARE: usize = 16 << 10;

/// Bytes, at the end of which more are put and from whose front they are taken.
#[derive(Default)]
pub struct Kept {
    small: Vec<u8>,
    large: Option<Map>,
    len: usize,
}

impl Deref for Kept {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.large {
            // SAFETY: `len` bytes of the map, which is longer, were written.
            Some(map) => unsafe { slice::from_raw_parts(map.as_ptr(), self.len) },
            None => &self.small,
        }
    }
}

impl Kept {
    /// Put `bytes` at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        let len = self.len() + bytes.len();
        let room = self.large.as_ref().map_or(LARGE, Map::len);
        if len > room {
            self.grow(len);
        }
        match &self.large {
            Some(map) => {
                // SAFETY: the map has room for `len` bytes, and nobody else has it.
                unsafe {
                    let end = map.as_ptr().add(self.len);
                    end.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                }
                self.len = len;
            }
            None => self.small.extend_from_slice(bytes),
        }
    }

    /// Have a map for `len` bytes. Without one the vector takes them.
    #[cold]
    fn grow(&mut self, len: usize) {
        let Ok(map) = Map::new(len.next_power_of_two()) else {
            if let Some(map) = self.large.take() {
                // SAFETY: the map holds `len` bytes that were written, and lives until they are
                // copied.
                self.small = unsafe { slice::from_raw_parts(map.as_ptr(), self.len) }.to_vec();
            }
            return;
        };
        let had = self.len();
        // SAFETY: the new map is longer than what there is, and nobody else has it.
        unsafe { map.as_ptr().copy_from_nonoverlapping(self.as_ptr(), had) };
        (self.len, self.large, self.small) = (had, Some(map), Vec::new());
    }

    /// Take `count` bytes from the front. What is empty gives back what is more than a little.
    pub fn consume(&mut self, count: usize) {
        let had = self.len();
        if count >= had {
            self.clear();
            return;
        }
        match &self.large {
            // SAFETY: both ranges are below `len`, in the map, which nobody else has.
            Some(map) => unsafe {
                map.as_ptr().copy_from(map.as_ptr().add(count), had - count);
                self.len = had - count;
            },
            None => drop(self.small.drain(..count)),
        }
    }

    /// Take all.
    pub fn clear(&mut self) {
        (self.large, self.len) = (None, 0);
        self.small.clear();
        if self.small.capacity() > SPARE {
            self.small = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_in_order_however_much_there_is() {
        let (mut kept, mut same) = (Kept::default(), Vec::new());
        let bytes: Vec<u8> = (0..50_000u32).map(|at| ((at * 7) >> 3) as u8).collect();
        for round in 0..60 {
            kept.push(&bytes);
            same.extend_from_slice(&bytes);
            let some = if round % 7 == 6 { same.len() - 10 } else { 1000 * (round % 3) };
            kept.consume(some);
            same.drain(..some);
            assert!(kept[..] == same[..]);
        }
        kept.consume(kept.len());
        assert!(kept.is_empty() && kept.large.is_none() && kept.small.capacity() <= SPARE);
    }
}
