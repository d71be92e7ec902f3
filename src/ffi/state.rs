//! A ring behind its handle: the engine, the shared block, and how it ends.
//!
//! Owns: the order of turn, dispatch and the deferred end. Invariant: no reference to the ring is
//! held while user code runs; every step takes a fresh one from the pointer.

use super::boundary::{Access, Inside, fail};
use super::ringline_ring;
use super::shared::Block;
use super::table::{self, phase};
use crate::driver::{Completion, signal};
use crate::fault::{EPOISONED, EREENTRANT, Fault};
use crate::op::{Arguments, Begun, Engine, Sink};
use crate::resource::{holder, release_here, release_lease};
use crate::sys::{RingSpec, is_current_thread};
use core::ffi::c_void;
use core::sync::atomic::Ordering;

/// How long free waits for the kernel before it abandons what is left.
const FREE_PATIENCE_NS: i64 = 1_000_000_000;
/// How often a drain asks again for the end of what is still in flight.
const DRAIN_STEP_NS: i64 = 10_000_000;
/// How long it rests when the kernel takes nothing.
const DRAIN_PAUSE_NS: u64 = 1_000_000;
/// Codes beyond are the library's own.
const LAST_ERRNO: i32 = 4095;

type Callback = unsafe extern "C-unwind" fn(*mut c_void, *mut ringline_ring, *const Completion);

/// How the next turn may go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NextTurn {
    /// By the general path.
    General,
    /// By the fast path, as of the end of the last turn, and only turns were called since.
    Fast,
    /// Not at all: a loop of this ring runs further up the stack.
    None,
}

/// One ring.
pub(super) struct RingState {
    pub engine: Engine,
    pub block: Block,
    pub handle: u64,
    pub spec: RingSpec,
    pub next_turn: NextTurn,
    /// Inputs of operations submitted with COPY_ARGS.
    pub arguments: Arguments,
    /// Freed inside a callback: the loop further up does it.
    free_wanted: bool,
}

impl RingState {
    pub fn new(engine: Engine, block: Block, spec: RingSpec) -> RingState {
        let (next_turn, arguments) = (NextTurn::General, Arguments::default());
        RingState { engine, block, handle: 0, spec, next_turn, arguments, free_wanted: false }
    }

    /// A loop of this ring runs further up the stack.
    pub fn is_looping(&self) -> bool {
        self.next_turn == NextTurn::None
    }

    /// Something else than a turn is asked for.
    pub fn leave_fast_path(&mut self) {
        if self.next_turn == NextTurn::Fast {
            self.next_turn = NextTurn::General;
        }
    }

    /// Freed inside a callback: its end is to come.
    pub fn is_freed(&self) -> bool {
        self.free_wanted
    }

    /// Freed inside a callback, or abandoned by another thread: no loop goes on.
    pub fn is_ending(&mut self) -> bool {
        self.free_wanted |= self.engine.driver.wake.signals() & signal::ABANDON != 0;
        self.free_wanted
    }

    /// Take the signals down, or no wait would sleep: a drain is no loop that stop ends, and an
    /// abandon is remembered.
    fn hush(&mut self) {
        self.is_ending();
        self.engine.driver.wake.lower(signal::ENDS_WAIT);
    }
}

/// Take a fresh reference; not to be kept across user code.
///
/// # Safety
/// The calling thread is inside `ring` (see the boundary), and no other reference is alive.
#[inline]
pub(super) unsafe fn state<'a>(ring: *mut RingState) -> &'a mut RingState {
    // SAFETY: the caller promised that it is inside and has no other reference; the table holds
    // the pointer until the ring is freed.
    unsafe { &mut *ring }
}

/// Make sure the calling thread owns the ring and no loop of it runs.
#[inline(always)]
pub(super) fn begin_loop(inside: &Inside) -> Result<(), Fault> {
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    if ring.is_looping() || inside.access != Access::Owner {
        begin_carefully(inside)?;
    }
    ring.next_turn = NextTurn::None;
    inside.loops.set(true);
    Ok(())
}

#[cold]
fn begin_carefully(inside: &Inside) -> Result<(), Fault> {
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    if ring.is_looping() {
        return Err(Fault::new(EREENTRANT, "the loop runs already: this is one of its callbacks"));
    }
    if inside.access == Access::Unbound {
        super::ring::bind(inside)?;
    }
    Ok(())
}

/// After a loop: what was asked for meanwhile happens now. A stop is seen by the turn that it
/// ended, and stays up for a run that ended otherwise (`keep_stop`). False: the ring is gone.
#[inline(always)]
pub(super) fn end_loop(inside: &Inside, keep_stop: bool) -> bool {
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    ring.next_turn = NextTurn::General;
    if !ring.free_wanted && ring.engine.driver.wake.signals() == 0 {
        return true;
    }
    end_carefully(inside, keep_stop)
}

#[cold]
fn end_carefully(inside: &Inside, keep_stop: bool) -> bool {
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    if !keep_stop {
        ring.engine.take_stop();
    }
    let over = ring.is_ending();
    // Whoever was to be woken is awake, and what was posted meanwhile is for the next turn.
    ring.engine.driver.wake.lower(signal::WAKE);
    if !over && !is_poisoned(inside) {
        ring.engine.mail_last();
    }
    if over {
        // What the loop showed goes before anybody can look.
        // SAFETY: inside, and the reference ends with the line.
        unsafe { state(inside.ring) }.engine.completed.unshow();
        if is_poisoned(inside) {
            scrap(inside)
        } else {
            end(inside)
        };
    }
    !over
}

/// Accept the ops of the shared block, turn, run callbacks, fill the block; from where it has
/// `begun`. Returns the records to show, or why the turn failed.
pub(super) fn turn(inside: &Inside, begun: Begun) -> Result<u32, Fault> {
    // SAFETY: inside; no user code runs while this reference is used.
    let ring = unsafe { state(inside.ring) };
    let shared = ring.block.shared();
    ring.engine.completed.know_shown();
    let Some((ops, tokens)) = ring.block.ops(shared.ops_len) else {
        return Err(no_block());
    };
    if shared.rel_len | shared.flags != 0 {
        release(&ring.block)?;
    }
    ring.engine.completed.forget_shown();
    let accepted = ring.engine.submit_from(begun.accepted, ops, tokens, Sink::default());
    shared.ops_done = accepted;
    shared.op_error = 0;
    shared.op_error_at = accepted;
    let mut wait_min = shared.wait_min;
    if accepted != shared.ops_len {
        // What was rejected cannot complete: waiting for it could take for ever.
        wait_min = 0;
        let (fault, at) = ring.engine.rejection();
        (shared.op_error, shared.op_error_at) = (fail(fault), at);
    }
    let (limit_ns, min_wait_us) = (shared.timeout_ns, shared.min_wait_us);
    if let Err(fault) = step(inside, wait_min, limit_ns, min_wait_us, accepted, begun.entered) {
        if !is_told(&fault) {
            hide(inside);
            return Err(fault);
        }
        show(inside);
        return Err(fault);
    }
    Ok(show(inside))
}

/// Whether the user looks at the block although a turn failed: not with a code of the library's.
pub(super) fn is_told(fault: &Fault) -> bool {
    fault.code >= -LAST_ERRNO
}

/// As [`show`], when nobody looks at the block: records are for a later turn.
#[cold]
pub(super) fn hide(inside: &Inside) {
    // SAFETY: inside; user code is over.
    let ring = unsafe { state(inside.ring) };
    let shared = ring.block.shared();
    (shared.ops_len, shared.recs_len) = (0, 0);
    shared.inflight = ring.engine.inflight();
}

/// Fill the outputs of the shared block; how many records there are.
#[inline(always)]
fn show(inside: &Inside) -> u32 {
    // SAFETY: inside; user code is over.
    let ring = unsafe { state(inside.ring) };
    let shared = ring.block.shared();
    shared.ops_len = 0;
    let records = ring.engine.completed.show();
    shared.recs_len = records;
    shared.inflight = ring.engine.inflight();
    shared.leases_out = ring.engine.leases();
    records
}

#[cold]
fn no_block() -> Fault {
    Fault::errno(
        libc::EINVAL,
        "shared block: ops_len or rel_len beyond its capacity, or flags not 0",
    )
}

/// Give back the leases of the shared block, and look at its flags.
#[inline(never)]
fn release(block: &Block) -> Result<(), Fault> {
    let shared = block.shared();
    if shared.rel_len > block.rel_cap() || shared.flags != 0 {
        return Err(no_block());
    }
    let caller = holder();
    for lease in block.releases(shared.rel_len) {
        // A stale lease changes nothing; the turn goes on.
        if !release_here(*lease, caller) {
            let _ = release_lease(*lease);
        }
    }
    shared.rel_len = 0;
    Ok(())
}

/// One turn of the engine, then the callbacks. The first `ours` tokens of the shared block are of
/// this turn.
#[inline(always)]
pub(super) fn step(
    inside: &Inside,
    wait_min: u32,
    timeout_ns: i64,
    min_wait_us: u32,
    ours: u32,
    entered: Option<i32>,
) -> Result<(), Fault> {
    // SAFETY: inside; the reference is not used after `dispatch` begins.
    let ring = unsafe { state(inside.ring) };
    let block = &ring.block;
    let tokens = || block.ops(ours).map_or(&[][..], |(_, tokens)| &*tokens);
    let turned = ring.engine.turn(tokens, wait_min, timeout_ns, min_wait_us, entered);
    if ring.engine.taken_back > 0 {
        report(ring, &turned);
    }
    if ring.engine.completed.has_calls() {
        dispatch(inside.ring);
        if is_poisoned(inside) {
            return Err(Fault::new(EPOISONED, "a panic was caught in a call of a callback"));
        }
    }
    turned
}

/// Tell in the shared block that the kernel did not take all, and why.
#[cold]
fn report(ring: &mut RingState, turned: &Result<(), Fault>) {
    let shared = ring.block.shared();
    shared.ops_done -= ring.engine.taken_back;
    shared.op_error_at = shared.ops_done;
    ring.engine.taken_back = 0;
    shared.op_error = match turned {
        Ok(()) => fail(Fault::errno(libc::EAGAIN, "the kernel took no more ops; submit the rest")),
        Err(fault) => fault.code,
    };
}

/// Run the callbacks that wait in the completed list, in order.
#[inline(never)]
pub(super) fn dispatch(ring: *mut RingState) {
    loop {
        let (call, handle) = {
            // SAFETY: inside; the reference ends before the callback runs.
            let ring = unsafe { state(ring) };
            (ring.engine.completed.next_call(), ring.handle)
        };
        let Some(call) = call else { return };
        // SAFETY: submit_with stored the address of a function of this type, never 0.
        let callback: Callback = unsafe { core::mem::transmute(call.callback as usize) };
        // SAFETY: the caller of submit_with vouches for the function and its context.
        unsafe { callback(call.ctx as *mut c_void, handle as *mut ringline_ring, &call.completion) }
    }
}

/// Cancel everything and wait; returns what is still in flight.
pub(super) fn drain(inside: &Inside, timeout_ns: i64, keep_records: bool) -> Result<u32, Fault> {
    // SAFETY: inside; the reference is not kept across `step`.
    let ring = unsafe { state(inside.ring) };
    passing(ring.engine.begin_close())?;
    let start = ring.engine.driver.now();
    let mut asked = start;
    loop {
        // SAFETY: inside, and not kept across `step`.
        let ring = unsafe { state(inside.ring) };
        ring.hush();
        let left = ring.engine.inflight();
        let now = ring.engine.driver.now();
        let waited = now.saturating_sub(start).min(i64::MAX as u64) as i64;
        if !keep_records {
            ring.engine.drop_records();
        }
        let over = timeout_ns >= 0 && waited >= timeout_ns;
        if left == 0 || over || ring.engine.completed.is_full() {
            return Ok(left);
        }
        // By the clock, not by whether anything came: a chain may start an operation that the
        // first cancel could not see, and that one may deliver for ever.
        if now.saturating_sub(asked) >= DRAIN_STEP_NS as u64 {
            passing(ring.engine.cancel_all().map(drop))?;
            asked = now;
        }
        let rest = if timeout_ns < 0 { DRAIN_STEP_NS } else { timeout_ns - waited };
        // Records that wait already count toward what a turn waits for.
        let want = ring.engine.completed.waiting() + 1;
        if !passing(step(inside, want, rest.min(DRAIN_STEP_NS), 0, 0, None))? {
            // SAFETY: inside; user code is over.
            unsafe { state(inside.ring) }.engine.driver.enter.backend().pause(DRAIN_PAUSE_NS);
        }
    }
}

/// A drain goes on after what passes by itself: a signal, a kernel short of memory or of room.
/// False: asking again at once would only spin.
fn passing(result: Result<(), Fault>) -> Result<bool, Fault> {
    match result {
        Ok(()) => Ok(true),
        Err(fault) => match -fault.code {
            libc::EINTR => Ok(true),
            libc::EBUSY | libc::EAGAIN | libc::ENOMEM => Ok(false),
            _ => Err(fault),
        },
    }
}

/// The end of a ring: drain, abandon the rest, give everything back. Returns what was abandoned.
pub(super) fn end(inside: &Inside) -> u32 {
    // SAFETY: inside; the reference is not kept across user code.
    let ring = unsafe { state(inside.ring) };
    ring.next_turn = NextTurn::None;
    inside.loops.set(true);
    ring.free_wanted = false;
    ring.engine.driver.closing = true;
    // Not by `access`: the loop that is being left may have bound the ring itself.
    if is_current_thread(inside.entry.owner.load(Ordering::Acquire)) {
        // What cannot be drained is abandoned below.
        let _ = drain(inside, FREE_PATIENCE_NS, false);
        if is_poisoned(inside) {
            return scrap(inside);
        }
    }
    empty(inside);
    // SAFETY: inside, and the reference ends with the line.
    let before = unsafe { state(inside.ring) }.engine.driver.stats.abandoned.get();
    shut_mailbox(inside);
    loop {
        // SAFETY: inside, and not kept across `dispatch`.
        let ring = unsafe { state(inside.ring) };
        ring.engine.drop_records();
        let more = ring.engine.abandon_some() || ring.engine.return_mail();
        dispatch(inside.ring);
        if !more {
            break;
        }
    }
    // SAFETY: inside, and user code is over; the ring was made by Box::into_raw in create.
    let ring = unsafe { Box::from_raw(inside.ring) };
    let abandoned = ring.engine.driver.stats.abandoned.get() - before;
    super::log::tell_abandoned(abandoned);
    inside.gone.set(true);
    table::remove(inside.entry);
    ring.engine.dispose(abandoned > 0);
    if abandoned > 0 {
        ring.arguments.leak();
    }
    abandoned as u32
}

/// Take all that is in the queue already, also where no thread can enter the kernel any more.
fn empty(inside: &Inside) {
    loop {
        // SAFETY: inside; the reference ends before user code runs.
        let engine = &mut unsafe { state(inside.ring) }.engine;
        engine.collect();
        let more = engine.driver.enter.ready() > 0 && engine.completed.waiting() > 0;
        engine.drop_records();
        dispatch(inside.ring);
        if !more {
            return;
        }
    }
}

/// From here on nobody is inside the mailbox who could still leave something or wake.
fn shut_mailbox(inside: &Inside) {
    // SAFETY: inside, and this reference ends with the function.
    if let Some(mail) = &unsafe { state(inside.ring) }.engine.mail {
        mail.shut();
    }
}

/// A call further down the stack panicked: the driver is not run any more.
fn is_poisoned(inside: &Inside) -> bool {
    inside.entry.phase.load(Ordering::Relaxed) == phase::POISONED
}

/// The end of a poisoned ring: the kernel's side goes, the driver is not run, and the memory is
/// kept. Returns how many operations got no FINAL.
fn scrap(inside: &Inside) -> u32 {
    shut_mailbox(inside);
    // SAFETY: inside; the driver is not run, only two numbers are read.
    let ring = unsafe { state(inside.ring) };
    let left = ring.engine.inflight();
    let wake = ring.engine.driver.wake.fd();
    inside.gone.set(true);
    table::remove(inside.entry);
    // SAFETY: the wake's descriptor is the ring's and closed once, and the backend dropped once:
    // the memory around them is kept for good. Closing the ring's descriptor alone would not do:
    // its mappings and its registration hold the kernel's ring, and that every file in flight.
    unsafe {
        libc::close(wake);
        core::ptr::drop_in_place(ring.engine.driver.enter.backend());
    }
    left
}

/// Free now, or (in a callback) when the loop returns.
pub(super) fn free(inside: &Inside) -> u32 {
    // SAFETY: inside, and this reference ends with the block.
    let ring = unsafe { state(inside.ring) };
    if ring.is_looping() && matches!(inside.access, Access::Owner | Access::Poisoned) {
        ring.free_wanted = true;
        ring.engine.driver.closing = true;
        return 0;
    }
    if inside.access == Access::Poisoned { scrap(inside) } else { end(inside) }
}
