//! Group M: events of an adopted worker, as records that its thread reads.
//!
//! Owns: the block and the records beside it. Invariant: the recorder is the door's handlers, one
//! function each, so that records carry what callbacks carry; there is room for all of a turn.

use super::RINGLINE_ABI;
use super::constants::*;
use super::error::ringline_error_detail;
use super::ringline_runtime;
use super::runtime_door::{here, ringline_runtime_handlers};
use super::runtime_work::ringline_address;
use crate::error::ETLS;
use crate::sys::Map;
use core::cell::{Cell, RefCell};
use core::ffi::{CStr, c_char, c_void};

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

/// Writes records.
pub(super) struct Recorder {
    map: Map,
    len: Cell<u32>,
    /// A record, and how many before it are data.
    counted: Cell<(u32, usize)>,
    /// What events point to and nobody else keeps until the next turn.
    kept: RefCell<Vec<Box<[u64]>>>,
}

impl Recorder {
    /// A recorder of one worker; the errno on failure.
    pub fn new(runtime: u64, worker: u32) -> Result<Recorder, i32> {
        let map = Map::new((EVENTS + 1) * size_of::<ringline_event>())?;
        let recorder =
            Recorder { map, len: Cell::new(0), counted: Cell::default(), kept: RefCell::default() };
        let block = ringline_worker_block {
            size: size_of::<ringline_worker_block>() as u32,
            abi: RINGLINE_ABI,
            events: recorder.events() as u64,
            events_cap: EVENTS as u32,
            events_len: 0,
            timeout_ns: -1,
            runtime,
            worker,
            resv: 0,
            more: [0; 2],
        };
        // SAFETY: the map begins with the block.
        unsafe { recorder.block().write(block) };
        Ok(recorder)
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

    /// Whether all that completions of a turn tell still fits.
    pub fn has_room(&self) -> bool {
        self.len() < EVENTS as u32 / 4
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

    /// A copy of `length` bytes that lives until the next turn; its address.
    fn keep(&self, bytes: *const u8, length: usize) -> u64 {
        let mut copy = vec![0u64; length.div_ceil(8)].into_boxed_slice();
        // SAFETY: the copy has that many bytes at least, and so has what the worker told.
        unsafe { core::ptr::copy_nonoverlapping(bytes, copy.as_mut_ptr().cast(), length) };
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

    fn push(&self, event: ringline_event) {
        let at = self.len() as usize;
        assert!(at < EVENTS, "a turn told more than it may");
        // SAFETY: below the capacity of the map.
        unsafe { self.events().add(at).write(event) };
        self.len.set(at as u32 + 1);
    }

    /// The handlers that write into this.
    pub fn handlers(&self) -> ringline_runtime_handlers {
        ringline_runtime_handlers {
            size: size_of::<ringline_runtime_handlers>() as u32,
            resv: 0,
            ctx: (&raw const *self).cast_mut().cast(),
            start: Some(start),
            accept: Some(accept),
            data: Some(data),
            sent: Some(sent),
            writable: Some(writable),
            close: Some(close),
            stop: Some(stop),
            connect: Some(connect),
            released: Some(released),
            tick: Some(tick),
            notify: Some(notify),
            resolve: Some(resolve),
            signal: Some(signal),
            spawn: Some(spawn),
            exit: Some(exit),
            datagram: Some(datagram),
            secured: Some(secured),
            stopping: Some(stopping),
        }
    }
}

type Runtime = *mut ringline_runtime;

fn recorder<'a>(ctx: *mut c_void) -> &'a Recorder {
    // SAFETY: `handlers` gave this recorder as the context, and the worker does not outlive it.
    unsafe { &*ctx.cast::<Recorder>() }
}

fn tell(ctx: *mut c_void, kind: u32, event: ringline_event) {
    recorder(ctx).push(ringline_event { kind, ..event });
}

unsafe extern "C-unwind" fn start(ctx: *mut c_void, _: Runtime, worker: u32) {
    let event = ringline_event { res: worker as i32, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_START, event);
}

unsafe extern "C-unwind" fn stop(ctx: *mut c_void, _: Runtime, worker: u32) {
    let event = ringline_event { res: worker as i32, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_STOP, event);
}

unsafe extern "C-unwind" fn stopping(ctx: *mut c_void, _: Runtime, worker: u32) {
    let event = ringline_event { res: worker as i32, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_STOPPING, event);
}

unsafe extern "C-unwind" fn accept(ctx: *mut c_void, _: Runtime, conn: u64, listener: u32) {
    let event = ringline_event { conn, listener, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_ACCEPT, event);
}

unsafe extern "C-unwind" fn data(
    ctx: *mut c_void,
    _: Runtime,
    conn: u64,
    user: u64,
    bytes: *const u8,
    length: usize,
) -> i64 {
    let event = ringline_event {
        conn,
        user,
        address: bytes as u64,
        length: length as u64,
        consumed: length as i64,
        ..ringline_event::default()
    };
    tell(ctx, RINGLINE_EVENT_DATA, event);
    // Nobody looks at it: the record's answer is read at the next turn.
    0
}

unsafe extern "C-unwind" fn sent(ctx: *mut c_void, _: Runtime, conn: u64, user: u64, length: u64) {
    let event = ringline_event { conn, user, length, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_SENT, event);
}

unsafe extern "C-unwind" fn writable(ctx: *mut c_void, _: Runtime, conn: u64, user: u64) {
    let event = ringline_event { conn, user, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_WRITABLE, event);
}

unsafe extern "C-unwind" fn close(
    ctx: *mut c_void,
    runtime: Runtime,
    conn: u64,
    user: u64,
    res: i32,
) {
    let facts = here(runtime as u64).and_then(|worker| worker.facts(conn).ok());
    let extra = facts.map_or(0, |facts| facts.queued.saturating_add(facts.untaken));
    let mut event = ringline_event { conn, user, res, extra, ..ringline_event::default() };
    if res == ETLS {
        let words = ringline_error_detail();
        // SAFETY: a terminated text, valid until the next call.
        let length = unsafe { CStr::from_ptr(words) }.count_bytes();
        event.address = recorder(ctx).keep(words.cast(), length + 1);
        event.length = length as u64;
    }
    tell(ctx, RINGLINE_EVENT_CLOSE, event);
}

unsafe extern "C-unwind" fn secured(ctx: *mut c_void, _: Runtime, conn: u64, user: u64) {
    let event = ringline_event { conn, user, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_SECURED, event);
}

unsafe extern "C-unwind" fn connect(ctx: *mut c_void, _: Runtime, conn: u64, user: u64, res: i32) {
    let event = ringline_event { conn, user, res, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_CONNECT, event);
}

unsafe extern "C-unwind" fn released(
    ctx: *mut c_void,
    _: Runtime,
    conn: u64,
    user: u64,
    cookie: u64,
) {
    let event = ringline_event { conn, user, extra: cookie, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_RELEASED, event);
}

unsafe extern "C-unwind" fn tick(ctx: *mut c_void, _: Runtime, conn: u64, user: u64, missed: u32) {
    let event = ringline_event { conn, user, res: missed as i32, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_TICK, event);
}

unsafe extern "C-unwind" fn notify(ctx: *mut c_void, _: Runtime, user: u64, res: i32) {
    let event = ringline_event { user, res, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_NOTIFY, event);
}

unsafe extern "C-unwind" fn resolve(
    ctx: *mut c_void,
    _: Runtime,
    user: u64,
    res: i32,
    addresses: *const ringline_address,
    count: usize,
    error: *const c_char,
) {
    // SAFETY: the worker tells a terminated text.
    let words = unsafe { CStr::from_ptr(error) }.count_bytes();
    let address = match res {
        0.. => recorder(ctx).keep(addresses.cast(), count * size_of::<ringline_address>()),
        _ => recorder(ctx).keep(error.cast(), words + 1),
    };
    let length = if res < 0 { words } else { count } as u64;
    let event = ringline_event { user, res, address, length, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_RESOLVE, event);
}

unsafe extern "C-unwind" fn signal(ctx: *mut c_void, _: Runtime, signo: i32, sender: i32) {
    let event =
        ringline_event { res: signo, extra: sender as u32 as u64, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_SIGNAL, event);
}

unsafe extern "C-unwind" fn spawn(
    ctx: *mut c_void,
    _: Runtime,
    conn: u64,
    user: u64,
    res: i32,
    streams: *const u64,
) {
    let address = recorder(ctx).keep(streams.cast(), 3 * size_of::<u64>());
    let event = ringline_event { conn, user, res, address, length: 3, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_SPAWN, event);
}

unsafe extern "C-unwind" fn datagram(
    ctx: *mut c_void,
    _: Runtime,
    listener: u32,
    flags: u32,
    from: *const c_void,
    from_length: u32,
    bytes: *const u8,
    length: usize,
) {
    // The buffer goes back to the kernel before the turn ends: the record has copies, the address
    // behind the bytes.
    let bytes_at = recorder(ctx).keep(bytes, length);
    let from_at = recorder(ctx).keep(from.cast(), from_length as usize);
    let event = ringline_event {
        user: from_at,
        res: from_length as i32,
        address: bytes_at,
        length: length as u64,
        listener,
        flags,
        ..ringline_event::default()
    };
    tell(ctx, RINGLINE_EVENT_DATAGRAM, event);
}

unsafe extern "C-unwind" fn exit(ctx: *mut c_void, _: Runtime, conn: u64, user: u64, res: i32) {
    let event = ringline_event { conn, user, res, ..ringline_event::default() };
    tell(ctx, RINGLINE_EVENT_EXIT, event);
}
