//! What the user asks of a connection, in a callback of its worker.
//!
//! Owns: nothing. It only changes what the connection wants; the core does it when the callback has
//! returned, so that small sends are gathered.

use super::state::Worker;
use crate::fault::{ECLOSED, Fault};
use crate::resource::Held as Marked;
use crate::runtime::connection::{
    Close, Connection, Connections, Gone, Held, How, Kept, LEAST_AT_ONCE, Lent, Life, Offer, Spans,
    closing, fast, few, index_of, nothing,
};
use crate::runtime::tls::{TlsConfig, TlsFacts};
use crate::sys::{file, net};
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

/// Kept bytes that somebody looks at. They are the connection's again afterwards.
struct Looked<'a> {
    worker: &'a Worker,
    id: u64,
    kept: Kept,
}

impl Drop for Looked<'_> {
    fn drop(&mut self) {
        let now = self.worker.now();
        let most = self.worker.shared.config.keep_max as usize;
        let kept = core::mem::take(&mut self.kept);
        let _ = self.worker.with(self.id, |connection| {
            let inbound = &mut connection.inbound;
            if inbound.full && kept.len() <= most {
                inbound.full = false;
                // Nobody waited for it meanwhile.
                connection.limits.iter_mut().for_each(|limits| limits.wanted_at = now);
            }
            // Who closes is shown nothing any more; whose other end is gone still is.
            if connection.life == Life::Open || connection.teardown.gone.is() {
                inbound.kept = kept;
            }
            Ok(())
        });
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
        core.make_due(index_of(id));
        Ok(done)
    }

    /// Send `data`, all of it or nothing: a copy is queued of what does not go at once.
    pub fn send(&self, id: u64, data: &[u8]) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        if data.is_empty() {
            return core.table.find(id)?.check_sending();
        }
        if core.extend_short(id, data)? {
            return Ok(());
        }
        let index = core.sender(id, data.len() as u64)?;
        if data.len() >= LEAST_AT_ONCE {
            return core.send_parts(index, data.len(), core::iter::once(data));
        }
        let queue = core.table.at(index).outgoing();
        if !queue.push_first(data, &mut core.blocks) {
            queue.push_all([data], &mut core.blocks)?;
        }
        core.make_due(index);
        Ok(())
    }

    /// As [`Worker::send`], by the fast path where that is for it.
    #[inline]
    pub fn send_fast(&self, id: u64, data: &[u8]) -> Result<(), Fault> {
        let Some(room) = self.send_shortly(id, data.len()) else { return self.send(id, data) };
        // SAFETY: so many bytes of the worker's own, which nobody else has.
        unsafe { room.as_ptr().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        Ok(())
    }

    /// Room for a message of `len` bytes that leaves with the next enter: the caller fills it
    /// before anything else is asked of the worker. None where more is to be said or done: see
    /// [`Worker::send`].
    #[inline(always)]
    pub fn send_shortly(&self, id: u64, len: usize) -> Option<NonNull<u8>> {
        fast::send(&mut *self.core.try_borrow_mut().ok()?, id, len)
    }

    /// Have [`super::Event::Sent`] told of what was sent so far on a connection; false when the
    /// kernel has taken all of it.
    pub fn hear(&self, id: u64) -> Result<bool, Fault> {
        self.with(id, |connection| {
            let queued = connection.queued();
            let outbound = &mut connection.outbound;
            outbound.heard = outbound.heard.max(outbound.taken + queued);
            Ok(queued > 0)
        })
    }

    /// Have it told of all that is sent on connections that come from now on.
    pub fn hear_all(&self) {
        self.core.borrow_mut().table.heard = true;
    }

    /// Close a connection; its close is told later.
    pub fn close(&self, id: u64, how: How) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let life = core.table.find(id)?.life;
        if matches!((life, how), (Life::Closing(_), _) | (Life::Draining, How::Gracefully)) {
            return Err(closing());
        }
        let reason = if how == How::AtOnce { -libc::ECONNABORTED } else { 0 };
        core.close(index_of(id), how, reason);
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

    /// Look at what was received of a connection and not consumed: `body` says how much of it is
    /// consumed now; nothing where it panics. Nothing is there while it is told as data.
    pub fn look(&self, id: u64, body: impl FnOnce(&[u8]) -> usize) -> Result<(), Fault> {
        let kept = self.core.borrow_mut().table.find(id)?.inbound.take_kept();
        let mut looked = Looked { worker: self, id, kept };
        let used = body(&looked.kept).min(looked.kept.len());
        looked.kept.consume(used);
        Ok(())
    }

    /// Take what was received of a connection and not consumed, when its close is told: nothing
    /// comes after it.
    pub fn take_kept(&self, id: u64) -> Kept {
        let core = &mut *self.core.borrow_mut();
        core.table.find(id).map(|connection| connection.inbound.take_kept()).unwrap_or_default()
    }

    /// From now on a connection of which more than keep_max is kept receives nothing more until
    /// enough of it is consumed, by [`Worker::look`]. Else it is closed.
    pub fn hold_back(&self) {
        self.core.borrow_mut().holds_back = true;
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

    /// Send all of `parts` or nothing, as [`Worker::send`].
    pub fn send_parts<'a>(
        &self,
        id: u64,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let len = parts.clone().fold(0u64, |len, part| len.saturating_add(part.len() as u64));
        let index = core.sender(id, len)?;
        core.send_parts(index, len as usize, parts)
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

    /// Have all of a connection that is sent and received from now on go through TLS.
    pub fn start_tls(&self, id: u64, config: &TlsConfig, name: Option<&str>) -> Result<(), Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let connection = core.table.find(id)?;
        connection.check_sending()?;
        if connection.tls.is_some() {
            return Err(Fault::errno(libc::EALREADY, "the connection has TLS already"));
        }
        if connection.inbound.has_ended() {
            return Err(Fault::new(ECLOSED, "the other end sends nothing more"));
        }
        core.start_tls(index_of(id), config, name)
    }

    /// What rustls knows of a connection; None when it has no TLS, or shakes hands still.
    #[cfg(feature = "tls")]
    pub fn with_rustls<T>(
        &self,
        id: u64,
        body: impl FnOnce(&rustls::Connection) -> T,
    ) -> Result<Option<T>, Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let tls = core.table.find(id)?.tls.as_ref().filter(|tls| !tls.is_shaking());
        Ok(tls.map(|tls| body(tls.rustls())))
    }

    /// What a connection can say about its TLS; None when it has none.
    pub fn tls_facts<T>(
        &self,
        id: u64,
        body: impl FnOnce(Option<&TlsFacts<'_>>) -> T,
    ) -> Result<T, Fault> {
        let core = &mut self.core.borrow_mut().connections;
        let connection = core.table.find(id)?;
        Ok(match &connection.tls {
            Some(tls) => body(Some(&tls.facts())),
            None => body(None),
        })
    }
}
