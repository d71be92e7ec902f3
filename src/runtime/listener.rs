//! Listeners: bound once for all workers, and what each worker makes of its own socket.
//!
//! Owns: the sockets until a worker takes its own. Invariant: listen(2) is called by the worker
//! that accepts, when it turns: a socket that listens takes connections although nobody looks.

use super::datagram::{Datagrams, Kind};
use super::flight::Flight;
use super::shares::{MOMENT_NS, Share};
use super::tls::TlsConfig;
use crate::error::{ESTALE, Fault};
use crate::sys::net::{self, Place};
use core::sync::atomic::AtomicU64;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

/// Listeners of a runtime at most, closed ones included.
const MAX_LISTENERS: usize = 4096;

/// How long a worker rests that cannot accept for want of descriptors or memory.
pub const RETRY_NS: u64 = 100_000_000;

/// Clients that a worker may have taken from the queue of a listener without having seen them.
const ACCEPTED_UNSEEN: u32 = 4096;

/// How long a port goes on listening that ends. The other end's connect(2) is over when it has our
/// answer, and its own, without which nobody is in the queue, is still on its way.
const SHAKE_NS: u64 = 20_000_000;

/// A listener as the runtime knows it.
pub struct Bound {
    /// A socket for each worker, until it takes it.
    sockets: Vec<Option<OwnedFd>>,
    /// Datagrams come there, of that kind; None = clients.
    kind: Option<Kind>,
    port: u16,
    how: Manner,
    /// Clients that each worker took, where they have one socket together.
    shares: Option<Arc<[AtomicU64]>>,
    closed: bool,
}

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

/// The listeners of a runtime; a listener's id is its place plus one.
#[derive(Default)]
pub struct Registry {
    list: Vec<Bound>,
}

impl Registry {
    /// Bind a socket for each of `workers`; the listener's id.
    pub fn bind(&mut self, place: &Place, workers: u32, how: Manner) -> Result<u32, Fault> {
        if self.list.len() >= MAX_LISTENERS {
            return Err(Fault::errno(libc::ENFILE, "a runtime has 4096 listeners at most"));
        }
        let (sockets, address) = bind_all(place, workers, how.shared)?;
        let port = address.map_or(0, |address| address.port());
        let kind = match place {
            Place::Udp(at) => Some(Kind::Udp { v6: at.is_ipv6() }),
            Place::UnixDatagram(_) => Some(Kind::Unix),
            Place::Tcp(_) | Place::Unix(_) => None,
        };
        let one = workers > 1 && matches!(place, Place::Unix(_));
        let shares = one.then(|| Share::for_workers(workers));
        self.list.push(Bound { sockets, kind, port, how, shares, closed: false });
        Ok(self.list.len() as u32)
    }

    fn get(&mut self, id: u32) -> Result<&mut Bound, Fault> {
        let place = (id as usize).wrapping_sub(1);
        let open = self.list.get_mut(place).filter(|bound| !bound.closed);
        open.ok_or_else(|| Fault::new(ESTALE, "there is no such listener, or it was closed"))
    }

    /// The port of a listener; 0 when it has none.
    pub fn port(&mut self, id: u32) -> Result<u16, Fault> {
        Ok(self.get(id)?.port)
    }

    /// Close a listener; the workers close what they took of it.
    pub fn close(&mut self, id: u32) -> Result<(), Fault> {
        let bound = self.get(id)?;
        bound.closed = true;
        bound.sockets.clear();
        Ok(())
    }

    /// Close what no worker took.
    pub fn close_all(&mut self) {
        self.list.iter_mut().for_each(|bound| {
            bound.closed = true;
            bound.sockets.clear();
        });
    }

    /// Have a worker take what is new for it, and close what was closed, at `until` at the latest.
    pub fn sync(
        &mut self,
        worker: u32,
        mine: &mut Vec<Listening>,
        datagrams: &mut Datagrams,
        (now, until): (u64, u64),
    ) {
        for (place, bound) in self.list.iter_mut().enumerate() {
            let id = place as u32 + 1;
            if bound.closed {
                let own = mine.iter_mut().filter(|own| own.id == id && !own.closing);
                own.for_each(|own| own.close(now, until));
                datagrams.close(id, until);
            } else if let Some(socket) =
                bound.sockets.get_mut(worker as usize).and_then(Option::take)
            {
                match bound.kind {
                    Some(kind) => datagrams.add(id, socket, kind),
                    None => {
                        let share = bound.shares.clone().map(|all| Share::new(all, worker));
                        let is_tcp = bound.port != 0;
                        let how = bound.how.clone();
                        mine.push(Listening::new(id, socket, how, share, is_tcp));
                    }
                }
            }
        }
    }
}

#[cold]
fn refused(errno: i32) -> Fault {
    let text = match errno {
        libc::EADDRINUSE => {
            "the address cannot be bound: somebody has it; a path stays when its listener is gone: \
             remove it"
        }
        libc::EADDRNOTAVAIL => {
            "the address cannot be bound: no interface of this machine has it (0.0.0.0 and [::] \
             are all of them)"
        }
        libc::EACCES => {
            "the address cannot be bound: it is not allowed; ports below 1024 need \
             CAP_NET_BIND_SERVICE, a path needs a folder that may be written"
        }
        libc::ENOENT | libc::ENOTDIR => "the address cannot be bound: its folder is not there",
        _ => "the address cannot be bound",
    };
    Fault::errno(errno, text)
}

/// A socket for each of `workers`, and the address that they got. The first one is alone: it does
/// not wish to share the port until it has it, so that somebody else who has it is an error.
fn bind_all(
    place: &Place,
    workers: u32,
    shared: bool,
) -> Result<(Vec<Option<OwnedFd>>, Option<SocketAddr>), Fault> {
    if shared && place.is_path() {
        return Err(Fault::errno(libc::EINVAL, "a path has one socket: it cannot be shared"));
    }
    // A port of the kernel's choice is nobody's yet.
    let first = net::bind(place, shared && !place.is_open()).map_err(refused)?;
    let address = net::local_address(&first);
    // Port 0 is resolved once: the others are bound to the port that the first one got.
    let same = address.map(|address| place.at(address));
    if same.is_some() && (shared || workers > 1) {
        net::share(&first).map_err(refused)?;
    }
    let mut sockets = Vec::new();
    for _ in 1..workers {
        let next = match &same {
            Some(place) => net::bind(place, true).map_err(refused)?,
            // A path has one socket, and each worker a descriptor of it.
            None => first
                .try_clone()
                .map_err(|error| refused(error.raw_os_error().unwrap_or(libc::EMFILE)))?,
        };
        sockets.push(Some(next));
    }
    sockets.insert(0, Some(first));
    Ok((sockets, address))
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
    fn new(id: u32, socket: OwnedFd, how: Manner, share: Option<Share>, is_tcp: bool) -> Listening {
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
