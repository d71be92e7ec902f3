//! Group N: counters.

use super::boundary::answered;
use super::given::put_sized;
use super::ringline_ring;
use super::table;

/// What a ring did so far. Set `size` to sizeof(ringline_stats) (0 = the same) before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_stats {
    /// sizeof(ringline_stats).
    pub size: u32,
    /// Zero.
    pub resv: u32,
    /// Operations accepted.
    pub submitted: u64,
    /// Completions delivered.
    pub completed: u64,
    /// Calls of io_uring_enter(2).
    pub enters: u64,
    /// Of these, calls that were allowed to sleep.
    pub waits: u64,
    /// Times the completion queue was seen overflowing.
    pub overflows: u64,
    /// Kernel completions that named no operation in flight.
    pub strays: u64,
    /// Timer expirations.
    pub timers: u64,
    /// Wakes from other threads.
    pub wakes: u64,
    /// QUIET sends the kernel took whole.
    pub quiet: u64,
    /// Cancel requests sent to the kernel.
    pub cancels: u64,
    /// Buffers handed out from pools.
    pub leases: u64,
    /// Receives that ended because the pool was empty.
    pub nobufs: u64,
    /// Operations abandoned at a forced free.
    pub abandoned: u64,
    /// Operations taken back because the kernel did not consume them.
    pub rollbacks: u64,
}

/// Read the counters. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL,
/// -EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_stats_of(
    ring: *mut ringline_ring,
    out: *mut ringline_stats,
) -> i32 {
    answered(|| {
        let counted = table::with_remote(ring as u64, |remote| {
            let stats = &remote.stats;
            ringline_stats {
                size: size_of::<ringline_stats>() as u32,
                resv: 0,
                submitted: stats.submitted.get(),
                completed: stats.completed.get(),
                enters: stats.enters.get(),
                waits: stats.waits.get(),
                overflows: stats.overflows.get(),
                strays: stats.strays.get(),
                timers: stats.timers.get(),
                wakes: stats.wakes.get(),
                quiet: stats.quiet.get(),
                cancels: stats.cancels.get(),
                leases: stats.leases.get(),
                nobufs: stats.nobufs.get(),
                abandoned: stats.abandoned.get(),
                rollbacks: stats.rollbacks.get(),
            }
        })?;
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, || Ok(counted)) }
    })
}
