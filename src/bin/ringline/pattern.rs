//! What the demo sends: bytes that depend on connection, message number and offset.
//!
//! Owns: the pattern and the comparison. Word `i` of a message is `seed + i * STEP` with a seed
//! mixed from connection and message, so bytes of another connection, message or offset differ;
//! and a message is made as fast as memory is written, so the load does not wait for it.

use std::fmt;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn seed(connection: usize, message: u64) -> u64 {
    let mut x = (connection as u64) << 48 ^ message.wrapping_add(1);
    // The finalizer of splitmix64: neighbours get unrelated seeds.
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// Write message number `message` of `connection` into `out`.
pub fn fill(connection: usize, message: u64, out: &mut [u8]) {
    let mut word = seed(connection, message);
    for chunk in out.chunks_mut(8) {
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        word = word.wrapping_add(STEP);
    }
}

/// A byte that is not the one that was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongByte {
    pub connection: usize,
    pub message: u64,
    pub offset: usize,
    pub expected: u8,
    pub got: u8,
}

impl fmt::Display for WrongByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "wrong byte: connection {}, message {}, offset {}: expected 0x{:02x}, got 0x{:02x}",
            self.connection, self.message, self.offset, self.expected, self.got
        )
    }
}

/// Compare `got`, which starts at `offset` of the message, with the whole message `sent`.
pub fn check(
    connection: usize,
    message: u64,
    offset: usize,
    sent: &[u8],
    got: &[u8],
) -> Result<(), WrongByte> {
    let expected = &sent[offset..offset + got.len()];
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).position(|(a, b)| a != b).unwrap_or(0);
    let offset = offset + at;
    Err(WrongByte { connection, message, offset, expected: expected[at], got: got[at] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(connection: usize, number: u64, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        fill(connection, number, &mut bytes);
        bytes
    }

    #[test]
    fn equal_bytes_pass_in_any_pieces() {
        let sent = message(3, 9, 1000);
        for piece in [1, 7, 8, 64, 1000] {
            for (index, got) in sent.chunks(piece).enumerate() {
                assert_eq!(check(3, 9, index * piece, &sent, got), Ok(()));
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let sent = message(5, 2, 64);
        for bit in 0..64 * 8 {
            let mut got = sent.clone();
            got[bit / 8] ^= 1 << (bit % 8);
            let wrong = check(5, 2, 0, &sent, &got).expect_err("flipped");
            assert_eq!((wrong.connection, wrong.message, wrong.offset), (5, 2, bit / 8));
            assert_eq!(wrong.expected ^ wrong.got, 1 << (bit % 8));
        }
    }

    #[test]
    fn the_offset_counts_from_the_start_of_the_message() {
        let sent = message(0, 0, 65536);
        let mut got = sent[60000..].to_vec();
        got[1] ^= 0xff;
        assert_eq!(check(0, 0, 60000, &sent, &got).expect_err("flipped").offset, 60001);
    }

    #[test]
    fn other_connections_messages_and_offsets_differ() {
        let sent = message(1, 1, 65536);
        for (connection, number) in [(0, 1), (2, 1), (1, 0), (1, 2), (0, 0), (2, 2)] {
            let other = message(connection, number, 65536);
            assert!(sent.chunks(8).zip(other.chunks(8)).all(|(a, b)| a != b));
        }
        // Pieces of one message in the wrong place.
        for place in [8, 64, 4096, 16384, 32768] {
            assert!(check(1, 1, 0, &sent, &sent[place..place + 8]).is_err());
        }
    }

    #[test]
    fn a_length_that_is_no_multiple_of_a_word_is_a_prefix() {
        assert_eq!(message(4, 4, 13), message(4, 4, 64)[..13]);
    }

    #[test]
    fn the_line_says_everything() {
        let wrong = WrongByte { connection: 1, message: 2, offset: 3, expected: 4, got: 255 };
        let line = "wrong byte: connection 1, message 2, offset 3: expected 0x04, got 0xff";
        assert_eq!(wrong.to_string(), line);
    }
}
