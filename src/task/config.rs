//! How a runtime of the Rust API is configured.
//!
//! Owns: the defaults and the limits. Invariant: a config that `validate` accepts can be launched
//! where the machine allows it.

use super::direct_io::DirectIoConfig;
use super::error::Error;
use super::fs::FsConfig;
use super::guard::MemoryRegion;
use super::nvme::NvmeConfig;
#[cfg(feature = "tls")]
use super::tls::{TlsClientConfig, TlsConfig};
use std::net::SocketAddr;

/// The memory that a worker receives into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvBufferConfig {
    /// Buffers of the pool; a power of two. Default: 256.
    pub ring_size: u16,
    /// Bytes of each. Default: 16384.
    pub buffer_size: u32,
    /// The number of the buffer group. Default: 0.
    pub bgid: u16,
}

impl Default for RecvBufferConfig {
    fn default() -> RecvBufferConfig {
        RecvBufferConfig { ring_size: 256, buffer_size: 16384, bgid: 0 }
    }
}

/// The threads of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// How many; 0 (the default) = one for each processor that the process may use.
    pub threads: usize,
    /// Keep each on a processor. Default: true.
    pub pin_to_core: bool,
    /// The first of these processors. Default: 0.
    pub core_offset: usize,
}

impl Default for WorkerConfig {
    fn default() -> WorkerConfig {
        WorkerConfig { threads: 0, pin_to_core: true, core_offset: 0 }
    }
}

/// What a runtime is like. Every field is public; [`ConfigBuilder`] has a method for each.
///
/// Some fields are there for programs that set them, and change nothing here: `sq_entries`,
/// `sqpoll` and its kin, `worker.core_offset`, `recv_accumulator_capacity`, `flush_interval_us` and
/// `tcp_nodelay` (a message leaves with the turn that made it).
#[derive(Clone, Debug)]
pub struct Config {
    /// Entries of each worker's submission queue; a power of two. Default: 256.
    pub sq_entries: u32,
    /// Have the kernel poll the submission queue by a thread of its own. Default: false.
    pub sqpoll: bool,
    /// Milliseconds until that thread sleeps. Default: 1000.
    pub sqpoll_idle_ms: u32,
    /// The processor that thread is kept on. Default: none.
    pub sqpoll_cpu: Option<u32>,
    /// The memory that each worker receives into.
    pub recv_buffer: RecvBufferConfig,
    /// Memory that [`SendGuard`](crate::SendGuard)s may name by a region. Default: none.
    pub registered_regions: Vec<MemoryRegion>,
    /// The threads.
    pub worker: WorkerConfig,
    /// Clients that may wait to be accepted. Default: 1024.
    pub backlog: i32,
    /// Connections of a worker at a time: more than 0, less than 2^24. Default: 16000.
    pub max_connections: u32,
    /// Bytes for which a connection's accumulator has room at first. Default: 4096.
    pub recv_accumulator_capacity: usize,
    /// Received bytes that a connection may leave unconsumed; at this mark the worker receives
    /// nothing more for it until some are consumed. Default: 1 MiB.
    pub recv_accumulator_max: usize,
    /// Slots of a worker for bytes to be sent. Default: 1024.
    pub send_copy_count: u16,
    /// Bytes of each. Default: 16384.
    pub send_copy_slot_size: u32,
    /// Sends of guards of a worker that may be under way. Default: 512.
    pub send_slab_slots: u16,
    /// From so many bytes on a guard's memory is sent without a copy. Default: 4096.
    pub send_zc_threshold: u32,
    /// Microseconds for which sends are gathered at most. Default: 100.
    pub flush_interval_us: u64,
    /// Microseconds between two calls of `on_tick`, where that is overridden. Default: 1000.
    pub tick_timeout_us: u64,
    /// What the listeners of [`RinglineBuilder::bind`](crate::RinglineBuilder::bind) are by TLS.
    /// Default: none, they are plain.
    #[cfg(feature = "tls")]
    pub tls: Option<TlsConfig>,
    /// What the `connect_tls` functions are. Default: none, they refuse.
    #[cfg(feature = "tls")]
    pub tls_client: Option<TlsClientConfig>,
    /// Threads of the runtime for [`spawn_blocking`](crate::spawn_blocking), started as needed; 0 =
    /// it refuses. Default: 8.
    pub blocking_threads: usize,
    /// Threads that look up hosts; 0 = lookups are refused. Default: 2.
    pub resolver_threads: usize,
    /// Threads that start children; 0 = [`process`](crate::process) refuses. Default: 1.
    pub spawner_threads: usize,
    /// Send small messages at once (TCP_NODELAY). Default: true.
    pub tcp_nodelay: bool,
    /// Parts of a chained send. Default: 16.
    pub max_chain_length: u16,
    /// Tasks of a worker that [`spawn`](crate::spawn) made. Default: 256.
    pub standalone_task_capacity: u32,
    /// Timers of a worker for the functions whose names begin with `try_`; at most 65535.
    /// Default: 256.
    pub timer_slots: u32,
    /// Addresses at which datagrams are received. Default: none.
    pub udp_bind: Vec<SocketAddr>,
    /// Receive datagrams of one sender together (UDP_GRO, see udp(7)). They always are here, where
    /// the kernel can, and each is told by itself: it changes nothing. Default: false.
    pub udp_gro: bool,
    /// Datagrams of a socket that wait for a task at most; what comes beyond that is lost.
    /// Default: 1024.
    pub udp_recv_queue_capacity: usize,
    /// Files and folders, or `None`: then [`fs`](crate::fs) opens nothing. Default:
    /// `Some(FsConfig::default())`.
    pub fs: Option<FsConfig>,
    /// Direct I/O, or `None` for none: then a worker's ring has no room for such files. Default:
    /// `None`.
    pub direct_io: Option<DirectIoConfig>,
    /// Commands to NVMe devices, or `None` for none; with them the entries of a worker's ring are
    /// twice as long. Default: `None`.
    pub nvme: Option<NvmeConfig>,
    /// Milliseconds for which a close waits until the other end has taken all. Default: 5000.
    pub close_timeout_ms: u64,
}

/// Timer slots at most.
const MOST_TIMER_SLOTS: u32 = 65535;
const MOST_CONNECTIONS: u32 = 1 << 24;

impl Default for Config {
    fn default() -> Config {
        Config {
            sq_entries: 256,
            sqpoll: false,
            sqpoll_idle_ms: 1000,
            sqpoll_cpu: None,
            recv_buffer: RecvBufferConfig::default(),
            registered_regions: Vec::new(),
            worker: WorkerConfig::default(),
            backlog: 1024,
            max_connections: 16000,
            recv_accumulator_capacity: 4096,
            recv_accumulator_max: 1 << 20,
            send_copy_count: 1024,
            send_copy_slot_size: 16384,
            send_slab_slots: 512,
            send_zc_threshold: 4096,
            flush_interval_us: 100,
            tick_timeout_us: 1000,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            tls_client: None,
            blocking_threads: 8,
            resolver_threads: 2,
            spawner_threads: 1,
            tcp_nodelay: true,
            max_chain_length: 16,
            standalone_task_capacity: 256,
            timer_slots: 256,
            udp_bind: Vec::new(),
            udp_gro: false,
            udp_recv_queue_capacity: 1024,
            fs: Some(FsConfig::default()),
            direct_io: None,
            nvme: None,
            close_timeout_ms: 5000,
        }
    }
}

fn limit(text: &str) -> Result<(), Error> {
    Err(Error::ResourceLimit(text.to_owned()))
}

impl Config {
    /// Whether every field is within its limits.
    ///
    /// # Errors
    /// [`Error::ResourceLimit`] names the first field that is not, and its limits.
    pub fn validate(&self) -> Result<(), Error> {
        if !self.sq_entries.is_power_of_two() {
            return limit("sq_entries is a power of two");
        }
        if !self.recv_buffer.ring_size.is_power_of_two() || self.recv_buffer.ring_size > 1 << 15 {
            return limit("recv_buffer.ring_size is a power of two, 32768 at most");
        }
        if self.recv_buffer.buffer_size == 0 {
            return limit("recv_buffer.buffer_size is not 0");
        }
        if self.max_connections == 0 || self.max_connections >= MOST_CONNECTIONS {
            return limit("max_connections is more than 0 and less than 16777216");
        }
        if self.send_copy_count == 0 || self.send_copy_slot_size == 0 {
            return limit("send_copy_count and send_copy_slot_size are not 0");
        }
        if self.timer_slots > MOST_TIMER_SLOTS {
            return limit("timer_slots is 65535 at most");
        }
        if self.max_chain_length == 0 {
            return limit("max_chain_length is not 0");
        }
        if self.backlog <= 0 {
            return limit("backlog is more than 0");
        }
        Ok(())
    }
}

/// Makes a [`Config`] step by step.
///
/// ```
/// let config = ringline::ConfigBuilder::new().workers(1).tcp_nodelay(false).build()?;
/// assert_eq!(config.worker.threads, 1);
/// # Ok::<(), ringline::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ConfigBuilder {
    config: Config,
}

/// A method for each of these fields, of its name.
macro_rules! setters {
    ($($name:ident: $kind:ty),* $(,)?) => {
        $(
            #[doc = concat!("Set [`Config::", stringify!($name), "`].")]
            pub fn $name(mut self, $name: $kind) -> ConfigBuilder {
                self.config.$name = $name;
                self
            }
        )*
    };
}

impl ConfigBuilder {
    /// All defaults.
    pub fn new() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Set the number of workers; 0 = one for each processor.
    pub fn workers(mut self, threads: usize) -> ConfigBuilder {
        self.config.worker.threads = threads;
        self
    }

    /// Whether each worker is kept on a processor.
    pub fn pin_to_core(mut self, pin: bool) -> ConfigBuilder {
        self.config.worker.pin_to_core = pin;
        self
    }

    /// The first processor that workers are kept on.
    pub fn core_offset(mut self, offset: usize) -> ConfigBuilder {
        self.config.worker.core_offset = offset;
        self
    }

    /// The receive pool of a worker: buffers (a power of two), and bytes of each.
    pub fn recv_buffer(mut self, ring_size: u16, buffer_size: u32) -> ConfigBuilder {
        self.config.recv_buffer.ring_size = ring_size;
        self.config.recv_buffer.buffer_size = buffer_size;
        self
    }

    /// The send pool of a worker: slots, and bytes of each.
    pub fn send_pool(mut self, count: u16, slot_size: u32) -> ConfigBuilder {
        self.config.send_copy_count = count;
        self.config.send_copy_slot_size = slot_size;
        self
    }

    /// Have the kernel poll the submission queue, and sleep after so many milliseconds.
    pub fn sqpoll(mut self, idle_ms: u32) -> ConfigBuilder {
        self.config.sqpoll = true;
        self.config.sqpoll_idle_ms = idle_ms;
        self
    }

    /// Receive datagrams at one more address.
    pub fn bind_udp(mut self, address: SocketAddr) -> ConfigBuilder {
        self.config.udp_bind.push(address);
        self
    }

    /// Set [`Config::tls`].
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: impl Into<Option<TlsConfig>>) -> ConfigBuilder {
        self.config.tls = tls.into();
        self
    }

    /// Set [`Config::tls_client`].
    #[cfg(feature = "tls")]
    pub fn tls_client(mut self, tls: impl Into<Option<TlsClientConfig>>) -> ConfigBuilder {
        self.config.tls_client = tls.into();
        self
    }

    /// Set [`Config::fs`].
    pub fn fs(mut self, fs: impl Into<Option<FsConfig>>) -> ConfigBuilder {
        self.config.fs = fs.into();
        self
    }

    /// Set [`Config::direct_io`].
    pub fn direct_io(mut self, direct_io: impl Into<Option<DirectIoConfig>>) -> ConfigBuilder {
        self.config.direct_io = direct_io.into();
        self
    }

    /// Set [`Config::nvme`].
    pub fn nvme(mut self, nvme: impl Into<Option<NvmeConfig>>) -> ConfigBuilder {
        self.config.nvme = nvme.into();
        self
    }

    setters! {
        sq_entries: u32,
        sqpoll_cpu: Option<u32>,
        registered_regions: Vec<MemoryRegion>,
        backlog: i32,
        max_connections: u32,
        recv_accumulator_capacity: usize,
        recv_accumulator_max: usize,
        send_slab_slots: u16,
        send_zc_threshold: u32,
        flush_interval_us: u64,
        tick_timeout_us: u64,
        blocking_threads: usize,
        resolver_threads: usize,
        spawner_threads: usize,
        tcp_nodelay: bool,
        max_chain_length: u16,
        standalone_task_capacity: u32,
        timer_slots: u32,
        udp_bind: Vec<SocketAddr>,
        udp_gro: bool,
        udp_recv_queue_capacity: usize,
        close_timeout_ms: u64,
    }

    /// The config, to be changed by its fields.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The config.
    ///
    /// # Errors
    /// What [`Config::validate`] says.
    pub fn build(self) -> Result<Config, Error> {
        self.config.validate()?;
        Ok(self.config)
    }
}
