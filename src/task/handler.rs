//! What a program implements: a handler per worker.
//!
//! Owns: nothing.

use super::conn::ConnCtx;
use super::direct_io::DirectIoCompletion;
use super::driver_ctx::DriverCtx;
use super::nvme::NvmeCompletion;
use super::udp::UdpCtx;
use std::future::Future;
use std::pin::Pin;

/// What a server does. Each worker has one of its own; its tasks never leave their thread.
///
/// ```no_run
/// use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder};
/// use std::future::Future;
///
/// struct Echo;
///
/// impl AsyncEventHandler for Echo {
///     fn create_for_worker(_worker: usize) -> Self {
///         Echo
///     }
///
///     fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
///         async move {
///             let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
///                 Ok(()) => ParseResult::Consumed(bytes.len()),
///                 Err(_) => ParseResult::NeedMore,
///             };
///             while peer.with_data(echo).await > 0 {}
///         }
///     }
/// }
///
/// # fn main() -> Result<(), ringline::Error> {
/// let (_stop, workers) = RinglineBuilder::new(ConfigBuilder::new().build()?)
///     .bind("127.0.0.1:7878".parse().expect("an address"))
///     .launch::<Echo>()?;
/// for worker in workers {
///     worker.join().expect("no panic")?;
/// }
/// # Ok(()) }
/// ```
pub trait AsyncEventHandler: Send + 'static {
    /// The task of a connection that came. When it ends, the connection is closed: what is queued
    /// is sent first. A panic in it ends this connection alone.
    fn on_accept(&self, conn: ConnCtx) -> impl Future<Output = ()> + 'static;

    /// Called every `Config::tick_timeout_us`, where it is overridden; else nothing wakes the
    /// worker for it.
    fn on_tick(&mut self, driver: &mut DriverCtx<'_>) {
        driver.nobody_listens();
    }

    /// A task for a socket of `RinglineBuilder::bind_udp` or `Config::udp_bind`. Without one its
    /// datagrams are dropped.
    fn on_udp_bind(&self, _socket: UdpCtx) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        None
    }

    /// Called when another thread wrote the worker's eventfd
    /// (`ShutdownHandle::worker_eventfds`); several writes may be one call.
    fn on_notify(&mut self, _driver: &mut DriverCtx<'_>) {}

    /// Called when an operation is over that [`DriverCtx::direct_io_read`] and its kin began.
    ///
    /// ```
    /// # use ringline::{AsyncEventHandler, ConnCtx, DirectIoCompletion, DriverCtx};
    /// # struct Handler;
    /// # impl AsyncEventHandler for Handler {
    /// # fn create_for_worker(_: usize) -> Self { Handler }
    /// # fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static { async {} }
    /// fn on_direct_io_complete(&mut self, driver: &mut DriverCtx<'_>, done: DirectIoCompletion) {
    ///     println!("operation {}: {:?}", done.seq, done.bytes_transferred());
    ///     let _ = driver.close_direct_io_file(done.file);
    /// }
    /// # }
    /// ```
    fn on_direct_io_complete(&mut self, _driver: &mut DriverCtx<'_>, _done: DirectIoCompletion) {}

    /// Called when a command is over that [`DriverCtx::nvme_read`] and its kin began.
    ///
    /// ```
    /// # use ringline::{AsyncEventHandler, ConnCtx, DriverCtx, NvmeCompletion};
    /// # struct Handler;
    /// # impl AsyncEventHandler for Handler {
    /// # fn create_for_worker(_: usize) -> Self { Handler }
    /// # fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static { async {} }
    /// fn on_nvme_complete(&mut self, driver: &mut DriverCtx<'_>, done: NvmeCompletion) {
    ///     println!("command {}: {}", done.seq, done.is_success());
    ///     let _ = driver.nvme_flush(done.device);
    /// }
    /// # }
    /// ```
    fn on_nvme_complete(&mut self, _driver: &mut DriverCtx<'_>, _done: NvmeCompletion) {}

    /// A task that begins before anything is accepted.
    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        None
    }

    /// The handler of a worker, made on its thread.
    fn create_for_worker(worker_id: usize) -> Self;
}
