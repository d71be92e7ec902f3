//! What came is told to the user, in order.
//!
//! Owns: nothing. Invariant: no borrow of the connections is held while it is.

use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::{Completion, cf};
use crate::runtime::connection::{Held, Lent, Life, Shown, fast, index_of};
use crate::runtime::tls::Session;

impl Worker {
    /// Tell what the record at a place brought, if the fast path is for it; else false.
    #[inline(always)]
    pub(super) fn show_fast(&self, door: &impl Door, at: u32) -> bool {
        let Some(received) = fast::recv(&mut self.core.borrow_mut(), at) else { return false };
        let fast::Received { id, user, bytes, flags } = received;
        self.taking.offer(id, Lent::Claim(flags), bytes);
        let mut used = bytes.len() as i64;
        door.tell(self, Event::Data { conn: id, user, bytes, used: &mut used });
        let taken = self.taking.withdraw();
        if taken || !fast::is_consumed(&received, used) {
            self.shown_in_part(index_of(id), at, used, taken);
        } else if flags & cf::BUF_MORE == 0 {
            fast::data(&mut self.core.borrow_mut(), &received);
        }
        true
    }

    /// Not all that was shown was consumed, or the user has the lease of it.
    #[inline(never)]
    fn shown_in_part(&self, index: usize, at: u32, used: i64, taken: bool) {
        let core = &mut self.core.borrow_mut().connections;
        if taken {
            return core.consumed(index, used.min(0), 0, |_, _| {});
        }
        let record = core.engine.completed.get(at);
        match record.and_then(|record| core.piece_of(&record)) {
            Some(piece) => core.data(index, Shown::Fresh(piece), used),
            None => core.data(index, Shown::Nothing, used),
        }
    }

    pub(super) fn complete_recv(&self, door: &impl Door, completion: &Completion) {
        let received = {
            let core = &mut self.core.borrow_mut().connections;
            let piece = core.piece_of(completion);
            core.recv(completion, piece)
        };
        let Some((index, shown)) = received else { return };
        self.show(door, index, shown);
    }

    /// After a pause: what came meanwhile.
    pub(super) fn show_again(&self, door: &impl Door, index: usize) {
        let shown = self.core.borrow_mut().recv_again(index);
        self.show(door, index, shown);
        if self.core.borrow_mut().take_end(index) {
            self.show(door, index, Shown::End);
        }
    }

    pub(super) fn show(&self, door: &impl Door, index: usize, shown: Shown) {
        let (id, user) = {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            (connection.id, connection.user)
        };
        let bytes = match &shown {
            Shown::Nothing => return,
            Shown::Tls => return self.show_plain(door, index),
            Shown::Fresh(piece) => piece.bytes(),
            Shown::Kept(bytes) if bytes.is_empty() => return,
            Shown::Kept(bytes) => bytes,
            Shown::Plain(bytes) => bytes,
            Shown::End if self.core.borrow_mut().ends_badly(index) => return,
            Shown::End => &[],
        };
        let offered = if let Shown::Fresh(piece) = &shown {
            self.taking.offer(id, Lent::Lease(piece.lease()), bytes);
            true
        } else {
            false
        };
        let mut used = bytes.len() as i64;
        door.tell(self, Event::Data { conn: id, user, bytes, used: &mut used });
        let taken = offered && self.taking.withdraw();
        let core = &mut self.core.borrow_mut().connections;
        if core.holds {
            core.held.push(Held { conn: id, shown });
        } else if taken {
            shown.leave();
            core.consumed(index, used.min(0), 0, |_, _| {});
        } else {
            core.data(index, shown, used);
        }
    }

    /// TLS began in a callback: what that left is part of the handshake.
    pub(super) fn begin_tls(&self, door: &impl Door, index: usize) {
        {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            if !connection.begins_tls() {
                return;
            }
            core.feed_tls(index, &[]);
        }
        self.show_plain(door, index);
    }

    /// Tell that the handshake ended, and show what came by it.
    pub(super) fn show_plain(&self, door: &impl Door, index: usize) {
        let secured = {
            let core = &mut self.core.borrow_mut().connections;
            let connection = core.table.at(index);
            let open = connection.life == Life::Open;
            let (id, user) = (connection.id, connection.user);
            let tells = |tls: &mut Box<Session>| {
                let tells = !tls.told && !tls.is_shaking() && tls.fault().is_none() && open;
                tls.told |= tells;
                tells
            };
            connection.tls.as_mut().is_some_and(tells).then_some((id, user))
        };
        if let Some((id, user)) = secured {
            door.tell(self, Event::Secured { conn: id, user });
        }
        let shown = self.core.borrow_mut().plain_of(index);
        self.show(door, index, shown);
    }

    pub(super) fn complete_lent(&self, door: &impl Door, completion: &Completion) {
        let (index, res) = {
            let core = &mut self.core.borrow_mut().connections;
            let Some(index) = core.lender(completion) else { return };
            let result = completion.flags & cf::NOTIF == 0;
            let res = if result { core.lent_result(index, completion.res) } else { None };
            if completion.flags & cf::FINAL != 0 {
                core.lent_final(index, completion);
            }
            (index, (result, res))
        };
        match res {
            (true, Some(res)) => self.sent(door, index, res, res.max(0) as u32),
            (true, None) => self.sent(door, index, 0, 0),
            _ => {}
        }
        self.end_if_over(door, index);
    }

    /// Tell which loans are over: those of now, so that a user who lends again and again does not
    /// keep the worker here.
    pub(super) fn tell_released(&self, door: &impl Door) {
        let count = self.core.borrow().loans.ended.len();
        for _ in 0..count {
            if !door.has_room() {
                return;
            }
            let (id, user, cookie) = {
                let core = &mut self.core.borrow_mut().connections;
                let Some((id, cookie)) = core.loans.ended.pop_front() else { return };
                let user = core.table.find(id).map_or(0, |connection| connection.user);
                (id, user, cookie)
            };
            door.tell(self, Event::Released { conn: id, user, cookie });
        }
    }
}
