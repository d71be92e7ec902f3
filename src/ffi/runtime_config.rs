//! Group M: what a runtime shall be like.
//!
//! Owns: the record; defaults and limits are the runtime's own.

use super::constants::RINGLINE_RUNTIME_UNPINNED;
use super::given::{init, invalid};
use crate::fault::Fault;
use crate::runtime::Config;
use crate::sys::Features;
use core::mem::MaybeUninit;

/// What a runtime shall be like. All-zero means all defaults; ringline_runtime_config_init() fills
/// them in. `size` as in ringline_config.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_runtime_config {
    /// sizeof(ringline_runtime_config).
    pub size: u32,
    /// Workers: threads with a ring each, 2048 at most; 0 = one per processor.
    pub workers: u32,
    /// RINGLINE_RUNTIME_*.
    pub flags: u32,
    /// Connections per worker at a time, 1048576 at most; 0 = 65536. Clients beyond wait in the
    /// listener's backlog.
    pub max_connections: u32,
    /// Bytes in a connection's send queue from which on ringline_conn_send() is -EAGAIN;
    /// 0 = 1 MiB, 1 GiB at most.
    pub high_water: u32,
    /// Bytes at which it is told to be writable again; 0 = half of high_water.
    pub low_water: u32,
    /// Bytes that a data callback may leave unconsumed without a pause; more closes the connection
    /// with -EMSGSIZE. 0 = 1 MiB, 1 GiB at most.
    pub keep_max: u32,
    /// Buffers of a worker's receive pool, a power of two; 0 = 8.
    pub pool_buffers: u32,
    /// Bytes of each; 0 = 256 KiB. From Linux 6.12 on a buffer is filled piece by piece, by as many
    /// receives as fit.
    pub pool_buffer_size: u32,
    /// Zero.
    pub resv: u32,
    /// How long a graceful close waits, in nanoseconds: since the other end took bytes last
    /// (min_rate), and when it has taken all, for its own end; 0 = 5 s.
    pub close_timeout_ns: u64,
    /// RINGLINE_FEATURE_* not to use although the kernel has them.
    pub disable: u64,
    /// A callback that takes longer, in nanoseconds, is counted, and told to the log once per row
    /// of such, which ends after 16 times that long without one; 0 = none is. Costs two looks at
    /// the clock per event. One that does not come out is told by another worker that turns.
    pub stall_ns: u64,
    /// Microseconds that a worker looks for events before it sleeps, as ringline_spin_us(); 0 = it
    /// sleeps at once. 1000000 at most.
    pub spin_us: u32,
    /// Bytes of a received datagram, 1 MiB at most; what is longer is cut off and flagged.
    /// 0 = 65536; with less than that the kernel is not asked to put datagrams together.
    pub datagram_size: u32,
    /// Buffers of a worker for received datagrams, a power of two, 4096 at most; 0 = 64. Made when
    /// it has a listener for datagrams.
    pub datagram_buffers: u32,
    /// Threads for functions of ringline_work(), made when there is work, and as many for
    /// ringline_resolve() and for ringline_process_spawn() each: what hangs in one of these holds
    /// up its own kind only. 0 = 16, 1024 at most.
    pub blocking_threads: u32,
    /// Bytes per second that the other end of a connection has to take on average, to count as one
    /// that takes anything: less than min_rate times the time limit at hand within that time is a
    /// stall. For close_timeout_ns, and for idle_ns and write_ns of ringline_conn_timeouts.
    /// 0 = 512.
    pub min_rate: u64,
}

impl ringline_runtime_config {
    pub(super) fn resolved(&self) -> Result<Config, Fault> {
        if self.flags & !RINGLINE_RUNTIME_UNPINNED != 0 {
            return Err(invalid("unknown bit in the flags of a runtime's config"));
        }
        if self.resv != 0 {
            return Err(invalid("resv of a runtime's config must be 0"));
        }
        if self.disable & !Features::all().0 != 0 {
            return Err(invalid("unknown bit in disable of a runtime's config"));
        }
        let config = Config {
            workers: self.workers,
            unpinned: self.flags & RINGLINE_RUNTIME_UNPINNED != 0,
            max_connections: self.max_connections,
            high_water: self.high_water,
            low_water: self.low_water,
            keep_max: self.keep_max,
            pool_buffers: self.pool_buffers,
            pool_buffer_size: self.pool_buffer_size,
            close_timeout_ns: self.close_timeout_ns,
            blocking_threads: self.blocking_threads,
            disable: Features(self.disable),
            stall_ns: self.stall_ns,
            spin_us: self.spin_us,
            datagram_size: self.datagram_size,
            datagram_buffers: self.datagram_buffers,
            big: false,
            files: 0,
            min_rate: self.min_rate,
        };
        config.resolved()
    }
}

/// Fill a runtime's config with the defaults, which are zeros, and set its size. Any thread.
/// Returns 0 or RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_runtime_config_init(
    config: Option<&mut MaybeUninit<ringline_runtime_config>>,
) -> i32 {
    let size = size_of::<ringline_runtime_config>() as u32;
    init(config, ringline_runtime_config { size, ..ringline_runtime_config::default() })
}

const _: () = assert!(size_of::<ringline_runtime_config>() == 88, "init writes this version only");
