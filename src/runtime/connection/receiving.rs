//! The general road of what is received: what a receive brought, what of it is shown, and what the
//! user's answer to that means. The fast path beside it is `fast`.
//!
//! Owns: nothing. Invariant: what is shown was moved out of the connection first, since user code
//! may close it. Whoever leaves bytes gets them in front of everything that came behind them.

use super::connections::Connections;
use super::kept::Kept;
use super::shown::{Held, Shown};
use super::table::index_of;
use super::teardown::{How, Life};
use crate::driver::{Completion, cf};
use crate::resource::Piece;
use crate::runtime::flight::Flight;

/// Unused bytes that are kept for what is decrypted.
const SPARE: usize = 512 << 10;

/// What the user's answer to some bytes means.
pub enum Answer {
    /// All of them are consumed.
    All,
    /// So many are.
    Some(usize),
    /// The connection closes at once, for that reason.
    Close(i32),
}

impl Answer {
    /// The meaning of `answer` to `len` bytes.
    #[inline(always)]
    pub fn to(answer: i64, len: usize) -> Answer {
        if answer >= len as i64 {
            Answer::All
        } else if answer < 0 {
            Answer::Close(code_of(answer))
        } else {
            Answer::Some(answer as usize)
        }
    }
}

/// The user's negative answer as a reason.
#[cold]
fn code_of(answer: i64) -> i32 {
    i32::try_from(answer).unwrap_or(-libc::EINVAL)
}

impl Connections {
    /// The bytes of a completion, leased.
    pub fn piece_of(&mut self, completion: &Completion) -> Option<Piece> {
        let mut completion = *completion;
        if completion.flags & cf::CLAIM != 0 {
            completion.token = self.engine.lease_claim(self.pool, completion.flags)?;
            completion.flags |= cf::LEASE;
        }
        // SAFETY: a completion of this worker's engine, looked at once.
        unsafe { Piece::of(&completion) }
    }

    /// What a receive brought, and to whom.
    pub fn recv(
        &mut self,
        completion: &Completion,
        piece: Option<Piece>,
    ) -> Option<(usize, Shown)> {
        let index = self.connection_of(completion)?;
        let res = completion.res;
        if completion.flags & cf::FINAL != 0 {
            self.recv_ended(index, res, completion.flags);
        }
        if self.table.at(index).teardown.leaves() {
            self.make_due(index);
        }
        let connection = self.table.at(index);
        if let Some(piece) = &piece {
            let len = piece.bytes().len() as u64;
            if connection.tls.is_none() {
                connection.inbound.received += len;
            }
            if let Some(limits) = &mut connection.limits {
                limits.read_at = self.now;
            }
            self.stats.receives.add(1);
            self.stats.received.add(len);
            self.weigh(index, len as u32);
        }
        let connection = self.table.at(index);
        if connection.tls.is_some() {
            self.feed_tls(index, piece.as_ref().map_or(&[], Piece::bytes));
            return Some((index, Shown::Tls));
        }
        if connection.life != Life::Open {
            return None;
        }
        let inbound = &mut connection.inbound;
        if inbound.paused {
            // Not as a lease: whoever pauses for long would keep a buffer from all the others.
            inbound.kept.push(piece.as_ref().map_or(&[], Piece::bytes));
            inbound.show |= piece.is_some();
            if inbound.has_ended() {
                inbound.note_end(true);
            }
            return None;
        }
        let shown = match piece {
            None if inbound.has_ended() => Shown::End,
            None => Shown::Nothing,
            Some(piece) if inbound.kept.is_empty() => Shown::Fresh(piece),
            Some(piece) => {
                inbound.kept.push(piece.bytes());
                Shown::Kept(inbound.take_kept())
            }
        };
        Some((index, shown))
    }

    /// A receive ended: when the next one is asked for, if there is to be one.
    fn recv_ended(&mut self, index: usize, res: i32, flags: u32) {
        let connection = self.table.at(index);
        let inbound = &mut connection.inbound;
        inbound.flight = Flight::NONE;
        inbound.drained = res > 0 && flags & cf::SOCK_NONEMPTY == 0;
        if res == 0 && !connection.teardown.gone.is() && !inbound.has_ended() {
            // TLS says first whether it is one.
            inbound.note_end(connection.tls.is_some());
        }
        match -res {
            libc::ENOBUFS => self.wait_for_buffer(index),
            1.. if -res != libc::ECANCELED => self.lost(index, res),
            // It had its ration.
            ..=-1 => self.wait_for_turn(index),
            _ => {}
        }
        self.took_of_gone(index, res);
        if !self.table.at(index).inbound.in_line {
            self.make_due(index);
        }
    }

    /// After a pause: what came meanwhile.
    pub fn recv_again(&mut self, index: usize) -> Shown {
        let connection = self.table.at(index);
        let inbound = &mut connection.inbound;
        if connection.life != Life::Open || inbound.paused || !inbound.show {
            return Shown::Nothing;
        }
        inbound.show = false;
        Shown::Kept(inbound.take_kept())
    }

    /// Whether the end is to be told, which it is with that.
    pub fn take_end(&mut self, index: usize) -> bool {
        let connection = self.table.at(index);
        let owes = connection.inbound.owes_end() && !connection.inbound.paused;
        if owes {
            connection.inbound.settle_end();
        }
        owes && connection.life == Life::Open && !connection.teardown.gone.is()
    }

    /// What was decrypted, unless the user wants none (any more).
    pub fn plain_of(&mut self, index: usize) -> Shown {
        let Connections { table, plain, .. } = self;
        let connection = table.at(index);
        if plain.is_empty() || connection.life != Life::Open {
            plain.clear();
            return Shown::Nothing;
        }
        let inbound = &mut connection.inbound;
        if inbound.kept.is_empty() && !inbound.paused {
            return Shown::Plain(core::mem::take(plain));
        }
        inbound.kept.push(plain);
        plain.clear();
        if inbound.paused {
            inbound.show = true;
            return Shown::Nothing;
        }
        Shown::Kept(inbound.take_kept())
    }

    /// What becomes of what was shown, by the user's answer.
    pub fn data(&mut self, index: usize, shown: Shown, used: i64) {
        match shown {
            Shown::Nothing | Shown::Tls => {}
            Shown::Fresh(piece) => {
                self.consumed(index, used, piece.bytes().len(), |kept, used| {
                    kept.push(&piece.bytes()[used..]);
                });
            }
            Shown::Kept(mut bytes) => {
                self.consumed(index, used, bytes.len(), |kept, used| {
                    bytes.consume(used);
                    if kept.is_empty() {
                        core::mem::swap(kept, &mut bytes);
                    } else {
                        kept.push(&bytes);
                    }
                });
            }
            Shown::Plain(bytes) => {
                self.consumed(index, used, bytes.len(), |kept, used| {
                    kept.push(&bytes[used..]);
                });
                self.put_plain(bytes);
            }
            Shown::End => match used {
                1.. => self.make_due(index),
                0 => self.close(index, How::Gracefully, 0),
                _ => self.close(index, How::AtOnce, code_of(used)),
            },
        }
    }

    /// The bytes of [`Shown::Plain`] serve the next connection.
    fn put_plain(&mut self, mut bytes: Vec<u8>) {
        bytes.clear();
        if bytes.capacity() <= SPARE {
            self.plain = bytes;
        }
    }

    /// The user answered `answer` to `len` bytes; what is left is kept, as far as there is room.
    pub fn consumed(
        &mut self,
        index: usize,
        answer: i64,
        len: usize,
        keep: impl FnOnce(&mut Kept, usize),
    ) {
        let used = match Answer::to(answer, len) {
            Answer::All => len,
            Answer::Some(used) => used,
            Answer::Close(reason) => return self.close(index, How::AtOnce, reason),
        };
        let most = self.config.keep_max as usize;
        let (much, holds_back) = (len - used > most, self.holds_back);
        let connection = self.table.at(index);
        // A pause is no message that does not end: what is kept for it is what was on its way.
        if much && !connection.inbound.paused && !holds_back {
            return self.close(index, How::AtOnce, -libc::EMSGSIZE);
        }
        if connection.life == Life::Open {
            keep(&mut connection.inbound.kept, used);
            connection.inbound.full = much && holds_back;
            connection.allow_fast(self.skips);
            if connection.teardown.leaves() || connection.inbound.full {
                self.make_due(index);
            }
        }
    }

    /// The user's answers to all that is held, in order; what has none was consumed.
    pub fn answer(&mut self, mut answers: impl Iterator<Item = i64>) {
        let mut held = core::mem::take(&mut self.held);
        for Held { conn, shown } in held.drain(..) {
            let end = matches!(shown, Shown::End);
            let answer = answers.next().unwrap_or(if end { 0 } else { i64::MAX });
            let index = index_of(conn);
            match self.later(conn, end, answer) {
                None => {}
                Some(false) => self.data(index, shown, answer),
                Some(true) if end => {}
                Some(true) => self.data(index, shown, 0),
            }
        }
        // Its memory serves the next turn.
        self.held = held;
    }

    /// Whether this lies behind bytes that were left: then it counts as not seen, and is shown
    /// again together with them. None: the connection is gone.
    fn later(&mut self, conn: u64, end: bool, answer: i64) -> Option<bool> {
        let connection = self.table.find(conn).ok()?;
        // Nor is the end told to who paused before it: bytes that were left are shown first.
        let inbound = &mut connection.inbound;
        let unheard = inbound.show || inbound.paused;
        let left = if end { unheard } else { !inbound.kept.is_empty() };
        if !left || answer < 0 {
            return Some(false);
        }
        if end {
            inbound.note_end(true);
        }
        inbound.show = true;
        self.make_due(index_of(conn));
        Some(true)
    }
}
