//! Starting and stopping a runtime.
//!
//! Owns: its threads, until they are joined. Dropping the [`ShutdownHandle`] stops it.

use super::bound::{Bound, Places};
use super::config::Config;
use super::error::Error;
use super::guard::{MemoryRegion, RegionId, Regions};
use super::handler::AsyncEventHandler;
use super::here::{no_worker, with_here};
use super::notify::{Notifiers, WakeHandle};
use super::signal::Signal;
use super::tasks::{Common, Tasks};
use crate::fault::Fault;
use crate::runtime::{self, Shared, Threads};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A worker's thread: joined, it says how the worker ended.
type WorkerHandle = JoinHandle<Result<(), Error>>;

/// A runtime to be: where it listens, and how it is configured.
#[derive(Debug)]
#[must_use = "nothing runs before launch"]
pub struct RinglineBuilder {
    config: Config,
    places: Places,
}

impl RinglineBuilder {
    /// One of this config, which listens nowhere yet.
    pub fn new(config: Config) -> RinglineBuilder {
        RinglineBuilder { config, places: Places::default() }
    }

    /// Listen at one more address. Port 0 is the kernel's choice: see
    /// [`ShutdownHandle::bound_addr`].
    pub fn bind(mut self, address: SocketAddr) -> RinglineBuilder {
        self.places.tcp.push(address);
        self
    }

    /// Listen at one more path, as a unix socket: all workers accept from it. A path that begins
    /// with a 0 byte is an abstract name. The path is removed when the last worker is over; one
    /// that is there already, though nobody listens, is an error: remove it before.
    ///
    /// ```no_run
    /// # fn launch<H: ringline::AsyncEventHandler>() -> Result<(), ringline::Error> {
    /// let config = ringline::Config::default();
    /// let builder = ringline::RinglineBuilder::new(config).bind_unix("/run/shout.sock");
    /// let (_stop, _workers) = builder.launch::<H>()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_unix(mut self, path: impl AsRef<Path>) -> RinglineBuilder {
        self.places.unix.push(path.as_ref().to_owned());
        self
    }

    /// Receive datagrams at one more address; each worker has a socket of its own.
    pub fn bind_udp(mut self, address: SocketAddr) -> RinglineBuilder {
        self.config.udp_bind.push(address);
        self
    }

    /// Receive datagrams at one more address, of `peer` only; each worker has a socket of its own.
    /// Where `local` has port 0 each worker gets another port, and so the answers to what it sent.
    ///
    /// ```no_run
    /// # fn launch<H: ringline::AsyncEventHandler>() -> Result<(), ringline::Error> {
    /// let (any, server) = ("0.0.0.0:0", "192.0.2.1:53");
    /// let (_stop, _workers) = ringline::RinglineBuilder::new(ringline::Config::default())
    ///     .bind_udp_connected(any.parse().expect("an address"), server.parse().expect("another"))
    ///     .launch::<H>()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_udp_connected(mut self, local: SocketAddr, peer: SocketAddr) -> RinglineBuilder {
        self.places.connected.push((local, peer));
        self
    }

    /// Start the workers, each with a handler of its own. When this returns, all listen.
    ///
    /// # Errors
    /// [`Error::ResourceLimit`] for the config; [`Error::Io`] for an address that cannot be had;
    /// [`Error::RingSetup`] where a worker cannot begin: io_uring may not be used, or there is no
    /// memory or no thread for it. No thread is left.
    pub fn launch<H: AsyncEventHandler>(
        self,
    ) -> Result<(ShutdownHandle, Vec<WorkerHandle>), Error> {
        let config = Arc::new(self.config);
        config.validate()?;
        let shared = Arc::new(Shared::new(resolved(&config)?));
        let threads = Arc::new(Threads::new(shared.clone()));
        let bound = Arc::new(Bound::new(&self.places, &config, &shared)?);
        let notifiers = Arc::new(Notifiers::new(shared.config().workers)?);
        let regions = Arc::new(Regions::new(&config.registered_regions));
        let (tcp, udp) = (bound.tcp, bound.udp.clone());
        let common = Arc::new(Common {
            config,
            shared: shared.clone(),
            bound,
            notifiers: notifiers.clone(),
            regions: regions.clone(),
        });
        let make = move |worker| Tasks::<H>::new(&common, worker);
        let handles = threads.start_each(make, |ended| ended.map_err(from_fault));
        // Who has the handles joins them.
        threads.detach();
        let stop = ShutdownHandle { shared, tcp, udp, notifiers, regions };
        Ok((stop, handles.map_err(no_worker_begins)?))
    }
}

/// The kernel fills a buffer piece by piece: few large ones hold more than many small ones.
const POOL_BUFFERS: u32 = 8;
const LEAST_BUFFER: u32 = 4096;
const MOST_BUFFER: u32 = 256 << 10;

/// The runtime's own config.
fn resolved(config: &Config) -> Result<runtime::Config, Error> {
    let pool = &config.recv_buffer;
    let bytes = u32::from(pool.ring_size).saturating_mul(pool.buffer_size);
    let size = (bytes / POOL_BUFFERS).clamp(LEAST_BUFFER, MOST_BUFFER).next_power_of_two();
    let direct = config.direct_io.as_ref().map_or(0, |of| of.max_files);
    let devices = config.nvme.as_ref().map_or(0, |of| of.max_devices);
    let resolved = runtime::Config {
        big: config.nvme.is_some(),
        files: u32::from(direct) + u32::from(devices),
        workers: config.worker.threads as u32,
        unpinned: !config.worker.pin_to_core,
        max_connections: config.max_connections,
        high_water: u32::from(config.send_copy_count)
            .saturating_mul(config.send_copy_slot_size)
            .clamp(1, 1 << 30),
        keep_max: config.recv_accumulator_max.try_into().unwrap_or(1 << 30).min(1 << 30),
        pool_buffers: (bytes / size).clamp(2, 1 << 15).next_power_of_two(),
        pool_buffer_size: size,
        blocking_threads: config.blocking_threads.try_into().unwrap_or(u32::MAX),
        close_timeout_ns: config.close_timeout_ms.saturating_mul(1_000_000),
        ..runtime::Config::default()
    };
    resolved.resolved().map_err(from_fault)
}

#[cold]
pub(super) fn from_fault(fault: Fault) -> Error {
    Error::Io(super::here::to_io(fault))
}

#[cold]
fn no_worker_begins(fault: Fault) -> Error {
    Error::RingSetup(fault.context.to_owned())
}

/// Stops a runtime. Any thread; dropping it stops the runtime too.
pub struct ShutdownHandle {
    shared: Arc<Shared>,
    tcp: Option<SocketAddr>,
    udp: Vec<Option<SocketAddr>>,
    notifiers: Arc<Notifiers>,
    regions: Arc<Regions>,
}

impl ShutdownHandle {
    /// Have the workers end: nobody is accepted any more, what was received is answered, what is
    /// queued is sent, and then the threads return `Ok`. Returns at once; join the threads to wait.
    pub fn shutdown(&self) {
        let grace_ns = self.shared.config().close_timeout_ns;
        self.shared.stop(grace_ns.try_into().unwrap_or(i64::MAX));
    }

    /// The first address of `RinglineBuilder::bind`, with the port that the kernel chose for 0.
    pub fn bound_addr(&self) -> Option<SocketAddr> {
        self.tcp
    }

    /// The address of the first `bind_udp` or `bind_udp_connected`, with the port that the kernel
    /// chose for 0; `None` where each worker has another port.
    pub fn bound_udp_addr(&self) -> Option<SocketAddr> {
        self.udp.first().copied().flatten()
    }

    /// The addresses of all of them, those of `bind_udp` first: by the index of their
    /// [`UdpCtx`](crate::UdpCtx).
    pub fn bound_udp_addrs(&self) -> Vec<Option<SocketAddr>> {
        self.udp.clone()
    }

    /// An eventfd for each worker: 8 bytes written to it have `on_notify` called there. They are
    /// open as long as this is there, or the worker.
    pub fn worker_eventfds(&self) -> &[RawFd] {
        self.notifiers.numbers()
    }

    /// What wakes a worker from any thread, as its eventfd does: `on_notify` is called there.
    /// `None` where there is no such worker.
    pub fn worker_wake_handle(&self, worker: usize) -> Option<WakeHandle> {
        WakeHandle::new(&self.notifiers, worker)
    }

    /// Let guards point into one more region, which must stay valid until it is taken back and no
    /// send of it is under way, or the runtime has ended.
    ///
    /// # Errors
    /// `StorageFull` where 65535 regions are there.
    pub fn register_region(&self, region: MemoryRegion) -> io::Result<RegionId> {
        self.regions.add(region)
    }

    /// Take a region back: guards that name it are refused from now on.
    ///
    /// # Errors
    /// `NotFound` where it is none.
    pub fn unregister_region(&self, region: RegionId) -> io::Result<()> {
        self.regions.remove(region)
    }

    /// Wait for SIGINT or SIGTERM, on this thread: see [`signal::wait`](crate::signal::wait). Then
    /// the runtime is to be shut down.
    pub fn wait_on_signal(&self) -> Signal {
        super::signal::wait()
    }

    /// Workers.
    pub fn worker_count(&self) -> usize {
        self.shared.config().workers as usize
    }
}

impl fmt::Debug for ShutdownHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownHandle").field("bound", &self.tcp).finish_non_exhaustive()
    }
}

impl Drop for ShutdownHandle {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Have the calling thread's worker end, with its runtime: see [`ShutdownHandle::shutdown`].
///
/// # Errors
/// `NotConnected` when the calling thread is no worker.
pub fn request_shutdown() -> io::Result<()> {
    with_here(|_, worker| worker.stop_runtime()).ok_or_else(no_worker)
}
