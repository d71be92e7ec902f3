"""Stream transports: TCP and unix sockets on the ring.

Owns the connection's socket and one multishot receive; sending is a base class. Invariants: the
protocol hears nothing while reading is paused, and `connection_lost` once, as the last. The socket
is closed only when no operation names it.
"""

import asyncio
import contextvars
import errno
import socket
import sys
import warnings
from asyncio import constants, futures, transports, trsock
from asyncio.log import logger
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional

from . import _abi, _layer
from ._address import peer_of
from ._direct import CALLS, LEAVES, MUCH, READ_ERROR, Direct
from ._error import failure
from ._sending import Sending
from ._transport import LATER, NO_BUFFER, SHORT, FlowControl, takes_buffers

_FINAL, _LEASE = _abi.CF_FINAL, _abi.CF_LEASE
#: So long nobody takes more than its share after there were too few buffers, in seconds.
_SHARED = 1.0
#: So many receives behind the begin and behind a pause bring no more than one of asyncio's: who
#: pauses has little to hold then. Later ones take what there is, which costs less.
_RATIONS = 4
_INET, _TCP = (socket.AF_INET, socket.AF_INET6), (0, socket.IPPROTO_TCP)
_COUNTS_CLIENTS = sys.version_info >= (3, 13)


class _Failed:
    """An error that came while reading was paused."""

    def __init__(self, error: OSError) -> None:
        self.error = error


def _set_nodelay(sock: socket.socket) -> None:
    """As asyncio does, and also where a program left the protocol to the kernel."""
    if sock.family in _INET and sock.type == socket.SOCK_STREAM and sock.proto in _TCP:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class SocketTransport(Sending, Direct, FlowControl, transports.Transport):
    """A connection. Made by the loop's create_connection, create_server and their kin."""

    _start_tls_compatible = True
    _sendfile_compatible = constants._SendfileMode.TRY_NATIVE
    _sock: Optional[socket.socket] = None
    _extra: Dict[str, Any]
    _high_water: int

    def __init__(
        self,
        loop: Any,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
        server: Any = None,
        context: Optional[contextvars.Context] = None,
    ) -> None:
        if loop.is_running():
            loop._engine.receive()
        else:
            # Its ring may be another thread's still, or the parent's process.
            loop.call_soon(loop._engine.receive)
        FlowControl.__init__(self, extra, loop)
        self._loop = loop
        self._engine = loop._engine
        self._extra["socket"] = trsock.TransportSocket(sock)
        self._name("sockname", sock.getsockname)
        if "peername" not in self._extra:
            self._extra["peername"] = peer_of(sock)
        self._sock = sock
        self._sock_fd = sock.fileno()
        self._context = contextvars.copy_context() if context is None else context
        self._begin()
        #: What came while reading was paused.
        self._held: Deque[Any] = deque()
        self._recv_id = self._got_at = 0
        #: How many of the next receives are bounded.
        self._rations = _RATIONS
        self._conn_lost = 0
        self._closing = self._paused = self._eof = self._ended = False
        self._server = None
        self.set_protocol(protocol)
        loop._transports[self._sock_fd] = self
        _set_nodelay(sock)
        loop.call_soon(protocol.connection_made, self, context=self._context)
        loop.call_soon(self._read)
        if waiter is not None:
            result = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
            loop.call_soon(result, waiter, None)
        self._attach(server)

    @property
    def _read_ready_cb(self) -> Any:
        """As asyncio's own transports have it, for who asks by that name: None once closed."""
        return None if self._closing else self._read

    def _name(self, key: str, ask: Callable[[], Any]) -> None:
        try:
            self._extra[key] = ask()
        except OSError:
            self._extra[key] = None

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        if self._sock is None:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if self._loop is not None and not self._loop.is_closed():
            info.append("read=polling" if self._recv_id else "read=idle")
            state = "polling" if self._send_id else "idle"
            info.append(f"write=<{state}, bufsize={self.get_write_buffer_size()}>")
        return "<{}>".format(" ".join(info))

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if self._sock is not None:
            text = f"unclosed transport {self!r}"
            # First, as a warning may be made an error.
            self._sock.close()
            self._detach()
            _warn(text, ResourceWarning, source=self)

    def _attach(self, server: Any) -> None:
        """Be one of a server's. Its own method refuses that where it is closed, but who was
        accepted before counts."""
        self._server = server
        if server is None:
            return
        if server._sockets is not None:
            server._attach(self) if _COUNTS_CLIENTS else server._attach()
        elif _COUNTS_CLIENTS:
            server._clients.add(self)
        else:
            server._active_count += 1

    def _detach(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server._detach(self) if _COUNTS_CLIENTS else server._detach()
            limit = getattr(server, "_limit", None)
            if limit is not None:
                limit.wake()

    # The protocol.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol: Any = protocol
        self._protocol_connected = True
        self._buffered = takes_buffers(protocol)
        self._large = 0

    # Reading.

    def _read(self) -> None:
        """Receive from now on, unless that is not wanted or goes on already."""
        if self._recv_id or self._closing or self._paused or self._ended or self._held:
            return
        if self._poll_first or self._large >= CALLS:
            self._await_bytes(self._sock_fd)
            return
        engine = self._engine
        limit, how = engine.recv_limit, engine.recv_ioprio
        if self._rations and how:
            self._rations -= 1
            # Where the kernel knows no limit, one buffer.
            limit = engine.share
            how = how if limit else 0
        self._recv_id = engine.submit(
            _abi.OP_RECV, self._sock_fd, 0, 0, 0, 0, self._received, None,
            _abi.SQE_BUFFER_SELECT, how, engine.pool, limit, restart=True,
        )  # fmt: skip

    def _received(self, res: int, flags: int, data: int, token: int) -> None:
        """A completion of the receive: bytes, the peer's end, or why it ended."""
        if flags & _FINAL:
            self._recv_id = 0
        later = False
        try:
            if res > 0:
                self._got(res, data, token)
            elif self._closing or res in LEAVES:
                pass
            elif res == NO_BUFFER:
                self._do_without()
            elif res in SHORT:
                later = self._is_short(res, self._pool())
            else:
                self._over(None if res == 0 else _Failed(failure(res)))
        except OSError as error:
            self._failed(error)
        finally:
            if later:
                self._loop.call_later(LATER, self._read)
            elif flags & _FINAL:
                self._read()

    def _do_without(self) -> None:
        """The others had all buffers."""
        self._poll_first = True
        if self._engine.found_none(self):
            self._loop.call_later(_SHARED, self._engine.unlimit)
        self._take_by_call()

    def _pool(self) -> int:
        return int(self._engine.pool)

    def _failed(self, error: OSError) -> None:
        self._over(_Failed(error))

    def _over(self, item: Optional[_Failed]) -> None:
        """Nothing more will come: the end, or a failure."""
        self._ended = True
        if self._paused or self._held:
            self._held.append(item)
        elif self._got_at >= self._engine.began:
            # Bytes came in this iteration too: what they brought about runs before the end, as
            # where the end is seen by a read of its own.
            self._held.append(item)
            self._unhold_soon()
        else:
            self._run(self._deliver, item)

    def _got(self, res: int, data: int, token: int) -> None:
        """Bytes of the pool, which are given back whatever becomes of them."""
        engine = self._engine
        self._got_at = engine.turns
        try:
            if self._closing or self._ended:
                return
            waits = self._paused or self._held
            if (res >= MUCH or self._large) and not waits:
                self._brought(res)
            if self._buffered and not waits:
                self._run(self._fill, engine.view(data, res))
                return
            received = engine.received(data, res)
        except MemoryError as error:
            # They are lost, and nothing may come after them, even if this fails too.
            self._ended = True
            self._fatal_error(error, READ_ERROR)
            return
        finally:
            engine.release(token)
        if waits:
            self._held.append(received)
        else:
            self._run(self._deliver, received)

    def _deliver(self, item: Any) -> None:
        """Tell the protocol of bytes, of the end (None), or of a failure; in its context."""
        if item is None:
            self._end()
        elif isinstance(item, _Failed):
            self._fatal_error(item.error, READ_ERROR)
        elif self._buffered:
            self._fill(memoryview(item))
        else:
            try:
                self._protocol.data_received(item)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._fatal_error(error, "Fatal error: protocol.data_received() call failed.")

    def _fill(self, view: memoryview) -> None:
        """Copy received bytes into the protocol's buffers."""
        done, size = 0, len(view)
        while done < size:
            if self._closing:
                return
            if self._paused or not self._buffered:
                # It changed its mind, or its protocol, on the way.
                rest = view[done:].tobytes()
                if self._paused:
                    self._held.appendleft(rest)
                else:
                    self._deliver(rest)
                return
            step = "get_buffer"
            try:
                buffer = self._protocol.get_buffer(-1)
                room = len(buffer)
                if not room:
                    raise RuntimeError("get_buffer() returned an empty buffer")
                count = min(room, size - done)
                if count < size:
                    self._large = 0  # A call would bring no more than that either.
                memoryview(buffer)[:count] = view[done : done + count]
                done += count
                step = "buffer_updated"
                self._protocol.buffer_updated(count)
            except (SystemExit, KeyboardInterrupt):
                if done < size:
                    # Who goes on after that gets the rest.
                    self._held.appendleft(view[done:].tobytes())
                    self._unhold_soon()
                raise
            except BaseException as error:
                self._fatal_error(error, f"Fatal error: protocol.{step}() call failed.")
                return

    def _end(self) -> None:
        if self._loop.get_debug():
            logger.debug("%r received EOF", self)
        try:
            keep_open = self._protocol.eof_received()
        except (SystemExit, KeyboardInterrupt):
            # Who goes on after that is told again, as with asyncio.
            self._ended = False
            self._loop.call_soon(self._read)
            raise
        except BaseException as error:
            self._fatal_error(error, "Fatal error: protocol.eof_received() call failed.")
            return
        if not keep_open:
            self.close()

    # The end.

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._held.clear()
        self._stop_reading()
        if not self._size:
            self._lose(None)

    def abort(self) -> None:
        self._force_close(None)

    def _stop_reading(self) -> None:
        self._rations = _RATIONS
        if self._recv_id:
            self._engine.cancel(self._recv_id)

    def _lose(self, error: Optional[BaseException]) -> None:
        if not self._conn_lost:
            # In this order: without memory for it, abort can try again.
            self._lose_soon(error)
            self._conn_lost += 1

    def _force_close(self, error: Optional[BaseException]) -> None:
        if self._conn_lost:
            return
        self._send_last()
        self._buffer.clear()
        self._size = 0
        if self._send_id:
            self._engine.cancel(self._send_id)
        if not self._closing:
            self._closing = True
            self._held.clear()
            self._stop_reading()
        self._lose(error)

    def _call_connection_lost(self, error: Optional[BaseException]) -> None:
        try:
            if self._protocol_connected:
                self._protocol.connection_lost(error)
        finally:
            try:
                self._let_go()
            finally:
                self._protocol = None
                self._loop = None
                self._detach()
                waiter = self._empty_waiter
                if waiter is not None and not waiter.done():
                    waiter.set_exception(ConnectionError("Connection is closed by peer"))

    def _let_go(self) -> None:
        """Close the socket, once no operation names it."""
        sock, self._sock = self._sock, None
        try:
            if self._recv_id or self._send_id:
                self._engine.finish((self._recv_id, self._send_id))
        finally:
            if sock is not None:
                sock.close()


#: What the loop makes: native where that layer serves.
Transport: Any = SocketTransport
if _layer.loaded is not None:
    Transport = _layer.loaded._stream_type(SocketTransport)
