//! A worker: one thread, one ring, and the connections on it.
//!
//! Owns: the loop, and what is told to the user, in which order. Invariant: no borrow of the core
//! is held while user code runs: what is to be told is moved out first, and what the user asks for
//! meanwhile is done after.

use super::connection::{How, Life};
use super::core::{Core, kind};
use super::{Door, Shared};
use crate::ring::{Completion, cf, signal};
use core::cell::RefCell;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// One worker of a runtime.
pub struct Worker<D: Door> {
    pub(super) door: D,
    pub(super) core: RefCell<Core>,
    pub(super) shared: Arc<Shared>,
    index: u32,
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

    /// The runtime's number, by which a door knows that a worker is meant.
    pub fn runtime(&self) -> u64 {
        self.shared.handle.load(Ordering::Relaxed)
    }
}
