//! Group N: counters as text for Prometheus.
//!
//! Owns: the names and help texts. One row per counter of ringline_stats; a test compares both.

use super::boundary::{fail, netted};
use super::ringline_ring;
use super::table;
use crate::error::{ENULL, Fault};
use crate::ring::{Counter, Stats};
use crate::text::Counted;
use core::ffi::c_char;
use core::fmt::Write;

/// One metric: its name, its help text, and where it is counted.
type Row = (&'static str, &'static str, fn(&Stats) -> &Counter);

const ROWS: [Row; 14] = [
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
    netted(|| {
        let written = table::with_remote(ring as u64, |remote| {
            if buf.is_null() && cap > 0 {
                return fail(Fault::new(ENULL, "buf is NULL although cap is not 0"));
            }
            let room: &mut [u8] = match cap {
                0 => &mut [],
                // SAFETY: not NULL; the caller vouches for `cap` writable bytes.
                _ => unsafe { core::slice::from_raw_parts_mut(buf.cast(), cap) },
            };
            let mut text = Counted::new(room);
            let place = ring as u64 & 0xffff;
            for (name, help, counter) in ROWS {
                // The writer never fails: what does not fit is counted.
                let _ = write!(
                    text,
                    "# HELP ringline_{name}_total {help}\n# TYPE ringline_{name}_total counter\n\
                     ringline_{name}_total{{ring=\"{place}\"}} {}\n",
                    counter(&remote.stats).get()
                );
            }
            text.end().min(i32::MAX as usize) as i32
        });
        written.unwrap_or_else(|code| {
            fail(Fault::new(code, "the ring handle is stale or from before a fork"))
        })
    })
}
