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
from ._server import ServerMixin, timeouts_of
from ._stream import SocketTransport, Transport

_Unix: Any = unix_events._UnixSelectorEventLoop
_Selecting: Any = selector_events.BaseSelectorEventLoop


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
    _accept_connection = _Selecting._accept_connection
    _accept_connection2 = _Selecting._accept_connection2
    _sendfile_native = _Selecting._sendfile_native
    start_tls = _tls.start_tls

    if sys.version_info >= (3, 13):
        create_unix_server = _Unix.create_unix_server
    else:

        async def create_unix_server(
            self, *arguments: Any, cleanup_socket: bool = False, **options: Any
        ) -> Any:
            """As asyncio's, which knows `cleanup_socket` from 3.13 on: remove the socket's file
            when the server is closed."""
            server = await _Unix.create_unix_server(self, *arguments, **options)
            if cleanup_socket:
                for sock in server._sockets:
                    self._clean_up(sock)
            return server

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
