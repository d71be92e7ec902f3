//! The connections of a worker, and the ring that they are on.
//!
//! Owns: their places, what they have to send, and what each wants next. Never calls user code: who
//! turns the ring takes what is to be told out of here first. Calls of the user only change what a
//! connection wants; `settle` then does it, once per turn, so that small sends are gathered.

use super::batch::Batch;
use super::limits::{Deadlines, Handshakes};
use super::loans::Loans;
use super::rations::Rations;
use super::shown::Held;
use super::table::{ConnTable, index_of, local};
use super::teardown::{How, Life};
use crate::driver::{Completion, Op};
use crate::fault::Fault;
use crate::op::{Engine, EngineConfig, Sink};
use crate::resource::PoolSpec;
use crate::runtime::config::{Config, MAX_TIMERS};
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::runtime::queue::Blocks;
use crate::runtime::stats::WorkerStats;
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
/// The connections of a worker.
pub struct Connections {
    pub engine: Engine,
    pub config: Config,
    pub table: ConnTable,
    pub blocks: Blocks,
    pub stats: Arc<WorkerStats>,
    pub batch: Batch,
    pub loans: Loans,
    pub deadlines: Deadlines,
    /// The time when the last wait ended.
    pub now: u64,
    /// Places of connections to be settled before the next wait.
    pub due: Vec<u32>,
    /// Those of the round at hand.
    round: Vec<u32>,
    pub rations: Rations,
    /// Ids of connections that drain, and when each is looked at. All are after the same time, so
    /// it is in order.
    pub draining: VecDeque<(u64, u64)>,
    pub pool: u16,
    pub handshakes: Handshakes,
    /// What a receive says behind its TLS; empty between two completions.
    pub plain: Vec<u8>,
    /// The ring refused something that passes: ask again soon.
    pub again: bool,
    /// The next turn does not wait.
    pub hurry: bool,
    /// The kernel can send without a completion.
    pub skips: bool,
    /// Who sends more than is kept waits, and is not closed.
    pub holds_back: bool,
    /// Data is not consumed when it is shown, but at the next turn.
    pub holds: bool,
    /// Such data, in the order in which it was shown.
    pub held: Vec<Held>,
}

fn ring_spec(config: &Config) -> RingSpec {
    RingSpec {
        sq_entries: SQ_ENTRIES,
        cq_entries: CQ_ENTRIES,
        sqpoll: false,
        big: config.big,
        sq_thread_idle_ms: 0,
        sq_thread_cpu: -1,
        disable: config.disable.with(disabled_by_environment()),
        memory_patience: MEMORY_PATIENCE,
    }
}

impl Connections {
    /// Make the ring and the pool of a worker, on its thread.
    pub fn new(
        config: &Config,
        worker: u32,
        stats: Arc<WorkerStats>,
    ) -> Result<Connections, Fault> {
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
        engine.driver.quiet.told.reserve_exact(2 * SQ_ENTRIES as usize);
        let errno = engine.attach();
        if errno != 0 {
            return Err(refused(errno));
        }
        if config.files > 0 {
            engine.files_reserve(config.files, 0)?;
        }
        Ok(Connections {
            engine,
            config: *config,
            table: ConnTable::new(worker, config.max_connections),
            blocks: Blocks::default(),
            batch: Batch::new().map_err(refused)?,
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
            again: false,
            hurry: false,
            skips: features.has(Features::CQE_SKIP),
            holds_back: false,
            holds: false,
            held: Vec::new(),
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

    pub fn submit(&mut self, op: &Op) -> Result<u64, Fault> {
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
