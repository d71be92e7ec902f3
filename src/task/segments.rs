//! Received bytes that a task keeps without a copy: pieces of the worker's pool.
//!
//! Owns: the lease of each piece until it is dropped, on whatever thread, also after the runtime is
//! over. Invariant: what a task keeps is bounded: below a quarter of the pool's buffers nothing is
//! lent any more, and segments are copies.

use super::conn::ConnCtx;
use super::guard::{RegionId, SendGuard};
use super::here::{Here, no_worker, with_here};
use super::recv::{ParseResult, poll_read};
use crate::resource::Leased;
use crate::runtime::{Offer, Worker};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

enum Memory {
    /// A piece of the pool, from an offset on.
    Lent(Leased, usize),
    /// What was kept before somebody looked, or while few buffers were left.
    Copied(Vec<u8>),
}

/// Received bytes. Dropping it gives their memory back; any thread may. It is a
/// [`SendGuard`]: boxed as a guard it is sent on without a copy.
///
/// ```no_run
/// # async fn relay(from: ringline::ConnCtx, to: ringline::ConnCtx) -> std::io::Result<()> {
/// let segments = from.segments();
/// while let Some(segment) = segments.next().await? {
///     to.send_parts().build(|parts| parts.guard(ringline::GuardBox::new(segment)).submit())?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Segment(Memory);

impl Deref for Segment {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Memory::Lent(leased, from) => &leased.bytes()[*from..],
            Memory::Copied(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Segment {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Segment {
    /// A copy, which may be kept for long: the memory of the segment is given back.
    pub fn into_owned(self) -> Bytes {
        match self.0 {
            Memory::Copied(bytes) => bytes.into(),
            Memory::Lent(..) => Bytes::copy_from_slice(&self),
        }
    }

    /// The bytes without a copy. Their memory is given back when the last part of them is dropped.
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl From<Segment> for Bytes {
    fn from(segment: Segment) -> Bytes {
        segment.into_bytes()
    }
}

impl SendGuard for Segment {
    fn as_ptr_len(&self) -> (*const u8, u32) {
        (self.as_ptr(), self.len() as u32)
    }

    fn region(&self) -> RegionId {
        RegionId::UNREGISTERED
    }
}

impl Here {
    /// What is shown of a connection just now, if it can be kept and is no more than `most`.
    fn take_shown(&self, worker: &Worker, conn: u64, most: usize) -> Option<Segment> {
        let mut shown = self.shown.get().filter(|shown| shown.conn == conn)?;
        let (used, len) = (shown.used, shown.rest().len());
        if len == 0 || len > most {
            return None;
        }
        let Offer { lease, address, len: all } = worker.take(conn).ok()?;
        // SAFETY: `take` gave the lease to this, with where its bytes are.
        let leased = unsafe { Leased::new(lease, address as *const u8, all) };
        shown.used += len;
        self.shown.set(Some(shown));
        Some(Segment(Memory::Lent(leased, used)))
    }
}

/// The next bytes of a connection, `most` at most; `None` when nothing more comes.
pub(super) fn poll_segment(
    conn: u64,
    cx: &Context<'_>,
    most: usize,
) -> Poll<io::Result<Option<Segment>>> {
    let Some(taken) = with_here(|here, worker| here.take_shown(worker, conn, most)) else {
        return Poll::Ready(Err(no_worker()));
    };
    if let Some(segment) = taken {
        return Poll::Ready(Ok(Some(segment)));
    }
    let mut copied = Vec::new();
    let polled = poll_read(conn, cx, |bytes| {
        let count = bytes.len().min(most);
        copied.extend_from_slice(&bytes[..count]);
        ParseResult::Consumed(count)
    });
    polled.map(|read| Ok((read > 0).then_some(Segment(Memory::Copied(copied)))))
}

/// The future of [`SegmentReader::next`]: the next bytes, or `None` when nothing more comes.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SegmentNext {
    conn: u64,
}

impl Future for SegmentNext {
    type Output = io::Result<Option<Segment>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_segment(self.conn, cx, usize::MAX)
    }
}

/// The future of [`ConnCtx::recv_owned_segment`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct OwnedSegmentFuture {
    conn: u64,
}

impl Future for OwnedSegmentFuture {
    type Output = io::Result<Option<Bytes>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_segment(self.conn, cx, usize::MAX).map_ok(|segment| segment.map(Segment::into_owned))
    }
}

/// Reads a connection segment by segment.
#[derive(Clone, Copy, Debug)]
pub struct SegmentReader {
    conn: u64,
}

impl SegmentReader {
    /// Wait for the next bytes.
    ///
    /// # Errors
    /// Of the future `NotConnected` on a thread that is no worker.
    pub fn next(&self) -> SegmentNext {
        SegmentNext { conn: self.conn }
    }
}

impl ConnCtx {
    /// Read what is received as segments, which may be kept: see [`Segment`]. Reading otherwise
    /// may go on at any time.
    pub fn segments(&self) -> SegmentReader {
        SegmentReader { conn: self.id() }
    }

    /// Wait for the next bytes and copy them; `None` when nothing more comes.
    ///
    /// ```no_run
    /// # async fn first(conn: ringline::ConnCtx) -> std::io::Result<()> {
    /// if let Some(bytes) = conn.recv_owned_segment().await? {
    ///     println!("{} bytes", bytes.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Of the future `NotConnected` on a thread that is no worker.
    pub fn recv_owned_segment(&self) -> OwnedSegmentFuture {
        OwnedSegmentFuture { conn: self.id() }
    }

    /// Nothing: a connection is in no mode when it is read as segments. It is there for programs
    /// that say when they end that.
    pub fn end_segments(&self) {}

    /// Whether the connection is open, as far as is known.
    ///
    /// ```no_run
    /// # fn first(pool: &[ringline::ConnCtx]) -> Option<&ringline::ConnCtx> {
    /// pool.iter().find(|conn| conn.is_alive())
    /// # }
    /// ```
    pub fn is_alive(&self) -> bool {
        let facts = with_here(|_, worker| worker.facts(self.id()).ok()).flatten();
        facts.is_some_and(|facts| facts.life == crate::runtime::Life::Open && !facts.gone)
    }
}
