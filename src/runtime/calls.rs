//! What the user asks of a connection, in a callback of its worker.
//!
//! Owns: nothing. It only changes what the connection wants; the core does it when the callback has
//! returned, so that small sends are gathered.

use super::connection::{Close, Connection, Gone, How, Life, closing, fast};
use super::worker::Worker;
use crate::error::Fault;
use crate::sys::net;
use core::ptr::NonNull;
use std::net::SocketAddr;

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
    /// The other end is gone.
    pub gone: bool,
    /// Bytes received.
    pub received: u64,
    /// Bytes that the kernel took.
    pub sent: u64,
    /// Bytes it did not take yet.
    pub queued: u64,
    /// Bytes received and not consumed.
    pub kept: u64,
    /// Bytes that the kernel took and the other end did not yet.
    pub untaken: u64,
}

impl ConnFacts {
    /// The other end's address, if it has one of IP. In the close callback the descriptor is
    /// somebody else's already.
    pub fn peer(&self) -> Option<SocketAddr> {
        if self.is_closed { None } else { net::peer_address(self.fd) }
    }
}

impl Worker {
    fn with<T>(
        &self,
        id: u64,
        body: impl FnOnce(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let core = &mut *self.core.borrow_mut();
        let done = body(core.table.find(id)?)?;
        core.make_due(super::connection::index_of(id));
        Ok(done)
    }

    /// Queue a copy of `data`; all of it or nothing.
    pub fn send(&self, id: u64, data: &[u8]) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        if data.is_empty() {
            return core.table.find(id)?.check_sending();
        }
        if core.extend_short(id, data)? {
            return Ok(());
        }
        let index = core.sender(id, data.len() as u64)?;
        let queue = core.table.at(index).outgoing();
        if !queue.push_first(data, &mut core.blocks) {
            queue.push_all([data], &mut core.blocks)?;
        }
        core.make_due(index);
        Ok(())
    }

    /// Room for a message of `len` bytes that leaves with the next enter: the caller fills it
    /// before anything else is asked of the worker. None where more is to be said or done: see
    /// [`Worker::send`].
    #[inline(always)]
    pub fn send_shortly(&self, id: u64, len: usize) -> Option<NonNull<u8>> {
        fast::send(&mut *self.core.try_borrow_mut().ok()?, id, len)
    }

    /// Close a connection; its close is told later.
    pub fn close(&self, id: u64, how: How) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let life = core.table.find(id)?.life;
        if matches!((life, how), (Life::Closing(_), _) | (Life::Draining, How::Gracefully)) {
            return Err(closing());
        }
        let reason = if how == How::AtOnce { -libc::ECONNABORTED } else { 0 };
        core.close(super::connection::index_of(id), how, reason);
        Ok(())
    }

    /// Send nothing more after what is queued.
    pub fn shutdown(&self, id: u64) -> Result<(), Fault> {
        self.with(id, |connection| {
            connection.check_sending()?;
            connection.outbound.want_end();
            Ok(())
        })
    }

    /// Show no data until [`Worker::resume`].
    pub fn pause(&self, id: u64) -> Result<(), Fault> {
        self.with(id, |connection| {
            connection.inbound.paused = true;
            Ok(())
        })
    }

    /// Show data again.
    pub fn resume(&self, id: u64) -> Result<(), Fault> {
        let now = self.now();
        self.with(id, |connection| {
            // Also what a callback that is under way is about to leave.
            let paused = core::mem::take(&mut connection.inbound.paused);
            connection.inbound.show |= paused && connection.teardown.gone != Gone::Told;
            if let Some(limits) = connection.limits.as_mut().filter(|_| paused) {
                // Nobody waited for it meanwhile.
                limits.wanted_at = now;
            }
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
        let is_closed = matches!(connection.life, Life::Closing(Close::Asked | Close::Done));
        Ok(ConnFacts {
            user: connection.user,
            listener: connection.listener,
            fd: if is_closed { -1 } else { connection.fd },
            life: connection.life,
            is_closed,
            paused: connection.inbound.paused,
            ended: connection.inbound.has_ended(),
            gone: connection.teardown.gone.is(),
            received: connection.inbound.received,
            sent: connection.outbound.taken,
            queued: connection.queued(),
            kept: connection.inbound.kept.len() as u64,
            untaken: connection.untaken(),
        })
    }
}
