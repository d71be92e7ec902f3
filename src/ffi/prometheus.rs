//! Group N: counters as text for Prometheus.
//!
//! Owns: the names and help texts. One row per counter of ringline_stats; a test compares both.

use super::boundary::answered;
use super::given::room;
use super::ringline_ring;
use super::table;
use crate::driver::{Counter, Stats};
use crate::text::Counted;
use core::ffi::c_char;
use core::fmt::Write;
use core::iter::once;

/// One metric: its name, its help text, and where it is counted.
pub(super) type Row<S> = (&'static str, &'static str, fn(&S) -> &Counter);

const ROWS: [Row<Stats>; 14] = [
    ("submitted", "Operations accepted.", |stats| &stats.submitted),
    ("completed", "Completions delivered.", |stats| &stats.completed),
    ("enters", "Calls of io_uring_enter(2).", |stats| &stats.enters),
    ("waits", "Calls of io_uring_enter(2) that were allowed to sleep.", |stats| &stats.waits),
    ("overflows", "Times the completion queue was seen overflowing.", |stats| &stats.overflows),
    ("strays", "Completions that named no operation in flight.", |stats| &stats.strays),
    ("timers", "Timer expirations.", |stats| &stats.timers),
    ("wakes", "Wakes from other threads.", |stats| &stats.wakes),
    ("quiet", "QUIET sends that the kernel took whole.", |stats| &stats.quiet),
    ("cancels", "Cancel requests sent to the kernel.", |stats| &stats.cancels),
    ("leases", "Buffers handed out from pools.", |stats| &stats.leases),
    ("nobufs", "Receives that ended because the pool was empty.", |stats| &stats.nobufs),
    ("abandoned", "Operations abandoned at a forced free.", |stats| &stats.abandoned),
    ("rollbacks", "Operations taken back: the kernel did not take them.", |stats| &stats.rollbacks),
];

/// Write the counters of the ring in the text format of Prometheus: for each counter of
/// ringline_stats a HELP line, a TYPE line and `ringline_NAME_total{ring="N"} VALUE`, where N is
/// the place of the handle, which a later ring may have again. Terminated, cut off at `cap` bytes.
/// Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
///
/// Returns the length of the whole text without the terminator, like snprintf(3), or
/// RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_stats_prometheus(
    ring: *mut ringline_ring,
    buf: *mut c_char,
    cap: usize,
) -> i32 {
    answered(|| {
        table::with_remote(ring as u64, |remote| {
            // SAFETY: the caller vouches for `cap` writable bytes, or gave NULL.
            let room = unsafe { room(buf, cap) }?;
            let place = ring as usize & 0xffff;
            Ok(write_counters(room, "ringline", "ring", &ROWS, || once((place, &*remote.stats))))
        })?
    })
}

/// Write each counter of each of the `counted`, with its number as the `label`. Returns the length
/// that the text has or would have.
pub(super) fn write_counters<'a, S: 'a, I: Iterator<Item = (usize, &'a S)>>(
    room: &mut [u8],
    prefix: &str,
    label: &str,
    rows: &[Row<S>],
    counted: impl Fn() -> I,
) -> usize {
    let mut text = Counted::new(room);
    for (name, help, counter) in rows {
        // The writer never fails: what does not fit is counted.
        let _ = writeln!(text, "# HELP {prefix}_{name}_total {help}");
        let _ = writeln!(text, "# TYPE {prefix}_{name}_total counter");
        for (number, stats) in counted() {
            let value = counter(stats).get();
            let _ = writeln!(text, "{prefix}_{name}_total{{{label}=\"{number}\"}} {value}");
        }
    }
    text.end()
}
