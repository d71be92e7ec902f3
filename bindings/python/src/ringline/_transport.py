"""What the transports have in common: a protocol, its context, a pause, and a fatal error.

Owns nothing: the members are the transports'. Invariants: while reading is paused the protocol
hears nothing, and then what came meanwhile, in its order, before anything newer; whatever the
protocol is told, it sees the context variables that were set where its transport was made, and not
those of who wrote, closed or resumed.
"""

import asyncio
import contextvars
import errno
import select
from asyncio import transports
from asyncio.log import logger
from typing import Any, Callable, Deque, Dict, Optional

from . import _abi
from ._error import failure

#: Seconds before a kernel that is short of something is asked again.
LATER = 0.01
#: A receive that got no buffer, or that the kernel gave up for now.
SHORT = (-errno.ENOBUFS, -errno.EAGAIN)
NO_BUFFER = -errno.ENOBUFS
#: So often it is asked at once, and so often in all.
_FEW, _MOST = 8, 108


def takes_buffers(protocol: object) -> bool:
    """Whether received bytes go to get_buffer() and buffer_updated(): a BufferedProtocol, or what
    has those and no data_received(), whatever its bases are. Not one that says it takes bytes."""
    if isinstance(protocol, asyncio.BufferedProtocol):
        return not getattr(protocol, "takes_bytes", False)
    return hasattr(protocol, "get_buffer") and not hasattr(protocol, "data_received")


def run_in(context: contextvars.Context, call: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a context; in a copy where it is entered now: by who turns the loop in a callback."""
    try:
        return context.run(call, *arguments)
    except RuntimeError as error:
        trace = error.__traceback__
        if trace is None or trace.tb_next is not None or "cannot enter" not in str(error):
            raise
    return context.copy().run(call, *arguments)


class Common:
    """A protocol and a way to end."""

    _loop: Any
    _protocol: Any
    #: What the protocol runs in. It may be entered now: what a caller brings about goes in a copy.
    _context: contextvars.Context
    _closing: bool
    _call_connection_lost: Callable[[Optional[BaseException]], None]
    #: What is said of an error without words of its own.
    _fatal_text = "Fatal error on transport"

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def is_closing(self) -> bool:
        return self._closing

    def _run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return run_in(self._context, call, *arguments)

    def _lose_soon(self, error: Optional[BaseException]) -> None:
        self._loop.call_soon(self._call_connection_lost, error, context=self._context.copy())

    def _fatal_error(self, error: BaseException, message: Optional[str] = None) -> None:
        message = message or self._fatal_text
        try:
            if isinstance(error, OSError) and self._usual(error):
                if self._loop.get_debug():
                    logger.debug("%r: %s", self, message, exc_info=True)
            else:
                self._loop.call_exception_handler(
                    {
                        "message": message,
                        "exception": error,
                        "transport": self,
                        "protocol": self._protocol,
                    }
                )
        finally:
            # A handler may end the program; the connection is over all the same.
            self._force_close(error)

    def _usual(self, error: OSError) -> bool:
        """Whether connections end by such errors, so that only the debug mode tells."""
        return True

    def _force_close(self, error: Optional[BaseException]) -> None:
        raise NotImplementedError


class Reading(Common):
    """A receive that can be paused."""

    _engine: Any
    _paused: bool
    #: How often in a row the kernel was short, and when last.
    _shortages, _short_at = 0, 0.0
    #: Whether the next receive is asked for when there is something to receive.
    _poll_first = False
    #: The operation that receives, or waits for something to receive; 0 = there is none.
    _recv_id: int
    #: What came while reading was paused.
    _held: Deque[Any]
    #: Receive from now on, unless that is not wanted or goes on already; receive no more.
    _read: Callable[[], None]
    _stop_reading: Callable[[], None]
    #: Receive once without a buffer of the pool; OSError where that failed.
    _take_by_call: Callable[[], None]
    #: What such a call raised.
    _failed: Callable[[OSError], None]
    #: The pool of the receives.
    _pool: Callable[[], int]
    #: Tell the protocol of one of those held; in its context.
    _deliver: Callable[[Any], None]

    def _is_short(self, res: int, pool: int) -> bool:
        """Whether the receive that ended so is to be made again later, not at once. The buffers
        that others have come back with the next turn; where all are back and it goes on, there is
        something else that the kernel is short of. What lasts is a failure: OSError."""
        if res == -errno.ENOBUFS and not self._engine.has_buffers(pool):
            self._shortages = 0
            return False
        now: float = self._loop.time()
        if now - self._short_at > 50 * LATER:
            self._shortages = 0
        self._short_at = now
        self._shortages += 1
        if self._shortages > _MOST:
            raise failure(res)
        return self._shortages > _FEW

    def _await_bytes(self, fd: int) -> None:
        """Receive when there is something to receive, as a receive wants a buffer before it looks.
        (Not by RECVSEND_POLL_FIRST, with which Linux 6.18 loses a reset that comes meanwhile.)"""
        self._poll_first = False
        self._recv_id = self._engine.submit(
            _abi.OP_POLL_ADD, fd, 0, 0, 0, select.POLLIN, self._came, restart=True
        )

    def _came(self, res: int, flags: int, data: int, token: int) -> None:
        """There is something to receive: by a call, since there may be no buffer still."""
        self._recv_id = 0
        try:
            if res > 0:
                self._take_by_call()
                self._poll_first = not self._engine.has_buffers(self._pool())
        except OSError as error:
            self._failed(error)
        finally:
            self._read()

    def is_reading(self) -> bool:
        return not self._closing and not self._paused

    def pause_reading(self) -> None:
        if not self.is_reading():
            return
        self._paused = True
        self._stop_reading()
        if self._loop.get_debug():
            logger.debug("%r pauses reading", self)

    def resume_reading(self) -> None:
        if self._closing or not self._paused:
            return
        self._paused = False
        if self._held:
            # First what is held: who pauses again and again would hold more each time.
            self._unhold_soon()
        else:
            self._read()
        if self._loop.get_debug():
            logger.debug("%r resumes reading", self)

    def _unhold_soon(self) -> None:
        # As what comes later: it sees what data_received() set.
        self._loop.call_soon(self._run, self._unhold)

    def _unhold(self) -> None:
        try:
            while self._held and self.is_reading():
                self._deliver(self._held.popleft())
        finally:
            # One that raised does not stop the others.
            if self._held and self.is_reading():
                self._unhold_soon()
            else:
                self._read()


#: asyncio's own water marks.
_Marks: Any = transports._FlowControlMixin


class FlowControl(_Marks):  # type: ignore[misc]
    """Water marks whose protocol is told in its context."""

    _context: contextvars.Context
    _protocol_paused: bool
    _high_water: int
    _low_water: int

    def __init__(self, extra: Optional[Dict[str, Any]], loop: Any) -> None:
        super().__init__(extra, loop)

    def _maybe_pause_protocol(self) -> None:
        if self.get_write_buffer_size() > self._high_water and not self._protocol_paused:
            self._context.copy().run(super()._maybe_pause_protocol)

    def _maybe_resume_protocol(self) -> None:
        if self._protocol_paused and self.get_write_buffer_size() <= self._low_water:
            self._context.copy().run(super()._maybe_resume_protocol)
