//! The boundary: what is checked before the core is entered, and what may leave it.
//!
//! Owns: the checks (stale, fork, poison, thread) and the panic net. Invariant: at most one thread
//! is inside a ring, and no panic crosses into C.

use super::ringline_ring;
use super::state::{NextTurn, RingState, state};
use super::table::{self, Entry, phase};
use crate::fault::{EFORKED, EPANIC, EPOISONED, ESTALE, EWRONGTHREAD, Fault};
use crate::op::Engine;
use crate::sys::{NOBODY, fork_epoch, is_current_thread, thread_is_over};
use core::cell::Cell;
use core::sync::atomic::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// This thread's last cold-path text.
    static DETAIL: Cell<&'static str> = const { Cell::new("") };
}

/// The text of this thread's last error.
pub(super) fn detail() -> &'static str {
    DETAIL.get()
}

/// Keep the text of what went wrong without a call of the user's.
#[cold]
pub(super) fn set_detail(text: &'static str) {
    DETAIL.set(text);
}

/// Keep the text of a fault and give its code.
#[cold]
pub(super) fn fail(fault: Fault) -> i32 {
    DETAIL.set(fault.context);
    super::log::tell_fault(&fault);
    fault.code
}

/// A token or an id, or the code of a fault whose text is kept.
pub(super) fn long_outcome(result: Result<u64, Fault>) -> i64 {
    result.map_or_else(|fault| fail(fault).into(), |id| id as i64)
}

/// What a function may answer when nothing went wrong.
pub(super) trait Answer {
    fn code(self) -> i32;
}

impl Answer for () {
    fn code(self) -> i32 {
        0
    }
}

impl Answer for bool {
    fn code(self) -> i32 {
        self.into()
    }
}

impl Answer for u32 {
    fn code(self) -> i32 {
        self.min(i32::MAX as u32) as i32
    }
}

impl Answer for usize {
    fn code(self) -> i32 {
        self.min(i32::MAX as usize) as i32
    }
}

/// The code of an answer, or that of a fault whose text is kept.
pub(super) fn outcome<T: Answer>(result: Result<T, Fault>) -> i32 {
    result.map_or_else(fail, T::code)
}

/// How the calling thread came to be inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It is the owner.
    Owner,
    /// The ring has no owner yet.
    Unbound,
    /// The owner thread is gone: nothing can be submitted or drained any more.
    Orphan,
    /// The ring is poisoned: only its end is left.
    Poisoned,
}

/// Who may come in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The owner, or anyone as long as there is none.
    Owner,
    /// Also anyone once the owner thread is gone (close).
    Heir,
    /// Also into a poisoned ring (free).
    End,
    /// As `End`, but at once: a thread that is about to exit counts as alive (abandon).
    Finaliser,
}

/// A ring that the calling thread is alone inside of.
pub(super) struct Inside {
    pub entry: &'static Entry,
    pub ring: *mut RingState,
    pub access: Access,
    /// The ring was freed: the entry belongs to somebody else already.
    pub gone: Cell<bool>,
    /// This call runs the loop, not one further up the stack.
    pub loops: Cell<bool>,
}

impl Inside {
    #[inline]
    fn new(entry: &'static Entry, access: Access) -> Inside {
        let ring = entry.ring.load(Ordering::Relaxed);
        // SAFETY: the calling thread is alone inside, and has no reference to the state yet.
        unsafe { (*ring).leave_fast_path() };
        Inside { entry, ring, access, gone: Cell::new(false), loops: Cell::new(false) }
    }
}

/// Check the handle and the thread, then run `body` under the panic net.
#[inline]
pub(super) fn enter_ffi(
    handle: *mut ringline_ring,
    door: Door,
    body: impl FnOnce(&Inside) -> i64,
) -> i64 {
    let Some(entry) = table::find(handle as u64) else {
        return stale().into();
    };
    if is_owned(entry) {
        return guarded(&Inside::new(entry, Access::Owner), body);
    }
    enter_slowly(entry, door, body)
}

/// Whether the calling thread may enter without asking further.
#[inline(always)]
fn is_owned(entry: &Entry) -> bool {
    entry.epoch.load(Ordering::Relaxed) == fork_epoch()
        && is_current_thread(entry.owner.load(Ordering::Acquire))
}

/// The ring behind a handle, if the calling thread owns it.
#[inline(always)]
pub(super) fn owned(handle: *mut ringline_ring) -> Option<*mut RingState> {
    let entry = table::find(handle as u64)?;
    is_owned(entry).then(|| entry.ring.load(Ordering::Relaxed))
}

/// As [`enter_ffi`], for what answers a code alone.
pub(super) fn on_ring<T: Answer>(
    handle: *mut ringline_ring,
    door: Door,
    body: impl FnOnce(&Inside) -> Result<T, Fault>,
) -> i32 {
    enter_ffi(handle, door, |inside| outcome(body(inside)).into()) as i32
}

/// As [`on_ring`] for the owner, where the ring's state is all that is needed.
pub(super) fn on_state<T: Answer>(
    handle: *mut ringline_ring,
    body: impl FnOnce(&mut RingState) -> Result<T, Fault>,
) -> i32 {
    // SAFETY: inside, and the reference ends with `body`, which runs no user code.
    on_ring(handle, Door::Owner, |inside| body(unsafe { state(inside.ring) }))
}

/// As [`on_state`], where the engine is.
pub(super) fn on_engine<T: Answer>(
    handle: *mut ringline_ring,
    body: impl FnOnce(&mut Engine) -> Result<T, Fault>,
) -> i32 {
    on_state(handle, |ring| body(&mut ring.engine))
}

#[inline]
fn guarded(inside: &Inside, body: impl FnOnce(&Inside) -> i64) -> i64 {
    match catch_unwind(AssertUnwindSafe(|| body(inside))) {
        Ok(code) => code,
        Err(_) => poison(inside),
    }
}

#[cold]
fn poison(inside: &Inside) -> i64 {
    // A ring that is gone already has given its entry to somebody else.
    if !inside.gone.get() {
        if inside.loops.get() {
            // SAFETY: inside still, and no reference outlived the unwinding.
            unsafe { state(inside.ring) }.next_turn = NextTurn::General;
        }
        inside.entry.owner.store(NOBODY, Ordering::Release);
        inside.entry.phase.store(phase::POISONED, Ordering::Release);
    }
    fail(Fault::new(EPANIC, "a panic was caught inside ringline; free the ring and report it"))
        .into()
}

#[cold]
fn stale() -> i32 {
    fail(Fault::new(ESTALE, "the ring handle is NULL, freed, or never was one"))
}

#[cold]
fn enter_slowly(entry: &'static Entry, door: Door, body: impl FnOnce(&Inside) -> i64) -> i64 {
    if entry.ring.load(Ordering::Relaxed).is_null() {
        // A handle to something else than a ring. No thread owns it, so it always comes here.
        return stale().into();
    }
    if entry.epoch.load(Ordering::Relaxed) != fork_epoch() {
        return fail(Fault::new(EFORKED, "the ring was made before fork(2)")).into();
    }
    let (from, access) = match admit(entry, door) {
        Ok(admitted) => admitted,
        Err(fault) => return fail(fault).into(),
    };
    let inside = Inside::new(entry, access);
    let code = guarded(&inside, body);
    if !inside.gone.get() {
        // The body may have bound or poisoned the ring; else it is as it was.
        let _ =
            entry.phase.compare_exchange(phase::BUSY, from, Ordering::AcqRel, Ordering::Relaxed);
    }
    code
}

/// Take a ring that the calling thread does not own, for as long as it is inside.
fn admit(entry: &'static Entry, door: Door) -> Result<(u32, Access), Fault> {
    let wrong = Fault {
        code: EWRONGTHREAD,
        context: "another thread owns or uses this ring; call from the thread that attached it",
    };
    let from = entry.phase.load(Ordering::Acquire);
    let access = match from {
        phase::IDLE => Access::Unbound,
        phase::OWNED if door != Door::Owner => {
            if !thread_is_over(entry.tid.load(Ordering::Acquire)) {
                return Err(wrong);
            }
            Access::Orphan
        }
        phase::POISONED if matches!(door, Door::End | Door::Finaliser) => Access::Poisoned,
        phase::POISONED => {
            return Err(Fault::new(EPOISONED, "the ring is poisoned; only ringline_free works"));
        }
        phase::FREE => return Err(Fault::new(ESTALE, "the ring was freed")),
        _ => return Err(wrong),
    };
    entry
        .phase
        .compare_exchange(from, phase::BUSY, Ordering::AcqRel, Ordering::Relaxed)
        .map_err(|_| wrong)?;
    Ok((from, access))
}

/// Run code that has no ring under the panic net, and answer its code.
pub(super) fn answered<T: Answer>(body: impl FnOnce() -> Result<T, Fault>) -> i32 {
    netted(|| outcome(body()))
}

/// Run code that has no ring under the panic net.
pub(super) fn netted(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        fail(Fault::new(EPANIC, "a panic was caught inside ringline; please report it"))
    })
}
