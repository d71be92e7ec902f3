"""TLS: asyncio's own state machine, where programs need more of it.

Owns the protocol between a transport and the program's. What differs from asyncio's: the program's
protocol is told of everything in its transport's context, the first data waits until who started
TLS has the new transport, and a close ends also over data that nobody read.
"""

import asyncio
import contextvars
import ssl
import sys
from asyncio import sslproto
from typing import Any, Optional

from ._transport import run_in, takes_buffers

_Theirs: Any = sslproto.SSLProtocol
_State: Any = getattr(sslproto, "SSLProtocolState", None)
_PIECE = 65536
#: So long a peer may go on to send after a close, in seconds; who reads it answers sooner.
_DROPS = 1.0


class _TlsProtocol(_Theirs):  # type: ignore[misc]
    """asyncio's SSLProtocol of 3.11 and newer."""

    _app_protocol_is_buffer: bool
    #: Whether the peer's end came before its first data was read.
    _ended_early = False
    #: From when on no more is dropped; 0 before the close.
    _drops_until = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # It may be closed before it has a transport.
        self._context = contextvars.copy_context()
        super().__init__(*arguments, **options)

    def connection_made(self, transport: Any) -> None:
        # Of TLS over TLS: that of the transport below.
        below = getattr(transport, "_ssl_protocol", transport)
        self._context = getattr(below, "_context", self._context)
        super().connection_made(transport)

    def _set_app_protocol(self, app_protocol: Any) -> None:
        super()._set_app_protocol(app_protocol)
        if not self._app_protocol_is_buffer and takes_buffers(app_protocol):
            self._app_protocol_get_buffer = app_protocol.get_buffer
            self._app_protocol_buffer_updated = app_protocol.buffer_updated
            self._app_protocol_is_buffer = True

    def _on_handshake_complete(self, handshake_exc: Any) -> None:
        # start_tls() gives the new transport to who waits for it: before that, what the protocol
        # answers to the first data would go out in the clear.
        self._do_read = _nothing
        try:
            super()._on_handshake_complete(handshake_exc)
            if self._state == _State.WRAPPED:
                # The last of the handshake does not wait: who pauses reading may never read.
                self._process_outgoing()
        finally:
            self._loop.call_soon(run_in, self._context, self._begin_reading)

    def _begin_reading(self) -> None:
        self.__dict__.pop("_do_read", None)
        self._do_read()
        if self._ended_early:
            self._ended_early = False
            if self._transport is not None and not super().eof_received():
                self._transport.close()

    def eof_received(self) -> Any:
        if "_do_read" not in self.__dict__:
            return super().eof_received()
        self._ended_early = True
        return True

    def _resume_reading(self) -> None:
        self._context.copy().run(super()._resume_reading)

    def _control_app_writing(self) -> None:
        size = self._get_write_buffer_size()
        if self._app_writing_paused:
            turns = size <= self._outgoing_low_water
        else:
            turns = size >= self._outgoing_high_water
        if turns:
            self._context.copy().run(super()._control_app_writing)

    def _start_shutdown(self) -> None:
        self._context.copy().run(self._shut_down)

    def _shut_down(self) -> None:
        state = self._state
        if state == _State.WRAPPED:
            # After a close no more data is received.
            self._drop_input()
        elif state == _State.FLUSHING and self._eof_received and self._app_reading_paused:
            # The peer is gone, and who paused will not read what it sent before that.
            if self._app_transport is not None:
                self._app_transport._closed = True
            self._do_flush()
            return
        super()._start_shutdown()

    def _do_shutdown(self) -> None:
        # What the peer sent before it heard of the close: TLS does not close over it.
        if not self._eof_received:
            dropped, now = self._drop_input(), self._loop.time()
            self._drops_until = self._drops_until or now + _DROPS
            if dropped and now > self._drops_until and self._transport is not None:
                # It does not look at the close, and would keep the connection as long as it sends.
                self._transport.abort()
                return
            # Nor does it come to the peer's answer while reading is paused.
            self._control_ssl_reading()
        super()._do_shutdown()

    def _drop_input(self) -> bool:
        """Whether there was any."""
        dropped = False
        try:
            while self._sslobj.read(_PIECE):
                dropped = True
        except ssl.SSLError:
            pass  # No more for now, or broken, which the close says itself.
        return dropped


def _nothing() -> None:
    pass


TlsProtocol: Any = _Theirs if sys.version_info < (3, 11) else _TlsProtocol


def _take_read(protocol: object, tls: Any) -> None:
    """Bytes that a StreamReader read ahead are the begin of TLS (asyncio does so since 3.14)."""
    if isinstance(protocol, asyncio.StreamReaderProtocol):
        reader: Any = protocol._stream_reader  # type: ignore[attr-defined]
        if reader is not None and reader._buffer:
            tls._incoming.write(reader._buffer)
            reader._buffer.clear()


async def start_tls(
    loop: Any,
    transport: Any,
    protocol: asyncio.BaseProtocol,
    sslcontext: Any,
    *,
    server_side: bool = False,
    server_hostname: Optional[str] = None,
    **timeouts: Any,
) -> Any:
    """Put TLS on a transport; the new transport. The arguments are those of loop.start_tls."""
    if not isinstance(sslcontext, ssl.SSLContext):
        raise TypeError(
            f"sslcontext is expected to be an instance of ssl.SSLContext, got {sslcontext!r}"
        )
    if not getattr(transport, "_start_tls_compatible", False):
        raise TypeError(f"transport {transport!r} is not supported by start_tls()")
    waiter = loop.create_future()
    tls = TlsProtocol(
        loop, protocol, sslcontext, waiter, server_side, server_hostname,
        call_connection_made=False, **timeouts,
    )  # fmt: skip
    # What comes from here on is for TLS alone.
    transport.pause_reading()
    if server_side and TlsProtocol is not _Theirs:
        _take_read(protocol, tls)
    transport.set_protocol(tls)
    steps = [
        loop.call_soon(tls.connection_made, transport),
        loop.call_soon(transport.resume_reading),
    ]
    try:
        await waiter
    except BaseException:
        transport.close()
        for step in steps:
            step.cancel()
        raise
    return tls._app_transport
