//! Group M: the door of records: what an adopted worker tells is written down for its thread.
//!
//! Owns: the block, the records beside it, and what they point to. Invariant: there is room for all
//! of a turn.

use super::RINGLINE_ABI;
use super::constants::*;
use super::runtime_here::{arrive, depart};
use super::runtime_ring::Hosted;
use crate::fault::ETLS;
use crate::runtime::{Datagram, Door, Event, Rest, Worker};
use crate::sys::{Map, Resolved};
use core::cell::{Cell, RefCell};
use core::ffi::CStr;

/// Completions of a turn, and what each may tell at most.
const EVENTS: usize = 4 * 4096;

/// What a worker tells, as a record. Addresses are valid until the next turn.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_event {
    /// RINGLINE_EVENT_*; skip those that you do not know: there will be more.
    pub kind: u32,
    /// A result, reason or status.
    pub res: i32,
    /// The connection (or timer, or process).
    pub conn: u64,
    /// The user's number of it.
    pub user: u64,
    /// Address of the bytes.
    pub address: u64,
    /// How many there are.
    pub length: u64,
    /// Of RINGLINE_EVENT_DATA: in, what a data callback would return. It is `length` at first (0 at
    /// the end): write less to have the rest shown again, in front of what comes next. Where bytes
    /// were left, later data of the connection in the same turn counts as not seen: it is shown
    /// again at once, behind them. The end counts as not seen where the connection is paused: it is
    /// told after ringline_conn_resume(). Negative = close at once.
    pub consumed: i64,
    /// The listener it is about.
    pub listener: u32,
    /// RINGLINE_EVENT_FLAG_*.
    pub flags: u32,
    /// More of some kinds; else 0.
    pub extra: u64,
}

/// Through which an adopted worker is turned. Owned by the worker, its address is stable until the
/// worker is over. Only the worker's thread may touch it.
#[repr(C)]
#[derive(Debug)]
pub struct ringline_worker_block {
    /// Size of this struct.
    pub size: u32,
    /// RINGLINE_ABI of the library.
    pub abi: u32,
    /// Address of ringline_event events[events_cap].
    pub events: u64,
    /// Its capacity, which no turn exceeds.
    pub events_cap: u32,
    /// Out: how many events there are. They are valid until the next turn.
    pub events_len: u32,
    /// In: longest wait of a turn in nanoseconds; 0 = do not wait, -1 = for ever.
    pub timeout_ns: i64,
    /// The runtime's handle.
    pub runtime: u64,
    /// Which of its workers this is.
    pub worker: u32,
    /// Zero.
    pub resv: u32,
    /// Zero.
    pub more: [u64; 2],
}

const _: () = assert!(size_of::<ringline_event>() == 64);
const _: () = assert!(size_of::<ringline_worker_block>() == 64);

/// The records of an adopted worker.
pub(super) struct Records {
    map: Map,
    len: Cell<u32>,
    /// A record, and how many before it are data.
    counted: Cell<(u32, usize)>,
    /// What events point to and nobody else keeps until the next turn.
    kept: RefCell<Vec<Box<[u64]>>>,
    hosted: Hosted,
}

impl Records {
    /// The records of one worker; the errno on failure.
    pub fn new(runtime: u64, worker: u32) -> Result<Records, i32> {
        let map = Map::new((EVENTS + 1) * size_of::<ringline_event>())?;
        let records = Records {
            map,
            len: Cell::new(0),
            counted: Cell::default(),
            kept: RefCell::default(),
            hosted: Hosted::default(),
        };
        let block = ringline_worker_block {
            size: size_of::<ringline_worker_block>() as u32,
            abi: RINGLINE_ABI,
            events: records.events() as u64,
            events_cap: EVENTS as u32,
            events_len: 0,
            timeout_ns: -1,
            runtime,
            worker,
            resv: 0,
            more: [0; 2],
        };
        // SAFETY: the map begins with the block.
        unsafe { records.block().write(block) };
        Ok(records)
    }

    /// The block.
    pub fn block(&self) -> *mut ringline_worker_block {
        self.map.as_ptr().cast()
    }

    fn events(&self) -> *mut ringline_event {
        // SAFETY: the records follow the block inside the map.
        unsafe { self.map.as_ptr().add(size_of::<ringline_worker_block>()).cast() }
    }

    /// Records that there are.
    pub fn len(&self) -> u32 {
        self.len.get()
    }

    /// Show what was recorded.
    pub fn show(&self) -> u32 {
        // SAFETY: the block is this worker's, and its thread is here.
        unsafe { (*self.block()).events_len = self.len() };
        self.len()
    }

    /// Forget all records.
    pub fn clear(&self) {
        self.len.set(0);
        self.counted.take();
        self.kept.borrow_mut().clear();
    }

    /// A copy that lives until the next turn; its address.
    fn keep<T: Copy>(&self, all: &[T]) -> u64 {
        let mut copy = vec![0u64; size_of_val(all).div_ceil(8)].into_boxed_slice();
        // SAFETY: the copy has as many bytes at least, and nobody else has it.
        unsafe { copy.as_mut_ptr().cast::<T>().copy_from_nonoverlapping(all.as_ptr(), all.len()) };
        let address = copy.as_ptr() as u64;
        self.kept.borrow_mut().push(copy);
        address
    }

    /// The user's answers to the data of the last turn, in order.
    pub fn answers(&self) -> impl Iterator<Item = i64> + use<> {
        let events = self.events();
        (0..self.len() as usize).filter_map(move |at| {
            // SAFETY: below `len`, so it was written.
            let event = unsafe { events.add(at).read() };
            (event.kind == RINGLINE_EVENT_DATA).then_some(event.consumed)
        })
    }

    /// As which data of the turn the record at `event` was shown; None when it is no such record.
    pub fn place_of(&self, event: *const ringline_event) -> Option<usize> {
        let offset = (event as usize).checked_sub(self.events() as usize)?;
        let at = offset / size_of::<ringline_event>();
        if offset % size_of::<ringline_event>() != 0 || at >= self.len() as usize {
            return None;
        }
        // SAFETY: below `len`, so it was written.
        let is_data = |at| unsafe { (*self.events().add(at)).kind } == RINGLINE_EVENT_DATA;
        // Mostly they are asked for in their order.
        let (mut from, mut count) = self.counted.get();
        if from as usize > at {
            (from, count) = (0, 0);
        }
        count += (from as usize..at).filter(|at| is_data(*at)).count();
        self.counted.set((at as u32, count));
        is_data(at).then_some(count)
    }

    fn push(&self, kind: u32, event: ringline_event) {
        let at = self.len() as usize;
        assert!(at < EVENTS, "a turn told more than it may");
        // SAFETY: below the capacity of the map.
        unsafe { self.events().add(at).write(ringline_event { kind, ..event }) };
        self.len.set(at as u32 + 1);
    }

    fn closed(&self, worker: &Worker, (conn, user, res): (u64, u64, i32), why: &str) {
        let facts = worker.facts(conn).ok();
        let extra = facts.map_or(0, |facts| facts.queued.saturating_add(facts.untaken));
        let mut event = ringline_event { conn, user, res, extra, ..ringline_event::default() };
        if res == ETLS {
            // The end of a text in C.
            event.address = self.keep(&[why.as_bytes(), &[0]].concat());
            event.length = why.len() as u64;
        }
        self.push(RINGLINE_EVENT_CLOSE, event);
    }

    fn resolved(&self, (user, res): (u64, i32), addresses: &[Resolved], error: &CStr) {
        let (address, length) = match res {
            0.. => (self.keep(addresses), addresses.len()),
            _ => (self.keep(error.to_bytes_with_nul()), error.count_bytes()),
        };
        let length = length as u64;
        let event = ringline_event { user, res, address, length, ..ringline_event::default() };
        self.push(RINGLINE_EVENT_RESOLVE, event);
    }

    fn datagram(&self, listener: u32, it: &Datagram<'_>) {
        // The buffer goes back to the kernel before the turn ends: the record has copies.
        let (address, user) = (self.keep(it.bytes), self.keep(it.from));
        let event = ringline_event {
            user,
            res: it.from.len() as i32,
            address,
            length: it.bytes.len() as u64,
            listener,
            flags: if it.truncated { RINGLINE_DATAGRAM_TRUNCATED } else { 0 },
            ..ringline_event::default()
        };
        self.push(RINGLINE_EVENT_DATAGRAM, event);
    }
}

impl Door for Records {
    // As of the callbacks.
    #[inline(always)]
    fn tell(&self, worker: &Worker, event: Event<'_>) {
        let tell = |kind, event| self.push(kind, event);
        let of = |conn, user| ringline_event { conn, user, ..ringline_event::default() };
        let of_worker = |res| ringline_event { res, ..ringline_event::default() };
        let index = worker.index() as i32;
        match event {
            Event::Data { conn, user, bytes, .. } => {
                // Nobody looks at `used`: the record's answer is read at the next turn.
                let (address, length) = (bytes.as_ptr() as u64, bytes.len() as u64);
                let consumed = length as i64;
                let event = ringline_event { address, length, consumed, ..of(conn, user) };
                tell(RINGLINE_EVENT_DATA, event);
            }
            Event::Sent { conn, user, bytes: length } => {
                tell(RINGLINE_EVENT_SENT, ringline_event { length, ..of(conn, user) });
            }
            Event::Writable { conn, user } => tell(RINGLINE_EVENT_WRITABLE, of(conn, user)),
            Event::Accepted { conn, listener } => {
                tell(RINGLINE_EVENT_ACCEPT, ringline_event { listener, ..of(conn, 0) });
            }
            Event::Connected { conn, user, res } => {
                tell(RINGLINE_EVENT_CONNECT, ringline_event { res, ..of(conn, user) });
            }
            Event::Secured { conn, user } => tell(RINGLINE_EVENT_SECURED, of(conn, user)),
            Event::Closed { conn, user, reason, why } => {
                self.closed(worker, (conn, user, reason), why);
            }
            Event::Released { conn, user, cookie: extra } => {
                tell(RINGLINE_EVENT_RELEASED, ringline_event { extra, ..of(conn, user) });
            }
            Event::Datagram { listener, datagram } => self.datagram(listener, datagram),
            Event::Ticked { timer, user, missed } => {
                tell(RINGLINE_EVENT_TICK, ringline_event { res: missed as i32, ..of(timer, user) });
            }
            Event::Notified { user, res } => {
                tell(RINGLINE_EVENT_NOTIFY, ringline_event { res, ..of(0, user) });
            }
            Event::Resolved { user, res, addresses, error } => {
                self.resolved((user, res), addresses, error);
            }
            Event::Signalled { signo, sender } => {
                let extra = sender as u32 as u64;
                tell(RINGLINE_EVENT_SIGNAL, ringline_event { extra, ..of_worker(signo) });
            }
            Event::Spawned { process, user, res, streams } => {
                let (address, length) = (self.keep(streams), streams.len() as u64);
                let event = ringline_event { res, address, length, ..of(process, user) };
                tell(RINGLINE_EVENT_SPAWN, event);
            }
            Event::Exited { process, user, status: res } => {
                tell(RINGLINE_EVENT_EXIT, ringline_event { res, ..of(process, user) });
            }
            Event::Completed { completion, .. } => self.hosted.completed(completion),
            Event::Started => {
                arrive(worker);
                self.hosted.begin();
                worker.hear_all();
                tell(RINGLINE_EVENT_START, of_worker(index));
            }
            Event::Stopping => tell(RINGLINE_EVENT_STOPPING, of_worker(index)),
            Event::Stopped => {
                tell(RINGLINE_EVENT_STOP, of_worker(index));
                self.hosted.end();
                depart();
            }
        }
    }

    fn poll(&self, worker: &Worker) -> Rest {
        let rest = self.hosted.poll(worker);
        // What was told is shown first.
        if self.len() > 0 { Rest::Not } else { rest }
    }

    fn has_room(&self) -> bool {
        self.len() < EVENTS as u32 / 4
    }
}
