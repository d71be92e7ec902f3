//! Group M: workers on threads of the caller's own.
//!
//! Owns: which adopted worker the calling thread is. Never lends it to another thread: a thread
//! that exits ends its worker.

use super::boundary::{fail, netted, outcome};
use super::ringline_runtime;
use super::runtime::threads_of;
use super::runtime_events::{Records, ringline_event, ringline_worker_block};
use super::runtime_here::here_any;
use super::runtime_lend::{lease_to, ringline_lease};
use super::table;
use crate::fault::{ECLOSED, EFORKED, ENULL, EPANIC, EPOISONED, EREENTRANT, EWRONGTHREAD, Fault};
use crate::runtime::Adopted;
use crate::sys::fork_epoch;
use core::cell::{Cell, RefCell};
use std::rc::Rc;

/// An adopted worker and what it writes into.
struct Seat {
    adopted: Option<Adopted>,
    records: Box<Records>,
    runtime: u64,
    epoch: u64,
    turning: Cell<bool>,
    poisoned: Cell<bool>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(adopted) = self.adopted.take() else { return };
        if self.epoch != fork_epoch() || self.poisoned.get() {
            // A forked child has no worker: the ring, and what it does, is the parent's.
            // It is not dropped by itself.
            return;
        }
        adopted.end(&*self.records, || self.records.clear());
        adopted.dispose();
    }
}

/// Marks a turn, and a worker that ended it by a panic.
struct Turning<'a>(&'a Seat);

impl Drop for Turning<'_> {
    fn drop(&mut self) {
        self.0.turning.set(false);
        if std::thread::panicking() {
            self.0.poisoned.set(true);
        }
    }
}

thread_local! {
    static SEAT: RefCell<Option<Rc<Seat>>> = const { RefCell::new(None) };
}

/// The seat of the calling thread, if it has one in `runtime`.
fn seat_of(runtime: u64) -> Option<Rc<Seat>> {
    let here = |seat: &RefCell<Option<Rc<Seat>>>| {
        seat.borrow().as_ref().filter(|seat| seat.runtime == runtime).cloned()
    };
    SEAT.try_with(here).ok().flatten()
}

/// Whether the calling thread is an adopted worker of `runtime` and no turn of it runs.
pub(super) fn is_at_rest(runtime: u64) -> bool {
    seat_of(runtime).is_some_and(|seat| !seat.turning.get())
}

/// End the adopted worker of the calling thread.
pub(super) fn leave(runtime: u64) {
    if let Some(seat) = seat_of(runtime) {
        let _ = SEAT.try_with(RefCell::take);
        drop(seat);
    }
}

/// Make the calling thread the worker `index` of a runtime: it gets a ring and listens, and its
/// events are records in the block that `*out` names, instead of callbacks. Turn it with
/// ringline_worker_turn(); between turns every function of connections is legal on this thread.
/// ringline_runtime_start() starts the workers that nobody adopted before. A thread is one worker
/// at most; when it exits, its worker ends at once. The worker's signals are the thread's: a
/// handler ends a turn.
///
/// Returns 0; -EINVAL for the index; -EALREADY when a thread is this worker already, or was; -EBUSY
/// when the calling thread is a worker already; RINGLINE_ECLOSED after stop; RINGLINE_ENULL; what
/// ringline_create() and ringline_pool_create() say; RINGLINE_ESTALE; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_worker_adopt(
    runtime: *mut ringline_runtime,
    index: u32,
    out: *mut *mut ringline_worker_block,
) -> i32 {
    let handle = runtime as u64;
    netted(|| match adopt(handle, index, out.is_null()) {
        Ok(block) => {
            // SAFETY: not NULL; the caller vouches for a writable pointer.
            unsafe { out.write(block) };
            0
        }
        Err(fault) => fail(fault),
    })
}

fn adopt(handle: u64, index: u32, no_out: bool) -> Result<*mut ringline_worker_block, Fault> {
    let threads = threads_of(handle)?;
    if no_out {
        return Err(Fault::new(ENULL, "out is NULL"));
    }
    if here_any() {
        return Err(Fault::errno(libc::EBUSY, "this thread is a worker already"));
    }
    let no_memory = |errno| Fault::errno(errno, "no memory for the records of a worker");
    let records = Box::new(Records::new(handle, index).map_err(no_memory)?);
    let adopted = Some(Adopted::new(&threads, index, &*records)?);
    let block = records.block();
    records.show();
    let seat = Seat {
        adopted,
        records,
        runtime: handle,
        epoch: fork_epoch(),
        turning: Cell::new(false),
        poisoned: Cell::new(false),
    };
    SEAT.with(|place| place.replace(Some(Rc::new(seat))));
    Ok(block)
}

/// One turn of the adopted worker that the calling thread is: what was asked for since the last
/// turn is done, data of the last turn is given back (see ringline_event.consumed), and the thread
/// sleeps until there are events, block->timeout_ns at most. They are in block->events.
///
/// Returns how many there are, 0 when the time was over; -EINTR when a signal handler ran and
/// nothing else came; RINGLINE_ECLOSED after the turn that showed RINGLINE_EVENT_STOP: the worker
/// is over, its block is gone, and the thread may leave. RINGLINE_EREENTRANT in a callback,
/// RINGLINE_EWRONGTHREAD where no such worker was adopted, RINGLINE_EPANIC and RINGLINE_EPOISONED
/// after an internal error, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_worker_turn(runtime: *mut ringline_runtime) -> i32 {
    netted(|| match turn(runtime as u64) {
        Ok(events) => events as i32,
        Err(fault) => fail(fault),
    })
}

fn turn(handle: u64) -> Result<u32, Fault> {
    let seat = resting_seat(handle)?;
    let Some(adopted) = &seat.adopted else { return Err(Fault::new(EPANIC, "no worker")) };
    let records = &*seat.records;
    // SAFETY: the block is this thread's.
    let limit_ns = unsafe { (*records.block()).timeout_ns };
    let turned = {
        let _turning = Turning(&seat);
        seat.turning.set(true);
        let answers = records.answers();
        records.clear();
        adopted.turn(records, answers, limit_ns, || records.len() > 0)
    };
    match turned {
        Ok(()) => Ok(records.show()),
        Err(fault) => {
            records.show();
            if fault.code == ECLOSED {
                leave(handle);
            }
            Err(fault)
        }
    }
}

/// Keep the bytes of one record of the last turn (one of kind RINGLINE_EVENT_DATA, by its address
/// in block->events), as ringline_conn_take() does in a data callback: they stay where they are
/// until ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back, and
/// count as consumed; of the record's `consumed` only a negative value is looked at then. On the
/// worker's thread, between turns.
///
/// Returns 0; -EINVAL when `event` is no record of data of the last turn; -ENODATA when its bytes
/// were taken already or are not in the pool (an earlier turn or a pause left them, or they came by
/// TLS, or it is the end): copy them; -ENOBUFS as ringline_conn_take(); RINGLINE_ENULL; -EINVAL or
/// -E2BIG for the size in `out`; RINGLINE_ESTALE also when the connection is over;
/// RINGLINE_EWRONGTHREAD where no such worker was adopted; RINGLINE_EREENTRANT in a callback of the
/// turn; RINGLINE_EPOISONED after an internal error; RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_worker_take(
    runtime: *mut ringline_runtime,
    event: *const ringline_event,
    out: *mut ringline_lease,
) -> i32 {
    netted(|| {
        outcome(resting_seat(runtime as u64).and_then(|seat| {
            if event.is_null() || out.is_null() {
                return Err(Fault::new(ENULL, "event or out is NULL"));
            }
            let no_record = "event is no record of data of the last turn";
            let no_record = || Fault::errno(libc::EINVAL, no_record);
            let at = seat.records.place_of(event).ok_or_else(no_record)?;
            let Some(adopted) = &seat.adopted else { return Err(Fault::new(EPANIC, "no worker")) };
            // SAFETY: not NULL; the caller vouches for the size it wrote.
            unsafe { lease_to(out, || adopted.take(at)) }
        }))
    })
}

/// The seat of the calling thread, between turns.
fn resting_seat(handle: u64) -> Result<Rc<Seat>, Fault> {
    let Some(seat) = seat_of(handle) else {
        return Err(refusal(handle));
    };
    if seat.epoch != fork_epoch() {
        return Err(Fault::new(EFORKED, "the worker was adopted before fork(2)"));
    }
    if seat.turning.get() {
        return Err(Fault::new(EREENTRANT, "the turn runs already: this is one of its callbacks"));
    }
    if seat.poisoned.get() {
        return Err(Fault::new(EPOISONED, "the worker ended by an internal error"));
    }
    Ok(seat)
}

#[cold]
fn refusal(handle: u64) -> Fault {
    match table::with_runtime(handle, |_| ()) {
        Ok(()) => Fault::new(EWRONGTHREAD, "this thread has adopted no worker of the runtime"),
        Err(fault) => fault,
    }
}
