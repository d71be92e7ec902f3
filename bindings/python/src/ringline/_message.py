"""Messages with addresses: struct msghdr and what it names, for datagrams.

A `Message` is made for one receive or send and read when it is complete.
"""

import ctypes
from typing import Optional

from . import _address
from ._buffers import Buffer, Pin, Vector, pinned


class _Header(ctypes.Structure):
    """struct msghdr."""

    namelen: int
    flags: int

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class Message:
    """A datagram to send or room to receive one.

    Parameters
    ----------
    buffer : buffer or None
        What is sent, or where what is received goes. None: a pool gives the buffer.
    address : address or None
        Where it is sent to. None for a receive, or for a connected socket.
    """

    def __init__(
        self, buffer: Optional[Buffer] = None, address: Optional[_address.Address] = None
    ) -> None:
        packed = b"" if address is None else _address.pack(address)
        self._sends = address is not None
        self._buffer = buffer
        self._pin: Optional[Pin] = None
        self._name = ctypes.create_string_buffer(packed, max(len(packed), _address.ROOM))
        self._vector = Vector()
        self._header = _Header()
        self._header.name = ctypes.addressof(self._name) if packed else None
        self._header.namelen = len(packed)

    def prepare(self, writable: bool) -> int:
        """Hold the memory and fill the header; its address."""
        header = self._header
        if writable:
            header.name, header.namelen = ctypes.addressof(self._name), _address.ROOM
        if self._buffer is not None:
            self._pin = pinned(self._buffer, writable)
            self._vector.base, self._vector.len = self._pin.buf, self._pin.len
            header.iov, header.iovlen = ctypes.addressof(self._vector), 1
        return ctypes.addressof(header)

    @property
    def address(self) -> _address.Address:
        """The sender's address, once the receive is complete."""
        return _address.unpack(self._name.raw[: min(self._header.namelen, _address.ROOM)])

    @property
    def flags(self) -> int:
        """msg_flags of recvmsg(2)."""
        return self._header.flags
