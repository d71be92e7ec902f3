//! What a worker owns: its connections, its listeners, and how it turns their ring.
//!
//! Owns: everything on the worker's thread but the user's callbacks. Never calls user code: the
//! worker above takes what is to be told out of here first.

use crate::fault::Fault;
use crate::runtime::backoff::{Episode, Pace, Tale};
use crate::runtime::config::Config;
use crate::runtime::connection::Connections;
use crate::runtime::datagram::Datagrams;
use crate::runtime::jobs::{Leaving, Processes};
use crate::runtime::listener::Listeners;
use crate::runtime::signals::Watched;
use crate::runtime::stats::WorkerStats;
use core::ops::{Deref, DerefMut};
use std::sync::Arc;

/// How long the end of a worker waits for what was asked to end.
pub(super) const END_PATIENCE_NS: u64 = 1_000_000_000;

/// How far the worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Nothing is accepted any more; connections are over by then.
    Stopping(u64),
    /// Everything was told to end at once; over by then, whatever is left.
    Ending(u64),
}

/// What a worker owns.
pub struct Core {
    pub connections: Connections,
    pub listeners: Listeners,
    pub datagrams: Datagrams,
    pub(super) phase: Phase,
    /// Records of the last turn that nobody looked at yet.
    pub(super) unseen: core::ops::Range<u32>,
    /// Connections that are over, which there was no room to tell.
    pub(super) late: Vec<u32>,
    /// When a turn is to end though nothing came; u64::MAX = never.
    pub(super) patience: u64,
    /// A signal handler ran during the wait.
    pub(super) interrupted: bool,
    pub(super) processes: Processes,
    pub(super) watched: Option<Box<Watched>>,
    /// What blocks, and how long a stop waits for it.
    pub(super) leaving: Leaving,
    /// When a stop without a limit began, and when was last seen who takes what it is sent.
    pub(super) stopped_at: u64,
    pub(super) slow_looked_at: Option<u64>,
    /// Timers that run.
    pub(super) timers: u32,
    /// How soon.
    pace: Pace,
    /// Turning the ring, as far as the kernel lets it.
    turning: Episode,
}

impl Deref for Core {
    type Target = Connections;

    fn deref(&self) -> &Connections {
        &self.connections
    }
}

impl DerefMut for Core {
    fn deref_mut(&mut self) -> &mut Connections {
        &mut self.connections
    }
}

impl Core {
    /// Make the ring and the pool of a worker, on its thread.
    pub fn new(config: &Config, worker: u32, stats: Arc<WorkerStats>) -> Result<Core, Fault> {
        Ok(Core {
            connections: Connections::new(config, worker, stats)?,
            listeners: Listeners::new(worker),
            datagrams: Datagrams::new(worker, config),
            phase: Phase::Running,
            unseen: 0..0,
            late: Vec::new(),
            patience: u64::MAX,
            interrupted: false,
            processes: Processes::default(),
            watched: None,
            leaving: Leaving::NEVER,
            stopped_at: 0,
            slow_looked_at: None,
            timers: 0,
            pace: Pace::default(),
            turning: Episode::new(worker, "submitting"),
        })
    }

    /// The end: what is still in flight keeps its memory for good. Whether nothing is.
    pub fn dispose(mut self) -> bool {
        let unseen = core::mem::take(&mut self.unseen);
        self.engine.drop_shown(unseen);
        let Core { connections, datagrams, mut processes, .. } = self;
        let over = connections.dispose();
        processes.reap_all();
        if !over {
            core::mem::forget(datagrams);
        }
        over
    }

    /// Have listeners and datagrams go on.
    pub fn settle_sockets(&mut self, now: u64) {
        self.listeners.settle(&mut self.connections, now);
        self.datagrams.settle(&mut self.connections, now);
    }

    /// Look at the clock: drains and the stop.
    pub fn look_at_clock(&mut self, now: u64) {
        let graced = self.has_grace();
        self.look_at_drains(now, graced);
        self.look_at_handshakes(now);
        self.expire();
        self.end_if_due(now);
    }

    /// One turn of the engine; how many records there are to look at. `calm`: nothing but
    /// completions can end its wait.
    #[inline(always)]
    pub fn turn(&mut self, calm: bool) -> u32 {
        self.stats.turns.add(1);
        self.serve_rations();
        self.engine.completed.forget_shown();
        let limit = match core::mem::take(&mut self.hurry) {
            true => 0,
            false if calm => -1,
            false => self.limit(self.now),
        };
        let want = u32::from(limit != 0);
        let staged = self.engine.driver.enter.staged_so_far();
        let turned = self.engine.turn(|| &[], want, limit, 0, None);
        let mut refused = turned.map_or_else(|fault| -fault.code, |()| 0);
        // What was not taken goes with the next turn, which does not wait: among it may be sends
        // without a completion that something follows.
        self.hurry = self.engine.driver.enter.waiting() > 0;
        // Nor does a turn that does not wait say that it was refused. (What it staged itself, when
        // it looked at completions, was not.)
        let taken = self.engine.driver.enter.consumed >= staged;
        if !taken && refused == 0 && self.engine.completed.waiting() == 0 {
            refused = libc::EAGAIN;
        }
        if matches!(refused, libc::EAGAIN | libc::ENOMEM) {
            self.rest(refused);
        } else if refused == libc::EINTR {
            self.interrupted = true;
        } else if self.again {
            self.pace.slower();
        } else {
            self.pace.reset();
            self.turning.end();
        }
        if !calm {
            self.now = self.engine.driver.now();
        }
        self.engine.completed.show()
    }

    /// What is to be told to the log.
    pub fn take_tale(&mut self) -> Option<Tale> {
        let turning = self.listeners.accepting.take().or_else(|| self.turning.take());
        turning.or_else(|| self.datagrams.receiving.take())
    }

    /// The kernel has no memory for what was submitted.
    #[cold]
    fn rest(&mut self, errno: i32) {
        self.turning.begin(errno);
        self.stats.backoffs.add(1);
        let ns = self.pace.ns();
        self.engine.driver.enter.backend().pause(ns);
        self.pace.slower();
    }

    /// Whether nothing waits for its time, its turn or the log: then there is nothing to do but to
    /// wait for completions.
    #[inline(always)]
    pub fn is_calm(&self) -> bool {
        let listens = self.listeners.is_settled(self.table.live()) && self.datagrams.is_empty();
        let timeless = self.deadlines.is_empty()
            && self.draining.is_empty()
            && self.handshakes.next().is_none()
            && self.patience == u64::MAX;
        let done = self.due.is_empty() && self.late.is_empty() && self.loans.ended.is_empty();
        let works = !self.again && !self.turning.has_tale();
        listens && timeless && done && works && self.phase == Phase::Running
    }

    /// How long the next wait may be; -1 = for ever.
    fn limit(&self, now: u64) -> i64 {
        if self.patience <= now {
            return 0;
        }
        if self.again {
            return self.pace.ns() as i64;
        }
        if !self.due.is_empty() || !self.loans.ended.is_empty() {
            return 0;
        }
        let stop = match self.phase {
            // Only threads that block are missing, and those wake.
            Phase::Ending(end) if end <= now => None,
            Phase::Running | Phase::Stopping(u64::MAX) => None,
            Phase::Stopping(end) | Phase::Ending(end) => Some(end),
        };
        let drain = self.draining.front().map(|(end, _)| *end);
        let retry = self.listeners.next();
        let turn = (self.patience < u64::MAX).then_some(self.patience);
        let shakes = self.handshakes.next();
        let leaves = self.leaving.next(now);
        let soon = [
            self.deadlines.first(),
            self.datagrams.retry_at(),
            turn,
            shakes,
            leaves,
            self.slow_look_at(),
        ];
        match stop.into_iter().chain(drain).chain(retry).chain(soon.into_iter().flatten()).min() {
            Some(end) => end.saturating_sub(now).clamp(1, i64::MAX as u64) as i64,
            None => -1,
        }
    }
}
