//! Sockets for datagrams that tasks make.
//!
//! Owns: the socket, which closes when it is dropped and what was sent by it has left.

use super::{UdpCtx, UdpToken};
use crate::fault::Fault;
use crate::sys::net::{self, Place};
use crate::task::error::UdpSendError;
use crate::task::here::{try_here, with_here};
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::fd::OwnedFd;

/// A socket for datagrams of a task's own. It has what [`UdpCtx`] has, and is closed when it is
/// dropped; what was sent by it leaves first.
///
/// ```no_run
/// # async fn time() -> std::io::Result<()> {
/// let server = "192.0.2.1:123".parse().expect("an address");
/// let socket = ringline::UdpSocket::connect("0.0.0.0:0".parse().expect("an address"), server)?;
/// socket.send(&[0x1b; 48]).map_err(std::io::Error::other)?;
/// let answer = socket.recv().await;
/// println!("{} bytes", answer.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    ctx: UdpCtx,
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
}

/// A bound socket; with `peer` it receives from that one only. And where it is bound.
pub(in crate::task) fn open(
    local: SocketAddr,
    peer: Option<SocketAddr>,
    shared: bool,
) -> Result<(OwnedFd, Option<SocketAddr>), Fault> {
    let refused = |errno| Fault::errno(errno, "no socket for datagrams of these addresses");
    let socket = net::bind(&Place::Udp(local), shared).map_err(refused)?;
    if let Some(peer) = peer {
        net::receive_from(&socket, peer).map_err(refused)?;
    }
    let local = net::local_address(&socket);
    Ok((socket, local))
}

impl UdpSocket {
    fn new(local: SocketAddr, peer: Option<SocketAddr>) -> io::Result<UdpSocket> {
        try_here(|here, worker| {
            let (socket, bound) = open(local, peer, false)?;
            let id = worker.datagram_add(socket, local.is_ipv6())?;
            here.udp.borrow_mut().add(id);
            let token = UdpToken { index: usize::MAX, id };
            // What comes before the first look is its owner's too.
            here.udp_is_read(token);
            Ok(UdpSocket { ctx: UdpCtx::new(token), local: bound, peer })
        })
    }

    /// One that is bound to `local`; port 0 is the kernel's choice.
    ///
    /// # Errors
    /// `NotConnected` when the calling thread is no worker; `BrokenPipe` when the runtime stops;
    /// what socket(2) and bind(2) say: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied`.
    pub fn bind(local: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::new(local, None)
    }

    /// One that is bound to `local`, and receives what `peer` sends only.
    ///
    /// # Errors
    /// As [`bind`](UdpSocket::bind), and what connect(2) says.
    pub fn connect(local: SocketAddr, peer: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::new(local, Some(peer))
    }

    /// Where it is bound, with the port that the kernel chose for 0.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Whose datagrams it receives only.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Send a copy of `bytes` to the one that it was connected to.
    ///
    /// # Errors
    /// As [`UdpCtx::send_to`]; [`UdpSendError::Io`] with `NotConnected` when it was bound only.
    pub fn send(&self, bytes: &[u8]) -> Result<(), UdpSendError> {
        let to = self.peer.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        self.send_to(to, bytes)
    }

    /// Wait for a datagram.
    pub async fn recv(&self) -> Vec<u8> {
        self.recv_from().await.0
    }
}

impl Deref for UdpSocket {
    type Target = UdpCtx;

    fn deref(&self) -> &UdpCtx {
        &self.ctx
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        let id = self.ctx.token().id;
        let gone = with_here(|here, worker| {
            worker.datagram_close(id);
            here.udp.borrow_mut().all.remove(&id)
        });
        // Those who waited are woken, or dropped, when nothing is borrowed.
        drop(gone);
    }
}
