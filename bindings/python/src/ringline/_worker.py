"""Protocol servers without asyncio: `Server` and `serve`.

Owns one runtime of the library and its only worker, which is the thread that calls `Server.run`:
the library accepts, receives, queues and sends; events come as records, one call of Python's
handler each. Invariants: what a handler leaves is shown again, and behind it nothing is shown in
the same turn; `close` comes once per `accept`, unless the server itself was broken off.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
import weakref
from threading import get_ident
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Set, Tuple, Type, Union

from . import _abi
from ._error import check, failed
from ._library import quick, waiting

_RECORD = struct.Struct(_abi.EVENT_FORMAT)
#: Where `consumed` lies in a record.
_CONSUMED: int = getattr(_abi.Event, "consumed").offset
_answer = struct.Struct("=q").pack_into
#: A signal that comes just before a turn sleeps is seen so much later, in nanoseconds.
_LONGEST = 100_000_000
_GONE = (_abi.ECLOSED, _abi.ESTALE)
_ABORTED = -errno.ECONNABORTED
#: Addresses of these are not of clients, and no handler is told of what comes there.
_DATAGRAMS = (b"udp:", b"unixgram:")

Bytes = Union[bytes, bytearray, memoryview]


class Connection:
    """A client of a `Server`. Made by it; its methods are for the thread of `Server.run`, but
    `post`.

    Attributes
    ----------
    id : int
        The library's name for it.
    state : object
        The handler's own; None at first.
    """

    __slots__ = ("id", "state", "_server", "_quiet")

    def __init__(self, server: "Server", ident: int) -> None:
        self.id = ident
        self.state: Any = None
        self._server = server
        #: No data is shown: it is paused or closing.
        self._quiet = False

    def send(self, data: Bytes) -> bool:
        """Send all of `data`, behind what waits.

        Returns
        -------
        bool
            False when nothing was taken: too much waits (`writable` follows), or the connection is
            over (`close` follows).
        """
        if type(data) is not bytes:
            data = bytes(data)
        code = quick.conn_send(self._server._handle, self.id, data, len(data))
        if code == 0:
            return True
        if code == -errno.EAGAIN or code in _GONE:
            return False
        raise failed(code)

    def post(self, data: Bytes) -> bool:
        """As `send`, from any thread; also False when 1024 posts wait for the server."""
        data = bytes(data)
        code = quick.conn_post(self._server._handle, self.id, data, len(data))
        if code == -errno.EAGAIN or code in _GONE:
            return False
        check(code)
        return True

    def close(self) -> None:
        """Send what waits, then end the connection."""
        self._quiet = True
        self._ask(quick.conn_close, _abi.CLOSE_GRACEFULLY)

    def abort(self) -> None:
        """End the connection at once; what waits is dropped."""
        self._quiet = True
        self._ask(quick.conn_close, _abi.CLOSE_AT_ONCE)

    def shutdown(self) -> None:
        """Send what waits and then no more; what the client sends is still shown."""
        self._ask(quick.conn_shutdown)

    def pause(self) -> None:
        """Show no data until `resume`, so that the client has to wait.

        A client that is gone ends the pause: what it sent is shown, and then `close` comes."""
        self._quiet = True
        self._ask(quick.conn_pause)

    def resume(self) -> None:
        """Show data again, what was left of it first."""
        self._quiet = False
        self._ask(quick.conn_resume)

    @property
    def peer(self) -> Optional[Tuple[str, int]]:
        """The client's address and port; None where it has none."""
        info = self._info()
        if not info.peer_family:
            return None
        size = 4 if info.peer_family == socket.AF_INET else 16
        packed = bytes(info.peer_address)[:size]
        return socket.inet_ntop(info.peer_family, packed), info.peer_port

    def _info(self) -> Any:
        info = _abi.ConnInfo()
        check(quick.conn_info_of(self._server._handle, self.id, ctypes.addressof(info)))
        return info

    def _lost(self) -> bool:
        """Whether data is shown although it is paused: the client is gone, and this is the last."""
        info = self._info()
        gone = info.state == _abi.CONN_OPEN and info.flags & _abi.CONN_GONE
        return bool(gone and not info.flags & _abi.CONN_PAUSED)

    def _ask(self, call: Callable[..., int], *arguments: int) -> None:
        code = call(self._server._handle, self.id, *arguments)
        if code not in _GONE:
            check(code)


class Server:
    """A server of a protocol of yours, on one thread.

    Parameters
    ----------
    handler : object
        Has any of these methods; ``start(server)`` is called by `Server.run` once clients can
        connect, and each other one gets a `Connection` first:

        ``accept(conn)``
            A client came.
        ``data(conn, data)``
            Bytes came. Returns how many are done with (None = all): the rest is shown again in
            front of what comes next.
        ``end(conn)``
            The client sends no more. True = go on sending; else the connection closes once what
            waits is sent, which is also what happens without this method.
        ``writable(conn)``
            A `Connection.send` was refused, and there is room again.
        ``close(conn, reason)``
            The connection is over: 0, or the -errno that ended it.

        ``stopping(server)`` is called when `stop` began to end the server.

        What a method raises is shown by `sys.excepthook` and ends its connection.
    *addresses : str
        ``"127.0.0.1:8080"``, ``"[::1]:8080"``, ``"[fe80::1%eth0]:8080"`` (numbers, not names; port
        0 = the kernel chooses), ``"unix:/path"`` or ``"unix:@abstract"``. They are bound at once,
        and served by `run`.

    Raises
    ------
    Error
        For an address, or where rings are forbidden; the text says why.
    ValueError
        For no address, one with a zero byte, and those of datagrams (udp:, unixgram:).
    """

    def __init__(self, handler: Any, *addresses: str) -> None:
        if not addresses:
            raise ValueError("an address to listen on is needed")
        config = _abi.RuntimeConfig()
        check(quick.runtime_config_init(ctypes.addressof(config)))
        config.workers, config.flags = 1, _abi.RUNTIME_UNPINNED
        handle = ctypes.c_void_p()
        check(quick.runtime_create(ctypes.byref(config), ctypes.byref(handle)))
        self._handle = handle.value or 0
        self._free = weakref.finalize(self, waiting.runtime_free, self._handle)
        self._connections: Dict[int, Connection] = {}
        self._runner = 0
        self._calls = {
            kind: getattr(handler, name, None)
            for kind, name in (
                (_abi.EVENT_ACCEPT, "accept"),
                (_abi.EVENT_DATA, "data"),
                (_abi.EVENT_WRITABLE, "writable"),
                (_abi.EVENT_CLOSE, "close"),
            )
        }
        self._at_start: Optional[Callable[["Server"], object]] = getattr(handler, "start", None)
        self._at_stop: Optional[Callable[["Server"], object]] = getattr(handler, "stopping", None)
        self._at_end: Optional[Callable[[Connection], object]] = getattr(handler, "end", None)
        try:
            self._listeners = [
                check(quick.runtime_listen(self._handle, _listened(address), 0))
                for address in addresses
            ]
        except BaseException:
            self._free()
            raise

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    @property
    def ports(self) -> Tuple[int, ...]:
        """The port of each address; 0 for a path."""
        return tuple(check(quick.runtime_port(self._handle, one)) for one in self._listeners)

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._connections)

    def run(self) -> None:
        """Serve in this thread, until `stop`. The server is closed then, also when this ends by an
        exception, such as KeyboardInterrupt."""
        block = ctypes.POINTER(_abi.WorkerBlock)()
        check(quick.worker_adopt(self._handle, 0, ctypes.byref(block)))
        self._runner = get_ident()
        try:
            self._serve(block.contents)
        finally:
            self._runner = 0
            self._connections.clear()
            self._free()

    def stop(self, grace: float = 0.0) -> None:
        """End `run`: whoever had connected is served, each connection closes when it has read and
        sent all, and after `grace` seconds those that are left are ended. With a grace of 0 all
        end at once. Any thread, also a signal's handler."""
        quick.runtime_stop(self._handle, int(grace * 1e9))

    def close(self) -> None:
        """Give everything back; RuntimeError while `run` runs, which `stop` ends. A second time
        does nothing."""
        if self._runner:
            raise RuntimeError("the server runs: stop() ends it")
        self._free()

    def _serve(self, block: _abi.WorkerBlock) -> None:
        size = _RECORD.size
        array: Any = (ctypes.c_ubyte * (block.events_cap * size)).from_address(block.events)
        records = memoryview(array).cast("B")
        # It listens from its first turn on.
        block.timeout_ns = 0
        count = self._turn()
        if self._at_start is not None:
            self._at_start(self)
        block.timeout_ns = _LONGEST
        while count >= 0:
            left: Set[int] = set()
            for at, record in enumerate(_RECORD.iter_unpack(records[: count * size])):
                kind, res, ident, _, address, length, _, _, _, _ = record
                if kind == _abi.EVENT_DATA:
                    done = 0 if ident in left else self._data(ident, address, length)
                    if 0 <= done < length:
                        left.add(ident)
                    _answer(records, at * size + _CONSUMED, done)
                elif kind in self._calls:
                    self._told(kind, ident, res)
                elif kind == _abi.EVENT_STOPPING and self._at_stop is not None:
                    self._stops(self._at_stop)
            count = self._turn()

    def _stops(self, call: Callable[["Server"], object]) -> None:
        try:
            call(self)
        except Exception as error:
            _show(error)

    def _turn(self) -> int:
        """One turn; how many events there are, -1 when the server is over."""
        count = waiting.worker_turn(self._handle)
        if count >= 0:
            return count
        if count == _abi.ECLOSED:
            return -1
        if count != -errno.EINTR:
            raise failed(count)
        return 0

    def _data(self, ident: int, address: int, length: int) -> int:
        """Bytes of a client, or its end; the answer for the library."""
        conn = self._connections[ident]
        if conn._quiet and not conn._lost():
            # It is shown again when reading goes on, the end too.
            return 0
        try:
            if not length:
                return 1 if self._at_end is not None and self._at_end(conn) else 0
            call = self._calls[_abi.EVENT_DATA]
            if call is None:
                return length
            done = call(conn, ctypes.string_at(address, length))
            if done is None:
                return length
            if not 0 <= done <= length:
                raise ValueError(f"data() returned {done} of {length} bytes")
            return int(done)
        except Exception as error:
            _show(error)
            return _ABORTED

    def _told(self, kind: int, ident: int, res: int) -> None:
        """Tell the handler of anything but bytes."""
        if kind == _abi.EVENT_ACCEPT:
            self._connections[ident] = Connection(self, ident)
        conn, call = self._connections[ident], self._calls[kind]
        try:
            if call is not None:
                call(conn, res) if kind == _abi.EVENT_CLOSE else call(conn)
        except Exception as error:
            _show(error)
            if kind != _abi.EVENT_CLOSE:
                conn.abort()
        finally:
            if kind == _abi.EVENT_CLOSE:
                del self._connections[ident]


def _listened(address: str) -> bytes:
    """An address as the library reads it."""
    text = os.fsencode(address)
    if b"\0" in text:
        # The library would take what stands in front of it for the whole.
        raise ValueError("an address has no zero byte: an abstract name is written unix:@name")
    if text.startswith(_DATAGRAMS):
        raise ValueError("a Server has clients, and udp: and unixgram: none: they are datagrams")
    return text


def _show(error: BaseException) -> None:
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except Exception as another:
        # A hook that fails is no reason to end the server.
        sys.__excepthook__(type(another), another, another.__traceback__)


def serve(handler: Any, *addresses: str) -> None:
    """Serve a protocol in this thread, until Ctrl-C or for ever.

    Parameters
    ----------
    handler, *addresses
        As of `Server`.
    """
    with Server(handler, *addresses) as server:
        server.run()
