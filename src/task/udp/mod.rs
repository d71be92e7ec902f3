//! Datagrams, as tasks have them: of the sockets that the runtime binds, and of a task's own.
//!
//! Owns: what came and nobody received yet, bounded: what comes beyond that is lost, as datagrams
//! are.

mod ctx;
mod receiving;
mod socket;

pub use ctx::{UdpCtx, UdpSendReady, UdpToken};
pub use receiving::{UdpBatchFuture, UdpDatagramFuture, UdpRecvFuture};
pub use socket::UdpSocket;

pub(super) use ctx::send_to;
pub(super) use socket::open;

use super::here::{Here, Waiter};
use crate::runtime::Datagram;
use socket2::SockAddr;
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::net::SocketAddr;
use std::time::Instant;

/// Buffers of datagrams that were received, for those to come.
const SPARE: usize = 64;

/// A datagram that came.
pub(super) struct Came {
    pub(super) bytes: Vec<u8>,
    pub(super) from: SocketAddr,
    pub(super) at: Instant,
}

/// One socket of a worker.
#[derive(Default)]
pub(super) struct Queue {
    came: VecDeque<Came>,
    spare: Vec<Vec<u8>>,
    reader: Option<Waiter>,
    senders: Vec<Waiter>,
    /// Somebody receives, or did.
    is_read: bool,
}

impl Queue {
    /// The next datagram; without one `waiter` is woken when one comes.
    fn next(&mut self, waiter: impl FnOnce() -> Waiter) -> Option<Came> {
        self.is_read = true;
        let came = self.came.pop_front();
        if came.is_none() {
            self.reader = Some(waiter());
        }
        came
    }

    /// Its bytes were looked at: the next datagram has their memory.
    fn give_back(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < SPARE {
            bytes.clear();
            self.spare.push(bytes);
        }
    }
}

/// The sockets of a worker.
#[derive(Default)]
pub(super) struct Sockets {
    /// Those that the runtime bound, in order.
    bound: Vec<u32>,
    all: HashMap<u32, Queue>,
}

impl Sockets {
    /// One more, of that id.
    pub(super) fn add(&mut self, id: u32) {
        self.all.insert(id, Queue::default());
    }

    /// One more that the runtime bound.
    pub(super) fn add_bound(&mut self, id: u32) {
        self.bound.push(id);
        self.add(id);
    }

    /// The tokens of those that the runtime bound.
    pub(super) fn bound(&self) -> Vec<UdpToken> {
        let tokens = self.bound.iter().enumerate();
        tokens.map(|(index, id)| UdpToken { index, id: *id }).collect()
    }
}

/// The IP address in a sockaddr.
fn address_of(bytes: &[u8]) -> Option<SocketAddr> {
    // SAFETY: `init` writes a sockaddr no longer than the storage, and its length.
    let made = unsafe {
        SockAddr::try_init(|storage, len| {
            let count = bytes.len().min(*len as usize);
            storage.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), count);
            *len = count as socket2::socklen_t;
            Ok(())
        })
    };
    made.ok()?.1.as_socket()
}

impl Here {
    /// What `body` makes of a socket; `None` when it is not this worker's, or was dropped.
    fn with_udp<T>(&self, socket: UdpToken, body: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        self.udp.borrow_mut().all.get_mut(&socket.id).map(body)
    }

    /// A task reads that socket.
    pub(super) fn udp_is_read(&self, socket: UdpToken) {
        self.with_udp(socket, |queue| queue.is_read = true);
    }

    /// A datagram came.
    pub(super) fn datagram(&self, listener: u32, datagram: &Datagram<'_>) {
        let Some(from) = address_of(datagram.from) else { return };
        let most = self.config.udp_recv_queue_capacity;
        let reader = {
            let mut sockets = self.udp.borrow_mut();
            let queue = sockets.all.get_mut(&listener).filter(|queue| queue.is_read);
            let Some(queue) = queue.filter(|queue| queue.came.len() < most) else { return };
            let mut bytes = queue.spare.pop().unwrap_or_default();
            bytes.extend_from_slice(datagram.bytes);
            queue.came.push_back(Came { bytes, from, at: Instant::now() });
            queue.reader.take()
        };
        reader.into_iter().for_each(|reader| self.wake(reader));
    }

    /// There is room again to send by a socket of that id, if it is one.
    pub(super) fn udp_writable(&self, id: u64) {
        let senders = {
            let mut sockets = self.udp.borrow_mut();
            let queue = u32::try_from(id).ok().and_then(|id| sockets.all.get_mut(&id));
            let Some(queue) = queue else { return };
            mem::take(&mut queue.senders)
        };
        senders.into_iter().for_each(|sender| self.wake(sender));
    }
}
