//! What a worker owns: its engine, its connections, its listeners; and what each wants next.
//!
//! Owns: everything on the worker's thread but the user's callbacks. Never calls user code: the
//! worker above takes what is to be told out of here first. Calls of the user only change what a
//! connection wants; `settle` then does it, once per turn, so that small sends are gathered.

use super::config::Config;
use super::conn_table::{ConnTable, index_of, local};
use super::connection::{How, Life};
use super::datagram::Datagrams;
use super::flight::Flight;
use super::held::Held;
use super::host::Host;
use super::leaving::Leaving;
use super::lending::Loans;
use super::limits::Deadlines;
use super::listener::Listening;
use super::process::Processes;
use super::quiet::Quiet;
use super::rations::Rations;
use super::rest::{Episode, Pace, Tale};
use super::send_queue::Blocks;
use super::signals::Watched;
use super::stats::WorkerStats;
use super::timers::MAX_TIMERS;
use super::tls::Handshakes;
use crate::error::Fault;
use crate::op::{Begun, Engine, EngineConfig, Sink};
use crate::resource::PoolSpec;
use crate::ring::{Completion, Op};
use crate::sys::net;
use crate::sys::{Features, Real, RingSpec, disabled_by_environment, refusal_text};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

const SQ_ENTRIES: u32 = 512;
const CQ_ENTRIES: u32 = 2048;
/// A connection has a receive, a send and a poll in flight at most, and its close when they ended.
const OPS_PER_CONNECTION: u32 = 3;
const OPS_BESIDE: u32 = 8192;
const MEMORY_PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of a worker waits for what was asked to end.
pub(super) const END_PATIENCE_NS: u64 = 1_000_000_000;

/// What a completion is about: the top bits of its user data; below is place and generation.
pub mod kind {
    pub const ACCEPT: u64 = 1;
    pub const RECV: u64 = 2;
    pub const SEND: u64 = 3;
    pub const CLOSE: u64 = 4;
    pub const LENT: u64 = 5;
    pub const READ: u64 = 6;
    pub const CONNECT: u64 = 7;
    pub const WATCH: u64 = 8;
    pub const PROCESS: u64 = 10;
    pub const SIGNAL: u64 = 11;
    pub const HOST: u64 = 12;
    pub const DATAGRAM_RECV: u64 = 20;
    pub const DATAGRAM_SEND: u64 = 21;
    pub const SHIFT: u32 = 56;
}

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
    pub engine: Engine,
    pub config: Config,
    pub table: ConnTable,
    pub listeners: Vec<Listening>,
    pub datagrams: Datagrams,
    pub blocks: Blocks,
    pub(super) quiet: Quiet,
    pub(super) host: Host,
    pub stats: Arc<WorkerStats>,
    pub(super) loans: Loans,
    pub(super) deadlines: Deadlines,
    /// The time when the last wait ended.
    pub(super) now: u64,
    /// Places of connections to be settled before the next wait.
    due: Vec<u32>,
    /// Those of the round at hand.
    round: Vec<u32>,
    pub(super) rations: Rations,
    /// Ids of connections that drain, and when each is looked at. All are after the same time, so
    /// it is in order.
    pub(super) draining: VecDeque<(u64, u64)>,
    pub(super) pool: u16,
    pub(super) handshakes: Handshakes,
    /// What a receive says behind its TLS; empty between two completions.
    pub(super) plain: Vec<u8>,
    pub(super) phase: Phase,
    /// The ring refused something that passes: ask again soon.
    pub(super) again: bool,
    /// The next turn does not wait.
    pub(super) hurry: bool,
    /// Records of the last turn that nobody looked at yet.
    pub(super) unseen: core::ops::Range<u32>,
    /// Connections that are over, which there was no room to tell.
    pub(super) late: Vec<u32>,
    /// Connections that there were when listeners were looked at.
    pub(super) listened: usize,
    /// Nobody wants to be told what was sent.
    pub(super) hush: bool,
    /// Data is not consumed when it is shown, but at the next turn.
    pub holds: bool,
    /// Such data, in the order in which it was shown.
    pub(super) held: Vec<Held>,
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
    /// Accepting, and turning the ring, as far as the kernel lets them.
    pub accepting: Episode,
    turning: Episode,
}

fn ring_spec(config: &Config) -> RingSpec {
    RingSpec {
        sq_entries: SQ_ENTRIES,
        cq_entries: CQ_ENTRIES,
        sqpoll: false,
        big: false,
        sq_thread_idle_ms: 0,
        sq_thread_cpu: -1,
        disable: config.disable.with(disabled_by_environment()),
        memory_patience: MEMORY_PATIENCE,
    }
}

impl Core {
    /// Make the ring and the pool of a worker, on its thread.
    pub fn new(config: &Config, worker: u32, stats: Arc<WorkerStats>) -> Result<Core, Fault> {
        let refused = |errno| Fault::errno(errno, refusal_text(errno));
        let backend = Box::new(Real::new(&ring_spec(config))?);
        let sizes = EngineConfig {
            max_inflight: config.max_connections * OPS_PER_CONNECTION + OPS_BESIDE + MAX_TIMERS,
            records: CQ_ENTRIES,
        };
        let mut engine = Engine::with_backend(backend, &sizes).map_err(refused)?;
        let features = engine.driver.enter.backend_ref().info().features;
        let spec = PoolSpec {
            count: config.pool_buffers,
            size: config.pool_buffer_size,
            incremental: features.has(Features::POOL_INCREMENTAL),
            huge: false,
        };
        let (pool, rations) = (engine.pool_create(&spec)?, Rations::new(features, &spec));
        (engine.driver.spin_us, engine.claims) = (config.spin_us, Some(pool));
        engine.driver.told.reserve_exact(2 * SQ_ENTRIES as usize);
        let errno = engine.attach();
        if errno != 0 {
            return Err(refused(errno));
        }
        Ok(Core {
            engine,
            config: *config,
            table: ConnTable::new(worker, config.max_connections),
            listeners: Vec::new(),
            datagrams: Datagrams::new(worker, config),
            blocks: Blocks::default(),
            quiet: Quiet::new().map_err(refused)?,
            host: Host::default(),
            stats,
            loans: Loans::default(),
            deadlines: Deadlines::default(),
            now: 0,
            due: Vec::new(),
            round: Vec::new(),
            rations,
            draining: VecDeque::new(),
            pool,
            handshakes: Handshakes::default(),
            plain: Vec::new(),
            phase: Phase::Running,
            again: false,
            hush: false,
            listened: usize::MAX,
            hurry: false,
            unseen: 0..0,
            late: Vec::new(),
            holds: false,
            held: Vec::new(),
            patience: u64::MAX,
            interrupted: false,
            processes: Processes::default(),
            watched: None,
            leaving: Leaving::NEVER,
            stopped_at: 0,
            slow_looked_at: None,
            timers: 0,
            pace: Pace::default(),
            accepting: Episode::new(worker, "accepting clients"),
            turning: Episode::new(worker, "submitting"),
        })
    }

    /// Have a connection settled before the next wait.
    pub fn make_due(&mut self, index: usize) {
        let connection = self.table.at(index);
        connection.forbid_fast();
        // Such a send ends no wait.
        self.hurry |= connection.outbound.flight == Flight::UNTOLD;
        if !connection.due {
            connection.due = true;
            self.due.push(index as u32);
        }
    }

    /// Begin a round of settling. What becomes due meanwhile is for the next one, so that a user
    /// who always wants something more does not keep the worker from its other connections.
    pub fn begin_round(&mut self) {
        self.again = false;
        core::mem::swap(&mut self.due, &mut self.round);
    }

    /// Settle connections up to the one to which something is to be shown first.
    pub fn settle_round(&mut self) -> Option<usize> {
        while let Some(index) = self.next_due() {
            let connection = self.table.at(index);
            if connection.inbound.owes() || connection.begins_tls() {
                return Some(index);
            }
            self.settle(index);
        }
        None
    }

    /// The next connection of the round.
    pub fn next_due(&mut self) -> Option<usize> {
        let index = self.round.pop()? as usize;
        self.table.at(index).due = false;
        Some(index)
    }

    pub(super) fn submit(&mut self, op: &Op) -> Result<u64, Fault> {
        let mut token = [0];
        match self.engine.submit(core::slice::from_ref(op), &mut token, Sink::default()) {
            1 => Ok(token[0]),
            _ => Err(self.engine.rejection().0),
        }
    }

    /// Close a connection for `reason`.
    pub fn close(&mut self, index: usize, how: How, reason: i32) {
        let connection = self.table.at(index);
        // To another end that is gone nothing is sent first.
        let how = if connection.teardown.gone.is() { How::AtOnce } else { how };
        if how == How::AtOnce {
            connection.note_untaken();
        }
        if !connection.begin_close(how, reason) {
            return;
        }
        // After the end the kernel goes on by itself, but not without what was lent to it.
        let outbound = &connection.outbound;
        if how == How::AtOnce && (!outbound.has_ended() || outbound.lent > 0) {
            net::reset_on_close(connection.fd);
        }
        if how == How::Gracefully {
            self.begin_drain(index);
        }
        self.make_due(index);
    }

    /// Look at the clock: drains and the stop.
    pub fn look_at_clock(&mut self, now: u64) {
        self.look_at_drains(now);
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
        let turned = self.engine.turn(|| &[], want, limit, 0, Begun::OUTSIDE);
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
        let turning = self.accepting.take().or_else(|| self.turning.take());
        turning.or_else(|| self.datagrams.receiving.take())
    }

    /// The kernel has no memory for what was submitted.
    #[cold]
    fn rest(&mut self, errno: i32) {
        self.turning.begin(errno);
        self.stats.backoffs.add(1);
        self.engine.driver.enter.backend().pause(self.pace.ns());
        self.pace.slower();
    }

    /// Whether nothing waits for its time, its turn or the log: then there is nothing to do but to
    /// wait for completions.
    #[inline(always)]
    pub fn is_calm(&self) -> bool {
        let listens = self.table.live() == self.listened && self.datagrams.is_empty();
        let timeless = self.deadlines.is_empty()
            && self.draining.is_empty()
            && self.handshakes.next().is_none()
            && self.patience == u64::MAX;
        let done = self.due.is_empty() && self.late.is_empty() && self.loans.ended.is_empty();
        let works = !self.again && !self.accepting.has_tale() && !self.turning.has_tale();
        listens
            && timeless
            && done
            && works
            && self.phase == Phase::Running
            && self.listeners.iter().all(Listening::is_settled)
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
        let retry = self.listeners.iter().filter_map(Listening::next).min();
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

    /// The connection a completion is about.
    pub fn connection_of(&mut self, completion: &Completion) -> Option<usize> {
        let (index, mask) = (index_of(completion.user_data), (1 << kind::SHIFT) - 1);
        let connection = self.table.get(index)?;
        let same = local(connection.id) == completion.user_data & mask;
        (same && connection.life != Life::Free).then_some(index)
    }

    /// Close a descriptor that no connection has.
    pub fn refuse(&mut self, fd: i32) {
        self.stats.refused.add(1);
        self.engine.driver.enter.backend().close(fd);
    }
}
