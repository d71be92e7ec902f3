"""TLS: asyncio's own state machine, where programs need more of it.

Owns the protocol between a transport and the program's. What differs from asyncio's: the program's
protocol is told of everything in its transport's context, the first data waits until who started
TLS has the new transport, and a close ends also over data that nobody read. Data goes through it
without copies and exceptions that nobody needs.
"""

import asyncio
import contextvars
import ssl
import sys
from asyncio import sslproto
from typing import Any, Iterable, List, Optional

from . import _layer
from ._transport import run_in, takes_buffers

_Theirs: Any = sslproto.SSLProtocol
_State: Any = getattr(sslproto, "SSLProtocolState", None)
_AGAIN = sslproto.SSLAgainErrors if _State else ()
_PIECE = 65536
#: The most that one record carries.
_RECORD = 16384
#: So long a peer may go on to send after a close, in seconds; who reads it answers sooner.
_DROPS = 1.0


class _TlsProtocol(_Theirs):  # type: ignore[misc]
    """asyncio's SSLProtocol of 3.11 and newer."""

    #: What the transport below has received comes to data_received().
    takes_bytes = True
    _app_protocol_is_buffer: bool
    _app_transport_created: bool
    #: Whether data waits until who started TLS has the new transport.
    _holds = False
    #: Whether the peer's end came before its first data was read.
    _ended_early = False
    #: From when on no more is dropped; 0 before the close.
    _drops_until = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # It may be closed before it has a transport.
        self._context = contextvars.copy_context()
        # get_buffer() makes its buffer when somebody calls it: a quarter of a MiB for each
        # connection, all written at birth.
        self.max_size = 0
        super().__init__(*arguments, **options)
        del self.max_size
        # Without a call of Python in between. A class of the program's keeps its methods.
        plain = type(self._sslobj) is ssl.SSLObject
        calls = getattr(self._sslobj, "_sslobj", None) if plain else None
        self._ssl_read = (calls or self._sslobj).read
        self._ssl_write = (calls or self._sslobj).write

    def connection_made(self, transport: Any) -> None:
        # Of TLS over TLS: that of the transport below.
        below = getattr(transport, "_ssl_protocol", transport)
        self._context = getattr(below, "_context", self._context)
        super().connection_made(transport)

    def _set_app_protocol(self, app_protocol: Any) -> None:
        self._app_protocol = app_protocol
        self._app_protocol_is_buffer = takes_buffers(app_protocol)

    def _on_handshake_complete(self, handshake_exc: Any) -> None:
        # start_tls() gives the new transport to who waits for it: before that, what the protocol
        # answers to the first data would go out in the clear.
        self._holds = True
        try:
            super()._on_handshake_complete(handshake_exc)
            if self._state == _State.WRAPPED:
                # The last of the handshake does not wait: who pauses reading may never read.
                self._process_outgoing()
        finally:
            self._loop.call_soon(run_in, self._context, self._begin_reading)

    def _begin_reading(self) -> None:
        self._holds = False
        self._do_read()
        if self._ended_early:
            self._ended_early = False
            if self._transport is not None and not super().eof_received():
                self._transport.close()

    def eof_received(self) -> Any:
        if not self._holds:
            return super().eof_received()
        self._ended_early = True
        return True

    def _resume_reading(self) -> None:
        self._context.copy().run(super()._resume_reading)

    def _get_app_transport(self) -> Any:
        if not self._app_transport_created:
            self._app_transport = _Transport(self._loop, self)
            self._app_transport_created = True
        return super()._get_app_transport()

    # What is received.

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self._state is _State.WRAPPED:
            self._do_read()
        else:
            # That of the other states, with no more than what came.
            super().buffer_updated(0)

    def _do_read(self) -> None:
        if not self._holds:
            super()._do_read()

    def _do_read__copied(self) -> None:
        """As asyncio's, which raises SSLWantReadError and clears the room for 256 KiB each time."""
        incoming, read = self._incoming, self._ssl_read
        chunks: List[bytes] = []
        chunk, least = None, 0
        try:
            while True:
                # What is read is shorter than what it was encrypted to, or the record's begin came
                # earlier: then the whole of it is there after the first read.
                size = min(max(incoming.pending, least) or _RECORD, self.max_size)
                chunk, least = read(size), _RECORD
                if not chunk:
                    break
                chunks.append(chunk)
                if len(chunk) < size and not incoming.pending:
                    break  # The record's end, and nothing behind it.
        except _AGAIN:
            pass
        if chunks:
            self._app_protocol.data_received(chunks[0] if len(chunks) == 1 else b"".join(chunks))
        if chunk == b"":
            self._peer_closed()

    def _do_read__buffered(self) -> None:
        incoming, read = self._incoming, self._ssl_read
        done, count = 0, -1
        # Of a bytearray a slice would be a copy.
        buffer = memoryview(self._app_protocol.get_buffer(incoming.pending))
        room = len(buffer)
        if not room:
            raise RuntimeError("get_buffer() returned an empty buffer")
        try:
            while done < room:
                count = read(room - done, buffer[done:])
                done += count
                if not count or (done < room and not incoming.pending):
                    break
            else:
                self._loop.call_soon(self._do_read)
        except _AGAIN:
            pass
        if done:
            self._app_protocol.buffer_updated(done)
        if not count:
            self._peer_closed()

    def _peer_closed(self) -> None:
        """Its close_notify has come."""
        self._call_eof_received()
        self._start_shutdown()

    # What is written.

    def _write_appdata(self, list_of_data: Iterable[Any]) -> None:
        # Together, as of a plain transport: in fewer records.
        super()._write_appdata((b"".join(list_of_data),))

    def _process_outgoing(self) -> None:
        if self._outgoing.pending and not self._ssl_writing_paused:
            self._transport.write(self._outgoing.read())
        self._control_app_writing()

    def _control_app_writing(self) -> None:
        size = self._outgoing.pending + self._write_buffer_size
        if self._app_writing_paused:
            turns = size <= self._outgoing_low_water
        else:
            turns = size >= self._outgoing_high_water
        if turns:
            self._context.copy().run(super()._control_app_writing)

    # The end.

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


TlsProtocol: Any = _TlsProtocol
_Transport: Any = getattr(sslproto, "_SSLProtocolTransport", None)
if sys.version_info < (3, 11):
    TlsProtocol = _Theirs
elif _layer.loaded is not None:
    TlsProtocol, _Transport = _layer.loaded._tls_types((_TlsProtocol, _Transport))


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
