//! Connections that a task makes.
//!
//! Owns: nothing. A connect that nobody awaits any more is given up, and its connection closed.

use super::conn::ConnCtx;
use super::here::{no_worker, to_io, with_here};
use super::time::SleepFuture;
#[cfg(feature = "tls")]
use super::time::sleep;
use crate::fault::{ETLS, ETRUNCATED};
use crate::runtime::How;
use crate::sys::net::Place;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The future of a connect: the connection, or why there is none. Dropping it gives it up.
#[derive(Debug)]
#[must_use = "dropping it gives the connect up"]
pub struct ConnectFuture {
    /// None when it was told.
    conn: Option<u64>,
    /// For the whole, where there is a handshake too.
    limit: Option<SleepFuture>,
}

impl ConnectFuture {
    /// Begin to connect to `place`, whose address of IP is `peer`.
    pub(super) fn begin(
        place: &Place,
        peer: Option<SocketAddr>,
        limit: Duration,
    ) -> io::Result<ConnectFuture> {
        let begun = with_here(|here, worker| {
            let dialed = here.dial(worker, place, peer, limit, None);
            Ok(ConnectFuture { conn: Some(dialed.map_err(to_io)?), limit: None })
        });
        begun.unwrap_or_else(|| Err(no_worker()))
    }

    /// Connect and shake hands with the server of that name.
    #[cfg(feature = "tls")]
    pub(super) fn begin_tls(
        address: SocketAddr,
        server: &str,
        limit: Option<Duration>,
    ) -> io::Result<ConnectFuture> {
        let begun = with_here(|here, worker| {
            here.check_server(server)?;
            let place = Place::Tcp(address);
            let dialed = here.dial(worker, &place, Some(address), NO_LIMIT, Some(server));
            Ok(ConnectFuture { conn: Some(dialed.map_err(to_io)?), limit: limit.map(sleep) })
        });
        begun.unwrap_or_else(|| Err(no_worker()))
    }
}

impl Future for ConnectFuture {
    type Output = io::Result<ConnCtx>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.conn.expect("a connect was polled after it was done");
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let mut conns = here.conns.borrow_mut();
            match conns.get(id) {
                Some(conn) if conn.connects => {
                    conn.connector = Some(waiter);
                    Poll::Pending
                }
                Some(conn) => Poll::Ready(match conn.closed {
                    Some(ETLS | ETRUNCATED) => {
                        Err(io::Error::new(io::ErrorKind::InvalidData, conn.why))
                    }
                    Some(reason) if reason < 0 => Err(io::Error::from_raw_os_error(-reason)),
                    _ => Ok(ConnCtx::new(id)),
                }),
                None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            }
        });
        let polled = polled.unwrap_or_else(|| Poll::Ready(Err(no_worker())));
        if polled.is_ready() {
            self.conn = None;
            return polled;
        }
        let is_late = self.limit.as_mut().is_some_and(|limit| Pin::new(limit).poll(cx).is_ready());
        if is_late {
            self.give_up();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl ConnectFuture {
    fn give_up(&mut self) {
        let Some(id) = self.conn.take() else { return };
        with_here(|_, worker| {
            // It may be over already.
            let _ = worker.close(id, How::AtOnce);
        });
    }
}

impl Drop for ConnectFuture {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// As long as the kernel tries.
pub(super) const NO_LIMIT: Duration = Duration::ZERO;

/// Connect to an address.
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; what socket(2) says; `StorageFull` when
/// `Config::max_connections` are there. The future resolves to what connect(2) says.
pub fn connect(address: SocketAddr) -> io::Result<ConnectFuture> {
    ConnectFuture::begin(&Place::Tcp(address), Some(address), NO_LIMIT)
}

/// As [`connect`], for so many milliseconds at most; then the future resolves to `TimedOut`.
///
/// # Errors
/// As [`connect`].
pub fn connect_with_timeout(address: SocketAddr, timeout_ms: u64) -> io::Result<ConnectFuture> {
    let limit = Duration::from_millis(timeout_ms.max(1));
    ConnectFuture::begin(&Place::Tcp(address), Some(address), limit)
}

impl ConnCtx {
    /// As the function [`connect`](crate::connect).
    ///
    /// # Errors
    /// As there.
    pub fn connect(&self, address: SocketAddr) -> io::Result<ConnectFuture> {
        connect(address)
    }

    /// As the function [`connect_with_timeout`](crate::connect_with_timeout).
    ///
    /// # Errors
    /// As there.
    pub fn connect_with_timeout(
        &self,
        address: SocketAddr,
        timeout_ms: u64,
    ) -> io::Result<ConnectFuture> {
        connect_with_timeout(address, timeout_ms)
    }
}
