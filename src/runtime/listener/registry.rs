//! Listeners as the runtime knows them: bound once for all workers.
//!
//! Owns: the sockets until a worker takes its own.

use super::accepting::Listeners;
use super::listening::{Listening, Manner};
use super::share::Share;
use crate::fault::{ESTALE, Fault};
use crate::runtime::datagram::{Datagrams, Kind};
use crate::sys::net::{self, Place};
use core::sync::atomic::AtomicU64;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Listeners of a runtime at most, closed ones included.
const MAX_LISTENERS: usize = 4096;

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
        mine: &mut Listeners,
        datagrams: &mut Datagrams,
        (now, until): (u64, u64),
    ) {
        for (place, bound) in self.list.iter_mut().enumerate() {
            let id = place as u32 + 1;
            if bound.closed {
                let own = mine.list.iter_mut().filter(|own| own.id == id && !own.closing);
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
                        mine.list.push(Listening::new(id, socket, how, share, is_tcp));
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
