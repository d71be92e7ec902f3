//! A socket for datagrams, as a task has it: a number that may be copied.
//!
//! Owns: nothing.

use crate::fault::Fault;
use crate::runtime::Worker;
use crate::task::error::UdpSendError;
use crate::task::here::{no_worker, to_io, with_here};
use socket2::SockAddr;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Names a socket, for [`DriverCtx`](crate::DriverCtx).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UdpToken {
    pub(super) index: usize,
    pub(super) id: u32,
}

impl UdpToken {
    /// Its place among the worker's, in the order in which they were bound.
    pub fn index(&self) -> usize {
        self.index
    }
}

/// A socket for datagrams of the calling thread's worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UdpCtx(UdpToken);

impl UdpCtx {
    pub(in crate::task) fn new(token: UdpToken) -> UdpCtx {
        UdpCtx(token)
    }

    /// Its place among the worker's, in the order in which they were bound: those of `bind_udp`,
    /// then those of `bind_udp_connected`. Of a task's own it is `usize::MAX`.
    pub fn index(&self) -> usize {
        self.0.index
    }

    /// What names it, for [`DriverCtx`](crate::DriverCtx).
    pub fn token(&self) -> UdpToken {
        self.0
    }

    /// Send a copy of `bytes` as one datagram. It leaves with the worker's turn; what the kernel
    /// then refuses is lost.
    ///
    /// # Errors
    /// [`UdpSendError::PoolExhausted`] when too many wait to be sent: await
    /// [`send_ready`](UdpCtx::send_ready); [`UdpSendError::Io`] for a datagram that is too long, an
    /// address of another family, or a thread that is no worker.
    pub fn send_to(&self, to: SocketAddr, bytes: &[u8]) -> Result<(), UdpSendError> {
        send_to(self.0, to, bytes)
    }

    /// Send a copy of `bytes` as datagrams of `segment_size` bytes, of which the last may be
    /// shorter: all of them or none. Where it can the kernel cuts them, which costs little more
    /// than one datagram (UDP_SEGMENT, see udp(7)).
    ///
    /// ```no_run
    /// # use ringline::{UdpCtx, UdpSendError};
    /// # fn burst(udp: UdpCtx, to: std::net::SocketAddr) -> Result<(), UdpSendError> {
    /// udp.send_to_gso(to, &[0; 12_000], 1200)
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`send_to`](UdpCtx::send_to), and [`UdpSendError::Io`] with `InvalidInput` for a segment
    /// of no bytes, or of more than there are.
    pub fn send_to_gso(
        &self,
        to: SocketAddr,
        bytes: &[u8],
        segment_size: u16,
    ) -> Result<(), UdpSendError> {
        send(self.0, to, |worker, id, to| worker.send_datagrams(id, to, bytes, segment_size.into()))
    }

    /// Wait until there is room to send, after [`UdpSendError::PoolExhausted`].
    ///
    /// ```no_run
    /// # async fn answer(udp: ringline::UdpCtx, to: std::net::SocketAddr) {
    /// while let Err(ringline::UdpSendError::PoolExhausted) = udp.send_to(to, b"answer") {
    ///     udp.send_ready().await;
    /// }
    /// # }
    /// ```
    pub fn send_ready(&self) -> UdpSendReady {
        UdpSendReady { socket: self.0 }
    }
}

/// The future of [`UdpCtx::send_ready`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct UdpSendReady {
    socket: UdpToken,
}

impl Future for UdpSendReady {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waits = with_here(|here, worker| {
            let is_full = worker.datagrams_are_full(self.socket.id);
            is_full
                && here.with_udp(self.socket, |queue| queue.senders.push(here.waiter(cx))).is_some()
        });
        if waits == Some(true) { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// Send a datagram by a socket of the calling thread's worker.
pub(in crate::task) fn send_to(
    socket: UdpToken,
    to: SocketAddr,
    bytes: &[u8],
) -> Result<(), UdpSendError> {
    send(socket, to, |worker, id, to| worker.send_datagram(id, to, bytes))
}

fn send(
    socket: UdpToken,
    to: SocketAddr,
    push: impl FnOnce(&Worker, u32, &[u8]) -> Result<(), Fault>,
) -> Result<(), UdpSendError> {
    let sent = with_here(|_, worker| {
        let address = SockAddr::from(to);
        // SAFETY: a sockaddr of that length, which nobody changes.
        let to = unsafe {
            std::slice::from_raw_parts(address.as_ptr().cast::<u8>(), address.len() as usize)
        };
        match push(worker, socket.id, to) {
            Ok(()) => Ok(()),
            Err(fault) if fault.code == -libc::EAGAIN => Err(UdpSendError::PoolExhausted),
            Err(fault) => Err(UdpSendError::Io(to_io(fault))),
        }
    });
    sent.unwrap_or_else(|| Err(UdpSendError::Io(no_worker())))
}
