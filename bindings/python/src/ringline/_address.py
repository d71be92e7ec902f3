"""Socket addresses: Python's tuples to struct sockaddr and back.

Knows AF_INET, AF_INET6 and AF_UNIX. Never resolves names: that blocks.
"""

import errno
import os
import socket
import struct
from typing import Any, Tuple, Union

#: (host, port), (host, port, flowinfo, scope) with numeric hosts, or a path of a unix socket.
Address = Union[Tuple[str, int], Tuple[str, int, int, int], str, bytes]
#: Room for any of them: struct sockaddr_storage.
ROOM = 128


def c_text(text: "Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]") -> bytes:
    """A path or name for C, which reads up to the first zero byte: with one inside it would be
    another one there."""
    name = os.fsencode(text)
    if b"\0" in name:
        raise ValueError("embedded null byte")
    return name


def _number(family: int, host: str) -> bytes:
    """The bytes of a numeric host."""
    try:
        return socket.inet_pton(family, host)
    except OSError:
        text = "is no numeric address, and names are not looked up here: socket.getaddrinfo() does"
        raise OSError(errno.EINVAL, f"{host!r} {text}") from None


def _path(address: Union[str, bytes]) -> bytes:
    """struct sockaddr_un of a path, or of an abstract name: that starts with a zero byte and ends
    with its last byte."""
    path = os.fsencode(address)
    if len(path) > 107:
        raise ValueError("the path of a unix socket has 107 bytes at most")
    abstract = path[:1] == b"\0"
    if b"\0" in path and not abstract:
        # The kernel would take what stands in front of it for the whole.
        raise ValueError("the path of a unix socket has no zero byte")
    return struct.pack("=H", socket.AF_UNIX) + path + (b"\0" if path and not abstract else b"")


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        raise OSError(errno.ENODEV, f"there is no interface {interface!r}") from None


def pack(address: Address) -> bytes:
    """struct sockaddr of an address."""
    if isinstance(address, (str, bytes)):
        return _path(address)
    host, port = address[0], address[1]
    if not 0 <= port <= 0xFFFF:
        raise ValueError("a port is 0..65535")
    if len(address) == 2 and ":" not in host:
        family = struct.pack("=H", socket.AF_INET)
        return family + struct.pack("!H", port) + _number(socket.AF_INET, host) + bytes(8)
    flow, scope = (address[2], address[3]) if len(address) == 4 else (0, 0)
    host, _, interface = host.partition("%")
    if interface:
        scope = int(interface) if interface.isdigit() else _index(interface)
    family = struct.pack("=H", socket.AF_INET6)
    inner = struct.pack("!HI", port, flow) + _number(socket.AF_INET6, host)
    return family + inner + struct.pack("=I", scope)


def unpack(raw: bytes) -> Address:
    """The address in a struct sockaddr."""
    if len(raw) < 2:
        return ""
    (family,) = struct.unpack_from("=H", raw)
    if family == socket.AF_INET:
        (port,) = struct.unpack_from("!H", raw, 2)
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    if family == socket.AF_INET6:
        port, flow = struct.unpack_from("!HI", raw, 2)
        (scope,) = struct.unpack_from("=I", raw, 24)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, flow, scope
    path = raw[2:]
    return path if path[:1] == b"\0" else os.fsdecode(path.split(b"\0")[0])


#: getsockopt(2)'s getpeername, which also a connection answers that is over; and what sizes to ask.
_SO_PEERNAME = 28
_SIZES = {socket.AF_INET: 16, socket.AF_INET6: 28}


def peer_of(sock: socket.socket) -> Any:
    """Who is at the other end, also where it reset the connection by now; None where nobody is."""
    try:
        return sock.getpeername()
    except OSError:
        pass
    try:
        size = _SIZES.get(sock.family)
        return size and unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_PEERNAME, size))
    except OSError:
        return None
