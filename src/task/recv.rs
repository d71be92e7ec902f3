//! What a connection receives, as its task reads it: bytes are looked at where they are.
//!
//! Owns: nothing. Bytes that no future consumed stay with the runtime, which receives nothing more
//! for a connection that has `Config::recv_accumulator_max` of them.

use super::conn::ConnCtx;
use super::conns::Sink;
use super::here::{Here, with_here};
use crate::runtime::{Kept, Worker};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// What a parser made of the bytes that it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseResult {
    /// So many of them, from the front, are done with.
    Consumed(usize),
    /// No whole message is there: show them again when more has come.
    NeedMore,
    /// As `NeedMore`, until so many bytes are there, or the end.
    NeedAtLeast(usize),
}

impl ParseResult {
    /// Bytes of `len` that are done with.
    fn used(self, len: usize) -> usize {
        match self {
            ParseResult::Consumed(used) => used.min(len),
            ParseResult::NeedMore | ParseResult::NeedAtLeast(_) => 0,
        }
    }
}

/// What there is to be read.
enum Look<T> {
    /// There were bytes.
    Bytes(T),
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing more comes.
    End,
}

impl Here {
    /// Show `parse` what there is of a connection: what came just now, or what was kept.
    #[inline]
    fn look(
        &self,
        worker: &Worker,
        conn: u64,
        parse: impl FnOnce(&[u8]) -> ParseResult,
    ) -> Look<ParseResult> {
        // Taken out, or a parser that reads itself would see the same bytes.
        if let Some(mut shown) = self.shown.take() {
            if shown.conn == conn && !shown.rest().is_empty() {
                let parsed = parse(shown.rest());
                shown.used += parsed.used(shown.rest().len());
                self.shown.set(Some(shown));
                return Look::Bytes(parsed);
            }
            self.shown.set(Some(shown));
            if shown.conn == conn {
                return Look::Nothing;
            }
        }
        self.look_at_kept(worker, conn, parse)
    }

    /// Whether a parser had no room to send in what it was shown, on that connection or another:
    /// then it is shown it again when there is room, the end of its own connection or not.
    #[inline]
    fn waits_for_room(&self, cx: &Context<'_>) -> bool {
        let Some(full) = self.full.take() else { return false };
        let waiter = self.waiter(cx);
        let mut conns = self.conns.borrow_mut();
        let Some(full) = conns.get(full).filter(|full| full.closed.is_none()) else { return false };
        full.wait_for_sent(waiter);
        true
    }

    /// Show what a connection left that is over: what the other end sent before it went.
    fn look_at_left(&self, conn: u64, show: impl FnOnce(&[u8]) -> usize) {
        let found = self.conns.borrow_mut().get(conn).map(|found| mem::take(&mut found.left));
        let Some(kept) = found else { return };
        let mut left = Left { here: self, conn, kept };
        let used = show(&left.kept);
        left.kept.consume(used);
    }

    fn look_at_kept(
        &self,
        worker: &Worker,
        conn: u64,
        parse: impl FnOnce(&[u8]) -> ParseResult,
    ) -> Look<ParseResult> {
        let (mut parsed, mut parse) = (None, Some(parse));
        let mut show = |bytes: &[u8]| {
            if bytes.is_empty() {
                return 0;
            }
            let Some(parse) = parse.take() else { return 0 };
            let result = parse(bytes);
            parsed = Some(result);
            result.used(bytes.len())
        };
        let looked = worker.look(conn, &mut show);
        if looked.is_err() {
            self.look_at_left(conn, show);
        }
        if let Some(parsed) = parsed {
            return Look::Bytes(parsed);
        }
        let mut conns = self.conns.borrow_mut();
        match conns.get(conn) {
            Some(found) if looked.is_ok() && !found.has_ended => Look::Nothing,
            _ => Look::End,
        }
    }
}

/// What a connection that is over left, while somebody looks at it.
struct Left<'a> {
    here: &'a Here,
    conn: u64,
    kept: Kept,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if let Some(found) = self.here.conns.borrow_mut().get(self.conn) {
            found.left = mem::take(&mut self.kept);
        }
    }
}

/// Polls a read: `parse` decides what is consumed; 0 = nothing more comes.
#[inline]
pub(super) fn poll_read(
    conn: u64,
    cx: &Context<'_>,
    parse: impl FnOnce(&[u8]) -> ParseResult,
) -> Poll<usize> {
    let polled = with_here(|here, worker| {
        here.full.set(None);
        let mut len = 0;
        let looked = here.look(worker, conn, |bytes| {
            len = bytes.len();
            parse(bytes)
        });
        match looked {
            Look::Bytes(parsed) if parsed.used(len) > 0 => return Poll::Ready(parsed.used(len)),
            Look::End => return Poll::Ready(0),
            Look::Bytes(_) | Look::Nothing => {}
        }
        let waits_for_room = here.waits_for_room(cx);
        let waiter = here.waiter(cx);
        let mut conns = here.conns.borrow_mut();
        match conns.get(conn) {
            Some(found) if !found.has_ended && found.closed.is_none() => {
                found.reader = Some(waiter);
                Poll::Pending
            }
            _ if waits_for_room => Poll::Pending,
            _ => Poll::Ready(0),
        }
    });
    polled.unwrap_or(Poll::Ready(0))
}

/// The future of [`ConnCtx::with_data`].
#[must_use = "futures do nothing unless awaited"]
pub struct WithDataFuture<F> {
    conn: u64,
    parse: F,
}

impl<F> Unpin for WithDataFuture<F> {}

impl<F: FnMut(&[u8]) -> ParseResult> Future for WithDataFuture<F> {
    type Output = usize;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.get_mut();
        poll_read(this.conn, cx, &mut this.parse)
    }
}

impl<F> fmt::Debug for WithDataFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithDataFuture").finish_non_exhaustive()
    }
}

/// The future of [`ConnCtx::with_bytes`].
#[must_use = "futures do nothing unless awaited"]
pub struct WithBytesFuture<F> {
    conn: u64,
    parse: F,
}

impl<F> Unpin for WithBytesFuture<F> {}

impl<F: FnMut(Bytes) -> ParseResult> Future for WithBytesFuture<F> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.get_mut();
        poll_read(this.conn, cx, |bytes| (this.parse)(Bytes::copy_from_slice(bytes)))
    }
}

impl<F> fmt::Debug for WithBytesFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithBytesFuture").finish_non_exhaustive()
    }
}

/// The future of [`ConnCtx::recv_ready`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct RecvReadyFuture {
    conn: u64,
}

impl Future for RecvReadyFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let conn = self.conn;
        let is_filled = with_here(|here, _| {
            let mut conns = here.conns.borrow_mut();
            conns
                .get(conn)
                .and_then(|found| found.sink.as_ref())
                .is_some_and(|sink| sink.filled > 0)
        });
        if is_filled == Some(true) {
            return Poll::Ready(());
        }
        let mut is_there = false;
        let polled = poll_read(conn, cx, |bytes| {
            is_there = !bytes.is_empty();
            ParseResult::NeedMore
        });
        if is_there { Poll::Ready(()) } else { polled.map(|_| ()) }
    }
}

impl ConnCtx {
    /// Have `parse` look at what was received, and consume it from the front; resolves to the bytes
    /// that it consumed, or to 0 when nothing more comes: the other end has ended its side, or the
    /// connection is over. What is there already is shown at once. Where it consumes nothing
    /// ([`ParseResult::NeedMore`]) it is called again with all of it when more has come, or, where
    /// a send of its was refused for want of room, when there is some: the end waits for that too.
    ///
    /// One task reads a connection at a time.
    pub fn with_data<F>(&self, parse: F) -> WithDataFuture<F>
    where
        F: FnMut(&[u8]) -> ParseResult,
    {
        WithDataFuture { conn: self.id(), parse }
    }

    /// As [`with_data`](ConnCtx::with_data), with bytes that may be kept.
    pub fn with_bytes<F>(&self, parse: F) -> WithBytesFuture<F>
    where
        F: FnMut(Bytes) -> ParseResult,
    {
        WithBytesFuture { conn: self.id(), parse }
    }

    /// Have `parse` look at what was received and is there now, without waiting; `None` when there
    /// is nothing.
    pub fn try_with_data<F>(&self, parse: F) -> Option<ParseResult>
    where
        F: FnOnce(&[u8]) -> ParseResult,
    {
        let looked = with_here(|here, worker| here.look(worker, self.id(), parse))?;
        match looked {
            Look::Bytes(parsed) => Some(parsed),
            Look::Nothing | Look::End => None,
        }
    }

    /// Wait until there is something to read, or nothing more comes.
    pub fn recv_ready(&self) -> RecvReadyFuture {
        RecvReadyFuture { conn: self.id() }
    }

    /// Have what comes next be received into memory of the caller's, until `len` bytes are there or
    /// [`take_recv_sink`](ConnCtx::take_recv_sink) is called. What was received before stays where
    /// it is.
    ///
    /// # Safety
    /// `target` must be valid for writes of `len` bytes, and nobody else's, until
    /// `take_recv_sink` was called on this worker or the connection is over.
    pub unsafe fn set_recv_sink(&self, target: *mut u8, len: usize) {
        with_here(|here, _| {
            let mut conns = here.conns.borrow_mut();
            if let (Some(found), Some(at)) = (conns.get(self.id()), NonNull::new(target)) {
                found.sink = Some(Sink { at, len, filled: 0 });
            }
        });
    }

    /// Take the memory of [`set_recv_sink`](ConnCtx::set_recv_sink) back; how many bytes were
    /// received into it.
    pub fn take_recv_sink(&self) -> usize {
        let filled = with_here(|here, _| {
            let mut conns = here.conns.borrow_mut();
            conns.get(self.id()).and_then(|found| found.sink.take()).map_or(0, |sink| sink.filled)
        });
        filled.unwrap_or(0)
    }
}
