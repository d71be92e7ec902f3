//! The mailbox, on the owner's side: what other threads asked for is done here.
//!
//! Owns: nothing. Takes messages only when the signal MAIL is up, which every wait sees anyway.
//! Invariant: as many messages are taken as there is room for what they bring; the rest stays in
//! the queue with the signal up.

use super::completed::Call;
use super::engine::{Engine, Sink};
use crate::driver::{Completion, MAILBOX_MESSAGES, Mailbox, Message, cf, signal};
use crate::fault::{ECLOSED, Fault, to_errno};
use core::ffi::c_void;
use std::sync::Arc;

/// In a slot in place of a callback's address: the context is an id of the mailbox, which knows
/// where the completions go. No function has this address.
pub(super) const MAILED: u64 = u64::MAX;

/// A call of this says that mail waits: a turn looks for it before it sleeps or fills the list.
extern "C-unwind" fn mail_waits(_: *mut c_void, _: *mut c_void, _: *const Completion) {}

fn waits() -> u64 {
    mail_waits as *const () as u64
}

impl Engine {
    /// Completions that were collected and are not told yet.
    pub fn untold(&self) -> u64 {
        self.completed.waiting_but(waits())
    }

    /// The mailbox of this ring.
    pub fn mailbox(&mut self) -> &Arc<Mailbox> {
        let Engine { mail, driver, .. } = self;
        mail.get_or_insert_with(|| {
            let mail = Mailbox::new(driver.wake.clone());
            if driver.closing {
                mail.refuse_ops();
            }
            Arc::new(mail)
        })
    }

    /// Whether somebody may still send something, so that a loop with nothing in flight goes on.
    pub fn expects_mail(&self) -> bool {
        !self.driver.closing && self.mail.as_ref().is_some_and(|mail| mail.is_held())
    }

    /// Mail at the beginning of a turn. What is staged goes in before: the operations of the turn
    /// may have to be taken back, those of others are accepted. Returns 0 or the errno of enter.
    #[cold]
    pub(super) fn mail_first(&mut self) -> i32 {
        self.completed.uncall(waits());
        let errno = self.driver.wait(0, 0, 0);
        if errno == 0 {
            self.take_mail();
        }
        errno
    }

    /// Mail at the end of a turn that had no need to wait: for the next one.
    #[cold]
    pub fn mail_last(&mut self) {
        if self.driver.wake.signals() & signal::MAIL == 0 {
            return;
        }
        self.take_mail();
        // Where every turn fills the list, mail would never be taken: let the next turn see that
        // there is some before it takes completions.
        let is_left = self.driver.wake.signals() & signal::MAIL != 0;
        if is_left && self.completed.waiting() == 0 {
            self.call(waits(), 0, Completion::default());
        }
    }

    /// Do what was asked for, as far as there is room for what it brings. Half of the room is
    /// kept for completions.
    #[cold]
    pub(super) fn take_mail(&mut self) {
        // Lowered first: who posts from here on raises it again.
        self.driver.wake.lower(signal::MAIL);
        let Some(mail) = self.mail.clone() else { return };
        let most = (self.completed.room_for_any() as usize).div_ceil(2).min(MAILBOX_MESSAGES);
        for _ in 0..most {
            match mail.take() {
                Some(message) => self.obey(&mail, message),
                None => return self.close_by_mail(),
            }
        }
        self.driver.wake.raise(signal::MAIL);
    }

    fn obey(&mut self, mail: &Mailbox, message: Message) {
        match message {
            Message::Post { user_data, res } => {
                self.driver.stats.completed.add(1);
                let completion =
                    Completion { user_data, res, flags: cf::MSG, ..Completion::default() };
                self.completed.record(completion);
            }
            Message::Call { callback, ctx } => {
                self.driver.stats.completed.add(1);
                let completion = Completion { flags: cf::MSG, ..Completion::default() };
                self.call(callback, ctx, completion);
            }
            Message::Cancel { id } => {
                // What is gone already needs no cancel; its FINAL says so.
                if let Some(token) = mail.token(id) {
                    let _ = self.cancel(token);
                }
            }
            Message::Submit { op, id } => {
                let mut token = [0u64];
                let sink = Sink { callback: MAILED, ctx: id };
                match self.submit(&[op], &mut token, sink) {
                    1 => mail.started(id, token[0]),
                    _ => self.refuse(id, op.user_data, self.rejection().0),
                }
            }
        }
    }

    /// Tell the poster that its operation did not even begin.
    fn refuse(&mut self, id: u64, user_data: u64, fault: Fault) {
        self.driver.stats.completed.add(1);
        let res = -to_errno(fault.code);
        let completion = Completion { user_data, res, flags: cf::FINAL, data: 0, token: 0 };
        self.deliver_mailed(id, completion);
    }

    /// A completion of an operation that came by mail.
    #[cold]
    pub(super) fn deliver_mailed(&mut self, id: u64, mut completion: Completion) {
        completion.flags |= cf::MSG;
        let mail = self.mailbox();
        let (callback, ctx) = mail.sink(id);
        if completion.flags & cf::FINAL != 0 {
            mail.ended(id);
        }
        match callback {
            0 => self.completed.record(completion),
            _ => self.call(callback, ctx, completion),
        }
    }

    fn call(&mut self, callback: u64, ctx: u64, completion: Completion) {
        self.completed.call(Call { completion, callback, ctx });
    }

    /// Everything posted was obeyed: now a close that was asked for.
    fn close_by_mail(&mut self) {
        let asked = self.driver.wake.lower(signal::CLOSE) != 0;
        if asked && self.begin_close().is_err() {
            // No room for the cancels now: the next turn makes some.
            self.driver.wake.raise(signal::CLOSE | signal::MAIL);
        }
    }

    /// At the end of a ring whose mailbox is shut: hand back what was not obeyed, as far as the
    /// completed list has room. Returns whether anything is left.
    pub fn return_mail(&mut self) -> bool {
        let Some(mail) = self.mail.clone() else { return false };
        let gone = Fault::new(ECLOSED, "the ring ended before it came to this");
        while !self.completed.is_full() {
            match mail.take() {
                None => return false,
                Some(Message::Submit { op, id }) => self.refuse(id, op.user_data, gone),
                Some(Message::Call { callback, ctx }) => {
                    let res = -to_errno(gone.code);
                    let flags = cf::MSG;
                    self.call(callback, ctx, Completion { res, flags, ..Completion::default() });
                }
                // The records of a ring that is freed are dropped with it.
                Some(Message::Post { .. } | Message::Cancel { .. }) => {}
            }
        }
        true
    }
}
