//! The synchronous side: what a handler may ask for in `on_tick` and `on_notify`.
//!
//! Owns: nothing.

use super::conn::{ConnCtx, ConnToken};
use super::error::{Error, UdpSendError};
use super::here::Here;
use super::launch::from_fault;
use super::send::{SendBuilder, SendChainBuilder};
use super::udp::{self, UdpToken};
use crate::fault::{ESTALE, Fault};
use crate::runtime::{How, Worker};
use crate::sys::net::Place;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// The worker, in [`AsyncEventHandler::on_tick`](crate::AsyncEventHandler::on_tick) and
/// [`on_notify`](crate::AsyncEventHandler::on_notify).
pub struct DriverCtx<'a> {
    here: &'a Here,
    worker: &'a Worker,
    is_heard: bool,
}

fn of_conn(fault: Fault) -> Error {
    if fault.code == ESTALE { Error::InvalidConnection } else { from_fault(fault) }
}

impl<'a> DriverCtx<'a> {
    pub(super) fn new(here: &'a Here, worker: &'a Worker) -> DriverCtx<'a> {
        DriverCtx { here, worker, is_heard: true }
    }

    pub(super) fn here(&self) -> &'a Here {
        self.here
    }

    pub(super) fn worker(&self) -> &'a Worker {
        self.worker
    }

    /// The default body of a callback says so: then nothing wakes the worker for it.
    pub(super) fn nobody_listens(&mut self) {
        self.is_heard = false;
    }

    pub(super) fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Have this worker end, with its runtime.
    pub fn request_shutdown(&mut self) {
        self.worker.stop_runtime();
    }

    /// The other end's address.
    pub fn peer_addr(&self, conn: ConnToken) -> Option<SocketAddr> {
        self.here.peer_of(self.worker, conn.0)
    }

    /// Whether the program made it.
    pub fn is_outbound(&self, conn: ConnToken) -> bool {
        self.here.conns.borrow_mut().get(conn.0).is_some_and(|conn| conn.is_outbound)
    }

    /// Queue a copy of `bytes`, all of them or none.
    ///
    /// # Errors
    /// As [`ConnCtx::send_nowait`].
    pub fn send(&mut self, conn: ConnToken, bytes: &[u8]) -> io::Result<()> {
        ConnCtx::from(conn).send_nowait(bytes)
    }

    /// Begin a gathered send: copies and guards that leave in one, by
    /// [`SendBuilder::submit`].
    pub fn send_parts<'b>(&mut self, conn: ConnToken) -> SendBuilder<'b> {
        SendBuilder::new(conn.into())
    }

    /// Begin several sends that leave in the order in which they are added, by
    /// [`SendChainBuilder::finish`].
    pub fn send_chain<'b>(&mut self, conn: ConnToken) -> SendChainBuilder<'b> {
        SendChainBuilder::new(conn.into(), None)
    }

    /// Send a copy of `bytes` as one datagram.
    ///
    /// # Errors
    /// As [`UdpCtx::send_to`](crate::UdpCtx::send_to).
    pub fn send_to(
        &mut self,
        socket: UdpToken,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Result<(), UdpSendError> {
        udp::send_to(socket, to, bytes)
    }

    /// Close it: what is queued is sent first.
    pub fn close(&mut self, conn: ConnToken) {
        // It may be over already.
        let _ = self.worker.close(conn.0, How::Gracefully);
    }

    /// End the sending side when all that is queued was sent.
    pub fn shutdown_write(&mut self, conn: ConnToken) {
        // As above.
        let _ = self.worker.shutdown(conn.0);
    }

    /// End it at once: the other end sees a reset.
    ///
    /// # Errors
    /// [`Error::InvalidConnection`].
    pub fn cancel(&mut self, conn: ConnToken) -> Result<(), Error> {
        self.worker.close(conn.0, How::AtOnce).map_err(of_conn)
    }

    /// Sends of a chain at most.
    pub fn max_chain_length(&self) -> u16 {
        self.here.config.max_chain_length
    }

    /// Connect to an address. The connection's task does not exist: sends may begin at once, and
    /// leave when it is connected.
    ///
    /// # Errors
    /// [`Error::ConnectionLimitReached`]; [`Error::Io`] with what socket(2) says.
    pub fn connect(&mut self, address: SocketAddr) -> Result<ConnToken, Error> {
        self.dial(address, Duration::ZERO, None)
    }

    /// As [`connect`](DriverCtx::connect), for so many milliseconds at most.
    ///
    /// # Errors
    /// As there.
    pub fn connect_with_timeout(
        &mut self,
        address: SocketAddr,
        timeout_ms: u64,
    ) -> Result<ConnToken, Error> {
        self.dial(address, Duration::from_millis(timeout_ms.max(1)), None)
    }

    pub(super) fn dial(
        &mut self,
        address: SocketAddr,
        limit: Duration,
        server: Option<&str>,
    ) -> Result<ConnToken, Error> {
        #[cfg(feature = "tls")]
        if let Some(server) = server {
            self.here.check_server(server)?;
        }
        let place = Place::Tcp(address);
        match self.here.dial(self.worker, &place, Some(address), limit, server) {
            Ok(id) => Ok(ConnToken(id)),
            Err(fault) if fault.code == -libc::ENFILE => Err(Error::ConnectionLimitReached),
            Err(fault) => Err(from_fault(fault)),
        }
    }
}
