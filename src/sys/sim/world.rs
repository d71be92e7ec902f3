//! The simulated kernel's state: queues, clock, and what one enter does.
//!
//! Owns: consuming entries, waiting in virtual time, the completion queue and its backlog.
//! Completions of operations that took time appear only at an enter that gets events, as on a
//! ring with deferred task work; until then `ready` announces them.

use super::Posted;
use super::entry::Entry;
use super::flight::Flight;
use super::memory::PoolRing;
use super::plan::{Dice, SimPlan};
use super::queue::Queue;
use super::tables::Tables;
use crate::sys::uapi::sqe_flag;
use crate::sys::{Cqe, Features, Ready, SetupInfo, Sqe};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};

const TASKRUN_FLAG: u32 = 512;
const SINGLE_ISSUER: u32 = 4096;
const DEFER_TASKRUN: u32 = 8192;
/// Descriptors of wakes start here; no operation on one ever ends by itself.
pub(super) const FIRST_WAKE: i32 = 1_000_000;
const FIRST_FILE: i32 = 10_000;
/// Time never comes.
pub(super) const NEVER: u64 = u64::MAX;
/// What a system call and a look at the queues take.
const ENTER_NS: u64 = 300;
const LOOK_NS: u64 = 20;

/// When a flight is due: time, then a roll (so that equal times come in any order), then which.
type Due = Reverse<(u64, u64, usize, u64)>;

/// What an enter that gets events waits for.
pub(super) struct Wait {
    pub want: u32,
    pub limit_ns: i64,
    pub min_wait_us: u32,
}

pub(super) struct World {
    pub plan: SimPlan,
    pub dice: Dice,
    pub clock: u64,
    pub enabled: bool,
    pub queue: Queue,
    backlog: VecDeque<Cqe>,
    pub flights: Vec<Option<Flight>>,
    free: Vec<usize>,
    pub live: usize,
    due: BinaryHeap<Due>,
    /// Chains behind a drain, in order.
    drained: VecDeque<Vec<Entry>>,
    pub pools: BTreeMap<u16, PoolRing>,
    pub tables: Tables,
    /// Entries consumed and not completed for good, by user data.
    carried: HashMap<u64, u32>,
    pub streams: HashMap<i32, (u64, u64)>,
    pub torn: u64,
    pub log: Vec<Posted>,
    sequence: u64,
    next_file: i32,
    next_wake: i32,
}

impl World {
    pub fn new(plan: SimPlan) -> World {
        let queue = Queue::new(plan.sq_entries, plan.cq_entries);
        World {
            plan,
            dice: Dice::new(plan.seed),
            clock: 1_000_000_000,
            enabled: false,
            queue,
            backlog: VecDeque::new(),
            flights: Vec::new(),
            free: Vec::new(),
            live: 0,
            due: BinaryHeap::new(),
            drained: VecDeque::new(),
            pools: BTreeMap::new(),
            tables: Tables::default(),
            carried: HashMap::new(),
            streams: HashMap::new(),
            torn: 0,
            log: Vec::new(),
            sequence: 0,
            next_file: FIRST_FILE,
            next_wake: FIRST_WAKE,
        }
    }

    pub fn info(&self) -> SetupInfo {
        SetupInfo {
            sq_entries: self.plan.sq_entries,
            cq_entries: self.plan.cq_entries,
            setup_flags: SINGLE_ISSUER | DEFER_TASKRUN | TASKRUN_FLAG,
            features: Features::all(),
            fd: -1,
        }
    }

    pub fn open_wake(&mut self) -> i32 {
        self.next_wake += 1;
        self.next_wake - 1
    }

    pub fn open_file(&mut self) -> i32 {
        self.next_file += 1;
        self.next_file - 1
    }

    /// Reading the clock takes time too, or a caller that only polls would wait for ever.
    pub fn look(&mut self) -> u64 {
        self.clock += LOOK_NS;
        self.clock
    }

    pub fn ready(&mut self) -> Ready {
        self.look();
        let task_run = self.next_due().is_some_and(|due| due <= self.clock);
        self.queue.announce(task_run, !self.backlog.is_empty());
        Ready { completions: self.queue.len() as u32, task_run, overflow: !self.backlog.is_empty() }
    }

    pub fn is_carried(&self, user_data: u64) -> bool {
        self.carried.contains_key(&user_data)
    }

    pub fn stuck(&self) -> usize {
        self.flights.iter().flatten().filter(|flight| flight.stuck).count()
    }

    /// One io_uring_enter(2).
    pub fn enter(&mut self, entries: u32, wait: Option<Wait>) -> i32 {
        let done = self.enter_once(entries, wait);
        self.ready();
        done
    }

    fn enter_once(&mut self, entries: u32, wait: Option<Wait>) -> i32 {
        self.clock += ENTER_NS;
        if !self.enabled {
            return -libc::EBADFD;
        }
        self.spoil_something();
        let batch = self.queue.look(entries);
        let errno = self.refusal(batch.len());
        if errno != 0 {
            return -errno;
        }
        let consumed = self.portion(batch.len());
        self.queue.consume(consumed as u32);
        self.submit(&batch[..consumed]);
        if consumed < batch.len() {
            return consumed as i32;
        }
        let errno = wait.map_or(0, |wait| self.wait(wait));
        // A call that submitted something reports that, not how its wait ended.
        if consumed > 0 { consumed as i32 } else { -errno }
    }

    /// The errno of an enter that does nothing at all.
    fn refusal(&mut self, entries: usize) -> i32 {
        let eintr = self.dice.chance(self.plan.enter_eintr);
        let ebusy = self.dice.chance(self.plan.enter_ebusy);
        let eagain = self.dice.chance(self.plan.enter_eagain);
        if ebusy && !self.backlog.is_empty() {
            return libc::EBUSY;
        }
        match entries {
            0 => 0,
            _ if eintr => libc::EINTR,
            _ if ebusy => libc::EBUSY,
            _ if eagain => libc::EAGAIN,
            _ => 0,
        }
    }

    /// How much of a batch is taken; never nothing.
    fn portion(&mut self, entries: usize) -> usize {
        let part = 1 + self.dice.below(entries as u64) as usize;
        if self.dice.chance(self.plan.partial_consume) { part.min(entries) } else { entries }
    }

    /// The entries now belong to the kernel. A chain that the batch cuts off ends there.
    fn submit(&mut self, batch: &[Sqe]) {
        let mut chain = Vec::new();
        for (at, sqe) in batch.iter().enumerate() {
            let entry = Entry::new(sqe);
            *self.carried.entry(entry.user_data).or_insert(0) += 1;
            if chain.is_empty() && !entry.is_linked() && self.may_start(&entry) {
                self.start(entry, Vec::new());
                continue;
            }
            chain.push(entry);
            if !entry.is_linked() || at + 1 == batch.len() {
                self.begin(core::mem::take(&mut chain));
            }
        }
        self.release_drained();
    }

    fn may_start(&self, entry: &Entry) -> bool {
        self.drained.is_empty() && (entry.flags & sqe_flag::IO_DRAIN == 0 || self.live == 0)
    }

    fn begin(&mut self, mut chain: Vec<Entry>) {
        if !self.may_start(&chain[0]) {
            self.drained.push_back(chain);
            return;
        }
        let head = chain.remove(0);
        self.start(head, chain);
    }

    /// Start what waited behind a drain as far as it may.
    fn release_drained(&mut self) {
        while let Some(front) = self.drained.front() {
            if front[0].flags & sqe_flag::IO_DRAIN != 0 && self.live > 0 {
                return;
            }
            let Some(mut chain) = self.drained.pop_front() else { return };
            let head = chain.remove(0);
            self.start(head, chain);
        }
    }

    /// Sleep until enough completions are there. The errno counts only with an empty queue.
    fn wait(&mut self, wait: Wait) -> i32 {
        self.run_due();
        let interrupted = self.dice.chance(self.plan.enter_eintr);
        let mut want = wait.want.min(self.plan.cq_entries) as usize;
        let end = match u64::try_from(wait.limit_ns) {
            Ok(limit) => self.clock.saturating_add(limit),
            Err(_) => NEVER,
        };
        let mut patience = match wait.min_wait_us {
            0 => end,
            micros => end.min(self.clock.saturating_add(u64::from(micros) * 1000)),
        };
        while self.queue.len() < want && self.backlog.is_empty() {
            if interrupted {
                return self.unless_ready(libc::EINTR);
            }
            match self.next_due() {
                Some(due) if due <= patience => {
                    self.clock = self.clock.max(due);
                    self.run_due();
                }
                // Nothing can ever happen: a signal is the only way out of such a sleep.
                None if patience == NEVER => return self.unless_ready(libc::EINTR),
                _ => {
                    self.clock = self.clock.max(patience);
                    if patience == end {
                        return self.unless_ready(libc::ETIME);
                    }
                    patience = end;
                    want = 1;
                }
            }
        }
        0
    }

    fn unless_ready(&self, errno: i32) -> i32 {
        if self.queue.is_empty() { errno } else { 0 }
    }

    /// Run deferred work, then let in what the queue had no room for.
    fn run_due(&mut self) {
        self.flush_backlog();
        while self.next_due().is_some_and(|due| due <= self.clock) {
            if let Some(Reverse((_, _, index, _))) = self.due.pop() {
                self.expire(index);
            }
        }
        self.release_drained();
        self.flush_backlog();
    }

    fn flush_backlog(&mut self) {
        while !self.queue.is_full() {
            let Some(cqe) = self.backlog.pop_front() else { return };
            self.queue.post(cqe);
        }
    }

    /// The time of the next flight that is due; forgets what ended or was put off meanwhile.
    fn next_due(&mut self) -> Option<u64> {
        while let Some(Reverse((due, _, index, sequence))) = self.due.peek() {
            let flight = self.flights[*index].as_ref();
            if flight.is_some_and(|flight| flight.sequence == *sequence && flight.due == *due) {
                return Some(*due);
            }
            self.due.pop();
        }
        None
    }

    /// Put an operation in flight; it is due at `flight.due`.
    pub fn launch(&mut self, mut flight: Flight) {
        self.sequence += 1;
        flight.sequence = self.sequence;
        let index = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        let due = flight.due;
        self.flights[index] = Some(flight);
        self.live += 1;
        self.put_off(index, due);
    }

    /// The flight is due at another time.
    pub fn put_off(&mut self, index: usize, due: u64) {
        let roll = self.dice.next();
        if let Some(flight) = &mut self.flights[index] {
            flight.due = due;
            if due != NEVER {
                self.due.push(Reverse((due, roll, index, flight.sequence)));
            }
        }
    }

    /// The operation is over: its memory is the submitter's again.
    pub fn land(&mut self, index: usize) -> Option<Flight> {
        let flight = self.flights[index].take()?;
        self.free.push(index);
        self.live -= 1;
        Some(flight)
    }

    pub fn forget(&mut self, user_data: u64) {
        if let Some(count) = self.carried.get_mut(&user_data) {
            *count -= 1;
            if *count == 0 {
                self.carried.remove(&user_data);
            }
        }
    }

    /// Whether a completion would find room in the queue.
    pub fn has_room(&self) -> bool {
        self.backlog.is_empty() && !self.queue.is_full()
    }

    pub fn post(&mut self, user_data: u64, res: i32, flags: u32) {
        let cqe = Cqe { user_data, res, flags };
        self.log.push(Posted { at: self.clock, cqe });
        if self.has_room() { self.queue.post(cqe) } else { self.backlog.push_back(cqe) }
    }
}
