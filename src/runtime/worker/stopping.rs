//! How a worker ends: it takes nothing new, serves what came before, and then what is left goes.
//!
//! Owns: nothing of its own. Invariant: a connection leaves when one look finds nothing unread of
//! it, all that was answered is sent, and nothing was shown that the user did not answer yet.

use super::core::{Core, END_PATIENCE_NS, Phase};
use crate::runtime::connection::{How, Leave, Life, pause_of};

impl Core {
    /// End: nothing is accepted after those who connected before, each connection is served and
    /// drains, and after `grace_ns` (-1 = never) what is left ends at once. True when it begins.
    pub fn stop(&mut self, grace_ns: i64, now: u64) -> bool {
        let grace = u64::try_from(grace_ns).unwrap_or(u64::MAX);
        let mut end = now.saturating_add(grace);
        self.leaving.begin(now);
        let begins = self.phase == Phase::Running;
        match self.phase {
            Phase::Ending(_) => return false,
            Phase::Stopping(before) => end = end.min(before),
            Phase::Running => {}
        }
        self.phase = Phase::Stopping(end);
        self.listeners.close_all(now, end);
        self.datagrams.close_all(end);
        if !begins {
            // Asked again: all is on its way already.
            return false;
        }
        if grace_ns < 0 {
            (self.stopped_at, self.slow_looked_at) = (now, Some(now));
        }
        for index in 0..self.table.places() {
            let connection = self.table.at(index);
            if grace > 0 && connection.life == Life::Open {
                connection.teardown.leave = Leave::when_idle(connection.is_shaking());
                self.make_due(index);
            } else {
                self.close(index, How::Gracefully, 0);
            }
        }
        true
    }

    /// When to look next at who takes what it is sent, where a stop has no limit of its own.
    pub(super) fn slow_look_at(&self) -> Option<u64> {
        let pause = pause_of(self.config.close_timeout_ns);
        self.slow_looked_at.map(|at| at.saturating_add(pause))
    }

    /// Where a stop has no limit, whoever takes too little of what it is sent, for as long as a
    /// graceful close has, is not shown anything more: what is to be sent has that deadline then.
    fn end_slow_ones(&mut self, now: u64) {
        if self.has_grace() {
            // A limit was named since.
            self.slow_looked_at = None;
            return;
        }
        self.slow_looked_at = Some(now);
        let span = self.config.close_timeout_ns;
        let (need, began) = (self.config.least(span), self.stopped_at);
        for index in 0..self.table.places() {
            let connection = self.table.at(index);
            if !connection.teardown.leaves() || connection.life != Life::Open {
                continue;
            }
            if connection.outbound.queue.is_empty() && !connection.has_plain() {
                // It is the user's turn.
                connection.progress.at = now;
                continue;
            }
            connection.look_open(need, began, now);
            if now.saturating_sub(connection.progress.at.max(began)) >= span {
                self.close(index, How::Gracefully, 0);
            }
        }
    }

    /// The time for a stop is over: everything ends at once.
    pub(super) fn end_if_due(&mut self, now: u64) {
        if self.slow_look_at().is_some_and(|at| at <= now) {
            self.end_slow_ones(now);
        }
        if !matches!(self.phase, Phase::Stopping(end) if end <= now) {
            return;
        }
        self.phase = Phase::Ending(now.saturating_add(END_PATIENCE_NS));
        for index in 0..self.table.places() {
            self.close(index, How::AtOnce, -libc::ECANCELED);
        }
        self.processes.kill_all();
        self.datagrams.end_all();
    }

    /// Whether nothing new is taken any more.
    pub fn is_stopping(&self) -> bool {
        self.phase != Phase::Running
    }

    /// Whether all is to end by a time that the user named.
    pub fn has_grace(&self) -> bool {
        matches!(self.phase, Phase::Stopping(end) if end < u64::MAX)
    }

    /// Whether everything was told to end at once.
    pub fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_))
    }

    /// So long nobody turned the worker: it could not see the end of what it waits for.
    pub fn stood_still(&mut self, ns: u64) {
        if let Phase::Ending(end) = &mut self.phase {
            *end = end.saturating_add(ns);
        }
    }

    /// Whether the worker is over, but for what other threads do for it.
    pub fn is_over(&mut self) -> bool {
        let listens = !self.listeners.list.is_empty() || !self.datagrams.is_empty();
        let done = self.table.live() == 0 && !listens && self.processes.is_empty();
        match self.phase {
            Phase::Running => false,
            Phase::Stopping(_) => done,
            Phase::Ending(end) => done || self.engine.driver.now() >= end,
        }
    }
}
