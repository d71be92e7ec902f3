//! Group M and N: what a runtime did so far, as a record and as text for Prometheus.
//!
//! Owns: the record, the names and the help texts. Any thread may ask; the workers write.

use super::given::{invalid, put_sized, room};
use super::prometheus::{Row, write_counters};
use super::ringline_runtime;
use super::runtime::visit;
use crate::runtime::WorkerStats;
use core::ffi::c_char;

/// What a runtime did so far, over all workers. Set `size` to sizeof(ringline_runtime_stats) (0 =
/// the same) before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_runtime_stats {
    /// sizeof(ringline_runtime_stats).
    pub size: u32,
    /// Workers counted here.
    pub workers: u32,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that are over.
    pub closed: u64,
    /// Clients sent away, accepted when the table was full or the listener closing.
    pub refused: u64,
    /// Times that accepting rested for want of descriptors or memory.
    pub accept_pauses: u64,
    /// Receives.
    pub receives: u64,
    /// Bytes received.
    pub received: u64,
    /// Sends that ended, each of one or several messages.
    pub sends: u64,
    /// Bytes that the kernel took.
    pub sent: u64,
    /// Times that a connection waited for a receive buffer.
    pub parked: u64,
    /// Turns of the workers' loops.
    pub turns: u64,
    /// Leases that ringline_conn_take() gave.
    pub taken: u64,
    /// Leases that it refused, because few receive buffers were left.
    pub take_refusals: u64,
    /// Connections that ringline_conn_connect() opened.
    pub connected: u64,
    /// Connections closed because of ringline_conn_set_timeouts().
    pub timeouts: u64,
    /// Datagrams received.
    pub datagrams: u64,
    /// Receives that brought them: each one, or a run that the kernel put together.
    pub datagram_receives: u64,
    /// Datagrams that the kernel took.
    pub datagrams_sent: u64,
    /// Sends that took them: each one, or a run that the kernel cut.
    pub datagram_sends: u64,
    /// Datagrams to be sent that the kernel refused.
    pub datagrams_lost: u64,
    /// Times that a worker rested for want of the kernel's memory, descriptors or room.
    pub backoffs: u64,
    /// Callbacks that took longer than stall_ns.
    pub stalls: u64,
    /// Lookups, starts of children and functions of ringline_work() that a stop did not wait for:
    /// so many threads, and the memory of the runtime, stay until they come back.
    pub left_behind: u64,
    /// Bytes of messages of 16 KiB and more that were copied, since the kernel did not take them at
    /// once.
    pub copied: u64,
}

/// Add counters to the members of the same names.
macro_rules! add {
    ($sum:ident += $stats:ident: $($name:ident)*) => {
        $($sum.$name += $stats.$name.get();)*
    };
}

impl ringline_runtime_stats {
    fn add(&mut self, stats: &WorkerStats) {
        self.workers += 1;
        add! { self += stats:
            accepted closed refused accept_pauses receives received sends sent parked
            turns taken take_refusals connected timeouts datagrams datagram_receives
            datagrams_sent datagram_sends datagrams_lost backoffs stalls left_behind copied
        }
    }
}

/// Read the counters of a runtime, summed over its workers. Any thread. Returns 0, RINGLINE_ENULL,
/// -EINVAL, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_stats_of(
    runtime: *mut ringline_runtime,
    out: *mut ringline_runtime_stats,
) -> i32 {
    visit(runtime, |runtime| {
        let mut sum = ringline_runtime_stats::default();
        runtime.threads.shared().stats().for_each(|stats| sum.add(stats));
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, || Ok(sum)) }
    })
}

/// As ringline_runtime_stats_of(), of one worker, from 0 on; `workers` is 1. Any thread. Returns 0,
/// RINGLINE_ENULL, -EINVAL (also for a worker that there is not), RINGLINE_ESTALE,
/// RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_worker_stats_of(
    runtime: *mut ringline_runtime,
    worker: u32,
    out: *mut ringline_runtime_stats,
) -> i32 {
    visit(runtime, |runtime| {
        let mut one = ringline_runtime_stats::default();
        let count = || {
            let stats = runtime.threads.shared().stats().nth(worker as usize);
            one.add(stats.ok_or_else(|| invalid("there is no such worker"))?);
            Ok(one)
        };
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, count) }
    })
}

const ROWS: [Row<WorkerStats>; 19] = [
    ("accepted", "Connections accepted.", |stats| &stats.accepted),
    ("closed", "Connections that are over.", |stats| &stats.closed),
    ("refused", "Clients sent away.", |stats| &stats.refused),
    ("accept_pauses", "Times that accepting rested.", |stats| &stats.accept_pauses),
    ("receives", "Receives.", |stats| &stats.receives),
    ("received_bytes", "Bytes received.", |stats| &stats.received),
    ("sends", "Sends that ended.", |stats| &stats.sends),
    ("sent_bytes", "Bytes that the kernel took.", |stats| &stats.sent),
    ("parked", "Times that a receive waited for a buffer.", |stats| &stats.parked),
    ("turns", "Turns of the loop.", |stats| &stats.turns),
    ("datagrams_received", "Datagrams received.", |stats| &stats.datagrams),
    ("datagram_receives", "Receives that brought datagrams.", |stats| &stats.datagram_receives),
    ("datagrams_sent", "Datagrams that the kernel took.", |stats| &stats.datagrams_sent),
    ("datagram_sends", "Sends that took datagrams.", |stats| &stats.datagram_sends),
    ("datagrams_lost", "Datagrams that the kernel refused.", |stats| &stats.datagrams_lost),
    ("backoffs", "Times that the worker rested.", |stats| &stats.backoffs),
    ("stalls", "Callbacks that took longer than stall_ns.", |stats| &stats.stalls),
    ("left_behind", "Threads that a stop did not wait for.", |stats| &stats.left_behind),
    ("copied_bytes", "Bytes of long messages that could not go at once.", |stats| &stats.copied),
];

/// Write the counters of each worker in the text format of Prometheus: for each a HELP line, a TYPE
/// line, and per worker `ringline_worker_NAME_total{worker="N"} VALUE`. Terminated, cut off at
/// `cap` bytes. Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
///
/// Returns the length of the whole text without the terminator, like snprintf(3), or
/// RINGLINE_ENULL, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_stats_prometheus(
    runtime: *mut ringline_runtime,
    buf: *mut c_char,
    cap: usize,
) -> i32 {
    visit(runtime, |runtime| {
        // SAFETY: the caller vouches for `cap` writable bytes, or gave NULL.
        let room = unsafe { room(buf, cap) }?;
        let workers = || runtime.threads.shared().stats().enumerate();
        Ok(write_counters(room, "ringline_worker", "worker", &ROWS, workers))
    })
}
