//! What a worker owns: its engine, its connections, its listeners; and what each wants next.
//!
//! Owns: everything on the worker's thread but the user's callbacks. Never calls user code: the
//! worker above takes what is to be told out of here first. Calls of the user only change what a
//! connection wants; `settle` then does it, once per turn, so that small sends are gathered.

use super::config::Config;
use super::conn_table::{ConnTable, index_of, local};
use super::connection::{How, Life};
use super::listener::Listening;
use super::send_queue::Blocks;
use super::stats::WorkerStats;
use crate::error::Fault;
use crate::op::{Begun, Engine, EngineConfig, Sink};
use crate::resource::PoolSpec;
use crate::ring::{Completion, Op, opcode, sqe_flag};
use crate::sys::net;
use crate::sys::{Features, Real, RingSpec, disabled_by_environment, refusal_text};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

const SQ_ENTRIES: u32 = 512;
const CQ_ENTRIES: u32 = 2048;
/// A connection has a receive, a send and a close in flight at most, each with a cancel.
const OPS_PER_CONNECTION: u32 = 3;
const OPS_BESIDE: u32 = 8192;
const MEMORY_PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before asking again for what the ring refused.
const AGAIN_NS: u64 = 1_000_000;
/// How long the end of a worker waits for what was asked to end.
const END_PATIENCE_NS: u64 = 1_000_000_000;

const RECV_MULTISHOT: u16 = 2;
const ACCEPT_MULTISHOT: u16 = 1;
const CLOEXEC: u32 = libc::SOCK_CLOEXEC as u32;

/// What a completion is about: the top bits of its user data; below is place and generation.
pub mod kind {
    pub const ACCEPT: u64 = 1;
    pub const RECV: u64 = 2;
    pub const SEND: u64 = 3;
    pub const CLOSE: u64 = 4;
    pub const SHIFT: u32 = 56;
}

/// How far the worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
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
    pub blocks: Blocks,
    pub stats: Arc<WorkerStats>,
    /// Places of connections to be settled before the next wait.
    due: Vec<u32>,
    /// Those of the round at hand.
    round: Vec<u32>,
    /// Places of connections that wait for a buffer, first come first served.
    parked: VecDeque<u32>,
    /// Ids of connections that drain, and until when. All have the same time, so it is in order.
    draining: VecDeque<(u64, u64)>,
    pool: u16,
    phase: Phase,
    /// The ring refused something that passes: ask again soon.
    again: bool,
}

impl Core {
    /// Make the ring and the pool of a worker, on its thread.
    pub fn new(config: &Config, worker: u32, stats: Arc<WorkerStats>) -> Result<Core, Fault> {
        let spec = RingSpec {
            sq_entries: SQ_ENTRIES,
            cq_entries: CQ_ENTRIES,
            sqpoll: false,
            big: false,
            sq_thread_idle_ms: 0,
            sq_thread_cpu: -1,
            disable: config.disable.with(disabled_by_environment()),
            memory_patience: MEMORY_PATIENCE,
        };
        let refused = |errno| Fault::errno(errno, refusal_text(errno));
        let backend = Box::new(Real::new(&spec).map_err(refused)?);
        let sizes = EngineConfig {
            max_inflight: config.max_connections * OPS_PER_CONNECTION + OPS_BESIDE,
            records: CQ_ENTRIES,
        };
        let mut engine = Engine::with_backend(backend, &sizes).map_err(refused)?;
        let features = engine.driver.enter.backend_ref().info().features;
        let pool = engine.pool_create(&PoolSpec {
            count: config.pool_buffers,
            size: config.pool_buffer_size,
            incremental: features.has(Features::POOL_INCREMENTAL),
            huge: false,
        })?;
        let errno = engine.attach();
        if errno != 0 {
            return Err(refused(errno));
        }
        Ok(Core {
            engine,
            config: *config,
            table: ConnTable::new(worker, config.max_connections),
            listeners: Vec::new(),
            blocks: Blocks::default(),
            stats,
            due: Vec::new(),
            round: Vec::new(),
            parked: VecDeque::new(),
            draining: VecDeque::new(),
            pool,
            phase: Phase::Running,
            again: false,
        })
    }

    /// Have a connection settled before the next wait.
    pub fn make_due(&mut self, index: usize) {
        let connection = self.table.at(index);
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

    /// The next connection of the round.
    pub fn next_due(&mut self) -> Option<usize> {
        let index = self.round.pop()? as usize;
        self.table.at(index).due = false;
        Some(index)
    }

    fn submit(&mut self, op: &Op) -> Result<u64, Fault> {
        let mut token = [0];
        match self.engine.submit(core::slice::from_ref(op), &mut token, Sink::default()) {
            1 => Ok(token[0]),
            _ => Err(self.engine.rejection().0),
        }
    }

    /// Do what a connection wants. What the ring refuses for now is asked for again soon.
    pub fn settle(&mut self, index: usize) {
        if self.try_settle(index).is_err() {
            self.again = true;
            self.make_due(index);
        }
    }

    fn try_settle(&mut self, index: usize) -> Result<(), Fault> {
        match self.table.at(index).life {
            Life::Free => return Ok(()),
            Life::Closing => return self.settle_closing(index),
            Life::Open | Life::Draining => {}
        }
        self.settle_sending(index)?;
        if self.table.at(index).is_drained() {
            self.table.at(index).begin_close(How::AtOnce, 0);
            return self.settle_closing(index);
        }
        self.settle_receiving(index)
    }

    fn settle_sending(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if connection.send != 0 {
            return Ok(());
        }
        let Some((addr, len)) = connection.queue.next() else {
            if connection.wants_end && !connection.end_sent {
                connection.end_sent = true;
                net::end_sending(connection.fd);
            }
            return Ok(());
        };
        let op = Op {
            opcode: opcode::LIB_SEND_ALL,
            fd: connection.fd,
            addr,
            len,
            user_data: kind::SEND << kind::SHIFT | local(connection.id),
            ..Op::default()
        };
        let token = self.submit(&op)?;
        let connection = self.table.at(index);
        connection.queue.take_off(len);
        connection.send = token;
        Ok(())
    }

    fn settle_receiving(&mut self, index: usize) -> Result<(), Fault> {
        let pool = self.pool;
        let connection = self.table.at(index);
        let (wants, token) = (connection.wants_data(), connection.recv);
        if !wants && token != 0 && !connection.recv_ends {
            connection.recv_ends = true;
            return passed(self.engine.cancel(token));
        }
        if !wants || token != 0 {
            return Ok(());
        }
        let op = Op {
            opcode: opcode::RECV,
            flags: sqe_flag::BUFFER_SELECT,
            ioprio: RECV_MULTISHOT,
            fd: connection.fd,
            buf_index: pool,
            user_data: kind::RECV << kind::SHIFT | local(connection.id),
            ..Op::default()
        };
        let token = self.submit(&op)?;
        self.table.at(index).recv = token;
        Ok(())
    }

    /// End what is in flight, then close: before that the kernel would keep the connection alive.
    fn settle_closing(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if !connection.is_idle() {
            let (recv, send) = (
                if connection.recv_ends { 0 } else { connection.recv },
                if connection.send_ends { 0 } else { connection.send },
            );
            for token in [recv, send].into_iter().filter(|token| *token != 0) {
                passed(self.engine.cancel(token))?;
            }
            let connection = self.table.at(index);
            (connection.recv_ends, connection.send_ends) = (true, true);
            return Ok(());
        }
        if connection.closes {
            return Ok(());
        }
        let op = Op {
            opcode: opcode::CLOSE,
            fd: connection.fd,
            user_data: kind::CLOSE << kind::SHIFT | local(connection.id),
            ..Op::default()
        };
        self.submit(&op)?;
        self.table.at(index).closes = true;
        Ok(())
    }

    /// Accept where there is room, and end the listeners that are to end.
    pub fn settle_listeners(&mut self, now: u64) {
        let room = self.table.has_room();
        for at in 0..self.listeners.len() {
            if self.settle_listener(at, room, now).is_err() {
                self.again = true;
            }
        }
        self.listeners.retain(|listening| !listening.closing || listening.accept != 0);
    }

    fn settle_listener(&mut self, at: usize, room: bool, now: u64) -> Result<(), Fault> {
        let listening = &mut self.listeners[at];
        if listening.retry_at <= now {
            listening.retry_at = 0;
        }
        let wants = room && !listening.closing;
        if !wants && listening.accept != 0 && !listening.accept_ends {
            listening.accept_ends = true;
            return passed(self.engine.cancel(listening.accept));
        }
        if !wants || listening.accept != 0 || listening.retry_at > 0 {
            return Ok(());
        }
        if !listening.listen() {
            listening.accept_ended(-libc::EADDRINUSE, now);
            return Ok(());
        }
        let op = Op {
            opcode: opcode::ACCEPT,
            ioprio: ACCEPT_MULTISHOT,
            fd: listening.fd(),
            op_flags: CLOEXEC,
            user_data: kind::ACCEPT << kind::SHIFT | u64::from(listening.id),
            ..Op::default()
        };
        self.listeners[at].accept = self.submit(&op)?;
        Ok(())
    }

    /// Close a connection for `reason`.
    pub fn close(&mut self, index: usize, how: How, reason: i32) {
        let connection = self.table.at(index);
        if !connection.begin_close(how, reason) {
            return;
        }
        if how == How::AtOnce && !connection.end_sent {
            net::reset_on_close(connection.fd);
        }
        let id = connection.id;
        if how == How::Gracefully {
            let end = self.engine.driver.now().saturating_add(self.config.close_timeout_ns);
            self.draining.push_back((end, id));
            self.forget_drained();
        }
        self.make_due(index);
    }

    /// Connections that came and went while a slow one drains leave nothing in the list.
    fn forget_drained(&mut self) {
        if self.draining.len() > 2 * self.table.live() + 64 {
            let table = &mut self.table;
            self.draining.retain(|(_, id)| table.find(*id).is_ok());
        }
    }

    /// A connection that was told to drain had its time.
    fn time_is_up(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.life == Life::Draining {
            // Where all was sent, only the other end is missing: that is no failure.
            let reason = if connection.end_sent { 0 } else { -libc::ETIMEDOUT };
            self.close(index, How::AtOnce, reason);
        }
    }

    /// Look at the clock: drains and the stop.
    pub fn look_at_clock(&mut self, now: u64) {
        while let Some((end, id)) = self.draining.front().copied() {
            let over = self.table.find(id).map_or(true, |found| found.life != Life::Draining);
            if !over && end > now {
                break;
            }
            self.draining.pop_front();
            if !over {
                self.time_is_up(index_of(id));
            }
        }
        if matches!(self.phase, Phase::Stopping(end) if end <= now) {
            self.phase = Phase::Ending(now.saturating_add(END_PATIENCE_NS));
            for index in 0..self.table.places() {
                self.close(index, How::AtOnce, -libc::ECANCELED);
            }
        }
    }

    /// End: nothing is accepted, each connection drains, and after `grace_ns` (-1 = never) what is
    /// left ends at once.
    pub fn stop(&mut self, grace_ns: i64, now: u64) {
        let grace = u64::try_from(grace_ns).unwrap_or(u64::MAX);
        let end = now.saturating_add(grace);
        match self.phase {
            Phase::Ending(_) => return,
            // Asked again: all is on its way already.
            Phase::Stopping(before) => return self.phase = Phase::Stopping(before.min(end)),
            Phase::Running => self.phase = Phase::Stopping(end),
        }
        self.listeners.iter_mut().for_each(|listening| listening.closing = true);
        for index in 0..self.table.places() {
            self.close(index, How::Gracefully, 0);
        }
    }

    /// Whether nothing new is taken any more.
    pub fn is_stopping(&self) -> bool {
        self.phase != Phase::Running
    }

    /// Whether the worker is over.
    pub fn is_over(&mut self) -> bool {
        let done = self.table.live() == 0 && self.listeners.is_empty();
        match self.phase {
            Phase::Running => false,
            Phase::Stopping(_) => done,
            Phase::Ending(end) => done || self.engine.driver.now() >= end,
        }
    }

    /// One turn of the engine; how many records there are to look at.
    pub fn turn(&mut self, now: u64) -> u32 {
        self.stats.turns.add(1);
        self.unpark();
        self.engine.completed.forget_shown();
        let limit = self.limit(now);
        let want = u32::from(limit != 0);
        let turned = self.engine.turn(|| &[], want, limit, 0, Begun::OUTSIDE);
        if turned.is_err_and(|fault| matches!(-fault.code, libc::EAGAIN | libc::ENOMEM)) {
            self.engine.driver.enter.backend().pause(AGAIN_NS);
        }
        self.engine.completed.show()
    }

    /// How long the next wait may be; -1 = for ever.
    fn limit(&self, now: u64) -> i64 {
        if self.again {
            return AGAIN_NS as i64;
        }
        if !self.due.is_empty() {
            return 0;
        }
        let stop = match self.phase {
            Phase::Running | Phase::Stopping(u64::MAX) => None,
            Phase::Stopping(end) | Phase::Ending(end) => Some(end),
        };
        let drain = self.draining.front().map(|(end, _)| *end);
        let retry = self.listeners.iter().map(|own| own.retry_at).filter(|at| *at > 0).min();
        match stop.into_iter().chain(drain).chain(retry).min() {
            Some(end) => end.saturating_sub(now).clamp(1, i64::MAX as u64) as i64,
            None => -1,
        }
    }

    /// A receive found no buffer: it asks again when there is one.
    pub fn park(&mut self, index: usize) {
        let connection = self.table.at(index);
        if !connection.parked {
            connection.parked = true;
            self.parked.push_back(index as u32);
            self.stats.parked.add(1);
        }
    }

    /// As many of those that wait for a buffer as there are buffers, in order.
    fn unpark(&mut self) {
        if self.parked.is_empty() {
            return;
        }
        let free = self.engine.pool_info(self.pool).map_or(0, |info| info.free);
        for _ in 0..free.min(self.parked.len() as u32) {
            let Some(index) = self.parked.pop_front() else { break };
            self.table.at(index as usize).parked = false;
            self.settle(index as usize);
        }
    }

    /// The connection a completion is about.
    pub fn connection_of(&mut self, completion: &Completion) -> Option<usize> {
        let index = index_of(completion.user_data);
        let mask = (1 << kind::SHIFT) - 1;
        let known = index < self.table.places()
            && local(self.table.at(index).id) == completion.user_data & mask
            && self.table.at(index).life != Life::Free;
        known.then_some(index)
    }

    /// Close a descriptor that no connection has.
    pub fn refuse(&mut self, fd: i32) {
        self.stats.refused.add(1);
        self.engine.driver.enter.backend().close(fd);
    }

    /// The end: what is still in flight keeps its memory for good.
    pub fn dispose(self) {
        let Core { mut engine, table, blocks, .. } = self;
        let left = engine.inflight();
        if left > 0 {
            core::mem::forget((table, blocks));
            engine.completed.show();
            engine.completed.forget_shown();
            engine.driver.closing = true;
        }
        engine.dispose(left > 0);
    }
}

/// A cancel that finds nothing is as good as one that does.
fn passed(asked: Result<(), Fault>) -> Result<(), Fault> {
    match asked {
        Err(fault) if fault.code == crate::error::ESTALE => Ok(()),
        other => other,
    }
}
