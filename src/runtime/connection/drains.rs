//! Whether the other end of a connection still takes what it was sent.
//!
//! Owns: nothing but the rule. The socket is asked, and only where a deadline is near: no message
//! pays for it. Invariant: a deadline runs from the last time when the other end was seen to have
//! taken enough, also after the end was sent, so who takes a byte now and then holds nothing up.

use super::connections::Connections;
use super::progress::{Progress, Seen, pause_of};
use super::state::Connection;
use super::table::index_of;
use super::teardown::{How, Life};
use crate::sys::net;

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
    pub fn look_open(&mut self, need: u64, since: u64, now: u64) {
        let (taken, held) = self.ask();
        let left = held > 0 || self.outbound.flight.is_some();
        self.progress.look(Seen { taken, left }, need, since, now);
    }

    /// Note what the other end did not take: soon nobody can ask.
    pub fn note_untaken(&mut self) {
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

impl Connections {
    /// A connection drains from now on.
    pub fn begin_drain(&mut self, index: usize) {
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

    /// Look at the clock: connections that drain. `graced`: the worker stops, by a time of its own.
    pub fn look_at_drains(&mut self, now: u64, graced: bool) {
        while let Some((at, id)) = self.draining.front().copied() {
            let over = self.table.find(id).map_or(true, |found| found.life != Life::Draining);
            if !over && at > now {
                break;
            }
            self.draining.pop_front();
            if !over {
                self.look_at_drain(index_of(id), now, graced);
            }
        }
    }

    fn look_at_drain(&mut self, index: usize, now: u64, graced: bool) {
        let span = self.config.close_timeout_ns;
        let need = self.config.least(span);
        let connection = self.table.at(index);
        let left = connection.look_drain(need, now);
        // Who stops says how long it waits for those that have something to take.
        if now.saturating_sub(connection.progress.at) < span || graced && left {
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
    use crate::runtime::connection::outbound::End;

    const NEED: u64 = 100;

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
}
