//! Text without memory of its own: lines put together on the stack or in a caller's buffer.
//!
//! Owns: two writers for `write!`. Never allocates and never fails: what does not fit is cut off.
//! Invariant: [`Line`] always ends with a NUL, so that C may read it.

use core::fmt::{self, Write};

/// Bytes of a [`Line`], the NUL included.
const ROOM: usize = 320;

/// A line on the stack.
pub struct Line {
    bytes: [u8; ROOM],
    len: usize,
}

impl Line {
    /// A line with this text; what does not fit is cut off.
    pub fn of(text: fmt::Arguments) -> Line {
        let mut line = Line { bytes: [0; ROOM], len: 0 };
        // The writer below never fails; a Display that does leaves a shorter line.
        let _ = line.write_fmt(text);
        line
    }

    /// Its bytes, without the NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Its text as a C string.
    pub fn as_ptr(&self) -> *const core::ffi::c_char {
        self.bytes.as_ptr().cast()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = ROOM - 1 - self.len;
        let fits = floor_char(text, room);
        self.bytes[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        Ok(())
    }
}

/// Somebody else's buffer: takes what fits and counts what would be needed, like snprintf(3).
pub struct Counted<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl Counted<'_> {
    /// A writer into `room`, of which the last byte is kept for the NUL.
    pub fn new(room: &mut [u8]) -> Counted<'_> {
        Counted { room, len: 0 }
    }

    /// Put the NUL; the length of the whole text without it, whether it did fit or not.
    pub fn end(self) -> usize {
        if let Some(last) = self.room.len().checked_sub(1) {
            self.room[self.len.min(last)] = 0;
        }
        self.len
    }
}

impl Write for Counted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.room.len().saturating_sub(1).saturating_sub(self.len);
        let fits = text.len().min(room);
        if fits > 0 {
            self.room[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
        }
        self.len += text.len();
        Ok(())
    }
}

/// The most bytes of `text` that fit into `room` without cutting a character in two.
fn floor_char(text: &str, room: usize) -> usize {
    let mut fits = text.len().min(room);
    while !text.is_char_boundary(fits) {
        fits -= 1;
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_a_character_and_ends_with_nul() {
        let long = "\u{e4}".repeat(ROOM);
        let line = Line::of(format_args!("x{long}"));
        assert!(core::str::from_utf8(line.as_bytes()).is_ok());
        assert!(line.as_bytes().len() < ROOM);
        assert_eq!(line.bytes[line.len], 0);
    }

    #[test]
    fn a_counted_text_says_what_it_needs() {
        for cap in 0..8 {
            let mut room = [b'#'; 8];
            let mut text = Counted::new(&mut room[..cap]);
            write!(text, "abc{}{}", 1, 2).unwrap();
            assert_eq!(text.end(), 5);
            let kept = cap.saturating_sub(1).min(5);
            assert_eq!(&room[..kept], &b"abc12"[..kept]);
            assert!(cap == 0 || room[kept] == 0);
            assert!(room[cap..].iter().all(|byte| *byte == b'#'));
        }
    }
}
