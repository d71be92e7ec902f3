//! Group M: a ring of the worker's, for operations that the runtime has no function for.
//!
//! Owns: the one ring of the calling thread that its worker turns. To everybody else it looks as if
//! its loop ran further up the stack, which is what keeps them from turning it.

use super::boundary::{fail, owned};
use super::foreign::{ringline_prepare, ringline_ring_fd};
use super::given::put;
use super::ring::{ringline_attach, ringline_create, ringline_free};
use super::run::ringline_run_once;
use super::runtime_conn::on_worker;
use super::state::{NextTurn, state};
use super::{ringline_ring, ringline_runtime, table};
use crate::driver::{Completion, Op, cf, opcode};
use crate::fault::{EWRONGTHREAD, Fault};
use crate::runtime::{Rest, Worker};
use crate::sys::uapi::POLL_ADD_MULTI;
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};

/// In the operation's number: the poll on its descriptor.
const POLL: u64 = 0;

thread_local! {
    /// The place of the ring beside that the worker of this thread has.
    static BESIDE: Cell<*const Hosted> = const { Cell::new(null()) };
}

/// The ring beside its own that a worker turns, if there is one.
pub(super) struct Hosted {
    ring: Cell<*mut ringline_ring>,
    fd: Cell<i32>,
    /// Token of the poll on its descriptor, or 0.
    token: Cell<u64>,
}

impl Default for Hosted {
    fn default() -> Hosted {
        Hosted { ring: Cell::new(null_mut()), fd: Cell::new(-1), token: Cell::new(0) }
    }
}

/// A ring that the worker turns in its own loop: for files, raw operations and whatever else is
/// submitted with a callback (ringline_submit_with()), which the worker calls like its own. It is
/// made at the first call and freed after the stop callback; ringline_free() frees it earlier, when
/// the callback has returned, and the next call makes a new one. Turning, running, preparing or
/// detaching it oneself is RINGLINE_EREENTRANT. Completions without a callback are dropped. For
/// other threads take its mailbox: ringline_mailbox_of(). In the worker's callbacks only.
///
/// Returns 0; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED as
/// ringline_conn_send(); -EMFILE, -ENOMEM, -EPERM as ringline_create().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_worker_ring(
    runtime: *mut ringline_runtime,
    out: Option<&mut MaybeUninit<*mut ringline_ring>>,
) -> i32 {
    on_worker(runtime, |worker| put(out, || hosted(worker)))
}

fn hosted(worker: &Worker) -> Result<*mut ringline_ring, Fault> {
    // SAFETY: set by the worker's door for as long as the worker runs, on this thread.
    let beside = unsafe { BESIDE.get().as_ref() };
    let none = || Fault::new(EWRONGTHREAD, "this thread is no worker");
    let beside = beside.ok_or_else(none)?;
    let ring = beside.ring.get();
    if table::find(ring as u64).is_some() {
        return Ok(ring);
    }
    let mut made = MaybeUninit::new(null_mut());
    // SAFETY: without a config, all defaults.
    checked(unsafe { ringline_create(null(), Some(&mut made)) })?;
    // SAFETY: it was made with a value.
    let ring = unsafe { made.assume_init() };
    let begun = checked(ringline_attach(ring))
        .and_then(|_| checked(ringline_ring_fd(ring)))
        .and_then(|fd| {
            beside.unwatch(worker);
            beside.fd.set(fd);
            beside.watch(worker)
        });
    if let Err(fault) = begun {
        ringline_free(ring);
        return Err(fault);
    }
    beside.ring.set(ring);
    set_next(ring, NextTurn::None);
    Ok(ring)
}

/// A code of the library as a fault; what failed said its text already.
fn checked(code: i32) -> Result<i32, Fault> {
    if code >= 0 { Ok(code) } else { Err(Fault { code, context: super::boundary::detail() }) }
}

fn set_next(ring: *mut ringline_ring, next: NextTurn) {
    if let Some(ring) = owned(ring) {
        // SAFETY: the calling thread owns it, and this reference ends with the line.
        unsafe { state(ring) }.next_turn = next;
    }
}

impl Hosted {
    /// Turn it before the worker sleeps.
    #[inline(always)]
    pub fn poll(&self, worker: &Worker) -> Rest {
        if self.ring.get().is_null() { Rest::Idle } else { self.turn(worker) }
    }

    /// Turn it without waiting, and see that its descriptor tells of what comes.
    #[cold]
    fn turn(&self, worker: &Worker) -> Rest {
        let ring = self.ring.get();
        set_next(ring, NextTurn::General);
        let came = ringline_run_once(ring, 0, 0);
        if table::find(ring as u64).is_none() {
            self.ring.set(null_mut());
            self.unwatch(worker);
            return Rest::Done;
        }
        let ready = if came == 0 { ringline_prepare(ring, None) } else { came };
        set_next(ring, NextTurn::None);
        match ready {
            0 if self.watch(worker).is_ok() => Rest::Done,
            1.. => Rest::Not,
            0 => Rest::Short,
            code => {
                fail(Fault::errno(-code, "the worker's ring could not be turned; it tries again"));
                Rest::Short
            }
        }
    }

    /// The kernel holds the descriptor's file as long as it polls it.
    fn unwatch(&self, worker: &Worker) {
        let token = self.token.take();
        if token != 0 {
            // One that is over already is none.
            let _ = worker.cancel(token);
        }
    }

    fn watch(&self, worker: &Worker) -> Result<(), Fault> {
        if self.token.get() == 0 {
            let op = Op {
                opcode: opcode::POLL_ADD,
                fd: self.fd.get(),
                len: POLL_ADD_MULTI,
                op_flags: libc::POLLIN as u32,
                ..Op::default()
            };
            // SAFETY: it names no memory.
            self.token.set(unsafe { worker.submit(&op, POLL) }?);
        }
        Ok(())
    }

    /// What came of the poll: a wake, and its end now and then.
    pub fn completed(&self, completion: &Completion) {
        if completion.flags & cf::FINAL != 0 && completion.token == self.token.get() {
            self.token.set(0);
        }
    }

    /// The calling thread's worker begins, whose door has this.
    pub fn begin(&self) {
        BESIDE.set(self);
    }

    /// The worker is over.
    pub fn end(&self) {
        BESIDE.set(null());
        let ring = self.ring.replace(null_mut());
        if table::find(ring as u64).is_some() {
            set_next(ring, NextTurn::General);
            ringline_free(ring);
        }
    }
}
