//! What a connection sends: copies, memory under a guard, and both in one.
//!
//! Owns: guards until the kernel is done with their memory. A send is queued whole or refused
//! whole, and what one connection sends leaves in the order of the calls.

use super::conn::ConnCtx;
use super::error::Error;
use super::guard::GuardBox;
use super::here::{Here, no_worker, to_io, try_here, with_here};
use crate::fault::Fault;
use crate::runtime::Worker;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Parts of a gathered send.
pub const MAX_IOVECS: usize = 8;
/// Guards of a gathered send.
pub const MAX_GUARDS: usize = 4;

/// A part of a gathered send.
#[derive(Debug)]
pub enum SendPart<'a> {
    /// Bytes that are copied.
    Copy(&'a [u8]),
    /// Bytes that are sent from where they are.
    Guard(GuardBox),
}

/// Guards whose memory the kernel may still read.
#[derive(Default)]
pub(super) struct Guards {
    places: Vec<Option<GuardBox>>,
    free: Vec<usize>,
    held: usize,
}

impl Guards {
    /// Keep a guard; under which number.
    pub(super) fn keep(&mut self, guard: GuardBox) -> u64 {
        self.held += 1;
        if let Some(index) = self.free.pop() {
            self.places[index] = Some(guard);
            return index as u64;
        }
        self.places.push(Some(guard));
        self.places.len() as u64 - 1
    }

    /// The kernel is done with it: the caller drops it, when nothing of this is borrowed.
    pub(super) fn release(&mut self, number: u64) -> Option<GuardBox> {
        let guard = self.places.get_mut(number as usize)?.take()?;
        self.held -= 1;
        self.free.push(number as usize);
        Some(guard)
    }
}

/// Bytes so far: how the end of a send is known.
fn queued_until(worker: &Worker, conn: u64) -> Result<u64, Fault> {
    let facts = worker.facts(conn)?;
    Ok(facts.sent + facts.queued)
}

impl Here {
    /// Queue parts of a connection, all of them or none; how many bytes they are.
    fn send_parts(
        &self,
        worker: &Worker,
        conn: u64,
        parts: Vec<SendPart<'_>>,
    ) -> io::Result<usize> {
        let guards = parts.iter().filter(|part| matches!(part, SendPart::Guard(_))).count();
        if parts.len() > MAX_IOVECS || guards > MAX_GUARDS {
            let text = "a gathered send has 8 parts at most, 4 of them guards";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if self.guards.borrow().held + guards > self.config.send_slab_slots.into() {
            return Err(Error::SendPoolExhausted.into());
        }
        // Looked at before anything is queued.
        let regions = &self.regions;
        let mut bytes = 0;
        for part in &parts {
            bytes += match part {
                SendPart::Copy(bytes) => bytes.len(),
                SendPart::Guard(guard) => guard.checked(regions)?.1 as usize,
            };
        }
        let room = self.check_room(worker, conn, bytes as u64);
        room.map_err(|fault| self.refused(conn, fault))?;
        let is_long = bytes >= self.config.send_zc_threshold as usize;
        for part in parts {
            match part {
                SendPart::Copy(bytes) => {
                    worker.send(conn, bytes).map_err(|fault| self.refused(conn, fault))?;
                }
                SendPart::Guard(guard) => self.send_guard(worker, conn, guard, is_long)?,
            }
        }
        Ok(bytes)
    }

    /// A send was refused; where that was for want of room, a read whose parser made it looks again
    /// when there is some: see [`super::recv::poll_read`].
    #[cold]
    fn refused(&self, conn: u64, fault: Fault) -> io::Error {
        if fault.code == -libc::EAGAIN {
            self.full.set(Some(conn));
        }
        to_io(fault)
    }

    /// Whether so many bytes more may be queued.
    fn check_room(&self, worker: &Worker, conn: u64, bytes: u64) -> Result<(), Fault> {
        let most =
            u64::from(self.config.send_copy_count) * u64::from(self.config.send_copy_slot_size);
        let queued = worker.facts(conn)?.queued;
        if queued > 0 && queued + bytes > most {
            worker.hear(conn)?;
            return Err(Fault::errno(libc::EAGAIN, "too much waits to be sent: await a send"));
        }
        Ok(())
    }

    fn send_guard(
        &self,
        worker: &Worker,
        conn: u64,
        guard: GuardBox,
        is_long: bool,
    ) -> io::Result<()> {
        let (at, len) = guard.checked(&self.regions)?;
        // SAFETY: the guard vouches for the bytes as long as it is there.
        let bytes = unsafe { std::slice::from_raw_parts(at, len as usize) };
        if !is_long {
            return worker.send(conn, bytes).map_err(to_io);
        }
        let number = self.guards.borrow_mut().keep(guard);
        // SAFETY: kept until the runtime tells that the memory is free.
        let lent = unsafe { worker.send_lent(conn, bytes, number) };
        if lent.is_err() {
            let guard = self.guards.borrow_mut().release(number);
            drop(guard);
        }
        lent.map_err(to_io)
    }
}

/// The end of a send: the bytes that it was, when the kernel has taken all of them.
///
/// The send is queued already: dropping this changes nothing about it.
#[derive(Debug)]
#[must_use = "the send is queued, but whether it succeeded is not known"]
pub struct SendFuture {
    conn: u64,
    /// Bytes of the connection that are sent when this is.
    until: u64,
    len: u32,
}

impl SendFuture {
    pub(super) fn new(worker: &Worker, conn: u64, len: usize) -> io::Result<SendFuture> {
        let until = queued_until(worker, conn).map_err(to_io)?;
        worker.hear(conn).map_err(to_io)?;
        Ok(SendFuture { conn, until, len: len as u32 })
    }
}

impl Future for SendFuture {
    type Output = io::Result<u32>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = with_here(|here, worker| {
            let sent = worker.facts(self.conn).map(|facts| facts.sent);
            if sent.is_ok_and(|sent| sent >= self.until) {
                return Poll::Ready(Ok(self.len));
            }
            let waiter = here.waiter(cx);
            let mut conns = here.conns.borrow_mut();
            match conns.get(self.conn) {
                Some(found) => match found.closed {
                    None => {
                        found.wait_for_sent(waiter);
                        Poll::Pending
                    }
                    Some(_) if found.sent >= self.until => Poll::Ready(Ok(self.len)),
                    Some(reason) => Poll::Ready(Err(cut(reason))),
                },
                None => Poll::Ready(Err(cut(0))),
            }
        });
        polled.unwrap_or_else(|| Poll::Ready(Err(no_worker())))
    }
}

/// The connection was over before all was sent.
#[cold]
fn cut(reason: i32) -> io::Error {
    match reason {
        -4095..0 => io::Error::from_raw_os_error(-reason),
        _ => io::Error::new(io::ErrorKind::BrokenPipe, "the connection ended before all was sent"),
    }
}

impl ConnCtx {
    /// Queue a copy of `bytes`, all of them or none.
    ///
    /// # Errors
    /// `WouldBlock` when the connection has too much to send already: await a
    /// [`send`](ConnCtx::send), or, in a parser of [`with_data`](ConnCtx::with_data), consume
    /// nothing: it is shown the same bytes again when there is room; `NotConnected` and
    /// `BrokenPipe` when it is over or closing.
    #[inline]
    pub fn send_nowait(&self, bytes: &[u8]) -> io::Result<()> {
        let id = self.id();
        let sent = with_here(|here, worker| {
            worker.send_fast(id, bytes).map_err(|fault| here.refused(id, fault))
        });
        sent.unwrap_or_else(|| Err(no_worker()))
    }

    /// Queue a copy of `bytes`, all of them or none; the future resolves to how many they are when
    /// the kernel has taken them.
    ///
    /// # Errors
    /// As [`send_nowait`](ConnCtx::send_nowait).
    pub fn send(&self, bytes: &[u8]) -> io::Result<SendFuture> {
        let id = self.id();
        with_here(|here, worker| {
            worker.send(id, bytes).map_err(|fault| here.refused(id, fault))?;
            SendFuture::new(worker, id, bytes.len())
        })
        .unwrap_or_else(|| Err(no_worker()))
    }

    /// Begin a gathered send: copies and guards that leave in one.
    pub fn send_parts(&self) -> AsyncSendBuilder {
        AsyncSendBuilder { conn: *self }
    }

    /// Queue several sends that leave in the order in which they were added.
    pub fn send_chain_nowait<R>(&self, build: impl FnOnce(SendChainBuilder<'_>) -> R) -> R {
        build(SendChainBuilder::new(*self, None))
    }

    /// As [`send_chain_nowait`](ConnCtx::send_chain_nowait), with a future for the end of all.
    ///
    /// # Errors
    /// What `build` returns; nothing is queued then.
    pub fn send_chain(
        &self,
        build: impl FnOnce(SendChainBuilder<'_>) -> io::Result<()>,
    ) -> io::Result<SendFuture> {
        let mut sent = 0;
        build(SendChainBuilder::new(*self, Some(&mut sent)))?;
        self.send_future(sent)
    }

    fn send_future(&self, len: usize) -> io::Result<SendFuture> {
        let made = with_here(|_, worker| SendFuture::new(worker, self.id(), len));
        made.unwrap_or_else(|| Err(no_worker()))
    }

    fn submit(&self, parts: Vec<SendPart<'_>>) -> io::Result<usize> {
        let sent = with_here(|here, worker| here.send_parts(worker, self.id(), parts));
        sent.unwrap_or_else(|| Err(no_worker()))
    }
}

/// A gathered send of a connection, to be built.
#[derive(Clone, Copy, Debug)]
pub struct AsyncSendBuilder {
    conn: ConnCtx,
}

impl AsyncSendBuilder {
    /// Add parts, and submit.
    ///
    /// # Errors
    /// What `build` returns: see [`SendBuilder::submit`].
    pub fn build<'a>(
        self,
        build: impl FnOnce(SendBuilder<'a>) -> io::Result<()>,
    ) -> io::Result<()> {
        build(SendBuilder::new(self.conn))
    }

    /// As [`build`](AsyncSendBuilder::build), with a future for the end of the send.
    ///
    /// # Errors
    /// As `build`.
    pub fn build_await<'a>(
        self,
        build: impl FnOnce(SendBuilder<'a>) -> io::Result<()>,
    ) -> io::Result<SendFuture> {
        let before = try_here(|_, worker| queued_until(worker, self.conn.id()))?;
        self.build(build)?;
        let after = try_here(|_, worker| queued_until(worker, self.conn.id()))?;
        self.conn.send_future((after - before) as usize)
    }

    /// Submit parts that are there already; how many bytes they are.
    ///
    /// # Errors
    /// See [`SendBuilder::submit`].
    pub fn submit_batch(self, parts: Vec<SendPart<'_>>) -> io::Result<usize> {
        self.conn.submit(parts)
    }

    /// As [`submit_batch`](AsyncSendBuilder::submit_batch), with a future for the end of the send.
    ///
    /// # Errors
    /// See [`SendBuilder::submit`].
    pub fn submit_batch_await(self, parts: Vec<SendPart<'_>>) -> io::Result<(usize, SendFuture)> {
        let len = self.conn.submit(parts)?;
        Ok((len, self.conn.send_future(len)?))
    }
}

/// The parts of a gathered send, in order.
#[derive(Debug)]
#[must_use = "nothing is sent before submit"]
pub struct SendBuilder<'a> {
    conn: ConnCtx,
    parts: Vec<SendPart<'a>>,
}

impl<'a> SendBuilder<'a> {
    pub(super) fn new(conn: ConnCtx) -> SendBuilder<'a> {
        SendBuilder { conn, parts: Vec::new() }
    }

    /// Bytes that are copied.
    pub fn copy(mut self, bytes: &'a [u8]) -> SendBuilder<'a> {
        self.parts.push(SendPart::Copy(bytes));
        self
    }

    /// Bytes that are sent from where they are, and whose guard is dropped when they were. Where
    /// the whole send is shorter than `Config::send_zc_threshold` they are copied.
    pub fn guard(mut self, guard: GuardBox) -> SendBuilder<'a> {
        self.parts.push(SendPart::Guard(guard));
        self
    }

    /// Queue the parts, all of them or none.
    ///
    /// # Errors
    /// As [`ConnCtx::send_nowait`]; `InvalidInput` for more than [`MAX_IOVECS`] parts or
    /// [`MAX_GUARDS`] guards; [`Error::PointerOutOfRegion`](crate::Error::PointerOutOfRegion) and
    /// [`Error::InvalidRegion`](crate::Error::InvalidRegion) within for a guard that is not where
    /// it says.
    pub fn submit(self) -> io::Result<()> {
        self.conn.submit(self.parts).map(drop)
    }
}

/// Sends that leave one behind another.
#[must_use = "nothing is sent before finish"]
pub struct SendChainBuilder<'a> {
    conn: ConnCtx,
    links: Vec<Vec<SendPart<'a>>>,
    /// Where to write how many bytes they were.
    sent: Option<&'a mut usize>,
}

impl fmt::Debug for SendChainBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendChainBuilder").field("links", &self.links.len()).finish()
    }
}

impl<'a> SendChainBuilder<'a> {
    pub(super) fn new(conn: ConnCtx, sent: Option<&'a mut usize>) -> SendChainBuilder<'a> {
        SendChainBuilder { conn, links: Vec::new(), sent }
    }

    /// One more send: a copy of `bytes`.
    pub fn copy(mut self, bytes: &'a [u8]) -> SendChainBuilder<'a> {
        self.links.push(vec![SendPart::Copy(bytes)]);
        self
    }

    /// Begin one more send, of several parts.
    pub fn parts(self) -> ChainPartsBuilder<'a> {
        ChainPartsBuilder { chain: self, parts: Vec::new() }
    }

    /// Queue the chain, all of it or nothing.
    ///
    /// # Errors
    /// As [`SendBuilder::submit`] for each send, and `InvalidInput` for more sends than
    /// `Config::max_chain_length`.
    pub fn finish(self) -> io::Result<()> {
        let links = self.links;
        let most = with_here(|here, _| here.config.max_chain_length).ok_or_else(no_worker)?;
        if links.len() > most.into() {
            let text = "a chain has Config::max_chain_length sends at most";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut sent = 0;
        for parts in links {
            sent += self.conn.submit(parts)?;
        }
        if let Some(place) = self.sent {
            *place = sent;
        }
        Ok(())
    }
}

/// One send of a chain, of several parts.
#[derive(Debug)]
#[must_use = "nothing is sent before it was added and the chain finished"]
pub struct ChainPartsBuilder<'a> {
    chain: SendChainBuilder<'a>,
    parts: Vec<SendPart<'a>>,
}

impl<'a> ChainPartsBuilder<'a> {
    /// Bytes that are copied.
    pub fn copy(mut self, bytes: &'a [u8]) -> ChainPartsBuilder<'a> {
        self.parts.push(SendPart::Copy(bytes));
        self
    }

    /// Bytes that are sent from where they are.
    pub fn guard(mut self, guard: GuardBox) -> ChainPartsBuilder<'a> {
        self.parts.push(SendPart::Guard(guard));
        self
    }

    /// Add it to the chain.
    pub fn add(mut self) -> SendChainBuilder<'a> {
        self.chain.links.push(self.parts);
        self.chain
    }
}
