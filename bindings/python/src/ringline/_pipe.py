"""Pipe transports: connect_read_pipe and connect_write_pipe, for pipes, sockets and terminals.

Owns the file that was given, one multishot read, and what waits to be written. Invariants: the
protocol hears nothing while reading is paused; `connection_lost` comes once, as the last, also to a
writer whose reader went away. Writes are calls, at once while there is room: what a program wrote
before it ended is then in the pipe.
"""

import asyncio
import contextvars
import errno
import os
import stat
import warnings
from asyncio import constants, futures, transports
from asyncio.log import logger
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional

from . import _abi
from ._error import Error, failure
from ._transport import LATER, Common, FlowControl, Reading

_FINAL = _abi.CF_FINAL
_LEAVES = (-errno.ECANCELED, -errno.EINTR)
#: The file, or the kernel, has no such read: it is polled and read by a call.
_NO_READ = (-errno.EAGAIN, -errno.EBADFD, -errno.EINVAL, -errno.EOPNOTSUPP)
_AGAIN = (BlockingIOError, InterruptedError)


class _Pipe(Common):
    """What both ends have in common."""

    _pipe: Any = None
    _loop: Any
    _protocol: Any
    _extra: Dict[str, Any]
    _closing: bool
    _kinds = "pipes/sockets only"
    _fatal_text = "Fatal error on pipe transport"

    def _begin(self, loop: Any, pipe: Any, protocol: asyncio.BaseProtocol) -> int:
        """Take the file; its mode."""
        self._extra["pipe"] = pipe
        self._loop = loop
        self._fileno: int = pipe.fileno()
        self._protocol = protocol
        self._context = contextvars.copy_context()
        self._closing = False
        mode = os.fstat(self._fileno).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)):
            self._protocol = None
            raise ValueError(f"Pipe transport is for {self._kinds}.")
        self._pipe = pipe
        os.set_blocking(self._fileno, False)
        loop.call_soon(protocol.connection_made, self)
        return mode

    def _tell(self, waiter: "Optional[asyncio.Future[None]]") -> None:
        if waiter is not None:
            result = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
            self._loop.call_soon(result, waiter, None)

    def _state(self) -> "list[str]":
        info = [self.__class__.__name__]
        if self._pipe is None:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._fileno}")
        return info

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if self._pipe is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._pipe.close()

    def _call_connection_lost(self, error: Optional[BaseException]) -> None:
        pipe = self._pipe
        if pipe is None:
            return
        try:
            self._protocol.connection_lost(error)
        finally:
            self._pipe = None
            try:
                self._let_go()
            finally:
                self._protocol = None
                self._loop = None
                pipe.close()

    def _let_go(self) -> None:
        """No operation names the descriptor any more."""


class ReadPipeTransport(_Pipe, Reading, transports.ReadTransport):
    """The reading end."""

    max_size = 256 * 1024

    def __init__(
        self,
        loop: Any,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(extra)
        self._engine = loop._engine
        self._paused = self._polled = self._ended = False
        self._read_id = 0
        #: Bytes that came while reading was paused; None is the end.
        self._held: Deque[Optional[bytes]] = deque()
        self._begin(loop, pipe, protocol)
        loop.call_soon(self._read)
        self._tell(waiter)

    def __repr__(self) -> str:
        info = self._state()
        if self._pipe is None:
            info.append("closed")
        elif self._loop is None or self._loop.is_closed():
            info.append("open")
        else:
            info.append("polling" if self.is_reading() else "idle")
        return "<{}>".format(" ".join(info))

    def _read(self) -> None:
        if self._read_id or self._ended or self._held or not self.is_reading():
            return
        if not self._polled:
            try:
                pool = self._engine.messages
            except Error:
                self._polled = True  # There is no memory for it: calls need less.
        if self._polled:
            self._loop._add_reader(self._fileno, self._read_ready)
            return
        self._read_id = self._engine.submit(
            _abi.OP_READ_MULTISHOT, self._fileno, 0, 0, 0xFFFF_FFFF_FFFF_FFFF, 0, self._got, None,
            _abi.SQE_BUFFER_SELECT, 0, pool, restart=True,
        )  # fmt: skip

    def _stop_reading(self) -> None:
        if self._polled:
            self._loop._remove_reader(self._fileno)
        elif self._read_id:
            self._engine.cancel(self._read_id)

    def _got(self, res: int, flags: int, at: int, token: int) -> None:
        """A completion of the read: bytes, the end, or why it is over."""
        if flags & _FINAL:
            self._read_id = 0
        if res > 0:
            try:
                received = self._engine.received(at, res)
            except MemoryError as error:
                # They are lost, and nothing may come after them.
                self._fatal_error(error, "Fatal read error on pipe transport")
                return
            finally:
                self._engine.release(token)
            if self._closing:
                return
            if self._paused or self._held:
                self._held.append(received)
            else:
                try:
                    self._run(self._deliver, received)
                finally:
                    if flags & _FINAL:
                        self._read()
                return
        elif self._closing:
            return
        elif res == 0:
            self._ended = True
            if self._paused or self._held:
                self._held.append(None)
            else:
                self._run(self._deliver, None)
            return
        elif res in _NO_READ or res < -4095:
            self._polled = True
        elif res == -errno.ENOBUFS:
            try:
                data = self._by_call()
                if data is None and self._is_short(res, self._engine.messages):
                    self._loop.call_later(LATER, self._read)
                    return
            except OSError as error:
                self._ended = True
                self._failed(error)
                return
            if data is not None:
                self._shortages, self._ended = 0, not data
                try:
                    self._run(self._deliver, data or None)
                finally:
                    self._read()
                return
        elif res not in _LEAVES:
            self._ended = True
            self._failed(failure(res))
            return
        if flags & _FINAL:
            self._read()

    def _by_call(self) -> Optional[bytes]:
        """The others had all buffers: read once without. None where there is nothing to read."""
        if self._held or not self.is_reading():
            return None
        try:
            return os.read(self._fileno, self.max_size)
        except _AGAIN:
            return None

    def _read_ready(self) -> None:
        try:
            data = os.read(self._fileno, self.max_size)
        except _AGAIN:
            pass
        except OSError as error:
            self._failed(error)
        else:
            self._run(self._deliver, data or None)

    def _failed(self, error: OSError) -> None:
        self._fatal_error(error, "Fatal read error on pipe transport")

    def _usual(self, error: OSError) -> bool:
        # A terminal whose other end is closed says so by EIO.
        return error.errno == errno.EIO

    def _deliver(self, data: Optional[bytes]) -> None:
        if data is not None:
            self._protocol.data_received(data)
            return
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        self._closing = True
        self._stop_reading()
        self._loop.call_soon(self._protocol.eof_received)
        self._loop.call_soon(self._call_connection_lost, None)

    def close(self) -> None:
        if not self._closing:
            self._force_close(None)

    def _force_close(self, error: Optional[BaseException] = None) -> None:
        self._closing = True
        self._held.clear()
        self._stop_reading()
        self._lose_soon(error)

    def _let_go(self) -> None:
        if self._read_id:
            self._engine.finish((self._read_id,))


class WritePipeTransport(_Pipe, FlowControl, transports.WriteTransport):
    """The writing end."""

    _kinds = "pipes, sockets and character devices"

    def __init__(
        self,
        loop: Any,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(extra, loop)
        self._buffer = bytearray()
        self._conn_lost = 0
        mode = self._begin(loop, pipe, protocol)
        if not stat.S_ISCHR(mode):
            # Nobody writes to this end: what can be read here is that the reader went.
            loop.call_soon(self._watch_reader)
        self._tell(waiter)

    def _watch_reader(self) -> None:
        if self._pipe is not None and not self._closing:
            self._loop._add_reader(self._fileno, self._read_ready)

    def __repr__(self) -> str:
        info = self._state()
        if self._pipe is None:
            info.append("closed")
        elif self._loop is None or self._loop.is_closed():
            info.append("open")
        else:
            info.append("polling" if self._buffer else "idle")
            info.append(f"bufsize={self.get_write_buffer_size()}")
        return "<{}>".format(" ".join(info))

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def _read_ready(self) -> None:
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        self._force_close(BrokenPipeError() if self._buffer else None)

    def write(self, data: Any) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"data argument must be a bytes-like object, not {type(data).__name__!r}"
            )
        view = memoryview(data).cast("B")
        if not view.nbytes:
            return
        if self._conn_lost or self._closing:
            if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
                logger.warning("pipe closed by peer or os.write(pipe, data) raised exception.")
            self._conn_lost += 1
            return
        if not self._buffer:
            sent = self._write(view)
            if sent < 0 or sent == view.nbytes:
                return
            view = view[sent:]
            self._loop._add_writer(self._fileno, self._write_ready)
        self._buffer += view
        self._maybe_pause_protocol()

    def _write(self, data: Any) -> int:
        """How much the kernel took; -1 when the transport is broken now."""
        try:
            return os.write(self._fileno, data)
        except _AGAIN:
            return 0
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._conn_lost += 1
            self._fatal_error(error, "Fatal write error on pipe transport")
            return -1

    def _write_ready(self) -> None:
        if self._pipe is None or not self._buffer:
            return
        sent = self._write(self._buffer)
        if sent <= 0:
            return
        del self._buffer[:sent]
        if self._buffer:
            return
        self._loop._remove_writer(self._fileno)
        self._maybe_resume_protocol()
        if self._closing and not self._buffer:
            self._loop._remove_reader(self._fileno)
            self._run(self._call_connection_lost, None)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if self._closing:
            return
        self._closing = True
        if not self._buffer:
            self._loop._remove_reader(self._fileno)
            self._lose_soon(None)

    def close(self) -> None:
        if self._pipe is not None:
            self.write_eof()

    def abort(self) -> None:
        self._force_close(None)

    def _force_close(self, error: Optional[BaseException] = None) -> None:
        self._closing = True
        if self._buffer:
            self._loop._remove_writer(self._fileno)
        self._buffer.clear()
        self._loop._remove_reader(self._fileno)
        self._lose_soon(error)


class PipeMixin:
    """What connect_read_pipe and connect_write_pipe ask of their loop."""

    def _make_read_pipe_transport(
        self,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> ReadPipeTransport:
        return ReadPipeTransport(self, pipe, protocol, waiter, extra)

    def _make_write_pipe_transport(
        self,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "Optional[asyncio.Future[None]]" = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> WritePipeTransport:
        return WritePipeTransport(self, pipe, protocol, waiter, extra)
