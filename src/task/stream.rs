//! A connection as a stream: the traits of futures-io and of tokio, for codecs, hyper and others.
//!
//! Owns: bytes that were looked at by `poll_fill_buf` and not consumed. Invariant: what one stream
//! has queued is bounded, so a reader that is slow makes its writer wait.

use super::conn::ConnCtx;
use super::here::{no_worker, to_io, with_here};
use super::recv::{ParseResult, poll_read};
use crate::fault::ETRUNCATED;
use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Bytes that a stream may have queued: a write of more waits for the kernel.
const QUEUED: u64 = 256 << 10;
/// Bytes that one look of `poll_fill_buf` takes at most.
const FILLED: usize = 64 << 10;

/// A connection that implements [`AsyncRead`], [`AsyncBufRead`] and [`AsyncWrite`] of futures-io,
/// and [`AsyncRead`](tokio::io::AsyncRead) and [`AsyncWrite`](tokio::io::AsyncWrite) of tokio. In a
/// task of its worker.
///
/// Reads copy once; [`ConnCtx::with_data`] shows bytes where they are. A flush waits until the
/// kernel has taken all; a close ends the sending side. A reset is an error, and an end of TLS
/// without its last word is `UnexpectedEof`.
///
/// ```
/// # async fn echo(conn: ringline::ConnCtx) -> std::io::Result<()> {
/// let (mut reader, mut writer) = tokio::io::split(ringline::ConnStream::new(conn));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ConnStream {
    conn: ConnCtx,
    filled: Vec<u8>,
    /// So many of `filled` are consumed.
    used: usize,
    is_ended: bool,
}

impl ConnStream {
    /// The stream of a connection. One stream reads it at a time.
    pub fn new(conn: ConnCtx) -> ConnStream {
        ConnStream { conn, filled: Vec::new(), used: 0, is_ended: false }
    }

    /// The connection.
    pub fn conn_ctx(&self) -> ConnCtx {
        self.conn
    }

    /// Have `take` look at what came and say how much of it it took; 0 = the end.
    fn poll_take(
        &mut self,
        cx: &Context<'_>,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        let polled = poll_read(self.conn.id(), cx, |bytes| ParseResult::Consumed(take(bytes)));
        match ready!(polled) {
            0 => Poll::Ready(self.end().map(|()| 0)),
            some => Poll::Ready(Ok(some)),
        }
    }

    /// How the end came.
    fn end(&self) -> io::Result<()> {
        let reason = with_here(|here, _| {
            here.conns.borrow_mut().get(self.conn.id()).and_then(|conn| conn.closed)
        });
        match reason.ok_or_else(no_worker)? {
            Some(ETRUNCATED) => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(reason @ -4095..0) => Err(io::Error::from_raw_os_error(-reason)),
            _ => Ok(()),
        }
    }

    /// Wait until no more than `most` bytes are queued.
    fn poll_queued(&self, cx: &Context<'_>, most: u64) -> Poll<io::Result<()>> {
        let id = self.conn.id();
        let polled = with_here(|here, worker| {
            match worker.facts(id) {
                Ok(facts) if facts.queued <= most => return Poll::Ready(Ok(())),
                Ok(_) => {}
                Err(fault) => return Poll::Ready(Err(to_io(fault))),
            }
            let waiter = here.waiter(cx);
            match here.conns.borrow_mut().get(id) {
                Some(conn) if conn.closed.is_none() => conn.wait_for_sent(waiter),
                _ => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
            match worker.hear(id) {
                Ok(_) => Poll::Pending,
                Err(fault) => Poll::Ready(Err(to_io(fault))),
            }
        });
        polled.unwrap_or_else(|| Poll::Ready(Err(no_worker())))
    }

    fn take_filled(&mut self, target: &mut [u8]) -> usize {
        let some = target.len().min(self.filled.len() - self.used);
        target[..some].copy_from_slice(&self.filled[self.used..self.used + some]);
        self.consumed(some);
        some
    }

    fn consumed(&mut self, count: usize) {
        self.used = (self.used + count).min(self.filled.len());
        if self.used == self.filled.len() {
            self.filled.clear();
            self.used = 0;
        }
    }

    fn read_into(&mut self, cx: &Context<'_>, target: &mut [u8]) -> Poll<io::Result<usize>> {
        if target.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let some = self.take_filled(target);
        if some > 0 {
            return Poll::Ready(Ok(some));
        }
        self.poll_take(cx, |bytes| {
            let some = target.len().min(bytes.len());
            target[..some].copy_from_slice(&bytes[..some]);
            some
        })
    }

    fn write_from(&mut self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_queued(cx, QUEUED - 1))?;
        let some = bytes.len().min(QUEUED as usize);
        Poll::Ready(self.conn.send_nowait(&bytes[..some]).map(|()| some))
    }

    fn flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_queued(cx, 0)
    }

    fn end_writing(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_ended {
            self.conn.shutdown_write();
            self.is_ended = true;
        }
        self.poll_queued(cx, 0)
    }
}

impl AsyncRead for ConnStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read_into(cx, target)
    }
}

impl AsyncBufRead for ConnStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.filled.is_empty() {
            let mut filled = std::mem::take(&mut this.filled);
            let taken = this.poll_take(cx, |bytes| {
                filled.extend_from_slice(&bytes[..bytes.len().min(FILLED)]);
                filled.len()
            });
            this.filled = filled;
            ready!(taken)?;
        }
        Poll::Ready(Ok(&this.filled[this.used..]))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.consumed(count);
    }
}

impl AsyncWrite for ConnStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_from(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end_writing(cx)
    }
}

impl tokio::io::AsyncRead for ConnStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if target.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let rest = &self.filled[self.used..];
        if !rest.is_empty() {
            let some = rest.len().min(target.remaining());
            target.put_slice(&rest[..some]);
            self.consumed(some);
            return Poll::Ready(Ok(()));
        }
        let taken = self.poll_take(cx, |bytes| {
            let some = bytes.len().min(target.remaining());
            target.put_slice(&bytes[..some]);
            some
        });
        taken.map_ok(drop)
    }
}

impl tokio::io::AsyncBufRead for ConnStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        AsyncBufRead::poll_fill_buf(self, cx)
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        AsyncBufRead::consume(self, count);
    }
}

impl tokio::io::AsyncWrite for ConnStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_from(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end_writing(cx)
    }
}
