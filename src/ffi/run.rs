//! Group E: running callbacks.

use super::boundary::{Door, Inside, enter_ffi, fail};
use super::ringline_ring;
use super::state::{begin_loop, end_loop, hide, is_told, state, step};
use super::table;
use crate::driver::signal;
use crate::fault::{ECLOSED, Fault};

/// The answer of a loop whose ring was freed in one of its callbacks.
pub(super) fn freed() -> i32 {
    fail(Fault::new(ECLOSED, "the ring was freed inside a callback, or abandoned"))
}

/// Wait once for `wait_min` completions or `timeout_ns` (-1 = forever, 0 = do not wait), run the
/// callbacks, show records in the shared block. As ringline_turn() without its ops. Owner thread;
/// binds a ring without owner. Returns how many completions it told, callbacks and records
/// together, also those that an earlier call took out of the kernel's queue (a close with a
/// timeout, a prepare); or as ringline_turn().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_run_once(
    ring: *mut ringline_ring,
    wait_min: u32,
    timeout_ns: i64,
) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        if let Err(fault) = begin_loop(inside) {
            return fail(fault).into();
        }
        let came = once(inside, wait_min, timeout_ns);
        if !end_loop(inside, false) {
            return freed().into();
        }
        match came {
            Ok(came) => came.min(i32::MAX as u64) as i64,
            Err(fault) => fail(fault).into(),
        }
    }) as i32
}

fn once(inside: &Inside, wait_min: u32, timeout_ns: i64) -> Result<u64, Fault> {
    // SAFETY: inside; the reference ends before user code runs.
    let engine = &mut unsafe { state(inside.ring) }.engine;
    engine.completed.forget_shown();
    // What an earlier call collected and did not tell is told by this one.
    let before = engine.driver.stats.completed.get() - engine.untold();
    let turned = step(inside, wait_min, timeout_ns, 0, 0, None);
    // SAFETY: inside, user code is over.
    let ring = unsafe { state(inside.ring) };
    let shared = ring.block.shared();
    if turned.as_ref().err().is_some_and(|fault| !is_told(fault)) {
        hide(inside);
        return turned.map(|()| 0);
    }
    shared.recs_len = ring.engine.completed.show();
    shared.inflight = ring.engine.inflight();
    shared.leases_out = ring.engine.leases();
    turned.map(|()| ring.engine.driver.stats.completed.get() - before)
}

/// Run callbacks until ringline_stop(), until nothing is in flight and nobody holds a mailbox of
/// the ring, or until a completion without callback came. Owner thread; binds a ring without
/// owner. Signals do not end it (a handler may call ringline_stop).
///
/// Returns 0 when stopped or nothing is in flight, > 0 = that many records wait in shared->recs;
/// or as ringline_turn().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_run(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        if let Err(fault) = begin_loop(inside) {
            return fail(fault).into();
        }
        let ended = run(inside);
        if !end_loop(inside, true) {
            return freed().into();
        }
        match ended {
            Ok(records) => records.into(),
            Err(fault) => fail(fault).into(),
        }
    }) as i32
}

fn run(inside: &Inside) -> Result<u32, Fault> {
    loop {
        // SAFETY: inside; the reference ends before user code runs.
        let ring = unsafe { state(inside.ring) };
        let idle = ring.engine.inflight() == 0
            && ring.engine.completed.waiting() == 0
            && !ring.engine.expects_mail();
        if ring.engine.take_stop() || ring.is_ending() || idle {
            return Ok(0);
        }
        match once(inside, 1, -1) {
            Ok(_) => {}
            Err(fault) if fault.code == -libc::EINTR => continue,
            Err(fault) => return Err(fault),
        }
        // SAFETY: inside, user code is over.
        let records = unsafe { state(inside.ring) }.block.shared().recs_len;
        if records > 0 {
            return Ok(records);
        }
    }
}

/// Make ringline_run() return, or the present or next wait of a turn end early. Any thread, signal
/// handlers and callbacks; async-signal-safe, errno is kept. Returns 0,
/// RINGLINE_ESTALE or RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_stop(ring: *mut ringline_ring) -> i32 {
    // Not through the boundary: it must be async-signal-safe.
    match table::with_remote(ring as u64, |remote| remote.wake.raise(signal::STOP)) {
        Ok(()) => 0,
        Err(fault) => fault.code,
    }
}
