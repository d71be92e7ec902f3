//! Sockets, as far as a server needs them outside a ring: the rare calls of a connection's life.
//!
//! Owns: the socket options that listeners and connections get. Nothing here waits.

use super::errno;
use core::mem::{offset_of, size_of};
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

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

/// An address as the kernel wants it.
pub struct RawAddress {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

impl RawAddress {
    /// Where it is.
    pub fn as_ptr(&self) -> *const libc::sockaddr_storage {
        &raw const self.storage
    }

    /// Bytes of it that count.
    pub fn length(&self) -> u32 {
        self.len
    }

    fn empty() -> RawAddress {
        // SAFETY: all-zero is a valid sockaddr_storage.
        let storage = unsafe { core::mem::zeroed() };
        RawAddress { storage, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    fn put<T: Copy>(address: T, len: usize) -> RawAddress {
        let mut raw = RawAddress::empty();
        // SAFETY: every sockaddr fits into a sockaddr_storage, which is aligned for each.
        unsafe { (&raw mut raw.storage).cast::<T>().write(address) };
        raw.len = len as libc::socklen_t;
        raw
    }

    fn of(place: &Place) -> Option<RawAddress> {
        match place {
            Place::Tcp(SocketAddr::V4(at)) | Place::Udp(SocketAddr::V4(at)) => {
                // SAFETY: all-zero is a valid sockaddr_in.
                let mut raw: libc::sockaddr_in = unsafe { core::mem::zeroed() };
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = at.port().to_be();
                raw.sin_addr.s_addr = u32::from_ne_bytes(at.ip().octets());
                Some(RawAddress::put(raw, size_of::<libc::sockaddr_in>()))
            }
            Place::Tcp(SocketAddr::V6(at)) | Place::Udp(SocketAddr::V6(at)) => {
                // SAFETY: all-zero is a valid sockaddr_in6.
                let mut raw: libc::sockaddr_in6 = unsafe { core::mem::zeroed() };
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = at.port().to_be();
                raw.sin6_addr.s6_addr = at.ip().octets();
                raw.sin6_scope_id = at.scope_id();
                Some(RawAddress::put(raw, size_of::<libc::sockaddr_in6>()))
            }
            Place::Unix(path) | Place::UnixDatagram(path) => {
                // SAFETY: all-zero is a valid sockaddr_un.
                let mut raw: libc::sockaddr_un = unsafe { core::mem::zeroed() };
                raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
                if path.is_empty() || path.len() > LONGEST_PATH {
                    return None;
                }
                for (to, from) in raw.sun_path.iter_mut().zip(path) {
                    *to = *from as libc::c_char;
                }
                let end = usize::from(path[0] != 0);
                let len = offset_of!(libc::sockaddr_un, sun_path) + path.len() + end;
                Some(RawAddress::put(raw, len))
            }
        }
    }

    fn read(&self) -> Option<SocketAddr> {
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says what it is.
                let raw = unsafe { (&raw const self.storage).cast::<libc::sockaddr_in>().read() };
                let ip = Ipv4Addr::from(raw.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(raw.sin_port)))
            }
            libc::AF_INET6 => {
                // SAFETY: the family says what it is.
                let raw = unsafe { (&raw const self.storage).cast::<libc::sockaddr_in6>().read() };
                let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
                let port = u16::from_be(raw.sin6_port);
                // A link-local address is nothing without its interface.
                Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, raw.sin6_scope_id)))
            }
            _ => None,
        }
    }
}

fn outcome(code: i32) -> Result<(), i32> {
    if code < 0 { Err(errno()) } else { Ok(()) }
}

fn set(fd: i32, level: i32, name: i32, value: i32) -> Result<(), i32> {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: an int and its size.
    outcome(unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), size) })
}

/// Bind a socket. One for clients does not listen yet: a socket that listens takes connections,
/// also while nobody accepts them. EADDRINUSE if somebody has the port, unless `shared` and they
/// wish so too.
pub fn bind(place: &Place, shared: bool) -> Result<OwnedFd, i32> {
    let address = RawAddress::of(place).ok_or(libc::EINVAL)?;
    let family = i32::from(address.storage.ss_family);
    let kind = if place.is_datagram() { libc::SOCK_DGRAM } else { libc::SOCK_STREAM };
    // SAFETY: socket touches no memory.
    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, 0) };
    outcome(fd)?;
    // SAFETY: just made, and nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let is_tcp = matches!(place, Place::Tcp(_));
    if is_tcp {
        // Accepted connections have it from their listener: no call for each.
        set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)?;
    }
    if shared {
        share(&socket)?;
    }
    // SAFETY: the address is a sockaddr of that length.
    let bound = || unsafe { libc::bind(fd, (&raw const address.storage).cast(), address.len) };
    match outcome(bound()) {
        // Connections of a listener that is gone may linger. Whoever has the option lets others be
        // bound that have it too, until one of them listens: so it is on for this call only. Not
        // for datagrams: another program could take the port over unseen.
        Err(libc::EADDRINUSE) if is_tcp => {
            set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
            outcome(bound())?;
            set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 0)?;
        }
        other => other?,
    }
    Ok(socket)
}

/// Have others be bound to the port of a socket that wish to share it, as this one does from now
/// on; the kernel spreads clients and senders over them.
pub fn share(socket: &OwnedFd) -> Result<(), i32> {
    set(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)
}

/// A stream socket to connect with, and the address to connect to.
pub fn dialer(place: &Place) -> Result<(OwnedFd, Box<RawAddress>), i32> {
    let address = RawAddress::of(place).ok_or(libc::EINVAL)?;
    let family = i32::from(address.storage.ss_family);
    // SAFETY: socket touches no memory.
    let fd = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    outcome(fd)?;
    // SAFETY: just made, and nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    if family != libc::AF_UNIX {
        set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)?;
    }
    Ok((socket, Box::new(address)))
}

/// The address a socket is bound to, if it is one of IP.
pub fn local_address(socket: &OwnedFd) -> Option<SocketAddr> {
    let mut raw = RawAddress::empty();
    let to = (&raw mut raw.storage).cast();
    // SAFETY: room for any address, and its size.
    outcome(unsafe { libc::getsockname(socket.as_raw_fd(), to, &mut raw.len) }).ok()?;
    raw.read()
}

/// The address of the other end, if it is one of IP.
pub fn peer_address(fd: i32) -> Option<SocketAddr> {
    let mut raw = RawAddress::empty();
    let to = (&raw mut raw.storage).cast();
    // SAFETY: room for any address, and its size.
    outcome(unsafe { libc::getpeername(fd, to, &mut raw.len) }).ok()?;
    raw.read()
}

/// listen(2), and who restarts may have the address again although connections of it linger.
pub fn listen(fd: i32, backlog: i32) -> Result<(), i32> {
    set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    // SAFETY: listen touches no memory.
    outcome(unsafe { libc::listen(fd, backlog) })
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
    // SAFETY: shutdown touches no memory; that the other end is gone is no error here.
    unsafe { libc::shutdown(fd, libc::SHUT_WR) };
}

/// Bytes that a socket received and that nobody took. One that cannot say has none.
pub fn unread(fd: i32) -> u32 {
    let mut count = 0;
    // SAFETY: room for an int.
    let asked = outcome(unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut count) });
    asked.map_or(0, |()| count.max(0) as u32)
}

/// The error of a socket, which then has none any more; 0 = it has none.
pub fn take_error(fd: i32) -> i32 {
    let (mut error, mut size) = (0, size_of::<i32>() as libc::socklen_t);
    let to = (&raw mut error).cast();
    // SAFETY: room for an int, and its size.
    let asked = outcome(unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, to, &raw mut size)
    });
    asked.map_or(0, |()| error)
}

/// Have the close of a TCP socket reset the connection, whatever was not sent yet.
pub fn reset_on_close(fd: i32) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let size = size_of::<libc::linger>() as libc::socklen_t;
    let from = (&raw const linger).cast();
    // SAFETY: a linger and its size. Other sockets know it too, and do nothing with it.
    unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, from, size) };
}

/// Where struct tcp_info has the number of acknowledged bytes, since Linux 4.1.
const BYTES_ACKED: usize = 120;

/// Bytes that the other end of a TCP socket acknowledged; None where nobody counts them.
pub fn taken(fd: i32) -> Option<u64> {
    let mut info = [0u8; BYTES_ACKED + 8];
    let mut size = info.len() as libc::socklen_t;
    let to = info.as_mut_ptr().cast();
    // SAFETY: room for that many bytes, and their number.
    let code = unsafe { libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, to, &mut size) };
    outcome(code).ok()?;
    let count = info.get(BYTES_ACKED..size as usize)?.first_chunk()?;
    Some(u64::from_ne_bytes(*count))
}

/// Bytes that the kernel has of what was sent: a TCP socket's until they are acknowledged, its end
/// counted as one; a Unix socket's until they are received, with what it takes to keep them.
pub fn untaken(fd: i32) -> u64 {
    let mut count: i32 = 0;
    // SAFETY: SIOCOUTQ, which is TIOCOUTQ, writes one int.
    let code = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &raw mut count) };
    if code < 0 { 0 } else { count.max(0) as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        for text in ["1.2.3.4:5", "[::1]:80", "[fe80::1%7]:0", "[fe80::1%4294967295]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            for place in [Place::Tcp(address), Place::Udp(address)] {
                assert_eq!(RawAddress::of(&place).unwrap().read(), Some(address));
            }
        }
        assert!(RawAddress::of(&Place::Unix(vec![b'x'; LONGEST_PATH])).is_some());
        assert!(RawAddress::of(&Place::Unix(vec![b'x'; LONGEST_PATH + 1])).is_none());
    }
}
