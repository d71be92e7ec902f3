//! Connections whose other end is gone: how that is noticed, and what comes before their close.
//!
//! Owns: nothing. Invariant: what the other end sent before it went is shown before the close is
//! told, as far as the kernel has it. That is so much and no more: it is asked once, so that
//! another end which refuses and goes on sending keeps no connection.

use super::connections::Connections;
use super::kept::Kept;
use super::state::Connection;
use super::teardown::{Gone, How, Leave, Life};
use crate::driver::{Completion, Op, cf, opcode, sqe_flag};
use crate::fault::{ETLS, Fault};
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::sys::net;
use crate::sys::uapi::POLL_ADD_MULTI;

const POLLERR: i32 = libc::POLLERR as i32;
const POLLHUP: i32 = libc::POLLHUP as i32;
const MSG_DONTWAIT: u32 = libc::MSG_DONTWAIT as u32;

impl Connection {
    /// Whether a look may end it: there is nothing that the user or the kernel has yet to do.
    fn may_leave(&self) -> bool {
        let sent = self.outbound.is_idle() && !self.has_plain() && self.outbound.reads == 0;
        let inbound = &self.inbound;
        let told = !inbound.owes() && !self.begins_tls();
        // What a pause left is shown when it is over.
        let seen = !inbound.paused || inbound.kept.is_empty();
        let heard = inbound.received > 0 || inbound.has_ended();
        let said = self.teardown.leave != Leave::WhenHeard || heard;
        let open = self.teardown.leaves() && self.life == Life::Open;
        open && sent && told && seen && said && !self.is_shaking()
    }
}

impl Connections {
    /// The other end is gone, or nothing can be sent to it any more: close for `reason`, when what
    /// it sent was shown. Who closes already shows nothing.
    pub fn lost(&mut self, index: usize, reason: i32) {
        let connection = self.table.at(index);
        if connection.life != Life::Open {
            return self.close(index, How::AtOnce, reason);
        }
        let ended = connection.inbound.has_ended();
        if !connection.teardown.gone.is() {
            connection.teardown.gone = if ended { Gone::Empty } else { Gone::Unasked };
        }
        connection.teardown.note(reason);
        connection.inbound.settle_end();
        self.make_due(index);
    }

    /// Do what a connection wants after something of it was shown again. If the answer to that
    /// comes a turn later, the close waits for it: whoever answers finds the connection open.
    pub fn settle_shown(&mut self, index: usize) {
        let connection = self.table.at(index);
        if self.holds && connection.teardown.gone.is() && !connection.inbound.paused {
            return self.make_due(index);
        }
        self.settle(index);
    }

    /// Receive what the kernel has of another end that is gone, have it shown, and close.
    pub fn settle_gone(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if connection.inbound.flight.is_some() {
            // A look ends by itself, at once.
            let looks = matches!(connection.teardown.gone, Gone::Left(_));
            return if looks { Ok(()) } else { connection.inbound.flight.cancel(&mut self.engine) };
        }
        if connection.teardown.gone == Gone::Unasked {
            let left = net::unread(connection.fd);
            connection.teardown.gone = if left > 0 { Gone::Left(left) } else { Gone::Empty };
        }
        if matches!(connection.teardown.gone, Gone::Left(_)) {
            return if connection.inbound.in_line { Ok(()) } else { self.look(index) };
        }
        let paused = core::mem::take(&mut connection.inbound.paused);
        if connection.teardown.gone == Gone::Empty {
            // All of it at once: nobody pauses for what does not come.
            connection.inbound.show |= paused && !connection.inbound.kept.is_empty();
            connection.teardown.gone = Gone::Told;
        }
        if connection.inbound.show {
            self.make_due(index);
            return Ok(());
        }
        if connection.tls.as_ref().is_some_and(|tls| tls.fault().is_some()) {
            // The other end may have said by TLS why it goes.
            connection.teardown.reason = ETLS;
        }
        // Who reads later finds what was kept until the close is told, and takes it then.
        let holds_back = self.holds_back;
        let inbound = &mut self.table.at(index).inbound;
        let kept = if holds_back { inbound.take_kept() } else { Kept::default() };
        self.close(index, How::AtOnce, 0);
        self.table.at(index).inbound.kept = kept;
        Ok(())
    }

    /// A receive ended with `res`, maybe one of a connection whose other end is gone. Nothing comes
    /// behind an end or an error, and then there is nothing to wait for.
    pub fn took_of_gone(&mut self, index: usize, res: i32) {
        let connection = self.table.at(index);
        let passes = matches!(-res, libc::ENOBUFS | libc::ECANCELED);
        connection.teardown.gone.received(res.max(0) as usize, res <= 0 && !passes);
        connection.inbound.in_line &= connection.teardown.gone != Gone::Empty;
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
        self.table.at(index).inbound.flight = Flight::of(token);
        Ok(())
    }

    /// While no receive is in flight, have the kernel tell that the other end is gone. The poll
    /// stays until the close: who pauses again and again pays for one, and nobody for it who
    /// never pauses. Its mask is of errors; that the other end sends no more is told too, once.
    pub fn settle_watch(&mut self, index: usize) -> Result<(), Fault> {
        let connection = self.table.at(index);
        if !connection.wants_watch() {
            return Ok(());
        }
        let watch = connection.teardown.watch;
        if watch.flight.is_none() && !watch.fails {
            let op = Op {
                opcode: opcode::POLL_ADD,
                len: POLL_ADD_MULTI,
                fd: connection.fd,
                user_data: self.about(index, kind::WATCH),
                ..Op::default()
            };
            let token = self.submit(&op)?;
            self.table.at(index).teardown.watch.flight = Flight::of(token);
        }
        if let Some(reason) = self.table.at(index).hung_up(self.holds_back) {
            self.lost(index, reason);
        }
        Ok(())
    }

    /// The poll of a connection told something.
    pub fn complete_watch(&mut self, completion: &Completion) {
        let Some(index) = self.connection_of(completion) else { return };
        let connection = self.table.at(index);
        let res = completion.res;
        if completion.flags & cf::FINAL != 0 {
            let watch = &mut connection.teardown.watch;
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
            connection.teardown.watch.hung = true;
            self.make_due(index);
        }
    }

    /// Have a connection that leaves do so. True when it receives no more for now: its receive
    /// ends first, so that all that it took is shown before the last look at the socket.
    pub(super) fn settle_leaving(&mut self, index: usize) -> Result<bool, Fault> {
        let connection = self.table.at(index);
        if !connection.may_leave()
            || !connection.inbound.has_ended() && net::is_readable(connection.fd)
        {
            return Ok(false);
        }
        let id = connection.id;
        if self.holds(id) {
            return Ok(false);
        }
        let connection = self.table.at(index);
        if connection.inbound.flight.is_none() {
            self.close(index, How::Gracefully, 0);
        } else {
            connection.inbound.flight.cancel(&mut self.engine)?;
        }
        Ok(true)
    }
}
