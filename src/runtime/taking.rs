//! Received bytes that the user keeps as a lease, and what is sent from them; calls that lend.
//!
//! Owns: which lease is on offer while data is shown. Invariant: a pool never has so many of its
//! buffers with users that the other connections starve: below a quarter nothing is given any more,
//! and whoever wants it copies.

use super::connection::Spans;
use super::connection::{Connections, Held, Offer, few, index_of, nothing};
use super::worker::Worker;
use super::{Door, Event};
use crate::error::Fault;
use crate::resource::Held as Marked;
use crate::ring::{Completion, cf};
use crate::sys::file;
use core::cell::Cell;

/// What keeps the bytes that are shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lent {
    /// A lease.
    Lease(u64),
    /// A claim, by the flags of its completion, of which a lease is made when somebody takes it.
    Claim(u32),
}

/// The bytes that are shown just now, as long as nobody took them.
pub(super) struct Taking {
    /// Whose they are; 0 = nobody's, or taken.
    conn: Cell<u64>,
    lent: Cell<Lent>,
    address: Cell<*const u8>,
    len: Cell<usize>,
}

impl Default for Taking {
    fn default() -> Taking {
        Taking {
            conn: Cell::new(0),
            lent: Cell::new(Lent::Lease(0)),
            address: Cell::new(core::ptr::null()),
            len: Cell::new(0),
        }
    }
}

impl Taking {
    #[inline(always)]
    pub(super) fn offer(&self, conn: u64, lent: Lent, bytes: &[u8]) {
        self.conn.set(conn);
        self.lent.set(lent);
        self.address.set(bytes.as_ptr());
        self.len.set(bytes.len());
    }

    /// The show of what was offered is over: whether somebody took it.
    #[inline(always)]
    pub(super) fn withdraw(&self) -> bool {
        self.conn.replace(0) == 0
    }

    /// What is shown of `conn`.
    fn of(&self, conn: u64) -> Option<(Lent, u64, usize)> {
        let shown = (self.lent.get(), self.address.get() as u64, self.len.get());
        (self.conn.get() == conn).then_some(shown)
    }

    fn take(&self) {
        self.conn.set(0);
    }
}

impl Worker {
    /// Keep what is shown of `id` just now.
    pub fn take(&self, id: u64) -> Result<Offer, Fault> {
        let core = &mut self.core.borrow_mut().connections;
        core.table.find(id)?;
        let Some((lent, address, len)) = self.taking.of(id) else {
            let offers = core.held.iter().filter(|held| held.conn() == id).find_map(Held::offer);
            return core.take_offer(offers);
        };
        core.check_taking()?;
        let lease = match lent {
            Lent::Lease(lease) => lease,
            Lent::Claim(at) => core.engine.lease_claim(core.pool, at).ok_or_else(few)?,
        };
        self.taking.take();
        core.stats.taken.add(1);
        Ok(Offer { lease, address, len })
    }

    /// As [`Worker::take`], of the data that was shown as the `at`th of the last turn.
    pub fn take_held(&self, at: usize) -> Result<Offer, Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let held = core.held.get(at).ok_or_else(nothing)?;
        core.table.find(held.conn())?;
        core.take_offer(core.held[at].offer())
    }

    /// Send bytes of a lease, which is given back when they are sent.
    pub fn send_lease(&self, id: u64, lease: u64, address: u64, len: usize) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let index = core.sender(id, len as u64)?;
        let held = Marked::claim(lease, address, len as u32)?;
        if len > 0 {
            core.table.at(index).outgoing().push_lease(held, &mut core.blocks)?;
            core.make_due(index);
        }
        Ok(())
    }

    /// Queue a copy of all of `parts`, or nothing.
    pub fn send_parts<'a>(
        &self,
        id: u64,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let len = parts.clone().fold(0u64, |len, part| len.saturating_add(part.len() as u64));
        let index = core.sender(id, len)?;
        core.table.at(index).push(parts, &mut core.blocks)?;
        core.make_due(index);
        Ok(())
    }

    /// Queue the user's own memory, which is lent until it is told to be released.
    ///
    /// # Safety
    /// It stays as it is until then.
    pub unsafe fn send_lent(&self, id: u64, data: &[u8], cookie: u64) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let index = core.sender(id, data.len() as u64)?;
        core.lend(index, data, cookie)
    }

    /// Queue `len` bytes (0 = all) of a regular file from `offset` on.
    pub fn send_file(
        &self,
        id: u64,
        fd: i32,
        (offset, len): (u64, u64),
        cookie: u64,
    ) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let index = core.sender(id, 0)?;
        let refused = "this is no regular file: read it, and send what was read";
        let size = file::size_of_file(fd).map_err(|errno| Fault::errno(errno, refused))?;
        let len = match size.map(|size| size.saturating_sub(offset)) {
            Some(there) if len > there => {
                return Err(Fault::errno(libc::ENODATA, "the file is shorter than that"));
            }
            Some(there) if len == 0 => there,
            None if len == 0 => {
                let text = "the file does not say how long it is, as those of /proc and /sys: give \
                            the length, or read it and send what was read";
                return Err(Fault::errno(libc::EINVAL, text));
            }
            _ => len,
        };
        core.lend_file(index, (fd, offset, len), cookie)
    }

    /// How long a connection may do nothing, from now on.
    pub fn set_timeouts(&self, id: u64, spans: Spans) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        core.table.find(id)?;
        Connections::check_spans(&spans)?;
        core.set_spans(index_of(id), spans);
        Ok(())
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
