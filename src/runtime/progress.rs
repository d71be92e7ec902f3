//! Whether the other end of a connection still takes what it was sent.
//!
//! Owns: nothing but the rule. The socket is asked, and only where a deadline is near: no message
//! pays for it. Invariant: a deadline runs from the last time when the other end was seen to have
//! taken enough, also after the end was sent, so who takes a byte now and then holds nothing up.

use super::conn_table::index_of;
use super::connection::{Connection, How, Life};
use super::core::Core;
use crate::sys::net;

/// Looks in the time of a deadline: a stall is noticed so much of it later.
const LOOKS: u64 = 8;

/// How long after a look the next one is, where a deadline is `span` long.
pub fn pause_of(span: u64) -> u64 {
    (span / LOOKS).max(1)
}

/// What the other end of a connection was seen to take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// When it was last seen to have taken enough, or when that began to count.
    pub at: u64,
    /// When the last look was; 0 = none was.
    pub looked_at: u64,
    /// There was something left to take.
    pub left: bool,
    /// What it had taken at `at`.
    taken: i64,
}

/// What a socket says.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Bytes that the other end took, so far.
    taken: i64,
    /// There is something left to take.
    left: bool,
}

impl Progress {
    /// Nothing was seen yet; the time counts from now on.
    pub fn begin(now: u64) -> Progress {
        Progress { at: now, ..Progress::default() }
    }

    /// A look: `need` bytes more than before count as progress, and so does the last one. What was
    /// seen before `since` says nothing.
    fn look(&mut self, seen: Seen, need: u64, since: u64, now: u64) {
        let first = self.looked_at <= since;
        let moved = match first {
            // Nobody knows when it took what is gone.
            true => seen.left,
            // Either way: without a count of the kernel's, what is in its hands may grow too.
            false => seen.taken.abs_diff(self.taken) >= need || self.left && !seen.left,
        };
        if first || moved {
            self.taken = seen.taken;
        }
        if moved {
            self.at = now;
        }
        (self.left, self.looked_at) = (seen.left, now);
    }
}

impl Connection {
    /// Bytes that the other end took, and bytes of which the kernel does not know that yet.
    fn ask(&self) -> (i64, u64) {
        let held = net::untaken(self.fd);
        // Of a Unix socket's bytes those are gone that the kernel has no more.
        let taken = net::taken(self.fd).unwrap_or_else(|| self.outbound.taken.wrapping_sub(held));
        (taken as i64, held)
    }

    /// See what the other end took while it drains; whether there is something left to take.
    fn look_drain(&mut self, need: u64, now: u64) -> bool {
        let (taken, held) = self.ask();
        let left = !self.outbound.has_ended() || self.outbound.lent > 0 || held > 0;
        self.progress.look(Seen { taken, left }, need, 0, now);
        if held == 0 && !self.outbound.has_ended() && !self.is_shaking() {
            // It took all that there was: what is missing is a file's that is read slowly.
            self.progress.at = now;
        }
        left
    }

    /// See what the other end took of what was sent up to `since`.
    pub(super) fn look_open(&mut self, need: u64, since: u64, now: u64) {
        let (taken, held) = self.ask();
        let left = held > 0 || self.outbound.flight.is_some();
        self.progress.look(Seen { taken, left }, need, since, now);
    }

    /// Note what the other end did not take: soon nobody can ask.
    pub(super) fn note_untaken(&mut self) {
        self.teardown.untaken = self.untaken();
    }

    /// Bytes that the kernel took and the other end did not yet, as far as known.
    pub fn untaken(&self) -> u64 {
        match self.life {
            Life::Free | Life::Closing(_) => self.teardown.untaken,
            // The end is counted as one.
            _ => net::untaken(self.fd).saturating_sub(self.outbound.has_ended().into()),
        }
    }
}

impl Core {
    /// A connection drains from now on.
    pub(super) fn begin_drain(&mut self, index: usize) {
        let now = self.engine.driver.now();
        let connection = self.table.at(index);
        connection.progress = Progress::begin(now);
        let id = connection.id;
        self.look_again(id, now);
        self.forget_drained();
    }

    fn look_again(&mut self, id: u64, now: u64) {
        let at = now.saturating_add(pause_of(self.config.close_timeout_ns));
        self.draining.push_back((at, id));
    }

    /// Connections that came and went while a slow one drains leave nothing in the list.
    fn forget_drained(&mut self) {
        if self.draining.len() > 2 * self.table.live() + 64 {
            let table = &mut self.table;
            self.draining.retain(|(_, id)| table.find(*id).is_ok());
        }
    }

    /// Look at the clock: connections that drain.
    pub(super) fn look_at_drains(&mut self, now: u64) {
        while let Some((at, id)) = self.draining.front().copied() {
            let over = self.table.find(id).map_or(true, |found| found.life != Life::Draining);
            if !over && at > now {
                break;
            }
            self.draining.pop_front();
            if !over {
                self.look_at_drain(index_of(id), now);
            }
        }
    }

    fn look_at_drain(&mut self, index: usize, now: u64) {
        let span = self.config.close_timeout_ns;
        let need = self.config.least(span);
        let has_grace = self.has_grace();
        let connection = self.table.at(index);
        let left = connection.look_drain(need, now);
        // Who stops says how long it waits for those that have something to take.
        let graced = has_grace && left;
        if now.saturating_sub(connection.progress.at) < span || graced {
            let id = connection.id;
            return self.look_again(id, now);
        }
        // Where all was taken, only the other end's end is missing: that is no failure.
        self.close(index, How::AtOnce, if left { -libc::ETIMEDOUT } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::connection::End;

    const SPAN: u64 = 800;
    const NEED: u64 = 100;

    /// When a connection that began at 0 is over, by what it took up to each look and what was
    /// left then.
    fn over(looks: impl IntoIterator<Item = (i64, bool)>) -> Option<u64> {
        let mut progress = Progress::begin(0);
        let mut now = 0;
        for (taken, left) in looks {
            now += pause_of(SPAN);
            progress.look(Seen { taken, left }, NEED, 0, now);
            if now - progress.at >= SPAN {
                return Some(now);
            }
        }
        None
    }

    #[test]
    fn who_took_all_there_was_is_not_late() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&near);
        let mut connection = Connection { fd, ..Connection::default() };
        connection.progress = Progress::begin(1);
        assert!(connection.look_drain(NEED, 2) && connection.look_drain(NEED, 1000));
        assert_eq!(connection.progress.at, 1000);
        connection.outbound.end = End::Told;
        assert!(!connection.look_drain(NEED, 1001) && !connection.look_drain(NEED, 2000));
        assert_eq!(connection.progress.at, 1001);
    }

    #[test]
    fn a_deadline_runs_from_the_last_progress() {
        // Nothing was taken: from the first look on.
        assert_eq!(over((0..50).map(|_| (7, true))), Some(900));
        // All was taken at once: from the end on.
        assert_eq!(over((0..50).map(|_| (7, false))), Some(800));
        // As slowly as may be, to the end.
        assert_eq!(over((0..50).map(|at| (at / 7 * 100, true))), None);
        // A little more slowly.
        assert_eq!(over((0..50).map(|at| (at * 12, true))), Some(900));
        // The last byte counts, however little it is.
        assert_eq!(over((0..50).map(|at| (i64::from(at > 6), at < 7))), Some(1600));
        // Where only the kernel's hands are known, they may also get fuller.
        assert_eq!(over((0..50).map(|at| (at % 2 * 100, true))), None);
    }
}
