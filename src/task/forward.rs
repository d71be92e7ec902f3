//! What a connection receives goes on as it is: to another connection, a socket or a file.
//!
//! Owns: nothing. Two segments are under way at most, so that a slow sink holds its source back.

use super::conn::ConnCtx;
use super::guard::GuardBox;
use super::operation::Operation;
use super::segments::{Segment, poll_segment};
use super::send::SendFuture;
use crate::driver::{Op, opcode};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

const WHOLE: u32 = (libc::MSG_WAITALL | libc::MSG_NOSIGNAL) as u32;

#[derive(Clone, Debug)]
enum Sink {
    Connection(ConnCtx),
    Socket(Rc<OwnedFd>),
    File(Rc<OwnedFd>, u64),
}

/// Where [`ConnCtx::forward_to`] sends what is received.
#[derive(Clone, Debug)]
pub struct SinkFd(Sink);

impl SinkFd {
    /// A stream socket of the program's own, which is closed with the last copy of this.
    pub fn socket(socket: impl Into<OwnedFd>) -> SinkFd {
        SinkFd(Sink::Socket(Rc::new(socket.into())))
    }

    /// A file, from its beginning on. It is closed with the last copy of this.
    pub fn file(file: impl Into<OwnedFd>) -> SinkFd {
        SinkFd::file_at(file, 0)
    }

    /// A file, from `offset` on.
    pub fn file_at(file: impl Into<OwnedFd>, offset: u64) -> SinkFd {
        SinkFd(Sink::File(Rc::new(file.into()), offset))
    }

    /// Another connection of the same worker.
    pub fn connection(conn: ConnCtx) -> SinkFd {
        SinkFd(Sink::Connection(conn))
    }
}

/// The future of [`ConnCtx::forward_to`]: the bytes that went on. Dropping it stops that; what was
/// received and did not go on yet is lost then.
#[must_use = "futures do nothing unless awaited"]
pub struct ForwardFuture(Pin<Box<dyn Future<Output = io::Result<u64>>>>);

impl Future for ForwardFuture {
    type Output = io::Result<u64>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ForwardFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardFuture").finish_non_exhaustive()
    }
}

/// Write all of a segment: into a file at `offset`, or into a socket.
async fn write(mut segment: Segment, to: &Rc<OwnedFd>, offset: Option<u64>) -> io::Result<()> {
    let mut from = 0;
    while from < segment.len() {
        let describe = |kept: &mut (Segment, Rc<OwnedFd>)| {
            let rest = &kept.0[from..];
            Op {
                opcode: if offset.is_some() { opcode::WRITE } else { opcode::SEND },
                fd: kept.1.as_raw_fd(),
                addr: rest.as_ptr() as u64,
                len: rest.len().min(1 << 30) as u32,
                off: offset.map_or(0, |offset| offset + from as u64),
                op_flags: if offset.is_some() { 0 } else { WHOLE },
                ..Op::default()
            }
        };
        // SAFETY: the bytes are the segment's, which nobody writes and which stay where they are
        // when it is moved; it and the descriptor are what the operation was given.
        let operation = unsafe { Operation::submit((segment, to.clone()), describe) }?;
        let (outcome, (back, _)) = operation.await;
        segment = back;
        match outcome.value()? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => from += count as usize,
        }
    }
    Ok(())
}

async fn forward(conn: ConnCtx, sink: Sink, len: u64) -> io::Result<u64> {
    let (mut done, mut sending) = (0, None::<SendFuture>);
    while done < len {
        let most = usize::try_from(len - done).unwrap_or(usize::MAX);
        let next = poll_fn(|cx| poll_segment(conn.id(), cx, most)).await?;
        let Some(segment) = next else { break };
        let count = segment.len() as u64;
        match &sink {
            Sink::Connection(to) => {
                if let Some(before) = sending.take() {
                    before.await?;
                }
                let guard = GuardBox::new(segment);
                sending = Some(to.send_parts().build_await(|parts| parts.guard(guard).submit())?);
            }
            Sink::Socket(to) => write(segment, to, None).await?,
            Sink::File(to, offset) => write(segment, to, Some(offset + done)).await?,
        }
        done += count;
    }
    if let Some(last) = sending {
        last.await?;
    }
    Ok(done)
}

async fn echo(conn: ConnCtx) {
    while let Ok(Some(segment)) = poll_fn(|cx| poll_segment(conn.id(), cx, usize::MAX)).await {
        while let Err(error) = conn.send_nowait(&segment) {
            if error.kind() != io::ErrorKind::WouldBlock {
                return;
            }
            // Too much is queued: the other end takes it first.
            let Ok(sent) = conn.send(b"") else { return };
            if sent.await.is_err() {
                return;
            }
        }
    }
}

impl ConnCtx {
    /// Have the next `len` bytes that are received go on to `sink`, without a copy where they need
    /// none; resolves to how many went on, fewer than `len` where the other end sent no more. What
    /// comes behind them is read as ever.
    ///
    /// ```no_run
    /// # async fn upload(conn: ringline::ConnCtx) -> std::io::Result<()> {
    /// let sink = ringline::SinkFd::file(std::fs::File::create("upload")?);
    /// let count = conn.forward_to(&sink, 1 << 20).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Of the future what write(2) or send(2) says, and as [`ConnCtx::send_nowait`] for a
    /// connection; `NotConnected` on a thread that is no worker.
    pub fn forward_to(&self, sink: &SinkFd, len: u64) -> ForwardFuture {
        ForwardFuture(Box::pin(forward(*self, sink.0.clone(), len)))
    }

    /// Send bytes that are being looked at back: as [`ConnCtx::send_nowait`], there for programs
    /// that say so.
    ///
    /// # Errors
    /// As there.
    pub fn forward_recv_buf(&self, bytes: &[u8]) -> io::Result<()> {
        self.send_nowait(bytes)
    }

    /// Send back all that is received, until the other end sends no more or the connection is over.
    ///
    /// ```no_run
    /// # async fn served(conn: ringline::ConnCtx) {
    /// conn.run_direct_echo().await;
    /// # }
    /// ```
    pub fn run_direct_echo(&self) -> impl Future<Output = ()> + use<> {
        echo(*self)
    }
}
