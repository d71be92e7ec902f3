//! A worker: one thread, one ring, and the connections on it.
//!
//! Owns: the loop, and what is told to the user, in which order. Invariant: no borrow of the core
//! is held while user code runs: what is to be told is moved out first, and what the user asks for
//! meanwhile is done after.

use super::connection::{Connection, How, Life, closing};
use super::core::{Core, kind};
use super::{Door, Shared};
use crate::error::Fault;
use crate::resource::Piece;
use crate::ring::{Completion, cf, signal};
use crate::sys::net;
use core::cell::RefCell;
use core::sync::atomic::Ordering;
use std::net::SocketAddr;
use std::sync::Arc;

/// Longest message of one call.
const LONGEST: usize = 1 << 30;

/// One worker of a runtime.
pub struct Worker<D: Door> {
    door: D,
    core: RefCell<Core>,
    shared: Arc<Shared>,
    index: u32,
}

/// Received bytes to show.
enum Shown {
    Nothing,
    /// Straight from the pool.
    Fresh(Piece),
    /// Behind what was kept before.
    Kept(Vec<u8>),
    /// Nothing more comes.
    End,
}

/// What a connection is like.
#[derive(Clone, Copy, Debug)]
pub struct ConnFacts {
    /// The user's number.
    pub user: u64,
    /// The listener it came by.
    pub listener: u32,
    /// Its descriptor.
    pub fd: i32,
    /// How far it is.
    pub life: Life,
    /// The descriptor is the kernel's again.
    pub is_closed: bool,
    /// No data is shown.
    pub paused: bool,
    /// The other end sends nothing more.
    pub ended: bool,
    /// Bytes received.
    pub received: u64,
    /// Bytes that the kernel took.
    pub sent: u64,
    /// Bytes it did not take yet.
    pub queued: u64,
    /// Bytes received and not consumed.
    pub kept: u64,
}

impl ConnFacts {
    /// The other end's address, if it has one of IP. In the close callback the descriptor is
    /// somebody else's already.
    pub fn peer(&self) -> Option<SocketAddr> {
        if self.is_closed { None } else { net::peer_address(self.fd) }
    }
}

impl<D: Door> Worker<D> {
    pub(super) fn new(door: D, core: Core, shared: Arc<Shared>, index: u32) -> Worker<D> {
        Worker { door, core: RefCell::new(core), shared, index }
    }

    /// Which of the runtime's workers it is.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What the user gave.
    pub fn door(&self) -> &D {
        &self.door
    }

    /// The loop, until the runtime is stopped and every connection is over.
    /// Tells by `begun` that it listens to what it was told so far.
    pub(super) fn run(&self, begun: impl FnOnce()) {
        self.door.on_start(self);
        self.obey();
        {
            let core = &mut *self.core.borrow_mut();
            core.settle_listeners(0);
        }
        begun();
        while self.step() {}
        self.door.on_stop(self);
    }

    /// Give everything back, after [`Worker::run`].
    pub(super) fn dispose(self) {
        self.core.into_inner().dispose();
    }

    /// One turn: do what is wanted, wait, tell what came. False when all is over.
    fn step(&self) -> bool {
        self.obey();
        self.settle();
        let count = {
            let core = &mut *self.core.borrow_mut();
            if core.is_over() {
                return false;
            }
            let now = core.engine.driver.now();
            core.settle_listeners(now);
            core.turn(now)
        };
        for at in 0..count {
            let completion = self.core.borrow().engine.completed.get(at);
            if let Some(completion) = completion {
                self.complete(&completion);
            }
        }
        let core = &mut *self.core.borrow_mut();
        let now = core.engine.driver.now();
        core.look_at_clock(now);
        true
    }

    /// What other threads ask for.
    fn obey(&self) {
        let core = &mut *self.core.borrow_mut();
        // Before looking: what is asked for afterwards raises it again.
        core.engine.driver.wake.lower(signal::WAKE);
        if let Some(grace_ns) = self.shared.stop_asked() {
            let now = core.engine.driver.now();
            core.stop(grace_ns, now);
        }
        if !core.is_stopping() && self.shared.has_news(self.index) {
            self.shared.registry().sync(self.index, &mut core.listeners);
        }
    }

    /// Show what is to be shown again, and do what connections want.
    fn settle(&self) {
        self.core.borrow_mut().begin_round();
        loop {
            let Some(index) = self.core.borrow_mut().next_due() else { break };
            self.show_again(index);
            self.core.borrow_mut().settle(index);
        }
    }

    fn complete(&self, completion: &Completion) {
        match completion.user_data >> kind::SHIFT {
            kind::ACCEPT => self.complete_accept(completion),
            kind::RECV => self.complete_recv(completion),
            kind::SEND => self.complete_send(completion),
            kind::CLOSE => self.complete_close(completion),
            _ => {}
        }
    }

    fn complete_accept(&self, completion: &Completion) {
        let listener = completion.user_data as u32;
        let (res, last) = (completion.res, completion.flags & cf::FINAL != 0);
        let id = {
            let core = &mut *self.core.borrow_mut();
            let now = if last { core.engine.driver.now() } else { 0 };
            let mut closing = true;
            if let Some(own) = core.listeners.iter_mut().find(|own| own.id == listener) {
                closing = own.closing;
                if last && !own.accept_ended(res, now) {
                    core.stats.accept_pauses.add(1);
                }
            }
            if res < 0 {
                return;
            }
            let place = if closing { None } else { core.table.insert(res, listener) };
            let Some(id) = place.map(|connection| connection.id) else {
                core.refuse(res);
                return;
            };
            core.stats.accepted.add(1);
            core.make_due(super::conn_table::index_of(id));
            id
        };
        self.door.on_accept(self, id, listener);
    }

    fn complete_recv(&self, completion: &Completion) {
        // SAFETY: a completion of this worker's engine, looked at once.
        let piece = unsafe { Piece::of(completion) };
        let Some((index, shown)) = self.received(completion, piece) else { return };
        self.show(index, shown);
    }

    /// What a receive brought, and to whom.
    fn received(&self, completion: &Completion, piece: Option<Piece>) -> Option<(usize, Shown)> {
        let core = &mut *self.core.borrow_mut();
        let index = core.connection_of(completion)?;
        let res = completion.res;
        if completion.flags & cf::FINAL != 0 {
            let connection = core.table.at(index);
            connection.recv = 0;
            connection.recv_ends = false;
            connection.ended |= res == 0;
            match -res {
                libc::ENOBUFS => core.park(index),
                1.. if -res != libc::ECANCELED => core.close(index, How::AtOnce, res),
                _ => {}
            }
            core.make_due(index);
        }
        let connection = core.table.at(index);
        if let Some(piece) = &piece {
            let len = piece.bytes().len() as u64;
            connection.received += len;
            core.stats.receives.add(1);
            core.stats.received.add(len);
        }
        if connection.life != Life::Open {
            return None;
        }
        if connection.paused {
            // Not as a lease: whoever pauses for long would keep a buffer from all the others.
            connection.kept.extend_from_slice(piece.as_ref().map_or(&[], Piece::bytes));
            connection.show |= piece.is_some();
            connection.end_untold |= connection.ended;
            return None;
        }
        let shown = match piece {
            None if connection.ended => Shown::End,
            None => Shown::Nothing,
            Some(piece) if connection.kept.is_empty() => Shown::Fresh(piece),
            Some(piece) => {
                connection.kept.extend_from_slice(piece.bytes());
                Shown::Kept(core::mem::take(&mut connection.kept))
            }
        };
        Some((index, shown))
    }

    /// After a pause: what came meanwhile.
    fn show_again(&self, index: usize) {
        let shown = {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            if connection.life != Life::Open || connection.paused || !connection.show {
                Shown::Nothing
            } else {
                connection.show = false;
                Shown::Kept(core::mem::take(&mut connection.kept))
            }
        };
        self.show(index, shown);
        let untold = {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            let untold = connection.end_untold && !connection.paused;
            connection.end_untold &= !untold;
            untold && connection.life == Life::Open
        };
        if untold {
            self.show(index, Shown::End);
        }
    }

    fn show(&self, index: usize, shown: Shown) {
        let (id, user) = {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            (connection.id, connection.user)
        };
        match shown {
            Shown::Nothing => {}
            Shown::Fresh(piece) => {
                let used = self.door.on_data(self, id, user, piece.bytes());
                self.consumed(index, used, piece.bytes().len(), |kept, used| {
                    kept.extend_from_slice(&piece.bytes()[used..]);
                });
            }
            Shown::Kept(bytes) if bytes.is_empty() => {}
            Shown::Kept(mut bytes) => {
                let used = self.door.on_data(self, id, user, &bytes);
                self.consumed(index, used, bytes.len(), |kept, used| {
                    bytes.drain(..used);
                    core::mem::swap(kept, &mut bytes);
                });
            }
            Shown::End => {
                let stays = self.door.on_data(self, id, user, &[]);
                let core = &mut *self.core.borrow_mut();
                match stays {
                    1.. => core.make_due(index),
                    0 => core.close(index, How::Gracefully, 0),
                    _ => core.close(index, How::AtOnce, code_of(stays)),
                }
            }
        }
    }

    /// The user took `used` of `len` bytes; what is left is kept, as far as there is room.
    fn consumed(
        &self,
        index: usize,
        used: i64,
        len: usize,
        keep: impl FnOnce(&mut Vec<u8>, usize),
    ) {
        let core = &mut *self.core.borrow_mut();
        if used < 0 {
            return core.close(index, How::AtOnce, code_of(used));
        }
        let used = usize::try_from(used).unwrap_or(len).min(len);
        let most = core.config.keep_max as usize;
        // A pause is no message that does not end: what is kept for it is what was on its way.
        if len - used > most && !core.table.at(index).paused {
            return core.close(index, How::AtOnce, -libc::EMSGSIZE);
        }
        let connection = core.table.at(index);
        if connection.life == Life::Open {
            keep(&mut connection.kept, used);
        }
    }

    fn complete_send(&self, completion: &Completion) {
        let (id, user, bytes, writable) = {
            let core = &mut *self.core.borrow_mut();
            let Some(index) = core.connection_of(completion) else { return };
            let res = completion.res;
            let bytes = if res >= 0 { res as u32 } else { completion.data as u32 };
            let connection = core.table.at(index);
            connection.send = 0;
            connection.send_ends = false;
            connection.sent += u64::from(bytes);
            connection.queue.advance(bytes, &mut core.blocks);
            let low = connection.queue.queued() <= core.config.low_water.into();
            let open = connection.life == Life::Open && res >= 0;
            let writable = connection.was_full && low && open;
            connection.was_full &= !writable;
            let (id, user) = (connection.id, connection.user);
            core.stats.sends.add(1);
            core.stats.sent.add(bytes.into());
            if res < 0 {
                core.close(index, How::AtOnce, res);
            }
            core.make_due(index);
            (id, user, bytes, writable)
        };
        if bytes > 0 {
            self.door.on_sent(self, id, user, bytes.into());
        }
        if writable {
            self.door.on_writable(self, id, user);
        }
    }

    fn complete_close(&self, completion: &Completion) {
        let (index, id, user, reason) = {
            let core = &mut *self.core.borrow_mut();
            let Some(index) = core.connection_of(completion) else { return };
            let connection = core.table.at(index);
            (index, connection.id, connection.user, connection.reason)
        };
        self.door.on_close(self, id, user, reason);
        let core = &mut *self.core.borrow_mut();
        core.table.at(index).queue.clear(&mut core.blocks);
        core.table.remove(index);
        core.stats.closed.add(1);
    }

    fn with<T>(
        &self,
        id: u64,
        body: impl FnOnce(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let core = &mut *self.core.borrow_mut();
        let done = body(core.table.find(id)?)?;
        core.make_due(super::conn_table::index_of(id));
        Ok(done)
    }

    /// Queue a copy of `data`; all of it or nothing.
    pub fn send(&self, id: u64, data: &[u8]) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let connection = core.table.find(id)?;
        connection.check_sending()?;
        if data.len() > LONGEST {
            return Err(Fault::errno(libc::EMSGSIZE, "a message has 1 GiB at most"));
        }
        if data.is_empty() {
            return Ok(());
        }
        if connection.queue.queued() >= core.config.high_water.into() {
            connection.was_full = true;
            return Err(Fault::errno(libc::EAGAIN, "the send queue is full; wait for writable"));
        }
        connection.queue.push(data, &mut core.blocks)?;
        core.make_due(super::conn_table::index_of(id));
        Ok(())
    }

    /// Close a connection; its close is told later.
    pub fn close(&self, id: u64, how: How) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let life = core.table.find(id)?.life;
        if life == Life::Closing || life == Life::Draining && how == How::Gracefully {
            return Err(closing());
        }
        let reason = if how == How::AtOnce { -libc::ECONNABORTED } else { 0 };
        core.close(super::conn_table::index_of(id), how, reason);
        Ok(())
    }

    /// Send nothing more after what is queued.
    pub fn shutdown(&self, id: u64) -> Result<(), Fault> {
        self.with(id, |connection| {
            connection.check_sending()?;
            connection.wants_end = true;
            Ok(())
        })
    }

    /// Show no data until [`Worker::resume`].
    pub fn pause(&self, id: u64) -> Result<(), Fault> {
        self.with(id, |connection| {
            connection.paused = true;
            Ok(())
        })
    }

    /// Show data again.
    pub fn resume(&self, id: u64) -> Result<(), Fault> {
        self.with(id, |connection| {
            connection.show |= connection.paused && !connection.kept.is_empty();
            connection.paused = false;
            Ok(())
        })
    }

    /// Keep a number of the user's with the connection.
    pub fn set_user(&self, id: u64, user: u64) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        core.table.find(id)?.user = user;
        Ok(())
    }

    /// What a connection is like.
    pub fn facts(&self, id: u64) -> Result<ConnFacts, Fault> {
        let core = &mut *self.core.borrow_mut();
        let connection = core.table.find(id)?;
        Ok(ConnFacts {
            user: connection.user,
            listener: connection.listener,
            fd: if connection.closes { -1 } else { connection.fd },
            life: connection.life,
            is_closed: connection.closes,
            paused: connection.paused,
            ended: connection.ended,
            received: connection.received,
            sent: connection.sent,
            queued: connection.queue.queued(),
            kept: connection.kept.len() as u64,
        })
    }

    /// The runtime's number, by which a door knows that a worker is meant.
    pub fn runtime(&self) -> u64 {
        self.shared.handle.load(Ordering::Relaxed)
    }
}

/// The user's negative answer as a reason.
fn code_of(answer: i64) -> i32 {
    i32::try_from(answer).unwrap_or(-libc::EINVAL)
}
