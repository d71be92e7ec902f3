//! Datagrams of a listener's socket, as a task has them.
//!
//! Owns: what came and nobody received yet, bounded: what comes beyond that is lost, as datagrams
//! are.

use super::error::UdpSendError;
use super::here::{Here, Waiter, no_worker, to_io, with_here};
use crate::runtime::Datagram;
use socket2::SockAddr;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Datagrams of a socket that wait for a task at most.
const QUEUE: usize = 1024;

/// Names a socket, for [`DriverCtx`](crate::DriverCtx).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UdpToken(pub(super) usize);

impl UdpToken {
    /// Its place among the worker's, in the order in which they were bound.
    pub fn index(&self) -> usize {
        self.0
    }
}

/// The socket of a `bind_udp` that the calling thread's worker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UdpCtx(UdpToken);

/// One socket of a worker.
pub(super) struct UdpSocket {
    pub(super) listener: u32,
    queue: VecDeque<(Vec<u8>, SocketAddr)>,
    reader: Option<Waiter>,
    /// A task of its own was asked for, and there is one.
    is_read: bool,
}

impl UdpSocket {
    pub(super) fn new(listener: u32) -> UdpSocket {
        UdpSocket { listener, queue: VecDeque::new(), reader: None, is_read: false }
    }
}

/// The IP address in a sockaddr.
fn address_of(bytes: &[u8]) -> Option<SocketAddr> {
    // SAFETY: `init` writes a sockaddr no longer than the storage, and its length.
    let made = unsafe {
        SockAddr::try_init(|storage, len| {
            let count = bytes.len().min(*len as usize);
            storage.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), count);
            *len = count as socket2::socklen_t;
            Ok(())
        })
    };
    made.ok()?.1.as_socket()
}

impl Here {
    /// A task reads that socket.
    pub(super) fn udp_is_read(&self, index: usize) {
        if let Some(socket) = self.udp.borrow_mut().get_mut(index) {
            socket.is_read = true;
        }
    }

    /// A datagram came.
    pub(super) fn datagram(&self, listener: u32, datagram: &Datagram<'_>) {
        let Some(from) = address_of(datagram.from) else { return };
        let reader = {
            let mut sockets = self.udp.borrow_mut();
            let found = sockets.iter_mut().find(|socket| socket.listener == listener);
            let Some(socket) = found.filter(|socket| socket.is_read) else { return };
            if socket.queue.len() >= QUEUE {
                return;
            }
            socket.queue.push_back((datagram.bytes.to_vec(), from));
            socket.reader.take()
        };
        reader.into_iter().for_each(|reader| self.wake(reader));
    }
}

/// The future of [`UdpCtx::recv_from`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct UdpRecvFuture {
    index: usize,
}

impl Future for UdpRecvFuture {
    type Output = (Vec<u8>, SocketAddr);

    /// # Panics
    /// On a thread that is not the socket's worker.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let mut sockets = here.udp.borrow_mut();
            let socket = sockets.get_mut(self.index)?;
            socket.is_read = true;
            if let Some(datagram) = socket.queue.pop_front() {
                return Some(Poll::Ready(datagram));
            }
            socket.reader = Some(waiter);
            Some(Poll::Pending)
        });
        polled.flatten().unwrap_or_else(|| panic!("{}", no_worker()))
    }
}

impl UdpCtx {
    pub(super) fn new(index: usize) -> UdpCtx {
        UdpCtx(UdpToken(index))
    }

    /// Its place among the worker's, in the order in which they were bound.
    pub fn index(&self) -> usize {
        self.0.0
    }

    /// What names it, for [`DriverCtx`](crate::DriverCtx).
    pub fn token(&self) -> UdpToken {
        self.0
    }

    /// Wait for a datagram: its bytes, and whose it is. 1024 wait for a task at most; what comes
    /// beyond that is lost.
    pub fn recv_from(&self) -> UdpRecvFuture {
        UdpRecvFuture { index: self.index() }
    }

    /// Send a copy of `bytes` as one datagram. It leaves with the worker's turn; what the kernel
    /// then refuses is lost.
    ///
    /// # Errors
    /// [`UdpSendError::PoolExhausted`] when too many wait to be sent; [`UdpSendError::Io`] for a
    /// datagram that is too long, an address of another family, or a thread that is no worker.
    pub fn send_to(&self, to: SocketAddr, bytes: &[u8]) -> Result<(), UdpSendError> {
        send_to(self.0, to, bytes)
    }
}

/// Send a datagram by a socket of the calling thread's worker.
pub(super) fn send_to(socket: UdpToken, to: SocketAddr, bytes: &[u8]) -> Result<(), UdpSendError> {
    let sent = with_here(|here, worker| {
        let found = here.udp.borrow().get(socket.0).map(|socket| socket.listener);
        let listener = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let address = SockAddr::from(to);
        // SAFETY: a sockaddr of that length, which nobody changes.
        let to = unsafe {
            std::slice::from_raw_parts(address.as_ptr().cast::<u8>(), address.len() as usize)
        };
        match worker.send_datagram(listener, to, bytes) {
            Ok(()) => Ok(()),
            Err(fault) if fault.code == -libc::EAGAIN => Err(UdpSendError::PoolExhausted),
            Err(fault) => Err(UdpSendError::Io(to_io(fault))),
        }
    });
    sent.unwrap_or_else(|| Err(UdpSendError::Io(no_worker())))
}
