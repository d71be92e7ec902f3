"""Listening sockets: what they accept, and how much of it at a time.

Owns one accept per listener, multishot where nothing limits it. Invariants: who was accepted is
served, also when its server is closed in the same turn, and `wait_closed` waits for it; who was not
stays in the queue, for others who share the listener. Where descriptors are short, accepting pauses
instead of spinning; where a server has its most connections, it rests until one ends.
"""

import asyncio
import contextvars
import errno
import os
import posix
import selectors
import socket
import sys
from asyncio import constants, trsock
from asyncio.log import logger
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from . import _abi
from ._address import peer_of
from ._error import failure
from ._stream import Transport
from ._transport import LATER

_FINAL = _abi.CF_FINAL
_selectors: Any = selectors
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: The listener itself is no good; what else accept(2) says is about one client.
_FATAL = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP)
_PASSING = (-errno.ECANCELED, -errno.ECONNABORTED, -errno.EINTR, -errno.EAGAIN)
_AT_ONCE = (-errno.ECANCELED, -errno.EINTR)
_FLAGS = int(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


class Limit:
    """How many connections a server has at a time, and its accepts that rest until one ends."""

    def __init__(self, most: int) -> None:
        if isinstance(most, bool) or not isinstance(most, int):
            raise TypeError(f"max_connections={most!r} is not a whole number")
        if most < 1:
            raise ValueError(f"max_connections={most} is less than 1")
        self._most = most
        self._resting: List["Acceptor"] = []

    def is_reached(self, server: Any) -> bool:
        """Whether the server has its most. Older versions count clients, newer ones know them."""
        clients = getattr(server, "_clients", None)
        count = server._active_count if clients is None else len(clients)
        return bool(count >= self._most)

    def rest(self, acceptor: "Acceptor") -> None:
        """Arm this one again when a connection ends."""
        if acceptor not in self._resting:
            self._resting.append(acceptor)

    def wake(self) -> None:
        """A connection ended: perhaps collected, in any thread."""
        resting, self._resting = self._resting, []
        for acceptor in resting:
            acceptor.wake()


class Acceptor:
    """The accept of one listener."""

    def __init__(
        self,
        loop: Any,
        factory: Callable[[], asyncio.BaseProtocol],
        sock: socket.socket,
        server: Any,
        tls: Any,
        timeouts: Dict[str, Any],
        context: Optional[contextvars.Context],
    ) -> None:
        self._loop, self._factory, self._sock, self._server = loop, factory, sock, server
        self._tls, self._timeouts = tls, timeouts
        self._limit: Optional[Limit] = getattr(server, "_limit", None)
        self._kind = (sock.family, sock.type, sock.proto)
        #: Each connection has a copy of it.
        self._context = contextvars.copy_context() if context is None else context
        self._ident = 0
        #: One that was accepted when others had just reached the limit.
        self._waiting = -1
        self._open = True
        self._timer: Optional[asyncio.TimerHandle] = None
        # As a selector takes it: a closed one is a ValueError.
        self._fd = _selectors._fileobj_to_fd(sock)
        # Who is short of memory is told so here, and not by each client.
        loop._engine.receive()
        self.arm()

    def arm(self) -> None:
        self._timer = None
        if not self._open or self._ident:
            return
        limit, how = self._limit, self._loop._engine.accept_ioprio
        if limit is not None:
            if self._waiting >= 0 and not limit.is_reached(self._server):
                fd, self._waiting = self._waiting, -1
                self._serve(fd)
            if self._waiting >= 0 or limit.is_reached(self._server):
                limit.rest(self)
                return
            # A multishot accept would take all that wait.
            how = 0
        try:
            self._ident = self._loop._engine.submit(
                _abi.OP_ACCEPT, self._fd, 0, 0, 0, _FLAGS, self._accepted, None, 0, how,
                restart=True,
            )  # fmt: skip
        except OSError as error:
            self._refused(error)

    def wake(self) -> None:
        if self._open and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.arm)

    def stop(self) -> None:
        """Accept no more, and serve who was accepted; when this returns the kernel has let go of
        the listener."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        self._loop._engine.finish((self._ident,))
        came = self._take()
        try:
            while came:
                self._serve(came.popleft())
        finally:
            _close_all(came)

    def drop(self) -> None:
        """Close the connections that came and were not looked at: their loop is over."""
        self._open = False
        _close_all(self._take())

    def _take(self) -> Deque[int]:
        """The connections that were accepted and that nobody has looked at."""
        came = deque([self._waiting] if self._waiting >= 0 else ())
        self._waiting = -1
        for _, res, flags, _, _ in self._loop._engine.take(self._ident):
            if res >= 0:
                came.append(res)
            if flags & _FINAL:
                self._ident = 0
        return came

    def _accepted(self, res: int, flags: int, data: int, token: int) -> None:
        if flags & _FINAL:
            self._ident = 0
        if res < 0 and self._open and res not in _PASSING:
            self._refused(failure(res))
            return
        try:
            if res >= 0:
                if not self._open:
                    os.close(res)
                elif self._limit is not None and self._limit.is_reached(self._server):
                    self._waiting = res
                else:
                    self._serve(res)
        finally:
            if flags & _FINAL:
                if res in _PASSING and res not in _AT_ONCE:
                    # A client that gave up, and maybe many of them.
                    self._timer = self._loop.call_later(LATER, self.arm)
                else:
                    self.arm()

    def _refused(self, error: OSError) -> None:
        """The kernel cannot accept: told, and tried again in a while."""
        short = error.errno in _SHORT
        self._loop.call_exception_handler(
            {
                "message": "socket.accept() out of system resource"
                if short
                else "socket.accept() failed",
                "exception": error,
                "socket": trsock.TransportSocket(self._sock),
            }
        )
        if error.errno not in _FATAL and not self._ident:
            self._timer = self._loop.call_later(constants.ACCEPT_RETRY_DELAY, self.arm)

    def _serve(self, fd: int) -> None:
        context = self._context.copy()
        context.run(self._connect, fd, context)

    def _connect(self, fd: int, context: contextvars.Context) -> None:
        loop, server = self._loop, self._server
        conn = socket.socket(*self._kind, fileno=fd)
        try:
            conn.setblocking(False)
        except BaseException:
            # Who is told of it keeps it with the traceback.
            conn.close()
            raise
        extra = {"peername": peer_of(conn)}
        if loop._debug:
            logger.debug("%r got a new connection from %r: %r", server, extra["peername"], conn)
        protocol = None
        try:
            protocol = self._factory()
            if self._tls:
                waiter = loop.create_future()
                transport = loop._make_ssl_transport(
                    conn, protocol, self._tls, waiter, server_side=True, extra=extra,
                    server=server, context=context, **self._timeouts,
                )  # fmt: skip
                loop.create_task(self._shake(transport, protocol, waiter))
            else:
                Transport(loop, conn, protocol, None, extra, server, context)
        except (SystemExit, KeyboardInterrupt):
            conn.close()
            raise
        except BaseException as error:
            conn.close()
            self._failed(error, protocol)

    async def _shake(self, transport: Any, protocol: Any, waiter: "asyncio.Future[None]") -> None:
        """Wait for the handshake; with the task that does it goes the connection."""
        try:
            await waiter
        except BaseException as error:
            transport.close()
            # It holds the protocol by its traceback.
            del waiter
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                raise
            self._failed(error, protocol, transport)

    def _failed(self, error: BaseException, protocol: Any, transport: Any = None) -> None:
        """As with asyncio, only the debug mode tells."""
        if self._loop.get_debug():
            told = {
                "message": "Error on transport creation for incoming connection",
                "exception": error,
            }
            named = {"protocol": protocol, "transport": transport}
            told.update({name: what for name, what in named.items() if what is not None})
            self._loop.call_exception_handler(told)


def _close_all(descriptors: Deque[int]) -> None:
    for fd in descriptors:
        os.close(fd)


def timeouts_of(handshake: Optional[float], shutdown: Optional[float]) -> Dict[str, Any]:
    """Keyword arguments of asyncio's TLS; that of 3.10 knows no timeout of a close."""
    named = {"ssl_handshake_timeout": handshake, "ssl_shutdown_timeout": shutdown}
    if sys.version_info < (3, 11):
        del named["ssl_shutdown_timeout"]
    return named


class ServerMixin:
    """What asyncio's own Server asks of its loop."""

    _acceptors: Dict[int, Acceptor]
    _unix_server_sockets: Dict[socket.socket, int]
    _transports: Any

    def _start_serving(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        sock: socket.socket,
        sslcontext: Any = None,
        server: Any = None,
        backlog: int = 100,
        ssl_handshake_timeout: Optional[float] = constants.SSL_HANDSHAKE_TIMEOUT,
        ssl_shutdown_timeout: Optional[float] = None,
        context: Optional[contextvars.Context] = None,
    ) -> None:
        timeouts = timeouts_of(ssl_handshake_timeout, ssl_shutdown_timeout)
        self._acceptors[sock.fileno()] = Acceptor(
            self, protocol_factory, sock, server, sslcontext, timeouts, context
        )

    def close(self) -> None:
        if not self.is_running():  # type: ignore[attr-defined]
            for acceptor in self._acceptors.values():
                acceptor.drop()
            self._acceptors.clear()
        super().close()  # type: ignore[misc]

    def _clean_up(self, sock: socket.socket) -> None:
        """Have the file of a unix socket removed with its server. Its calls, as asyncio's own, are
        no matter for who looks for blocking ones in `os`."""
        path = sock.getsockname()
        # Some have no name, or one that is no file.
        if path and path[0] not in (0, "\0"):
            try:
                self._unix_server_sockets[sock] = posix.stat(path).st_ino
            except FileNotFoundError:
                pass

    def _stop_serving(self, sock: socket.socket) -> None:
        acceptor = self._acceptors.pop(sock.fileno(), None)
        try:
            if acceptor is not None:
                acceptor.stop()
        finally:
            # Also where a protocol of those that were served last ends the program.
            self._close_listener(sock)

    def _close_listener(self, sock: socket.socket) -> None:
        inode = self._unix_server_sockets.pop(sock, None)
        path = sock.getsockname() if inode is not None else None
        sock.close()
        if path is None:
            return
        try:
            if posix.stat(path).st_ino == inode:
                posix.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.error("Unable to clean up listening UNIX socket %r: %r", path, error)
