"""Connections: what asyncio's create_connection and its kin ask of their loop.

Owns nothing: it makes transports, and borrows the methods of asyncio's selector loop that touch
no selector.
"""

import asyncio
import contextvars
import socket
import sys
from asyncio import constants, selector_events, unix_events
from typing import Any, Dict, Optional

from . import _tls
from ._server import Limit, ServerMixin, timeouts_of
from ._stream import SocketTransport, Transport

_Unix: Any = unix_events._UnixSelectorEventLoop
_Selecting: Any = selector_events.BaseSelectorEventLoop


_KNOWS_CLEANUP = sys.version_info >= (3, 13)


async def _limited(server: Any, limit: Limit, start_serving: bool) -> Any:
    server._limit = limit
    if start_serving:
        await server.start_serving()
    return server


class ConnectMixin(ServerMixin):
    """Stream connections, plain and with TLS; sendfile."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._acceptors = {}
        self._unix_server_sockets = {}

    create_unix_connection = _Unix.create_unix_connection
    _sock_sendfile_native = _Unix._sock_sendfile_native
    _sock_sendfile_native_impl = _Unix._sock_sendfile_native_impl
    _sock_sendfile_update_filepos = _Unix._sock_sendfile_update_filepos
    _sock_add_cancellation_callback = _Unix._sock_add_cancellation_callback
    # Not called here, but by who accepts by hand, as CPython's own tests do.
    _accept_connection = _Selecting._accept_connection
    _accept_connection2 = _Selecting._accept_connection2
    _sendfile_native = _Selecting._sendfile_native
    start_tls = _tls.start_tls

    async def create_server(
        self,
        protocol_factory: Any,
        host: Any = None,
        port: Any = None,
        *,
        max_connections: Optional[int] = None,
        start_serving: bool = True,
        **options: Any,
    ) -> Any:
        """As asyncio's, and with a limit: who comes while `max_connections` are there waits in the
        listener's queue until one of them ends."""
        create: Any = super().create_server  # type: ignore[misc]
        if max_connections is None:
            return await create(
                protocol_factory, host, port, start_serving=start_serving, **options
            )
        limit = Limit(max_connections)
        server = await create(protocol_factory, host, port, start_serving=False, **options)
        return await _limited(server, limit, start_serving)

    async def create_unix_server(
        self,
        protocol_factory: Any,
        path: Any = None,
        *,
        max_connections: Optional[int] = None,
        start_serving: bool = True,
        **options: Any,
    ) -> Any:
        """As asyncio's, and with a limit, as `create_server`. It knows `cleanup_socket`, which
        asyncio's has from 3.13 on: remove the socket's file when the server is closed."""
        cleans = _KNOWS_CLEANUP or options.pop("cleanup_socket", False)
        limit = None if max_connections is None else Limit(max_connections)
        server = await _Unix.create_unix_server(
            self, protocol_factory, path, start_serving=limit is None and start_serving, **options
        )
        if cleans and not _KNOWS_CLEANUP:
            for sock in server._sockets:
                self._clean_up(sock)
        return server if limit is None else await _limited(server, limit, start_serving)

    def _make_socket_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        *,
        extra: Optional[Dict[str, Any]] = None,
        server: Any = None,
        context: Optional[contextvars.Context] = None,
    ) -> SocketTransport:
        self._ensure_fd_no_transport(sock)  # type: ignore[attr-defined]
        made: SocketTransport = Transport(
            self, sock, protocol, waiter, extra, server, context
        )
        return made

    def _make_ssl_transport(
        self,
        rawsock: socket.socket,
        protocol: asyncio.BaseProtocol,
        sslcontext: Any,
        waiter: "Optional[asyncio.Future[None]]" = None,
        *,
        server_side: bool = False,
        server_hostname: Optional[str] = None,
        extra: Optional[Dict[str, Any]] = None,
        server: Any = None,
        ssl_handshake_timeout: Optional[float] = constants.SSL_HANDSHAKE_TIMEOUT,
        ssl_shutdown_timeout: Optional[float] = None,
        context: Optional[contextvars.Context] = None,
    ) -> Any:
        self._ensure_fd_no_transport(rawsock)  # type: ignore[attr-defined]
        timeouts = timeouts_of(ssl_handshake_timeout, ssl_shutdown_timeout)
        tls = _tls.TlsProtocol(
            self, protocol, sslcontext, waiter, server_side, server_hostname, **timeouts
        )
        Transport(self, rawsock, tls, extra=extra, server=server, context=context)
        return tls._app_transport
