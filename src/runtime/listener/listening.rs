//! What a worker makes of its own socket of a listener.
//!
//! Owns: the socket. Invariant: listen(2) is called by the worker that accepts, when it turns: a
//! socket that listens takes connections although nobody looks.

use super::share::{MOMENT_NS, Share};
use crate::runtime::backoff::RETRY_NS;
use crate::runtime::flight::Flight;
use crate::runtime::tls::TlsConfig;
use crate::sys::net;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

/// Clients that a worker may have taken from the queue of a listener without having seen them.
const ACCEPTED_UNSEEN: u32 = 4096;

/// How long a port goes on listening that ends. The other end's connect(2) is over when it has our
/// answer, and its own, without which nobody is in the queue, is still on its way.
const SHAKE_NS: u64 = 20_000_000;

/// How to listen.
#[derive(Clone)]
pub struct Manner {
    /// Clients that may wait.
    pub backlog: i32,
    /// Others may listen on the same port, and take their part of its clients.
    pub shared: bool,
    /// Each client speaks TLS from the beginning.
    pub tls: Option<Arc<TlsConfig>>,
}

/// A listener in the hands of a worker.
pub struct Listening {
    /// The listener's id.
    pub id: u32,
    socket: OwnedFd,
    backlog: i32,
    /// What its clients speak from the beginning.
    pub tls: Option<Arc<TlsConfig>>,
    /// One client at a time, where workers share the socket: the one that never stops waiting
    /// would get them all.
    pub share: Option<Share>,
    /// The accept in flight.
    pub accept: Flight,
    /// It goes on after the first client.
    pub goes_on: bool,
    /// Not to be asked before that time.
    pub retry_at: u64,
    /// It ends, when who connected before was accepted.
    pub closing: bool,
    /// Nobody is left of those.
    empty: bool,
    /// Not before that time: the last word of a handshake may be on its way.
    open_until: u64,
    /// It ends by then, whoever waits.
    until: u64,
    /// Clients that it takes until then at most: those who came before are first in its queue.
    left: u32,
    /// A client waits, although it ends.
    pub waits: bool,
    /// Its clients come by a network, or what looks like one.
    is_tcp: bool,
    listens: bool,
}

impl Listening {
    pub fn new(
        id: u32,
        socket: OwnedFd,
        how: Manner,
        share: Option<Share>,
        is_tcp: bool,
    ) -> Listening {
        Listening {
            id,
            socket,
            backlog: how.backlog,
            tls: how.tls,
            share,
            accept: Flight::NONE,
            goes_on: false,
            retry_at: 0,
            closing: false,
            empty: false,
            open_until: 0,
            until: u64::MAX,
            left: 0,
            waits: false,
            is_tcp,
            listens: false,
        }
    }

    /// Whether it accepts, and nothing else is wanted of it.
    pub fn is_settled(&self) -> bool {
        self.accept.is_some() && !self.closing && !self.accept.is_cancelled()
    }

    /// Its descriptor.
    pub fn fd(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// End it, at `until` at the latest.
    pub fn close(&mut self, now: u64, until: u64) {
        if !self.closing {
            self.closing = true;
            self.left = self.backlog as u32 + 1 + ACCEPTED_UNSEEN;
            self.open_until = if self.is_tcp { now.saturating_add(SHAKE_NS) } else { 0 };
        }
        self.until = self.until.min(until);
    }

    /// Whether it accepts at `now`, also when it ends: who connected before is served. By poll(2),
    /// and not by a last accept4(2): where workers share the queue another one may be faster, and
    /// it would wait.
    pub fn accepts(&mut self, now: u64) -> bool {
        if self.closing && !self.empty {
            let over = !self.listens || self.left == 0 || self.until <= now;
            self.waits = !over && net::is_readable(self.fd());
            self.empty = over || !self.waits && self.open_until <= now;
        }
        !self.empty
    }

    /// Whether its accept has to be asked for anew to find a client that waits: of those who wait
    /// for one queue the kernel wakes one, which may be a worker that does not turn.
    pub fn asks_anew(&self) -> bool {
        self.waits && self.share.is_some()
    }

    /// It took a client, at `now`. False when it is too late to serve it.
    pub fn takes(&mut self, now: u64) -> bool {
        self.left = self.left.saturating_sub(1);
        !self.closing || self.until > now
    }

    /// Whether nothing is left of it but its socket.
    pub fn is_over(&self) -> bool {
        self.closing && self.empty && self.accept.is_none()
    }

    /// When to look at it again, if nothing happens until then.
    pub fn next(&self) -> Option<u64> {
        let retry = Some(self.retry_at).filter(|at| *at > 0);
        let end = if self.waits { self.until } else { self.until.min(self.open_until) };
        let end = Some(end).filter(|end| self.closing && !self.empty && *end < u64::MAX);
        retry.into_iter().chain(end).min()
    }

    /// Listen, if it does not yet. The errno when it could not.
    pub fn listen(&mut self) -> Result<(), i32> {
        if !self.listens {
            net::listen(self.fd(), self.backlog)?;
            self.listens = true;
        }
        Ok(())
    }

    /// An accept ended with `res`: from when on to ask again. What could not be served for want of
    /// descriptors or memory fails again at once, with nobody connecting.
    pub fn accept_ended(&mut self, res: i32, now: u64) -> bool {
        self.accept = Flight::NONE;
        let at_once = res >= 0 || matches!(-res, libc::ECANCELED | libc::ECONNABORTED);
        self.retry_at = if at_once { 0 } else { now.saturating_add(RETRY_NS) };
        if let Some(share) = &self.share {
            if res < 0 {
                share.takes_part(false);
            } else if share.took() && !self.closing {
                self.retry_at = now.saturating_add(MOMENT_NS);
            }
        }
        at_once
    }
}
