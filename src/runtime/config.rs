//! What a runtime shall be like: sizes, limits, and their defaults.
//!
//! Owns: the limits. Invariant: a resolved config has no zero left, and every queue of the runtime
//! is bounded by one of its members.

use crate::fault::Fault;
use crate::sys::{Features, allowed_cpus};

/// Longest message of one call.
pub const LONGEST: usize = 1 << 30;
/// Timers of a worker at most.
pub const MAX_TIMERS: u32 = 1 << 20;
/// Workers of a runtime at most: a connection's id has 11 bits for it.
pub const MAX_WORKERS: u32 = 1 << 11;
/// Connections of a worker at most: a connection's id has 24 bits for it.
const MAX_CONNECTIONS: u32 = 1 << 20;
const DEFAULT_CONNECTIONS: u32 = 65536;
const DEFAULT_HIGH_WATER: u32 = 1 << 20;
const DEFAULT_KEEP: u32 = 1 << 20;
/// The pool of a worker: few large buffers, which the kernel fills piece by piece.
const DEFAULT_BUFFERS: u32 = 8;
const DEFAULT_BUFFER_SIZE: u32 = 256 << 10;
const DEFAULT_CLOSE_NS: u64 = 5_000_000_000;
/// A telephone of 1990 takes more.
const DEFAULT_MIN_RATE: u64 = 512;
const DEFAULT_BLOCKING: u32 = 16;
const MOST_BLOCKING: u32 = 1024;
/// A datagram of UDP has a little less, and so has a run that the kernel put together.
const DEFAULT_DATAGRAM: u32 = 64 << 10;
const DEFAULT_DATAGRAMS: u32 = 64;
const MOST_DATAGRAM: u32 = 1 << 20;
const MOST_DATAGRAMS: u32 = 1 << 12;
const MOST_SPIN_US: u32 = 1_000_000;
const MOST_BYTES: u32 = 1 << 30;

/// A runtime's config; zeros mean defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// Workers, each with a thread and a ring of its own.
    pub workers: u32,
    /// Leave the threads where the kernel puts them.
    pub unpinned: bool,
    /// Connections of a worker at a time.
    pub max_connections: u32,
    /// Bytes of a connection's send queue from which on nothing more is taken.
    pub high_water: u32,
    /// Bytes at which a full queue counts as writable again.
    pub low_water: u32,
    /// Received bytes that a connection may leave unconsumed.
    pub keep_max: u32,
    /// Buffers of a worker's receive pool.
    pub pool_buffers: u32,
    /// Bytes of each.
    pub pool_buffer_size: u32,
    /// How long a graceful close waits for the other end to take something, or to end.
    pub close_timeout_ns: u64,
    /// Bytes that it must take in a second, on average over a deadline.
    pub min_rate: u64,
    /// Threads for what blocks.
    pub blocking_threads: u32,
    /// Features not to use.
    pub disable: Features,
    /// A callback that takes longer is told; 0 = none is.
    pub stall_ns: u64,
    /// How long a wait looks at the completions before it sleeps.
    pub spin_us: u32,
    /// Entries of 128 bytes, in which a command to a device fits.
    pub big: bool,
    /// Slots of a worker for registered files; 0 = no table of them.
    pub files: u32,
    /// Bytes of a received datagram; what is longer is cut off.
    pub datagram_size: u32,
    /// Buffers of a worker for received datagrams.
    pub datagram_buffers: u32,
}

impl Config {
    /// Defaults filled in, limits checked.
    pub fn resolved(mut self) -> Result<Config, Fault> {
        let or = |value: u32, default: u32| if value == 0 { default } else { value };
        if self.workers == 0 {
            self.workers = (allowed_cpus().len() as u32).min(MAX_WORKERS);
        }
        self.max_connections = or(self.max_connections, DEFAULT_CONNECTIONS);
        self.high_water = or(self.high_water, DEFAULT_HIGH_WATER);
        self.low_water = or(self.low_water, self.high_water / 2);
        self.keep_max = or(self.keep_max, DEFAULT_KEEP);
        self.pool_buffers = or(self.pool_buffers, DEFAULT_BUFFERS);
        self.pool_buffer_size = or(self.pool_buffer_size, DEFAULT_BUFFER_SIZE);
        self.blocking_threads = or(self.blocking_threads, DEFAULT_BLOCKING);
        self.datagram_size = or(self.datagram_size, DEFAULT_DATAGRAM);
        self.datagram_buffers = or(self.datagram_buffers, DEFAULT_DATAGRAMS);
        if self.close_timeout_ns == 0 {
            self.close_timeout_ns = DEFAULT_CLOSE_NS;
        }
        if self.min_rate == 0 {
            self.min_rate = DEFAULT_MIN_RATE;
        }
        let invalid = |text| Err(Fault::errno(libc::EINVAL, text));
        if self.workers > MAX_WORKERS {
            return invalid("a runtime has 2048 workers at most");
        }
        if self.max_connections > MAX_CONNECTIONS {
            return invalid("max_connections is 1048576 per worker at most");
        }
        if self.high_water > MOST_BYTES || self.keep_max > MOST_BYTES {
            return invalid("high_water and keep_max are 1 GiB at most");
        }
        if self.low_water >= self.high_water && self.high_water > 1 {
            return invalid("low_water must be below high_water");
        }
        if self.blocking_threads > MOST_BLOCKING {
            return invalid("blocking_threads is 1024 at most");
        }
        if self.close_timeout_ns > i64::MAX as u64 {
            return invalid("close_timeout_ns is 9223372036854775807 at most");
        }
        if self.datagram_size > MOST_DATAGRAM {
            return invalid("datagram_size is 1 MiB at most");
        }
        if self.datagram_buffers > MOST_DATAGRAMS || !self.datagram_buffers.is_power_of_two() {
            return invalid("datagram_buffers is a power of two, 4096 at most");
        }
        if self.spin_us > MOST_SPIN_US {
            return invalid("spin_us is 1000000 at most");
        }
        Ok(self)
    }

    /// Bytes that the other end of a connection must take in `span` nanoseconds.
    pub fn least(&self, span: u64) -> u64 {
        let bytes = u128::from(self.min_rate) * u128::from(span) / 1_000_000_000;
        bytes.clamp(1, u64::MAX.into()) as u64
    }
}
