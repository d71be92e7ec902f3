//! A connection, as its task has it: a number that may be copied.
//!
//! Owns: nothing. A connection that is over answers so; its number is never another one's.

use super::here::{try_here, with_here};
use crate::runtime::{How, index_of};
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Names a connection, for [`DriverCtx`](crate::DriverCtx).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnToken(pub(super) u64);

impl ConnToken {
    /// Its place among the connections of its worker.
    pub fn index(&self) -> usize {
        index_of(self.0)
    }
}

/// A connection of the calling thread's worker. On another thread it is over.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnCtx(ConnToken);

impl fmt::Debug for ConnCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnCtx").field("index", &self.index()).finish_non_exhaustive()
    }
}

impl ConnCtx {
    pub(super) fn new(id: u64) -> ConnCtx {
        ConnCtx(ConnToken(id))
    }

    #[inline]
    pub(super) fn id(&self) -> u64 {
        self.0.0
    }

    /// Its place among the connections of its worker: another one may have it later.
    pub fn index(&self) -> usize {
        self.0.index()
    }

    /// What names it, for [`DriverCtx`](crate::DriverCtx).
    pub fn token(&self) -> ConnToken {
        self.0
    }

    /// The other end's address; `None` for a unix socket, or when the connection is over.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        with_here(|here, worker| here.peer_of(worker, self.id()))?
    }

    /// Whether the program made it, by one of the `connect` functions.
    pub fn is_outbound(&self) -> bool {
        let found = with_here(|here, _| {
            here.conns.borrow_mut().get(self.id()).is_some_and(|found| found.is_outbound)
        });
        found == Some(true)
    }

    /// Close it: what is queued is sent first. Its task sees the end.
    pub fn close(&self) {
        let _ = try_here(|_, worker| worker.close(self.id(), How::Gracefully));
    }

    /// End the sending side when all that is queued was sent; receiving goes on.
    pub fn shutdown_write(&self) {
        let _ = try_here(|_, worker| worker.shutdown(self.id()));
    }

    /// End it at once: what is queued is dropped, and the other end sees a reset.
    ///
    /// # Errors
    /// `NotConnected` when it is over.
    pub fn cancel(&self) -> io::Result<()> {
        try_here(|_, worker| worker.close(self.id(), How::AtOnce))
    }

    /// Have this worker end, as [`request_shutdown`](crate::request_shutdown) does.
    pub fn request_shutdown(&self) {
        let _ = super::launch::request_shutdown();
    }
}

impl From<ConnToken> for ConnCtx {
    fn from(token: ConnToken) -> ConnCtx {
        ConnCtx(token)
    }
}
