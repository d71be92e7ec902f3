//! Sockets of this machine, by a path or a name.
//!
//! Owns: the paths that listeners made, which go with the last worker. Invariant: what is removed
//! is the very socket that was bound, and nobody else's who has the path meanwhile.

use super::conn::ConnCtx;
use super::connect::{ConnectFuture, NO_LIMIT};
use super::here::with_here;
use crate::sys::net::{self, Place};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The other end's address.
///
/// ```no_run
/// # async fn served(conn: ringline::ConnCtx) {
/// match conn.peer() {
///     Some(ringline::PeerAddr::Tcp(address)) => println!("by TCP from {address}"),
///     Some(ringline::PeerAddr::Unix(path)) => println!("of this machine, {path:?}"),
///     None => println!("gone"),
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerAddr {
    /// It is connected by TCP.
    Tcp(SocketAddr),
    /// It is connected by a unix socket of this path. An abstract name begins with a 0 byte; a
    /// client that bound no path has an empty one. See unix(7).
    Unix(PathBuf),
}

/// The place of a path; one that begins with a 0 byte is an abstract name.
pub(super) fn place_of(path: &Path) -> Place {
    Place::Unix(path.as_os_str().as_bytes().to_vec())
}

/// A path that a listener made.
struct Made {
    path: PathBuf,
    /// Device and inode.
    is: (u64, u64),
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The paths that the listeners of a runtime made. Dropping it removes them.
#[derive(Default)]
pub(super) struct Paths {
    made: Vec<Made>,
}

impl Paths {
    /// A listener was bound to `path`. An abstract name is nothing to be removed.
    pub(super) fn note(&mut self, path: &Path) {
        if path.as_os_str().as_bytes().first().is_none_or(|first| *first == 0) {
            return;
        }
        // The program may change its folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let is = identity(&path);
        self.made.extend(is.map(|is| Made { path, is }));
    }
}

impl Drop for Paths {
    fn drop(&mut self) {
        for Made { path, is } in self.made.drain(..) {
            if identity(&path) == Some(is) {
                // Nobody is there to be told.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Connect to the unix socket of a path; a path that begins with a 0 byte is an abstract name.
///
/// ```no_run
/// # async fn ask() -> std::io::Result<()> {
/// let conn = ringline::connect_unix("/run/shout.sock")?.await?;
/// conn.send_nowait(b"hello\n")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; `InvalidInput` for a path that is empty or
/// longer than 107 bytes; what socket(2) says; `StorageFull` when `Config::max_connections` are
/// there. The future resolves to what connect(2) says: `NotFound` where no such path is,
/// `ConnectionRefused` where nobody listens, `WouldBlock` where too many wait to be accepted.
pub fn connect_unix(path: impl AsRef<Path>) -> io::Result<ConnectFuture> {
    ConnectFuture::begin(&place_of(path.as_ref()), None, NO_LIMIT)
}

impl ConnCtx {
    /// As the function [`connect_unix`](crate::connect_unix).
    ///
    /// # Errors
    /// As there.
    pub fn connect_unix(&self, path: impl AsRef<Path>) -> io::Result<ConnectFuture> {
        connect_unix(path)
    }

    /// The other end's address, of whatever kind; `None` when the connection is over. See
    /// [`PeerAddr`].
    pub fn peer(&self) -> Option<PeerAddr> {
        if let Some(address) = self.peer_addr() {
            return Some(PeerAddr::Tcp(address));
        }
        let fd = with_here(|_, worker| worker.facts(self.id()).ok())??.fd;
        let path = net::peer_path(fd)?;
        Some(PeerAddr::Unix(OsString::from_vec(path).into()))
    }
}
