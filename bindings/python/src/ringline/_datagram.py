"""Datagram transports: UDP by one multishot receive, everything else by a poll.

Owns the socket and what waits to be sent. Invariants: each datagram goes out and comes in whole and
by itself, the empty one too; a failed one is told to `error_received` and ends nothing;
`connection_lost` comes once, as the last.
"""

import asyncio
import contextvars
import ctypes
import errno
import os
import socket
import struct
import warnings
from asyncio import constants, futures, transports, trsock
from asyncio.log import logger
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional, Tuple

from . import _abi, _address, _layer
from ._error import Error, failure
from ._message import Message
from ._transport import LATER, NO_BUFFER, SHORT, FlowControl, Reading

_FINAL = _abi.CF_FINAL
_LEAVES = (-errno.ECANCELED, -errno.EINTR)
#: Failures of the receive itself, not of a datagram.
_BROKEN = (-errno.EBADF, -errno.EINVAL, -errno.ENOTSOCK, -errno.EOPNOTSUPP)
_NAME = {int(socket.AF_INET): 16, int(socket.AF_INET6): 28}
#: struct io_uring_recvmsg_out: the length of the name as it was; control, payload and flags follow.
_OUT = struct.Struct("=I")
_OUT_SIZE = 16
_AGAIN = (BlockingIOError, InterruptedError)
_MOST_ADDRESSES = 4096
#: Up to here a copy of the whole record costs less than two copies.
_ONE_COPY = 8192


class DatagramTransport(Reading, FlowControl, transports.DatagramTransport):
    """A datagram socket. Made by the loop's create_datagram_endpoint."""

    max_size = 256 * 1024
    _sock: Optional[socket.socket] = None
    _extra: Dict[str, Any]

    def __init__(
        self,
        loop: Any,
        sock: socket.socket,
        protocol: asyncio.DatagramProtocol,
        address: Any = None,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(extra, loop)
        self._loop = loop
        self._engine = loop._engine
        self._extra["socket"] = trsock.TransportSocket(sock)
        for key, ask in (("sockname", sock.getsockname), ("peername", sock.getpeername)):
            if key not in self._extra:
                try:
                    self._extra[key] = ask()
                except OSError:
                    self._extra[key] = None
        self._sock = sock
        self._sock_fd = sock.fileno()
        self._address = address
        # The name of a peer without one is "": it is a peer all the same.
        self._connected = self._extra["peername"] is not None
        self._context = contextvars.copy_context()
        self._buffer: Deque[Tuple[bytes, Any]] = deque()
        self._buffer_size = 0
        self._conn_lost = 0
        self._closing = self._paused = False
        #: Datagrams that came while reading was paused.
        self._held: Deque[Tuple[bytes, Any]] = deque()
        #: What the kernel calls a sender -> what Python does, and the way back.
        self._addresses: Dict[bytes, Any] = {}
        self._names: Dict[Any, bytes] = {}
        self._recv_id = 0
        self._name_room = _NAME.get(int(sock.family), 0)
        #: Where the payload starts in what the kernel gives.
        self._start = _OUT_SIZE + self._name_room
        self._message: Optional[Message] = None
        self._message_at = 0
        if self._name_room:
            self._message = Message()
            self._message_at = self._message.prepare(True)
            # msg_namelen: how much room each buffer sets aside for the sender's address.
            ctypes.c_uint32.from_address(self._message_at + 8).value = self._name_room
        self.set_protocol(protocol)
        loop._transports[self._sock_fd] = self
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self._read)
        if waiter is not None:
            result = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
            loop.call_soon(result, waiter, None)

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        if self._sock is None:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if self._loop is not None and not self._loop.is_closed():
            info.append("read=polling" if self.is_reading() else "read=idle")
            state = "polling" if self._buffer else "idle"
            info.append(f"write=<{state}, bufsize={self.get_write_buffer_size()}>")
        return "<{}>".format(" ".join(info))

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if self._sock is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._sock.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol: Any = protocol
        self._protocol_connected = True

    # Receiving.

    def _deliver(self, item: Tuple[bytes, Any]) -> None:
        self._protocol.datagram_received(*item)

    def _read(self) -> None:
        if self._recv_id or self._held or not self.is_reading():
            return
        if self._name_room:
            try:
                pool = self._engine.messages
            except Error:
                self._name_room = 0  # There is no memory for it: calls need less.
        if not self._name_room:
            self._loop._add_reader(self._sock_fd, self._read_ready)
            return
        if self._poll_first:
            self._await_bytes(self._sock_fd)
            return
        self._recv_id = self._engine.submit(
            _abi.OP_RECVMSG, self._sock_fd, self._message_at, 1, 0, 0, self._received,
            self._message, _abi.SQE_BUFFER_SELECT, _abi.RECV_MULTISHOT, pool,
            restart=True,
        )  # fmt: skip

    def _stop_reading(self) -> None:
        if self._recv_id:
            self._engine.cancel(self._recv_id)
        elif not self._name_room:
            self._loop._remove_reader(self._sock_fd)

    def _received(self, res: int, flags: int, data: int, token: int) -> None:
        if flags & _FINAL:
            self._recv_id = 0
        later = False
        try:
            if res > 0:
                self._take(res, data, token)
            elif self._closing or res in _LEAVES:
                pass
            elif res in SHORT:
                try:
                    if res == NO_BUFFER:
                        self._poll_first = True
                        self._take_by_call()
                    else:
                        later = self._is_short(res, self._pool())
                except OSError as error:
                    later = True
                    self._failed(error)
            elif res in _BROKEN or res < -4095:
                self._name_room = 0  # This kernel, or this socket, has no such receive.
            else:
                self._error(failure(res))
        finally:
            if later:
                self._loop.call_later(LATER, self._read)
            elif flags & _FINAL:
                self._read()

    def _pool(self) -> int:
        return int(self._engine.messages)

    def _failed(self, error: OSError) -> None:
        """It is told as that of a datagram is, and ends nothing."""
        self._shortages = 0
        self._error(error)

    def _take_by_call(self) -> None:
        """Receive one without a buffer; OSError where that failed."""
        if self._sock is None or not self.is_reading() or self._sock.gettimeout():
            return
        try:
            item = self._sock.recvfrom(self.max_size, socket.MSG_DONTWAIT)
        except _AGAIN:
            return
        self._shortages = 0
        if self._held:
            self._held.append(item)
        else:
            self._run(self._protocol.datagram_received, *item)

    def _take(self, res: int, data: int, token: int) -> None:
        """A datagram: a header, its sender's name, and what was sent."""
        engine = self._engine
        start = self._start
        try:
            if res < _ONE_COPY:
                record = engine.received(data, res)
                payload = record[start:]
            else:
                record = engine.received(data, start)
                payload = engine.received(data + start, res - start)
        finally:
            engine.release(token)
        if self._closing:
            return
        raw = record[_OUT_SIZE:start]
        address = self._addresses.get(raw)
        if address is None:
            address = self._name(raw, _OUT.unpack_from(record)[0])
        if self._paused or self._held:
            self._held.append((payload, address))
        else:
            self._run(self._protocol.datagram_received, payload, address)

    def _name(self, raw: bytes, size: int) -> Any:
        """A sender's address; most senders send again."""
        if not size:
            return None
        if len(self._addresses) >= _MOST_ADDRESSES:
            self._addresses.clear()
            self._names.clear()
        address = self._addresses[raw] = _address.unpack(raw)
        self._names[address] = raw[:size]
        return address

    def _read_ready(self) -> None:
        """A datagram by a call, for sockets whose datagrams may be larger than a buffer."""
        if self._conn_lost or self._sock is None:
            return
        try:
            data, address = self._sock.recvfrom(self.max_size)
        except _AGAIN:
            pass
        except OSError as error:
            self._error(error)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal_error(error, "Fatal read error on datagram transport")
        else:
            self._run(self._protocol.datagram_received, data, address)

    def _error(self, error: OSError) -> None:
        self._run(self._protocol.error_received, error)

    # Sending.

    def get_write_buffer_size(self) -> int:
        return self._buffer_size

    def sendto(self, data: Any, addr: Any = None) -> None:
        if type(data) is not bytes and not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"data argument must be a bytes-like object, not {type(data).__name__!r}"
            )
        if self._address:
            if addr is not None and addr != self._address:
                raise ValueError(f"Invalid address: must be None or {self._address}")
            addr = self._address
        if self._conn_lost and (self._address or self._sock is None):
            if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
                logger.warning("socket.send() raised exception.")
            self._conn_lost += 1
            return
        if not self._buffer and self._sent(data, addr):
            return
        # What waits must not change.
        self._buffer.append((bytes(data), addr))
        self._buffer_size += len(data) + 8
        self._maybe_pause_protocol()

    def _sent(self, data: Any, address: Any) -> bool:
        """Send a datagram now, which takes the kernel no longer than to be asked to later; False
        when there is no room. One that failed is gone."""
        assert self._sock is not None
        try:
            if self._connected:
                self._sock.send(data)
            else:
                self._sock.sendto(data, address)
        except _AGAIN:
            if not self._buffer:
                self._loop._add_writer(self._sock_fd, self._sendto_ready)
            return False
        except OSError as error:
            self._not_sent(error)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal_error(error, "Fatal write error on datagram transport")
        return True

    def _not_sent(self, error: OSError) -> None:
        # Who sends may be in the context itself.
        self._context.copy().run(self._protocol.error_received, error)

    def _send_failed(self, number: int) -> None:
        """A send by the native layer failed, with this errno."""
        self._not_sent(failure(-number))

    def _sendto_ready(self) -> None:
        while self._buffer:
            data, address = self._buffer[0]
            if not self._sent(data, address):
                break
            if not self._buffer:
                return
            self._buffer.popleft()
            self._buffer_size -= len(data) + 8
        self._maybe_resume_protocol()
        if not self._buffer:
            self._loop._remove_writer(self._sock_fd)
            if self._closing and not self._conn_lost:
                self._conn_lost += 1
                self._run(self._call_connection_lost, None)

    # The end.

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._held.clear()
        self._stop_reading()
        if not self._buffer:
            self._conn_lost += 1
            self._loop._remove_writer(self._sock_fd)
            self._lose_soon(None)

    def abort(self) -> None:
        self._force_close(None)

    def _force_close(self, error: Optional[BaseException]) -> None:
        if self._conn_lost:
            return
        if self._buffer:
            self._buffer.clear()
            self._buffer_size = 0
            self._loop._remove_writer(self._sock_fd)
        if not self._closing:
            self._closing = True
            self._held.clear()
            self._stop_reading()
        self._conn_lost += 1
        self._lose_soon(error)

    def _call_connection_lost(self, error: Optional[BaseException]) -> None:
        try:
            if self._protocol_connected:
                self._protocol.connection_lost(error)
        finally:
            sock, self._sock = self._sock, None
            self._protocol = None
            self._loop = None
            try:
                if self._recv_id:
                    # The port is free for others as soon as the socket is closed.
                    self._engine.finish((self._recv_id,))
            finally:
                if sock is not None:
                    sock.close()


#: What the loop makes: native where that layer serves.
Transport: Any = DatagramTransport
if _layer.loaded is not None:
    Transport = _layer.loaded._datagram_type(DatagramTransport)


class DatagramMixin:
    """What create_datagram_endpoint asks of its loop."""

    _ensure_fd_no_transport: Callable[[Any], None]

    def _make_datagram_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.DatagramProtocol,
        address: Any = None,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> DatagramTransport:
        self._ensure_fd_no_transport(sock)
        made: DatagramTransport = Transport(self, sock, protocol, address, waiter, extra)
        return made
