//! Sockets, as far as a server needs them outside a ring: the rare calls of a connection's life.
//!
//! Owns: the socket options that listeners and connections get. Nothing here waits.

use super::{errno, errno_of};
use core::mem::{offset_of, size_of};
use core::time::Duration;
use socket2::{SockRef, Socket, Type};
use std::ffi::{CString, OsStr};
use std::io;
use std::io::IoSlice;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

pub use socket2::SockAddr;

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// TCP.
    Tcp(SocketAddr),
    /// A stream socket of this path; with a leading 0 byte an abstract name.
    Unix(Vec<u8>),
    /// UDP.
    Udp(SocketAddr),
    /// A datagram socket of this path, as above.
    UnixDatagram(Vec<u8>),
}

impl Place {
    /// Whether datagrams come there, and no clients.
    pub fn is_datagram(&self) -> bool {
        matches!(self, Place::Udp(_) | Place::UnixDatagram(_))
    }

    /// Whether it is a path or a name, and no port.
    pub fn is_path(&self) -> bool {
        matches!(self, Place::Unix(_) | Place::UnixDatagram(_))
    }

    /// Whether the kernel chooses the port.
    pub fn is_open(&self) -> bool {
        matches!(self, Place::Tcp(at) | Place::Udp(at) if at.port() == 0)
    }

    /// The same kind of place at another address.
    pub fn at(&self, address: SocketAddr) -> Place {
        if self.is_datagram() { Place::Udp(address) } else { Place::Tcp(address) }
    }
}

/// The longest path of a socket, in bytes.
pub const LONGEST_PATH: usize =
    size_of::<libc::sockaddr_un>() - offset_of!(libc::sockaddr_un, sun_path) - 1;

/// The number of a network interface, which is given by its name or its number.
pub fn interface_index(name: &[u8]) -> Result<u32, i32> {
    let number = core::str::from_utf8(name).ok().and_then(|text| text.parse::<u32>().ok());
    if let Some(number) = number {
        return Ok(number);
    }
    let name = CString::new(name).map_err(|_| libc::ENODEV)?;
    // SAFETY: a terminated text.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(errno()),
        index => Ok(index),
    }
}

/// An address as the kernel wants it. An empty path would be a name of the kernel's choice.
fn address_of(place: &Place) -> io::Result<SockAddr> {
    match place {
        Place::Tcp(at) | Place::Udp(at) => Ok((*at).into()),
        Place::Unix(path) | Place::UnixDatagram(path) => match path.len() {
            1..=LONGEST_PATH => SockAddr::unix(OsStr::from_bytes(path)),
            _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        },
    }
}

/// Call a socket that somebody else has.
fn with<T>(fd: i32, call: impl FnOnce(&Socket) -> io::Result<T>) -> io::Result<T> {
    if fd < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: borrowed for one call; a descriptor that is not open is refused by the kernel.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    call(&SockRef::from(&borrowed))
}

/// Read an option of a socket into `value`; how many bytes it has.
pub(super) fn option<T>(fd: i32, level: i32, name: i32, value: &mut T) -> Result<usize, i32> {
    let mut size = size_of::<T>() as libc::socklen_t;
    // SAFETY: room for so many bytes; callers give plain numbers.
    match unsafe { libc::getsockopt(fd, level, name, (&raw mut *value).cast(), &mut size) } {
        0 => Ok(size as usize),
        _ => Err(errno()),
    }
}

/// Bind a socket. One for clients does not listen yet: a socket that listens takes connections,
/// also while nobody accepts them. EADDRINUSE if somebody has the port, unless `shared` and they
/// wish so too.
pub fn bind(place: &Place, shared: bool) -> Result<OwnedFd, i32> {
    bound(place, shared).map(OwnedFd::from).map_err(errno_of)
}

fn bound(place: &Place, shared: bool) -> io::Result<Socket> {
    let address = address_of(place)?;
    let kind = if place.is_datagram() { Type::DGRAM } else { Type::STREAM };
    let socket = Socket::new(address.domain(), kind, None)?;
    let is_tcp = matches!(place, Place::Tcp(_));
    if is_tcp {
        // Accepted connections have it from their listener: no call for each.
        socket.set_tcp_nodelay(true)?;
    }
    if shared {
        socket.set_reuse_port(true)?;
    }
    match socket.bind(&address) {
        // Connections of a listener that is gone may linger. Whoever has the option lets others be
        // bound that have it too, until one of them listens: so it is on for this call only. Not
        // for datagrams: another program could take the port over unseen.
        Err(error) if is_tcp && error.raw_os_error() == Some(libc::EADDRINUSE) => {
            socket.set_reuse_address(true)?;
            socket.bind(&address)?;
            socket.set_reuse_address(false)?;
        }
        other => other?,
    }
    Ok(socket)
}

/// Have others be bound to the port of a socket that wish to share it, as this one does from now
/// on; the kernel spreads clients and senders over them.
pub fn share(socket: &OwnedFd) -> Result<(), i32> {
    SockRef::from(socket).set_reuse_port(true).map_err(errno_of)
}

/// Have a socket for datagrams receive from `peer` only.
pub fn receive_from(socket: &OwnedFd, peer: SocketAddr) -> Result<(), i32> {
    SockRef::from(socket).connect(&peer.into()).map_err(errno_of)
}

/// A stream socket to connect with, and the address to connect to.
pub fn dialer(place: &Place) -> Result<(OwnedFd, Box<SockAddr>), i32> {
    let make = || {
        let address = address_of(place)?;
        let socket = Socket::new(address.domain(), Type::STREAM, None)?;
        if !address.is_unix() {
            socket.set_tcp_nodelay(true)?;
        }
        Ok((socket.into(), Box::new(address)))
    };
    make().map_err(errno_of)
}

/// The address a socket is bound to, if it is one of IP.
pub fn local_address(socket: &OwnedFd) -> Option<SocketAddr> {
    SockRef::from(socket).local_addr().ok()?.as_socket()
}

/// The address of the other end, if it is one of IP.
pub fn peer_address(fd: i32) -> Option<SocketAddr> {
    with(fd, Socket::peer_addr).ok()?.as_socket()
}

/// The path or the abstract name of the other end, if it is one of those; empty when it has none.
pub fn peer_path(fd: i32) -> Option<Vec<u8>> {
    let address = with(fd, Socket::peer_addr).ok()?;
    if let Some(path) = address.as_pathname() {
        return Some(path.as_os_str().as_bytes().to_vec());
    }
    if let Some(name) = address.as_abstract_namespace() {
        return Some([&[0], name].concat());
    }
    address.is_unix().then(Vec::new)
}

/// listen(2), and who restarts may have the address again although connections of it linger.
pub fn listen(fd: i32, backlog: i32) -> Result<(), i32> {
    let listen = |socket: &Socket| {
        socket.set_reuse_address(true)?;
        socket.listen(backlog)
    };
    with(fd, listen).map_err(errno_of)
}

/// Whether there is something to receive or to accept, an end or an error included.
pub fn is_readable(fd: i32) -> bool {
    let events = libc::POLLIN | libc::POLLRDHUP;
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one pollfd.
    unsafe { libc::poll(&mut entry, 1, 0) != 0 }
}

/// Say to the other end that nothing more is sent; what it still sends is received.
pub fn end_sending(fd: i32) {
    // That the other end is gone is no error here.
    let _ = with(fd, |socket| socket.shutdown(Shutdown::Write));
}

/// Say to the other end that nothing more is sent nor received. A listener is left alone: that
/// would end it for every process that has it.
pub(super) fn hang_up(fd: i32) {
    let _ = with(fd, |socket| match socket.is_listener()? {
        true => Ok(()),
        false => socket.shutdown(Shutdown::Both),
    });
}

/// Send what goes at once, without waiting: how many bytes that is, or an errno.
pub fn send_at_once(fd: i32, slices: &[IoSlice<'_>]) -> Result<usize, i32> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    with(fd, |socket| socket.send_vectored_with_flags(slices, flags)).map_err(errno_of)
}

/// Bytes that a socket received and that nobody took. One that cannot say has none.
pub fn unread(fd: i32) -> u32 {
    count(fd, libc::FIONREAD)
}

/// The bytes that `question` is about; 0 where there is no answer.
fn count(fd: i32, question: libc::Ioctl) -> u32 {
    let mut count: i32 = 0;
    // SAFETY: each question of this file is answered with an int.
    let code = unsafe { libc::ioctl(fd, question, &raw mut count) };
    if code < 0 { 0 } else { count.max(0) as u32 }
}

/// The error of a socket, which then has none any more; 0 = it has none.
pub fn take_error(fd: i32) -> i32 {
    with(fd, Socket::take_error).ok().flatten().map_or(0, errno_of)
}

/// Have the close of a TCP socket reset the connection, whatever was not sent yet.
pub fn reset_on_close(fd: i32) {
    // Other sockets know it too, and do nothing with it.
    let _ = with(fd, |socket| socket.set_linger(Some(Duration::ZERO)));
}

/// Where struct tcp_info has the number of acknowledged bytes, since Linux 4.1.
const BYTES_ACKED: usize = 120;

/// Bytes that the other end of a TCP socket acknowledged; None where nobody counts them.
pub fn taken(fd: i32) -> Option<u64> {
    let mut info = [0u8; BYTES_ACKED + 8];
    let size = option(fd, libc::IPPROTO_TCP, libc::TCP_INFO, &mut info).ok()?;
    Some(u64::from_ne_bytes(*info.get(BYTES_ACKED..size)?.first_chunk()?))
}

/// Bytes that the kernel has of what was sent: a TCP socket's until they are acknowledged, its end
/// counted as one; a Unix socket's until they are received, with what it takes to keep them.
pub fn untaken(fd: i32) -> u64 {
    // SIOCOUTQ is TIOCOUTQ.
    count(fd, libc::TIOCOUTQ).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        for text in ["1.2.3.4:5", "[::1]:80", "[fe80::1%7]:0", "[fe80::1%4294967295]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            for place in [Place::Tcp(address), Place::Udp(address)] {
                assert_eq!(address_of(&place).unwrap().as_socket(), Some(address));
            }
        }
    }

    #[test]
    fn a_path_has_107_bytes_at_most_and_one_at_least() {
        let named = |first: u8, len: usize| {
            let path: Vec<u8> = [first].into_iter().chain([b'x'; 200]).take(len).collect();
            address_of(&Place::Unix(path)).ok().map(|address| address.len() as usize)
        };
        let head = offset_of!(libc::sockaddr_un, sun_path);
        // Of a path the end is counted, of an abstract name it is not there.
        assert_eq!(named(b'/', LONGEST_PATH), Some(head + 108));
        assert_eq!(named(0, LONGEST_PATH), Some(head + 107));
        for first in [b'/', 0] {
            assert_eq!(named(first, 0), None);
            assert_eq!(named(first, LONGEST_PATH + 1), None);
        }
    }
}
