//! Waiting for datagrams: one or several, copied or looked at where they are.
//!
//! Owns: nothing. No borrow of the worker's sockets is held while user code looks.

use super::{Came, UdpCtx, UdpToken};
use crate::task::here::{no_worker, with_here};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// The next datagram of a socket.
///
/// # Panics
/// On a thread that is not the socket's worker, and when the socket was dropped.
fn poll_next(socket: UdpToken, cx: &Context<'_>) -> Poll<Came> {
    let polled = with_here(|here, _| here.with_udp(socket, |queue| queue.next(|| here.waiter(cx))));
    match polled {
        Some(Some(Some(came))) => Poll::Ready(came),
        Some(Some(None)) => Poll::Pending,
        Some(None) => panic!("the socket is not of this worker, or was dropped"),
        None => panic!("{}", no_worker()),
    }
}

/// One that is there already.
fn take_next(socket: UdpToken) -> Option<Came> {
    with_here(|here, _| here.with_udp(socket, |queue| queue.came.pop_front()))??
}

fn give_back(socket: UdpToken, bytes: Vec<u8>) {
    with_here(|here, _| here.with_udp(socket, |queue| queue.give_back(bytes)));
}

/// The future of [`UdpCtx::recv_from`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct UdpRecvFuture {
    socket: UdpToken,
}

impl Future for UdpRecvFuture {
    type Output = (Vec<u8>, SocketAddr);

    /// # Panics
    /// On a thread that is not the socket's worker, and when the socket was dropped.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_next(self.socket, cx).map(|came| (came.bytes, came.from))
    }
}

/// The future of [`UdpCtx::with_datagram`].
#[must_use = "futures do nothing unless awaited"]
pub struct UdpDatagramFuture<F> {
    socket: UdpToken,
    /// None when it was told.
    look: Option<F>,
}

impl<F> Unpin for UdpDatagramFuture<F> {}

impl<R, F: FnOnce(&[u8], SocketAddr) -> R> Future for UdpDatagramFuture<F> {
    type Output = R;

    /// # Panics
    /// As [`UdpRecvFuture`], and after it was done.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.get_mut();
        let Poll::Ready(came) = poll_next(this.socket, cx) else { return Poll::Pending };
        let Some(look) = this.look.take() else { panic!("polled after it was done") };
        let looked = look(&came.bytes, came.from);
        give_back(this.socket, came.bytes);
        Poll::Ready(looked)
    }
}

impl<F> fmt::Debug for UdpDatagramFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpDatagramFuture").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// The future of [`UdpCtx::recv_batch`] and [`UdpCtx::recv_batch_timed`].
#[must_use = "futures do nothing unless awaited"]
pub struct UdpBatchFuture<F> {
    socket: UdpToken,
    most: usize,
    look: F,
}

impl<F> Unpin for UdpBatchFuture<F> {}

impl<F: FnMut(&[u8], SocketAddr, Instant)> Future for UdpBatchFuture<F> {
    type Output = usize;

    /// # Panics
    /// As [`UdpRecvFuture`].
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.get_mut();
        if this.most == 0 {
            return Poll::Ready(0);
        }
        let Poll::Ready(mut came) = poll_next(this.socket, cx) else { return Poll::Pending };
        for count in 1.. {
            (this.look)(&came.bytes, came.from, came.at);
            give_back(this.socket, came.bytes);
            if count >= this.most {
                return Poll::Ready(count);
            }
            match take_next(this.socket) {
                Some(next) => came = next,
                None => return Poll::Ready(count),
            }
        }
        Poll::Pending
    }
}

impl<F> fmt::Debug for UdpBatchFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpBatchFuture").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl UdpCtx {
    /// Wait for a datagram: its bytes, and whose it is. `Config::udp_recv_queue_capacity` wait for
    /// a task at most; what comes beyond that is lost.
    ///
    /// ```no_run
    /// # async fn echo(udp: ringline::UdpCtx) {
    /// loop {
    ///     let (bytes, peer) = udp.recv_from().await;
    ///     let _ = udp.send_to(peer, &bytes);
    /// }
    /// # }
    /// ```
    pub fn recv_from(&self) -> UdpRecvFuture {
        UdpRecvFuture { socket: self.token() }
    }

    /// Wait for a datagram and have `look` see it: resolves to what that returns. Nothing is
    /// allocated for it once some were received.
    ///
    /// ```no_run
    /// # async fn len(udp: ringline::UdpCtx) -> usize {
    /// udp.with_datagram(|bytes, _peer| bytes.len()).await
    /// # }
    /// ```
    pub fn with_datagram<R, F>(&self, look: F) -> UdpDatagramFuture<F>
    where
        F: FnOnce(&[u8], SocketAddr) -> R,
    {
        UdpDatagramFuture { socket: self.token(), look: Some(look) }
    }

    /// Wait for a datagram, and have `look` see it and those behind it that are there, `most`
    /// together at most; resolves to how many there were.
    ///
    /// ```no_run
    /// # async fn count(udp: ringline::UdpCtx) {
    /// let mut bytes = 0;
    /// let count = udp.recv_batch(32, |datagram, _peer| bytes += datagram.len()).await;
    /// println!("{count} datagrams of {bytes} bytes");
    /// # }
    /// ```
    pub fn recv_batch<'a, F>(
        &self,
        most: usize,
        mut look: F,
    ) -> UdpBatchFuture<impl FnMut(&[u8], SocketAddr, Instant) + 'a>
    where
        F: FnMut(&[u8], SocketAddr) + 'a,
    {
        self.recv_batch_timed(most, move |bytes, from, _| look(bytes, from))
    }

    /// As [`recv_batch`](UdpCtx::recv_batch), with the time when the worker saw each.
    ///
    /// ```no_run
    /// # async fn age(udp: ringline::UdpCtx) {
    /// udp.recv_batch_timed(8, |_, _, at| println!("{:?} ago", at.elapsed())).await;
    /// # }
    /// ```
    pub fn recv_batch_timed<F>(&self, most: usize, look: F) -> UdpBatchFuture<F>
    where
        F: FnMut(&[u8], SocketAddr, Instant),
    {
        UdpBatchFuture { socket: self.token(), most, look }
    }
}
