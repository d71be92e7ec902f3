//! What a runtime is bound to before its workers begin.
//!
//! Owns: the addresses that it got, and sockets until their worker takes them.

use super::config::Config;
use super::error::Error;
use super::launch::from_fault;
use super::udp;
use super::unix::{self, Paths};
use crate::runtime::{Manner, Shared};
use crate::sys::net::Place;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Where to listen and to receive.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) tcp: Vec<SocketAddr>,
    pub(super) unix: Vec<PathBuf>,
    /// Sockets for datagrams: where each is, and whose it receives only.
    pub(super) connected: Vec<(SocketAddr, SocketAddr)>,
}

/// A connected socket for datagrams, and whether it is of IPv6.
pub(super) type Connected = (OwnedFd, bool);

/// What workers begin with.
pub(super) struct Bound {
    /// The first address of TCP.
    pub(super) tcp: Option<SocketAddr>,
    /// Addresses for datagrams; None where each worker has another port.
    pub(super) udp: Vec<Option<SocketAddr>>,
    /// Listeners for datagrams, of which each worker has a socket.
    pub(super) listeners: Vec<u32>,
    /// Of each worker, until it takes them.
    connected: Mutex<Vec<Vec<Connected>>>,
    /// Removed with the last worker.
    _paths: Paths,
}

impl Bound {
    /// Bind all of `places` and of the config, or nothing.
    pub(super) fn new(places: &Places, config: &Config, shared: &Shared) -> Result<Bound, Error> {
        #[cfg(feature = "tls")]
        let tls = super::tls::server_of(config);
        #[cfg(not(feature = "tls"))]
        let tls = None;
        let manner = |tls| Manner { backlog: config.backlog, shared: false, tls };
        let listen = |place: &Place| {
            let tls = if place.is_datagram() { None } else { tls.clone() };
            shared.listen(place, manner(tls)).map_err(from_fault)
        };
        let port = |listener| shared.port(listener).map_err(from_fault);
        let mut tcp = None;
        for address in &places.tcp {
            let port = port(listen(&Place::Tcp(*address))?)?;
            tcp = tcp.or(Some(SocketAddr::new(address.ip(), port)));
        }
        let mut paths = Paths::default();
        for path in &places.unix {
            listen(&unix::place_of(path))?;
            paths.note(path);
        }
        let (mut udp, mut listeners) = (Vec::new(), Vec::new());
        for address in &config.udp_bind {
            let listener = listen(&Place::Udp(*address))?;
            udp.push(Some(SocketAddr::new(address.ip(), port(listener)?)));
            listeners.push(listener);
        }
        let workers = shared.config().workers;
        let mut connected: Vec<Vec<Connected>> = (0..workers).map(|_| Vec::new()).collect();
        for (local, peer) in &places.connected {
            // One port for all would be one worker's answers: the kernel chooses by the peer.
            let is_shared = workers > 1 && local.port() != 0;
            let mut at = None;
            for own in &mut connected {
                let (socket, bound) =
                    udp::open(*local, Some(*peer), is_shared).map_err(from_fault)?;
                own.push((socket, local.is_ipv6()));
                at = bound;
            }
            udp.push(at.filter(|_| workers == 1 || is_shared));
        }
        let connected = Mutex::new(connected);
        Ok(Bound { tcp, udp, listeners, connected, _paths: paths })
    }

    /// The connected sockets of a worker, once.
    pub(super) fn take_connected(&self, worker: u32) -> Vec<Connected> {
        let mut all = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(worker as usize).map(std::mem::take).unwrap_or_default()
    }
}
