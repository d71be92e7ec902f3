//! Group M: timers of a worker.

use super::given::put;
use super::ringline_runtime;
use super::runtime_conn::on_worker;
use core::mem::MaybeUninit;

/// Have tick called (or RINGLINE_EVENT_TICK told) with `user` after `delay_ns`, and then every
/// `period_ns` nanoseconds (0 = once). `*out` is the timer's id. 1048576 timers per worker at a
/// time; starting and stopping one costs no system call. In the worker's callbacks only, or on an
/// adopted worker's thread.
///
/// Returns 0, RINGLINE_ENULL, -EAGAIN when there are as many, RINGLINE_EWRONGTHREAD,
/// RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_timer_start(
    runtime: *mut ringline_runtime,
    delay_ns: u64,
    period_ns: u64,
    user: u64,
    out: Option<&mut MaybeUninit<u64>>,
) -> i32 {
    on_worker(runtime, |worker| put(out, || worker.timer_start(delay_ns, period_ns, user)))
}

/// Stop a timer: it does not tick any more, not even in the turn at hand. In the worker's callbacks
/// only. Returns 0, RINGLINE_ESTALE when it ticked for the last time or was stopped,
/// RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_timer_stop(runtime: *mut ringline_runtime, timer: u64) -> i32 {
    on_worker(runtime, |worker| worker.timer_stop(timer))
}
