//! A worker: one thread, one ring, and the connections on it.
//!
//! Owns: the loop, and what is told to the user, in which order. Invariant: no borrow of the core
//! is held while user code runs: what is to be told is moved out first, and what the user asks for
//! meanwhile is done after.

use super::core::Core;
use super::event::{Door, Event, Rest};
use super::state::Worker;
use crate::driver::{Completion, cf, signal};
use crate::fault::ETLS;
use crate::runtime::backoff::Tale;
use crate::runtime::connection::{Close, How, Leave, Life, Sent, Teardown, fast, index_of};
use crate::runtime::kind;

impl Worker {
    /// The loop, until the runtime is stopped and every connection is over.
    /// Tells by `begun` that it listens to what it was told so far.
    pub(super) fn run(&self, door: &impl Door, begun: impl FnOnce()) {
        self.begin(door);
        begun();
        while self.step(door) {}
        door.tell(self, Event::Stopped);
    }

    /// Listen to what the runtime was told so far.
    pub(super) fn begin(&self, door: &impl Door) {
        door.tell(self, Event::Started);
        self.obey(door);
        let core = &mut *self.core.borrow_mut();
        core.settle_sockets(0);
    }

    /// Give everything back, after [`Worker::run`]; false when the kernel still uses something.
    pub(super) fn dispose(self) -> bool {
        self.shared.workers[self.index as usize].waking.shut();
        self.core.into_inner().dispose()
    }

    /// One turn: do what is wanted, wait, tell what came. False when all is over.
    pub(super) fn step(&self, door: &impl Door) -> bool {
        if self.core.borrow().engine.driver.wake.signals() & signal::WAKE != 0 {
            self.obey(door);
        }
        self.settle(door);
        let rest = door.poll(self);
        let calm = rest == Rest::Idle && self.core.borrow().is_calm();
        if !calm && !self.settle_rest(door, rest) {
            return false;
        }
        // After the last user code before the wait.
        fast::settle_sending(&mut self.core.borrow_mut());
        let count = {
            let core = &mut *self.core.borrow_mut();
            let late = core::mem::take(&mut core.unseen);
            if late.is_empty() { 0..core.turn(calm) } else { late }
        };
        self.complete_fast(door);
        // Where nobody watches and nothing is recorded, what is received goes to the user at once.
        let shortly = self.shared.config.stall_ns == 0 && !self.core.borrow().holds;
        for at in count.clone() {
            if shortly && self.show_fast(door, at) {
                continue;
            }
            if !self.tell_record(door, at) {
                self.core.borrow_mut().unseen = at..count.end;
                break;
            }
        }
        if self.core.borrow().engine.completed.has_calls() {
            self.complete_calls(door);
        }
        if !self.core.borrow().is_calm() {
            self.tell_rest(door);
        }
        self.look_at_others();
        true
    }

    /// Have listeners and datagrams go on, and the worker end. False when all is over.
    #[inline(never)]
    fn settle_rest(&self, door: &impl Door, rest: Rest) -> bool {
        // What the door asked for when it was polled goes with this turn, and what it is told by
        // that it sees before the worker sleeps. Where the worker does not sleep it goes with the
        // next: what records tell is not answered yet.
        let told = matches!(rest, Rest::Done | Rest::Short) && self.settle(door);
        let mut core = self.core.borrow_mut();
        let now = core.engine.driver.now();
        core.now = now;
        core.settle_sockets(now);
        // After the last listener went: nothing would end the wait.
        let over = core.is_over();
        if over || core.is_ending() {
            let ended = core.is_ending();
            drop(core);
            self.end_posts(door);
            self.shared.cancel_waiting(self.index);
            self.leave_blocked(ended);
            if over && !self.has_errands() {
                return false;
            }
            core = self.core.borrow_mut();
        }
        core.hurry |= told || rest == Rest::Not;
        core.again |= rest == Rest::Short;
        true
    }

    /// What is told when the completions were: releases, ends, what the clock and the log say.
    #[inline(never)]
    fn tell_rest(&self, door: &impl Door) {
        self.tell_released(door);
        self.tell_late(door);
        let tale = {
            let core = &mut *self.core.borrow_mut();
            core.look_at_clock(core.now);
            core.take_tale()
        };
        tale.into_iter().for_each(Tale::tell);
    }

    /// What other threads ask for: whoever does so raises WAKE.
    #[inline(never)]
    fn obey(&self, door: &impl Door) {
        // Before looking: what is asked for afterwards raises it again.
        self.core.borrow().engine.driver.wake.lower(signal::WAKE);
        self.take_posts(door);
        self.take_answers(door);
        let stops = {
            let core = &mut *self.core.borrow_mut();
            let now = core.engine.driver.now();
            let grace_ns = self.shared.stop_asked();
            let stops = grace_ns.is_some_and(|grace_ns| core.stop(grace_ns, now));
            if !core.is_stopping() && self.shared.has_news(self.index) {
                let until = now.saturating_add(core.config.close_timeout_ns);
                let Core { listeners, datagrams, .. } = core;
                self.shared.registry().sync(self.index, listeners, datagrams, (now, until));
            }
            stops
        };
        if stops {
            door.tell(self, Event::Stopping);
        }
    }

    /// Show what is to be shown again, and do what connections want. Whether something was shown.
    #[inline(always)]
    fn settle(&self, door: &impl Door) -> bool {
        let mut shown = false;
        {
            let core = &mut *self.core.borrow_mut();
            if core.again {
                let Core { processes, connections, .. } = core;
                processes.watch_all(connections);
                core.watch_signals();
            }
            core.begin_round();
        }
        loop {
            if !door.has_room() {
                break;
            }
            let Some(index) = self.core.borrow_mut().settle_round() else { break };
            shown = true;
            self.watched(|| {
                self.begin_tls(door, index);
                self.show_again(door, index);
            });
            self.core.borrow_mut().settle_shown(index);
        }
        shown
    }

    /// Tell what a record is about; false when there is no room to.
    #[inline(never)]
    fn tell_record(&self, door: &impl Door, at: u32) -> bool {
        if !door.has_room() {
            return false;
        }
        let completion = self.core.borrow().engine.completed.get(at);
        if let Some(completion) = completion {
            self.watched(|| self.complete(door, &completion));
        }
        true
    }

    fn complete(&self, door: &impl Door, completion: &Completion) {
        match completion.user_data >> kind::SHIFT {
            kind::ACCEPT => self.complete_accept(door, completion),
            kind::RECV => self.complete_recv(door, completion),
            kind::SEND => self.complete_send(door, completion),
            kind::CLOSE => self.complete_close(door, completion),
            kind::LENT => self.complete_lent(door, completion),
            kind::READ => self.core.borrow_mut().complete_read(completion),
            kind::CONNECT => self.complete_connect(door, completion),
            kind::WATCH => self.core.borrow_mut().complete_watch(completion),
            kind::PROCESS => self.complete_process(door, completion),
            kind::SIGNAL => self.complete_signals(door),
            kind::DATAGRAM_RECV => self.complete_datagram(door, completion),
            kind::DATAGRAM_SEND => self.complete_datagram_send(door, completion),
            _ => {}
        }
    }

    fn complete_accept(&self, door: &impl Door, completion: &Completion) {
        let listener = completion.user_data as u32;
        let (res, last) = (completion.res, completion.flags & cf::FINAL != 0);
        let id = {
            let core = &mut *self.core.borrow_mut();
            let now = if last || core.is_stopping() { core.engine.driver.now() } else { 0 };
            let (mut serves, mut tls) = (false, None);
            if let Some(own) = core.listeners.find(listener) {
                serves = own.takes(now);
                tls.clone_from(&own.tls);
                if last && !own.accept_ended(res, now) {
                    core.stats.accept_pauses.add(1);
                    core.stats.backoffs.add(1);
                    core.listeners.accepting.begin(-res);
                }
            }
            if res < 0 {
                return;
            }
            let stops = core.is_stopping();
            let place = if serves { core.table.insert(res, listener) } else { None };
            let Some(connection) = place else {
                core.refuse(res);
                return;
            };
            if stops {
                connection.teardown.leave = Leave::when_idle(tls.is_some());
            }
            let id = connection.id;
            core.stats.accepted.add(1);
            core.listeners.accepting.end();
            let index = index_of(id);
            core.make_due(index);
            if tls.is_some_and(|tls| core.start_tls(index, &tls, None).is_err()) {
                core.close(index, How::AtOnce, ETLS);
            }
            id
        };
        door.tell(self, Event::Accepted { conn: id, listener });
    }

    fn complete_send(&self, door: &impl Door, completion: &Completion) {
        let index = self.core.borrow_mut().connection_of(completion);
        let res = completion.res;
        let bytes = if res >= 0 { res as u32 } else { completion.data as u32 };
        if let Some(index) = index {
            self.sent(door, index, res, bytes);
        }
    }

    /// Sends without a completion that are over.
    fn complete_fast(&self, door: &impl Door) {
        loop {
            let next = fast::sent(&mut self.core.borrow_mut());
            let Some((index, res, bytes)) = next else { return };
            self.watched(|| self.sent(door, index, res, bytes));
        }
    }

    /// The kernel took so many bytes of the send in flight, or refused it.
    pub(super) fn sent(&self, door: &impl Door, index: usize, res: i32, bytes: u32) {
        let sent = self.core.borrow_mut().sent(index, res, bytes);
        let Sent { id, user, users, writable } = sent;
        if users > 0 {
            door.tell(self, Event::Sent { conn: id, user, bytes: users });
        }
        if writable {
            door.tell(self, Event::Writable { conn: id, user });
        }
    }

    fn complete_close(&self, door: &impl Door, completion: &Completion) {
        let index = {
            let core = &mut *self.core.borrow_mut();
            let Some(index) = core.connection_of(completion) else { return };
            core.table.at(index).life = Life::Closing(Close::Done);
            index
        };
        self.end_if_over(door, index);
    }

    /// Tell the end of a connection, when the kernel has nothing of it any more.
    pub(super) fn end_if_over(&self, door: &impl Door, index: usize) {
        let (id, user, reason, dials, why) = {
            let core = &mut *self.core.borrow_mut();
            let connection = core.table.at(index);
            if connection.life != Life::Closing(Close::Done) || connection.outbound.lent > 0 {
                return;
            }
            let (id, user) = (connection.id, connection.user);
            let Teardown { reason, dials, .. } = connection.teardown;
            let tls = connection.tls.as_ref().filter(|_| reason == ETLS);
            let why = tls.and_then(|tls| tls.fault()).unwrap_or("");
            core.give_back(index);
            (id, user, reason, dials, why)
        };
        self.tell_released(door);
        // What was lent comes back before the end is told.
        if !door.has_room() || !self.core.borrow().loans.ended.is_empty() {
            return self.core.borrow_mut().late.push(index as u32);
        }
        if dials {
            let reason = if reason == 0 { -libc::ECANCELED } else { reason };
            door.tell(self, Event::Connected { conn: id, user, res: reason });
        } else {
            door.tell(self, Event::Closed { conn: id, user, reason, why });
        }
        let core = &mut *self.core.borrow_mut();
        core.table.remove(index);
        core.stats.closed.add(u64::from(!dials));
    }

    /// Ends for which there was no room before.
    fn tell_late(&self, door: &impl Door) {
        let late = core::mem::take(&mut self.core.borrow_mut().late);
        if late.is_empty() {
            return;
        }
        late.into_iter().for_each(|index| self.end_if_over(door, index as usize));
        let core = &mut *self.core.borrow_mut();
        core.hurry |= !core.late.is_empty();
    }
}
