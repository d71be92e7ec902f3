"""The sending half of a stream transport, and when what was written goes.

Owns the writes that wait and at most one send in flight. Invariants: what the kernel sends from is
held until its FINAL; sends go out in the order of the writes; a send that somebody waits for is not
QUIET, as it would not end the wait of a turn.

A small write is a system call of its own where nothing else is ready in the iteration: then it is
out, whatever the callback does next, as with asyncio. Where others are ready, what all of them
write goes with the turn behind the iteration, by one system call.
"""

import asyncio
import errno
import socket
import time
from asyncio import constants
from asyncio.log import logger
from collections import deque
from typing import Any, Deque, Iterable, List, Optional

from . import _abi
from ._engine import BYTES_OFFSET
from ._error import failure

_DONTWAIT = int(socket.MSG_DONTWAIT | socket.MSG_WAITALL)
_WAITALL = int(socket.MSG_WAITALL)
#: So much is sent at once, whatever else is ready.
_AT_ONCE = 16384
#: So much goes with one operation, so that water marks see how a large write gets on.
_PIECE = 262144
_AGAIN = (-errno.EAGAIN, -errno.EINTR)
_WRITE_ERROR = "Fatal write error on socket transport"
#: What is asked for (`_config.SENDS`): at once where nothing else is ready, always, never.
_AUTO, _TURN = 0, 2
#: So long what was collected waits for the end of an iteration, in seconds: where callbacks
#: compute, one system call for each costs nothing, and the first need not wait for the last.
_LATEST = 0.0005


class Collecting:
    """What stream transports ask of their loop: when a small write goes."""

    _thread_id: Optional[int]
    _engine: Any
    #: Which of the three.
    _sends = _AUTO
    #: How many handles of this iteration are behind the one that runs.
    _behind = 0
    #: Called before the next turn: `_flush` of transports with something to send.
    _flushes: List[Any]
    #: When the first of those was written.
    _collected = 0.0

    def _sends_now(self) -> bool:
        """Whether a small write is sent at once: nothing else is ready in this iteration. The
        native layer has it too."""
        if self._sends != _AUTO or self._thread_id is None:
            return self._sends != _TURN
        if not self._flushes:
            if not self._behind and not self._engine.has_completions():
                return True
            self._collected = time.monotonic()
        elif time.monotonic() - self._collected > _LATEST:
            self._flush_all(by_call=True)
            return True
        return False

    def _flush_all(self, by_call: bool = False) -> None:
        """Send what was collected. One that fails does not keep the others from it."""
        flushes = self._flushes
        flushes.reverse()
        while flushes:
            # One at a time leaves the list: whatever it raises, the others are flushed.
            flush = flushes.pop()
            try:
                flush(by_call)
            except Exception as error:
                flush.__self__._fatal_error(error, _WRITE_ERROR)


class Sending:
    """What a stream transport sends with."""

    _loop: Any
    _engine: Any
    _sock: Optional[socket.socket]
    _recv_id: int
    _sock_fd: int
    _conn_lost: int
    _closing: bool
    _eof: bool
    _protocol_paused: bool
    _fatal_error: Any
    _lose: Any
    _high_water: int
    _maybe_resume_protocol: Any

    def _begin(self) -> None:
        #: Writes that wait, and the bytes that the kernel sends from with how many it took.
        self._buffer: Deque[bytes] = deque()
        self._sending: Optional[bytes] = None
        self._sent_to = 0
        self._send_id = 0
        self._size = 0
        self._flushing = False
        self._empty_waiter: "Optional[asyncio.Future[None]]" = None

    def get_write_buffer_size(self) -> int:
        size = self._size
        if size and self._send_id:
            # What the kernel took by now does not wait, even where that is dispatched later.
            size -= max(self._engine.came(self._send_id), 0)
        return size

    def _maybe_pause_protocol(self) -> None:
        # What is asked first is cheap; what the kernel took by now is searched for.
        if self._size > self._high_water:
            super()._maybe_pause_protocol()  # type: ignore[misc]

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: Any) -> None:
        if type(data) is not bytes:
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(
                    f"data argument must be a bytes-like object, not {type(data).__name__!r}"
                )
            data = bytes(data)
        if self._eof:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._empty_waiter is not None:
            raise RuntimeError("unable to write; sendfile is in progress")
        if not data:
            return
        at_once = self._size + len(data) >= _AT_ONCE
        if not (at_once or self._send_id or self._conn_lost):
            # It may send what was collected, of this transport too.
            at_once = self._greets() or self._loop._sends_now()
        if self._conn_lost:
            self._lost_write()
            return
        self._buffer.append(data)
        self._size += len(data)
        if self._send_id:
            self._maybe_pause_protocol()
        elif at_once and not (self._closing or self._protocol_paused):
            self._send_at_once()
        elif not self._flushing:
            self._flushing = True
            self._loop._flushes.append(self._flush)

    def _greets(self) -> bool:
        """Whether nothing is received yet, as in connection_made(): what stands behind is its own
        connection's, and nobody waits for an answer to be collected with others."""
        return not self._recv_id and self._loop._sends == _AUTO

    def _lost_write(self) -> None:
        if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
            logger.warning("socket.send() raised exception.")
        self._conn_lost += 1

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        if self._eof:
            raise RuntimeError("Cannot call writelines() after write_eof()")
        if self._empty_waiter is not None:
            raise RuntimeError("unable to writelines; sendfile is in progress")
        data = b"".join(list_of_data)
        if data:
            self.write(data)

    def _take(self) -> bytes:
        """What is sent next: a large write by itself, small ones together."""
        buffer = self._buffer
        if len(buffer) == 1:
            return buffer.popleft()
        if len(buffer[0]) >= _PIECE:
            return buffer.popleft()
        parts: List[bytes] = []
        size = 0
        while buffer and size + len(buffer[0]) <= _PIECE:
            size += len(buffer[0])
            parts.append(buffer.popleft())
        return b"".join(parts)

    def _send_at_once(self) -> None:
        """As much as the kernel takes now; the rest is sent when it has room."""
        assert self._sock is not None
        data = self._take()
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._fatal_error(error, _WRITE_ERROR)
            return
        self._size -= sent
        if sent == len(data):
            if self._buffer and not self._flushing:
                self._flushing = True
                self._loop._flushes.append(self._flush)
        else:
            self._sending, self._sent_to = data, sent
            self._send_rest()
        self._maybe_pause_protocol()

    def _send_failed(self, number: int) -> None:
        """A send by the native layer failed, with this errno."""
        self._fatal_error(failure(-number), _WRITE_ERROR)

    def _flush(self, by_call: bool = False) -> None:
        """Send what was written in this iteration, with the turn that follows or by a call."""
        self._flushing = False
        if self._send_id or not self._buffer or self._conn_lost:
            return
        awaited = self._protocol_paused or self._empty_waiter is not None
        awaited = awaited or self._closing or self._eof
        if by_call and not awaited:
            self._send_at_once()
            return
        data = self._take() if len(self._buffer) > 1 else self._buffer.popleft()
        self._sending, self._sent_to = data, 0
        size = len(data)
        if awaited or size > _PIECE or self._buffer or not self._engine.quiet:
            # Somebody waits for it: a QUIET send would not end the wait of the turn.
            self._send_rest()
            return
        self._send_id = self._engine.submit(
            _abi.OP_SEND, self._sock_fd, id(data) + BYTES_OFFSET, size, 0, _DONTWAIT,
            self._sent, data, 0, 0, 0, 0, 0, _abi.EXT_QUIET,
        )  # fmt: skip

    def _send_rest(self) -> None:
        """Send on, where an earlier send stopped, as soon as there is room."""
        data, start = self._sending, self._sent_to
        assert data is not None
        size = min(len(data) - start, _PIECE)
        self._send_id = self._engine.submit(
            _abi.OP_SEND, self._sock_fd, id(data) + BYTES_OFFSET + start, size, 0, _WAITALL,
            self._sent, data,
        )  # fmt: skip

    def _send_last(self) -> None:
        """What was written in this iteration goes now, as far as there is room: asyncio's write
        would have sent it before the connection was given up."""
        if self._buffer and not self._send_id and self._sock is not None:
            try:
                self._sock.send(b"".join(self._buffer))
            except OSError:
                pass  # It is given up, whatever the kernel says.

    def _sent(self, res: int, flags: int, data: int, token: int) -> None:
        """The send in flight is over: whole, cut short, or failed."""
        self._send_id = 0
        sending = self._sending
        if res == self._size and not (self._closing or self._eof or self._protocol_paused):
            if self._empty_waiter is None:
                # The ordinary case: all that was written is sent, and nobody waits for it.
                self._sending = None
                self._size = 0
                return
        if self._conn_lost or sending is None:
            self._sending = None
            return
        if res < 0:
            if res in _AGAIN:
                self._send_rest()
                return
            self._sending = None
            error, waiter = failure(res), self._empty_waiter
            self._fatal_error(error, _WRITE_ERROR)
            if waiter is not None and not waiter.done():
                waiter.set_exception(error)
            return
        self._size -= res
        self._sent_to += res
        if self._sent_to < len(sending):
            self._send_rest()
        else:
            self._sending = None
            if self._buffer and not self._flushing:
                self._flushing = True
                self._loop._flushes.append(self._flush)
        try:
            if self._protocol_paused:
                self._maybe_resume_protocol()
        finally:
            # It may have written more, or raised what is to end the program.
            if not self._size:
                self._drained()

    def _drained(self) -> None:
        """Nothing waits to be sent any more."""
        waiter = self._empty_waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if self._closing:
            self._lose(None)
        elif self._eof and self._sock is not None:
            self._shutdown()

    def write_eof(self) -> None:
        if self._closing or self._eof:
            return
        self._eof = True
        if not self._size:
            self._shutdown()

    def _shutdown(self) -> None:
        assert self._sock is not None
        self._sock.shutdown(socket.SHUT_WR)

    def _make_empty_waiter(self) -> "asyncio.Future[None]":
        if self._empty_waiter is not None:
            raise RuntimeError("Empty waiter is already set")
        waiter: "asyncio.Future[None]" = self._loop.create_future()
        self._empty_waiter = waiter
        if not self._size:
            waiter.set_result(None)
        return waiter

    def _reset_empty_waiter(self) -> None:
        self._empty_waiter = None
