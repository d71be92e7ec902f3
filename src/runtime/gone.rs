//! Connections whose other end is gone: how that is noticed, and what comes before their close.
//!
//! Owns: nothing. Invariant: what the other end sent before it went is shown before the close is
//! told, as far as the kernel has it. That is so much and no more: it is asked once, so that
//! another end which refuses and goes on sending keeps no connection.

use super::connection::{Connection, How, Life};
use super::core::{Core, kind};
use super::flight::Flight;
use crate::error::{ETLS, Fault};
use crate::ring::{Completion, Op, cf, opcode, sqe_flag};
use crate::sys::net;

const POLL_ADD_MULTI: u32 = 1;
const POLLERR: i32 = libc::POLLERR as i32;
const POLLHUP: i32 = libc::POLLHUP as i32;
const MSG_DONTWAIT: u32 = libc::MSG_DONTWAIT as u32;

/// What is known of another end that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gone {
    /// Nothing says that it is.
    #[default]
    No,
    /// It is; nobody asked yet what the kernel has of it.
    Unasked,
    /// The kernel has so many bytes of it.
    Left(u32),
    /// The kernel has nothing of it any more.
    Empty,
    /// Nor does the user: all was shown, also what a pause kept, or is about to be. What the answer
    /// to that leaves is dropped, or who pauses each time would be shown it for ever.
    Told,
}

/// The poll that notices it while no receive does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// The poll.
    pub flight: Flight,
    /// Both directions are shut.
    hung: bool,
    /// The kernel refused it.
    fails: bool,
}

impl Gone {
    /// Whether the other end is gone.
    pub fn is(self) -> bool {
        self != Gone::No
    }

    /// A receive brought `len` bytes, and is `over` if nothing can come behind them.
    pub fn received(&mut self, len: usize, over: bool) {
        match *self {
            Gone::No | Gone::Told => {}
            _ if over => *self = Gone::Empty,
            Gone::Left(left) if left as usize > len => *self = Gone::Left(left - len as u32),
            Gone::Left(_) => *self = Gone::Empty,
            Gone::Unasked | Gone::Empty => {}
        }
    }
}

impl Connection {
    /// Whether only a poll notices that the other end goes. One that waits for its turn to receive,
    /// or is about to be told of an end, asks soon, unless it pauses.
    fn wants_watch(&self) -> bool {
        let waits = (self.parked || self.end_untold) && !self.paused;
        let deaf = self.recv.is_none() && !self.wants_data() && !waits;
        self.life == Life::Open && deaf
    }

    /// Both directions are shut, without an error: the reason to close, if it is one. After the own
    /// end it is an end like any other. Else nothing can be sent any more; but what came can still
    /// be received, at any time: as long as there is some for which the user pauses, or an end, it
    /// waits.
    fn hung_up(&self) -> Option<i32> {
        let waits = || self.end_untold || self.paused && !self.kept.is_empty();
        let unread = || !self.ended && net::unread(self.fd) > 0;
        if !self.watch.hung || self.outbound.has_ended() || waits() || unread() {
            return None;
        }
        // Nothing was to come and nothing to go: for a socket of a path, this is how it ends.
        let well = !self.ended && self.queued() == 0 && self.tls.is_none();
        Some(if well { 0 } else { -libc::EPIPE })
    }
}

impl Core {
    /// The other end is gone, or nothing can be sent to it any more: close for `reason`, when what
    /// it sent was shown. Who closes already shows nothing.
    pub fn lost(&mut self, index: usize, reason: i32) {
        let connection = self.table.at(index);
        if connection.life != Life::Open {
            return self.close(index, How::AtOnce, reason);
        }
        if !connection.gone.is() {
            connection.gone = if connection.ended { Gone::Empty } else { Gone::Unasked };
        }
        if connection.reason == 0 {
            connection.reason = reason;
        }
        connection.end_untold = false;
        self.make_due(index);
    }

    /// Do what a connection wants after something of it was shown again. If the answer to that
    /// comes a turn later, the close waits for it: whoever answers finds the connection open.
    pub(super) fn settle_shown(&mut self, index: usize) {
        let connection = self.table.at(index);
        if self.holds && connection.gone.is() && !connection.paused {
            return self.make_due(index);
        }
        self.settle(index);
    }

    /// Receive what the kernel has of another end that is gone, have it shown, and close.
    pub(super) fn settle_gone(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if connection.recv.is_some() {
            // A look ends by itself, at once.
            let looks = matches!(connection.gone, Gone::Left(_));
            return if looks { Ok(()) } else { connection.recv.cancel(&mut self.engine) };
        }
        if connection.gone == Gone::Unasked {
            let left = net::unread(connection.fd);
            connection.gone = if left > 0 { Gone::Left(left) } else { Gone::Empty };
        }
        if matches!(connection.gone, Gone::Left(_)) {
            return if connection.parked { Ok(()) } else { self.look(index) };
        }
        let paused = core::mem::take(&mut connection.paused);
        if connection.gone == Gone::Empty {
            // All of it at once: nobody pauses for what does not come.
            connection.show |= paused && !connection.kept.is_empty();
            connection.gone = Gone::Told;
        }
        if connection.show {
            self.make_due(index);
            return Ok(());
        }
        if connection.tls.as_ref().is_some_and(|tls| tls.fault().is_some()) {
            // The other end may have said by TLS why it goes.
            connection.reason = ETLS;
        }
        self.close(index, How::AtOnce, 0);
        Ok(())
    }

    /// A receive ended with `res`, maybe one of a connection whose other end is gone. Nothing comes
    /// behind an end or an error, and then there is nothing to wait for.
    pub(super) fn took_of_gone(&mut self, index: usize, res: i32) {
        let connection = self.table.at(index);
        let passes = matches!(-res, libc::ENOBUFS | libc::ECANCELED);
        connection.gone.received(res.max(0) as usize, res <= 0 && !passes);
        connection.parked &= connection.gone != Gone::Empty;
    }

    /// Receive what is there, a ration at a time.
    fn look(&mut self, index: usize) -> Result<(), Fault> {
        let op = Op {
            opcode: opcode::RECV,
            flags: sqe_flag::BUFFER_SELECT,
            fd: self.table.at(index).fd,
            len: self.rations.size,
            op_flags: MSG_DONTWAIT,
            buf_index: self.pool,
            user_data: self.about(index, kind::RECV),
            ..Op::default()
        };
        let token = self.submit(&op)?;
        self.table.at(index).recv = Flight::of(token);
        Ok(())
    }

    /// While no receive is in flight, have the kernel tell that the other end is gone. The poll
    /// stays until the close: who pauses again and again pays for one, and nobody for it who
    /// never pauses. Its mask is of errors; that the other end sends no more is told too, once.
    pub(super) fn settle_watch(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if !connection.wants_watch() {
            return Ok(());
        }
        if connection.watch.flight.is_none() && !connection.watch.fails {
            let op = Op {
                opcode: opcode::POLL_ADD,
                len: POLL_ADD_MULTI,
                fd: connection.fd,
                user_data: self.about(index, kind::WATCH),
                ..Op::default()
            };
            let token = self.submit(&op)?;
            self.table.at(index).watch.flight = Flight::of(token);
        }
        if let Some(reason) = self.table.at(index).hung_up() {
            self.lost(index, reason);
        }
        Ok(())
    }

    /// The poll of a connection told something.
    pub(super) fn complete_watch(&mut self, completion: &Completion) {
        let Some(index) = self.connection_of(completion) else { return };
        let connection = self.table.at(index);
        let res = completion.res;
        if completion.flags & cf::FINAL != 0 {
            let watch = &mut connection.watch;
            watch.flight = Flight::NONE;
            watch.fails |= res < 0 && res != -libc::ECANCELED;
            self.make_due(index);
        }
        let connection = self.table.at(index);
        if connection.life != Life::Open || res <= 0 {
            return;
        }
        // Not every error is one of the connection: what waits in its error queue is none.
        let errno = if res & POLLERR != 0 { net::take_error(connection.fd) } else { 0 };
        if errno != 0 {
            return self.lost(index, -errno);
        }
        if res & POLLHUP != 0 {
            connection.watch.hung = true;
            self.make_due(index);
        }
    }
}
