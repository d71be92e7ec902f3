//! Config and info structs: sizes by the rules of openat2(2).
//!
//! Owns: defaults and limits of a ring.

use super::constants::{RINGLINE_CONFIG_BIG, RINGLINE_CONFIG_SQPOLL};
use super::given::{init, invalid};
use crate::fault::Fault;
use crate::sys::{Features, RingSpec, disabled_by_environment};
use core::mem::MaybeUninit;
use std::time::Duration;

const MAX_ENTRIES: u32 = 32768;
const MAX_INFLIGHT: u32 = 1 << 23;
/// A spin is bounded by a second: more is a mistake in the unit.
pub(super) const MAX_SPIN_US: u32 = 1_000_000;
const DEFAULT_SQ: u32 = 256;
const DEFAULT_INFLIGHT: u32 = 65536;
/// How long create waits for the kernel to give back the memory of earlier rings.
const MEMORY_PATIENCE: Duration = Duration::from_secs(1);

/// What a ring shall be like. All-zero means all defaults; ringline_config_init() fills them in.
///
/// `size` is sizeof(ringline_config) of the caller's header (0 = the same, all defaults). A
/// shorter struct is extended by zeros, a longer one must be zero beyond what the library knows.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_config {
    /// sizeof(ringline_config).
    pub size: u32,
    /// Submission entries, rounded up to a power of two; 0 = 256.
    pub sq_entries: u32,
    /// Completion entries; 0 = four times sq_entries.
    pub cq_entries: u32,
    /// Operations in flight at most; 0 = 65536. 64 bytes of address space each.
    pub max_inflight: u32,
    /// Ops of the shared block; 0 = sq_entries.
    pub ops_cap: u32,
    /// Completions shown per turn at most; 0 = cq_entries.
    pub recs_cap: u32,
    /// RINGLINE_CONFIG_*.
    pub flags: u32,
    /// With SQPOLL: idle time of the kernel thread in milliseconds; 0 = 1000.
    pub sq_thread_idle_ms: u32,
    /// With SQPOLL: CPU of the kernel thread + 1; 0 = any.
    pub sq_thread_cpu: u32,
    /// Microseconds that waits look at the queue before they sleep (ringline_spin_us); 0 = none.
    pub spin_us: u32,
    /// RINGLINE_FEATURE_* not to use although the kernel has them.
    pub disable: u64,
}

/// What a ring got. Set `size` to sizeof(ringline_info) (0 = the same) before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_info {
    /// sizeof(ringline_info).
    pub size: u32,
    /// Submission entries.
    pub sq_entries: u32,
    /// Completion entries.
    pub cq_entries: u32,
    /// Operations in flight at most.
    pub max_inflight: u32,
    /// IORING_SETUP_* flags that stuck.
    pub setup_flags: u32,
    /// The ring's descriptor.
    pub ring_fd: i32,
    /// RINGLINE_FEATURE_* in use.
    pub features: u64,
    /// RINGLINE_FEATURE_* switched off by config or RINGLINE_DISABLE.
    pub disabled: u64,
}

impl ringline_config {
    /// Defaults filled in, limits checked.
    pub(super) fn resolved(mut self) -> Result<ringline_config, Fault> {
        let or = |value: u32, default: u32| if value == 0 { default } else { value };
        self.size = SIZE;
        self.sq_entries = or(self.sq_entries, DEFAULT_SQ);
        self.cq_entries = or(self.cq_entries, self.sq_entries.saturating_mul(4));
        self.max_inflight = or(self.max_inflight, DEFAULT_INFLIGHT);
        self.ops_cap = or(self.ops_cap, self.sq_entries);
        self.recs_cap = or(self.recs_cap, self.cq_entries);
        self.sq_thread_idle_ms = or(self.sq_thread_idle_ms, 1000);
        if self.sq_entries > MAX_ENTRIES || self.cq_entries > 2 * MAX_ENTRIES {
            return Err(invalid("sq_entries is 32768 at most, cq_entries 65536"));
        }
        if self.cq_entries < self.sq_entries {
            return Err(invalid("cq_entries must not be below sq_entries"));
        }
        if self.max_inflight > MAX_INFLIGHT || self.ops_cap > MAX_INFLIGHT {
            return Err(invalid("max_inflight and ops_cap are 8388608 at most"));
        }
        if self.recs_cap > MAX_INFLIGHT {
            return Err(invalid("recs_cap is 8388608 at most"));
        }
        if self.flags & !(RINGLINE_CONFIG_SQPOLL | RINGLINE_CONFIG_BIG) != 0 {
            return Err(invalid("unknown bit in config.flags"));
        }
        if self.spin_us > MAX_SPIN_US {
            return Err(invalid("spin_us is 1000000 at most"));
        }
        if self.disable & !Features::all().0 != 0 {
            return Err(invalid("unknown bit in config.disable"));
        }
        Ok(self)
    }

    /// What to ask the kernel for.
    pub(super) fn spec(&self) -> RingSpec {
        RingSpec {
            sq_entries: self.sq_entries,
            cq_entries: self.cq_entries,
            sqpoll: self.flags & RINGLINE_CONFIG_SQPOLL != 0,
            big: self.flags & RINGLINE_CONFIG_BIG != 0,
            sq_thread_idle_ms: self.sq_thread_idle_ms,
            sq_thread_cpu: self.sq_thread_cpu as i32 - 1,
            disable: Features(self.disable).with(disabled_by_environment()),
            memory_patience: MEMORY_PATIENCE,
        }
    }
}

/// Fill a config with the defaults, which are zeros, whatever is in it now, and set its size. What
/// follows from another member (cq_entries from sq_entries) follows what the caller puts there.
///
/// Only the members of version 0.1 are written, which every caller's struct has; those added later
/// stay at their default because `size` says so. Returns 0 or RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_config_init(
    config: Option<&mut MaybeUninit<ringline_config>>,
) -> i32 {
    init(config, ringline_config { size: SIZE, ..ringline_config::default() })
}

const SIZE: u32 = size_of::<ringline_config>() as u32;
const _: () = assert!(SIZE == 48, "config_init writes version 0.1 only");
