"""Listening sockets: multishot accepts.

Owns one accept per listener. Invariants: a connection that arrives when its server is closed is
closed too; where descriptors are short, accepting pauses instead of spinning.
"""

import asyncio
import contextvars
import errno
import os
import socket
import sys
from asyncio import constants, trsock
from asyncio.log import logger
from typing import Any, Callable, Dict, Optional

from . import _abi
from ._error import failure
from ._loop import descriptor_of
from ._stream import Transport
from ._transport import LATER

_FINAL = _abi.CF_FINAL
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: The listener itself is no good; what else accept(2) says is about one client.
_FATAL = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP)
_PASSING = (-errno.ECANCELED, -errno.ECONNABORTED, -errno.EINTR, -errno.EAGAIN)
_AT_ONCE = (-errno.ECANCELED, -errno.EINTR)
_TAKES_CONTEXT = sys.version_info >= (3, 15)
_FLAGS = int(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


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
        self._kind = (sock.family, sock.type, sock.proto)
        #: Each connection has a copy of it.
        self._context = contextvars.copy_context() if context is None else context
        self._ident = 0
        self._open = True
        self._timer: Optional[asyncio.TimerHandle] = None
        self._fd = descriptor_of(sock)
        # Who is short of memory is told so here, and not by each client.
        loop._engine.receive()
        self.arm()

    def arm(self) -> None:
        self._timer = None
        if self._open and not self._ident:
            try:
                self._ident = self._loop._engine.submit(
                    _abi.OP_ACCEPT, self._fd, 0, 0, 0, _FLAGS, self._accepted, None,
                    0, self._loop._engine.accept_ioprio, restart=True,
                )  # fmt: skip
            except OSError as error:
                self._refused(error)

    def stop(self) -> None:
        """Accept no more; when this returns the kernel has let go of the listener."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        self._loop._engine.finish((self._ident,))
        self.drop()

    def drop(self) -> None:
        """Close the connections that came and were not looked at."""
        for _, res, flags, _, _ in self._loop._engine.take(self._ident):
            if res >= 0:
                os.close(res)
            if flags & _FINAL:
                self._ident = 0

    def _accepted(self, res: int, flags: int, data: int, token: int) -> None:
        if flags & _FINAL:
            self._ident = 0
        if res < 0 and self._open and res not in _PASSING:
            self._refused(failure(res))
            return
        try:
            if res >= 0:
                if self._open:
                    context = self._context.copy()
                    context.run(self._connect, res, context)
                else:
                    os.close(res)
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

    def _connect(self, fd: int, context: contextvars.Context) -> None:
        loop, server = self._loop, self._server
        conn = socket.socket(*self._kind, fileno=fd)
        try:
            conn.setblocking(False)
        except BaseException:
            # Who is told of it keeps it with the traceback.
            conn.close()
            raise
        try:
            extra = {"peername": conn.getpeername()}
        except OSError:
            extra = {"peername": None}
        if loop._debug:
            logger.debug("%r got a new connection from %r: %r", server, extra["peername"], conn)
        if self._tls or loop._debug:
            known: Any = {"context": context} if _TAKES_CONTEXT else {}
            accept = loop._accept_connection2(
                self._factory, conn, extra, self._tls, server, **self._timeouts, **known
            )
            loop.create_task(accept, **known)
            return
        try:
            Transport(loop, conn, self._factory(), None, extra, server, context)
        except (SystemExit, KeyboardInterrupt):
            conn.close()
            raise
        except BaseException:
            # As asyncio does it: only the debug mode, which goes another way, tells.
            conn.close()


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
        """Have the file of a unix socket removed with its server."""
        path = sock.getsockname()
        # Some have no name, or one that is no file.
        if path and path[0] not in (0, "\0"):
            try:
                self._unix_server_sockets[sock] = os.stat(path).st_ino
            except FileNotFoundError:
                pass

    def _stop_serving(self, sock: socket.socket) -> None:
        acceptor = self._acceptors.pop(sock.fileno(), None)
        if acceptor is not None:
            acceptor.stop()
        inode = self._unix_server_sockets.pop(sock, None)
        path = sock.getsockname() if inode is not None else None
        sock.close()
        if path is None:
            return
        try:
            if os.stat(path).st_ino == inode:
                os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.error("Unable to clean up listening UNIX socket %r: %r", path, error)
