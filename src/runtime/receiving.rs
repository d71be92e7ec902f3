//! What a connection receives, and how it is shown: fresh from the pool, or behind what was kept.
//!
//! Owns: nothing. Invariant: what is shown was moved out of the connection first, since user code
//! may close it.

use super::connection::{How, Kept, Life, Shown};
use super::connection::{index_of, local};
use super::flight::Flight;
use super::taking::Lent;
use super::worker::Worker;
use super::{Door, Event};
use crate::resource::Piece;
use crate::ring::{Completion, cf};
use core::slice;

impl Worker {
    /// Show what the record at a place brought if there is nothing else about it and its
    /// connection; else false.
    #[inline(always)]
    pub(super) fn show_shortly(&self, door: &impl Door, at: u32) -> bool {
        let (id, user, flags, bytes) = {
            let core = &mut self.core.borrow_mut().connections;
            let Some(record) = core.engine.completed.at(at) else { return false };
            if record.flags & cf::CLAIM == 0 || record.res as u32 >= core.rations.much {
                return false;
            }
            // A receive ends before its connection does: this is the one that it is about.
            let index = index_of(record.user_data);
            let Some(connection) = core.table.get(index).filter(|found| found.fast.recv) else {
                return false;
            };
            debug_assert!(
                connection.keeps_fast() && local(connection.id) == local(record.user_data)
            );
            let len = record.res as usize;
            connection.inbound.received += len as u64;
            core.stats.receives.add(1);
            core.stats.received.add(len as u64);
            // SAFETY: the kernel wrote that much there, and the claim keeps it.
            let bytes = unsafe { slice::from_raw_parts(record.data as *const u8, len) };
            (connection.id, connection.user, record.flags, bytes)
        };
        self.taking.offer(id, Lent::Claim(flags), bytes);
        let mut used = bytes.len() as i64;
        door.tell(self, Event::Data { conn: id, user, bytes, used: &mut used });
        let taken = self.taking.withdraw();
        if taken || used != bytes.len() as i64 {
            self.shown_shortly(index_of(id), at, used, taken);
        } else if flags & cf::BUF_MORE == 0 {
            let core = &mut self.core.borrow_mut().connections;
            core.engine.unclaim_last(core.pool, cf::buffer_of(flags).0);
        }
        true
    }

    /// Not all that was shown was consumed, or the user has the lease of it.
    #[inline(never)]
    fn shown_shortly(&self, index: usize, at: u32, used: i64, taken: bool) {
        if taken {
            return self.consumed(index, used.min(0), 0, |_, _| {});
        }
        let record = self.core.borrow().engine.completed.get(at);
        match record.and_then(|record| self.piece_of(&record)) {
            Some(piece) => self.after(index, Shown::Fresh(piece), used),
            None => self.after(index, Shown::Nothing, used),
        }
    }

    /// The bytes of a completion, leased.
    fn piece_of(&self, completion: &Completion) -> Option<Piece> {
        let mut completion = *completion;
        if completion.flags & cf::CLAIM != 0 {
            let core = &mut self.core.borrow_mut().connections;
            completion.token = core.engine.lease_claim(core.pool, completion.flags)?;
            completion.flags |= cf::LEASE;
        }
        // SAFETY: a completion of this worker's engine, looked at once.
        unsafe { Piece::of(&completion) }
    }

    pub(super) fn complete_recv(&self, door: &impl Door, completion: &Completion) {
        let piece = self.piece_of(completion);
        let Some((index, shown)) = self.received(completion, piece) else { return };
        self.show(door, index, shown);
    }

    /// What a receive brought, and to whom.
    fn received(&self, completion: &Completion, piece: Option<Piece>) -> Option<(usize, Shown)> {
        let core = &mut self.core.borrow_mut().connections;
        let index = core.connection_of(completion)?;
        let res = completion.res;
        if completion.flags & cf::FINAL != 0 {
            let connection = core.table.at(index);
            let inbound = &mut connection.inbound;
            inbound.flight = Flight::NONE;
            inbound.drained = res > 0 && completion.flags & cf::SOCK_NONEMPTY == 0;
            if res == 0 && !connection.teardown.gone.is() && !inbound.has_ended() {
                // TLS says first whether it is one.
                inbound.note_end(connection.tls.is_some());
            }
            match -res {
                libc::ENOBUFS => core.wait_for_buffer(index),
                1.. if -res != libc::ECANCELED => core.lost(index, res),
                // It had its ration.
                ..=-1 => core.wait_for_turn(index),
                _ => {}
            }
            core.took_of_gone(index, res);
            if !core.table.at(index).inbound.in_line {
                core.make_due(index);
            }
        }
        if core.table.at(index).teardown.leaves() {
            core.make_due(index);
        }
        let connection = core.table.at(index);
        if let Some(piece) = &piece {
            let len = piece.bytes().len() as u64;
            if connection.tls.is_none() {
                connection.inbound.received += len;
            }
            if let Some(limits) = &mut connection.limits {
                limits.read_at = core.now;
            }
            core.stats.receives.add(1);
            core.stats.received.add(len);
            core.weigh(index, len as u32);
        }
        let connection = core.table.at(index);
        if connection.tls.is_some() {
            core.feed_tls(index, piece.as_ref().map_or(&[], Piece::bytes));
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

    /// After a pause: what came meanwhile.
    pub(super) fn show_again(&self, door: &impl Door, index: usize) {
        let shown = {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            let inbound = &mut connection.inbound;
            if connection.life != Life::Open || inbound.paused || !inbound.show {
                Shown::Nothing
            } else {
                inbound.show = false;
                Shown::Kept(inbound.take_kept())
            }
        };
        self.show(door, index, shown);
        let untold = {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            let owes = connection.inbound.owes_end() && !connection.inbound.paused;
            if owes {
                connection.inbound.settle_end();
            }
            owes && connection.life == Life::Open && !connection.teardown.gone.is()
        };
        if untold {
            self.show(door, index, Shown::End);
        }
    }

    pub(super) fn show(&self, door: &impl Door, index: usize, shown: Shown) {
        let (id, user) = {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            (connection.id, connection.user)
        };
        let bytes = match &shown {
            Shown::Nothing => return,
            Shown::Tls => return self.show_plain(door, index),
            Shown::Fresh(piece) => piece.bytes(),
            Shown::Kept(bytes) if bytes.is_empty() => return,
            Shown::Kept(bytes) => bytes,
            Shown::Plain(bytes) => bytes,
            Shown::End if self.ended_badly(index) => return,
            Shown::End => &[],
        };
        let offered = if let Shown::Fresh(piece) = &shown {
            self.taking.offer(id, Lent::Lease(piece.lease()), bytes);
            true
        } else {
            false
        };
        let mut used = bytes.len() as i64;
        door.tell(self, Event::Data { conn: id, user, bytes, used: &mut used });
        let taken = offered && self.taking.withdraw();
        if self.core.borrow().holds {
            self.hold(id, shown);
        } else if taken {
            shown.leave();
            self.consumed(index, used.min(0), 0, |_, _| {});
        } else {
            self.after(index, shown, used);
        }
    }

    /// What becomes of what was shown, by the user's answer.
    pub(super) fn after(&self, index: usize, shown: Shown, used: i64) {
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
            Shown::End => {
                let core = &mut self.core.borrow_mut().connections;
                match used {
                    1.. => core.make_due(index),
                    0 => core.close(index, How::Gracefully, 0),
                    _ => core.close(index, How::AtOnce, code_of(used)),
                }
            }
        }
    }

    /// The user took `used` of `len` bytes; what is left is kept, as far as there is room.
    fn consumed(&self, index: usize, used: i64, len: usize, keep: impl FnOnce(&mut Kept, usize)) {
        let core = &mut self.core.borrow_mut().connections;
        if used < 0 {
            return core.close(index, How::AtOnce, code_of(used));
        }
        let used = usize::try_from(used).unwrap_or(len).min(len);
        let most = core.config.keep_max as usize;
        // A pause is no message that does not end: what is kept for it is what was on its way.
        if len - used > most && !core.table.at(index).inbound.paused {
            return core.close(index, How::AtOnce, -libc::EMSGSIZE);
        }
        let connection = core.table.at(index);
        if connection.life == Life::Open {
            keep(&mut connection.inbound.kept, used);
            connection.allow_fast(core.hush);
            if connection.teardown.leaves() {
                core.make_due(index);
            }
        }
    }
}

/// The user's negative answer as a reason.
fn code_of(answer: i64) -> i32 {
    i32::try_from(answer).unwrap_or(-libc::EINVAL)
}
