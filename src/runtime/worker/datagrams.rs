//! Datagrams that came, and those that the user sends.
//!
//! Owns: nothing. Invariant: what is shown lies in a piece that this holds while user code runs.

use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::{Completion, cf};
use crate::fault::{ECLOSED, ESTALE, Fault};
use crate::resource::Piece;
use crate::runtime::datagram::{Datagram, Kind};
use crate::sys::datagram::{split, take_apart};
use std::os::fd::OwnedFd;

impl Worker {
    pub(super) fn complete_datagram(&self, door: &impl Door, completion: &Completion) {
        // SAFETY: a completion of this worker's engine, looked at once.
        let piece = unsafe { Piece::of(completion) };
        let listener = completion.user_data as u32;
        let bytes = piece.as_ref().map_or(&[][..], Piece::bytes);
        // A single receive has its head elsewhere, and none of its buffer when nothing was sent.
        let last = completion.flags & cf::FINAL != 0;
        let head = if last {
            self.core.borrow_mut().datagrams.head(listener, completion.res)
        } else {
            None
        };
        let received = match &head {
            Some(head) => split(head, bytes),
            None => take_apart(bytes),
        };
        // A run is datagrams of one size, of which the last may be shorter.
        let size = received.as_ref().map_or(1, |it| it.segment.max(1));
        let is_run = received.as_ref().is_some_and(|it| it.segment > 0 && it.payload.len() > size);
        {
            let core = &mut *self.core.borrow_mut();
            if last {
                let now = core.engine.driver.now();
                let rests = core.datagrams.recv_ended(listener, completion.res, now);
                core.stats.backoffs.add(rests.into());
                core.stats.parked.add((completion.res == -libc::ENOBUFS).into());
            }
            let Some(received) = &received else { return };
            let count = if is_run { received.payload.len().div_ceil(size) } else { 1 };
            core.datagrams.receiving.end();
            let socket = core.datagrams.find(listener);
            socket.into_iter().for_each(|socket| socket.takes(received.payload.len()));
            core.stats.datagram_receives.add(1);
            core.stats.datagrams.add(count as u64);
            core.stats.received.add(received.payload.len() as u64);
        }
        let Some(received) = received else { return };
        let (from, truncated) = (received.from, received.truncated);
        if !is_run {
            let bytes = received.payload;
            return door.tell(
                self,
                Event::Datagram { listener, datagram: &Datagram { from, bytes, truncated } },
            );
        }
        for bytes in received.payload.chunks(size) {
            door.tell(
                self,
                Event::Datagram { listener, datagram: &Datagram { from, bytes, truncated } },
            );
        }
    }

    pub(super) fn complete_datagram_send(&self, door: &impl Door, completion: &Completion) {
        let listener = completion.user_data as u32;
        let slot = (completion.user_data >> 32) as u8;
        let writable = {
            let core = &mut *self.core.borrow_mut();
            let Some(socket) = core.datagrams.find(listener) else { return };
            let gone = socket.sends.gone(slot, completion.res);
            let writable = gone.writable && socket.is_open();
            core.stats.datagram_sends.add(1);
            core.stats.datagrams_sent.add(gone.sent.into());
            core.stats.datagrams_lost.add(gone.lost.into());
            core.stats.sent.add(completion.res.max(0) as u64);
            writable
        };
        if writable {
            door.tell(self, Event::Writable { conn: listener.into(), user: 0 });
        }
    }

    /// Send a copy of `bytes` as one datagram, by a listener for datagrams.
    pub fn send_datagram(&self, listener: u32, to: &[u8], bytes: &[u8]) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let socket = core.datagrams.find(listener).filter(|socket| socket.is_open());
        match socket {
            Some(socket) => socket.sends.push(to, bytes),
            None => Err(no_socket()),
        }
    }

    /// Send a copy of `bytes` as datagrams of `segment` bytes, all or none.
    pub fn send_datagrams(
        &self,
        listener: u32,
        to: &[u8],
        bytes: &[u8],
        segment: usize,
    ) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let socket = core.datagrams.find(listener).filter(|socket| socket.is_open());
        let socket = socket.ok_or_else(no_socket)?;
        socket.sends.push_run(to, bytes, segment)
    }

    /// Whether datagrams were refused for want of room, and [`Event::Writable`] is told when there
    /// is some.
    pub fn datagrams_are_full(&self, listener: u32) -> bool {
        let core = &mut *self.core.borrow_mut();
        let socket = core.datagrams.find(listener).filter(|socket| socket.is_open());
        socket.is_some_and(|socket| socket.sends.is_full())
    }

    /// Receive and send datagrams by a socket of the door's, as by a listener of this id.
    pub fn datagram_add(&self, socket: OwnedFd, v6: bool) -> Result<u32, Fault> {
        let core = &mut *self.core.borrow_mut();
        if core.is_stopping() {
            return Err(Fault::new(ECLOSED, "the runtime is stopping"));
        }
        Ok(core.datagrams.add_own(socket, Kind::Udp { v6 }))
    }

    /// Close such a socket, when what was sent by it has left.
    pub fn datagram_close(&self, socket: u32) {
        self.core.borrow_mut().datagrams.close(socket, 0);
    }
}

#[cold]
fn no_socket() -> Fault {
    Fault::new(ESTALE, "there is no such listener for datagrams here")
}
