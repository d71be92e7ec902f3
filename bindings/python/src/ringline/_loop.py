"""The event loop: asyncio's own machinery over one engine.

Owns the iteration and the wake from other threads. Transports and the rest are mix-ins beside it;
readers and writers are asyncio's own code over a selector that the ring waits for. The invariant:
one turn of the ring per iteration, and no wait while anything is ready.
"""

import asyncio
import heapq
import socket
import weakref
from asyncio import base_events, selector_events
from contextlib import suppress
from contextvars import Context
from threading import get_ident
from typing import Any, Callable, Deque, List, Optional

from ._engine import Engine
from ._selector import RingSelector
from ._sending import Collecting

_Selecting: Any = selector_events.BaseSelectorEventLoop
_CANCELLED_SHARE = 0.5
_CANCELLED_LEAST = 100


class CoreLoop(Collecting, asyncio.BaseEventLoop):
    """The iteration, readers and writers, and what threads need."""

    # Of BaseEventLoop, whose private names are not in the type stubs.
    _ready: Deque[asyncio.Handle]
    _scheduled: List[asyncio.TimerHandle]
    _timer_cancelled_count: int
    _stopping: bool
    _debug: bool
    _thread_id: Optional[int]
    _clock_resolution: float
    _current_handle: Optional[asyncio.Handle]
    _internal_fds: int
    _check_closed: Callable[[], None]
    #: Also where no ring could be made, for `__del__`.
    _closed = True
    _engine: Engine

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        engine.on_error = self._callback_failed
        self._epoll: Optional[RingSelector] = None
        #: After how many turns that do not wait the loop looks for readers and writers that are
        #: ready; -1 where the kernel tells of them in time.
        self._look_in = -1
        self._flushes: List[Any] = []
        self._transports: "weakref.WeakValueDictionary[int, Any]" = weakref.WeakValueDictionary()
        self._ssock: Optional[socket.socket] = None
        self._csock: Optional[socket.socket] = None

    # Timers.

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Optional[Context] = None,
    ) -> asyncio.TimerHandle:
        if when != when:
            raise ValueError("a time that is not a number (NaN) never comes")
        timer = super().call_at(when, callback, *args, context=context)
        # Without this call, as asyncio's own has none either.
        del (getattr(timer, "_source_traceback", None) or [None])[-1]
        return timer

    # Life.

    def run_forever(self) -> None:
        if self.is_running() or self.is_closed():
            super().run_forever()
            return
        if self._epoll is not None:
            self._epoll.renew()
        self._engine.attach()
        self._behind = 0
        try:
            self._engine.resume()
            super().run_forever()
        finally:
            if not self._engine.closed:
                try:
                    # What was written in the last iteration has not gone yet.
                    self._turn(0)
                finally:
                    self._engine.park()
                    self._engine.rests()

    def close(self) -> None:
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.is_closed():
            return
        self._close_self_pipe()
        # Held, as the handles and operations that go now may be all that holds them.
        ending = [transport for transport in self._transports.values() if transport.is_closing()]
        super().close()
        self._flushes.clear()
        self._engine.close()
        epoll, self._epoll = self._epoll, None
        if epoll is not None:
            epoll.close()
        # A closed loop goes with its last reference: the collector need not find it.
        self._engine.on_error = None
        # Their connection_lost was due and cannot come any more.
        for transport in ending:
            sock = getattr(transport, "_sock", None)
            if sock is not None:
                transport._sock = None
                with suppress(OSError):
                    sock.close()

    def _make_self_pipe(self) -> None:
        """What signal handlers write to (`signal.set_wakeup_fd`), made when first needed."""
        if self._ssock is not None:
            return
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            theirs.setblocking(False)
            self._add_reader(ours.fileno(), self._read_from_self)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        self._ssock, self._csock = ours, theirs
        self._internal_fds += 1

    def _close_self_pipe(self) -> None:
        if self._ssock is None or self._csock is None:
            return
        number = self._ssock.fileno()
        if number >= 0:
            # At the interpreter's end it may be finalized before its loop.
            self._remove_reader(number)
        pair = (self._ssock, self._csock)
        self._ssock = self._csock = None
        self._internal_fds -= 1
        for sock in pair:
            # A program that closed every descriptor has closed these.
            with suppress(OSError):
                sock.close()

    def _read_from_self(self) -> None:
        while self._ssock is not None:
            try:
                data = self._ssock.recv(4096)
            except InterruptedError:
                continue
            except BlockingIOError:
                break
            if not data:
                break
            self._process_self_data(data)

    def _process_self_data(self, data: bytes) -> None:
        """Numbers of signals, for the mix-in that handles them."""

    def _write_to_self(self) -> None:
        # In the loop's own thread it is awake.
        if self._thread_id != get_ident():
            self._engine.wake()

    def _callback_failed(self, error: BaseException) -> None:
        self.call_exception_handler(
            {"message": "Exception in a completion's callback", "exception": error}
        )

    # The iteration.

    def _turn(self, timeout: Optional[float]) -> bool:
        """Send what was collected, and turn the ring once. Whether there is something to
        dispatch."""
        if self._flushes:
            self._flush_all()
            if self._ready:
                timeout = 0
        return self._engine.fetch(timeout)

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled
        timeout: Optional[float] = None
        if scheduled:
            scheduled = self._drop_cancelled()
        if ready or self._stopping:
            timeout = 0
        elif scheduled:
            timeout = max(scheduled[0]._when - self.time(), 0)  # type: ignore[attr-defined]
        if timeout == 0 and self._look_in >= 0 and self._epoll is not None:
            self._epoll.look_untold()
        found = self._turn(timeout) if self._flushes else self._engine.fetch(timeout)
        if found:
            self._engine.began = self._engine.turns
            if self._epoll is not None:
                self._epoll.look()
        before, scheduled = len(ready), self._scheduled
        if scheduled:
            end: float = self.time() + self._clock_resolution
            while scheduled and scheduled[0]._when < end:  # type: ignore[attr-defined]
                timer = heapq.heappop(scheduled)
                timer._scheduled = False  # type: ignore[attr-defined]
                ready.append(timer)
        due = len(ready) - before
        if not found:
            self._run_ready(before + due)
            return
        # As asyncio's: what was ready before goes first, then what came, then what is due. What all
        # of these add waits for the next look at the kernel.
        self._run_ready(before)
        self._engine.dispatch()
        if due:
            self._catch_up()
            self._run_ready(due)

    def _catch_up(self) -> None:
        """A turn brings but some of what is there, as an enter runs some twenty completions. What
        came before a timer was due goes before it, as with a selector: one of each operation at
        most, so that who sends on and on holds no timer up."""
        ready, left = self._ready, len(self._engine)
        while left > 0 and self._turn(0):
            left -= len(self._engine._inbox)
            if self._epoll is not None:
                before = len(ready)
                self._epoll.look()
                joined = len(ready) - before
                ready.rotate(joined)
                self._run_ready(joined)
            self._engine.dispatch()

    def _run_ready(self, count: int) -> None:
        """The first `count` ready handles."""
        if self._debug:
            self._run_watched(count)
            return
        take = self._ready.popleft
        for behind in range(count - 1, -1, -1):
            self._behind = behind
            handle = take()
            if not handle._cancelled:
                handle._run()

    def _run_watched(self, count: int) -> None:
        """The ready handles in debug mode: who takes long is told."""
        for behind in range(count - 1, -1, -1):
            self._behind = behind
            handle = self._ready.popleft()
            if handle._cancelled:
                continue
            try:
                self._current_handle = handle
                start = self.time()
                handle._run()
                took = self.time() - start
                if took >= self.slow_callback_duration:
                    _log_slow(handle, took)
            finally:
                self._current_handle = None

    def _drop_cancelled(self) -> List[asyncio.TimerHandle]:
        """Timers that were cancelled leave the heap: those at its head, and all when many are."""
        scheduled = self._scheduled
        count = len(scheduled)
        if (
            count > _CANCELLED_LEAST
            and self._timer_cancelled_count / count > _CANCELLED_SHARE
        ):
            kept = []
            for timer in scheduled:
                if timer._cancelled:
                    timer._scheduled = False  # type: ignore[attr-defined]
                else:
                    kept.append(timer)
            heapq.heapify(kept)
            self._scheduled = kept
            self._timer_cancelled_count = 0
            return kept
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            timer = heapq.heappop(scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]
        return scheduled

    # Readers and writers.

    @property
    def _selector(self) -> Any:
        """Made when it is first asked for; None of a closed loop."""
        if self._epoll is None and not self.is_closed():
            self._epoll = RingSelector(self)
        elif self._epoll is not None:
            self._epoll.renew()
        return self._epoll

    _process_events = _Selecting._process_events
    _ensure_fd_no_transport = _Selecting._ensure_fd_no_transport
    _add_reader = _Selecting._add_reader
    _remove_reader = _Selecting._remove_reader
    _add_writer = _Selecting._add_writer
    _remove_writer = _Selecting._remove_writer
    add_reader = _Selecting.add_reader
    remove_reader = _Selecting.remove_reader
    add_writer = _Selecting.add_writer
    remove_writer = _Selecting.remove_writer


def _log_slow(handle: asyncio.Handle, took: float) -> None:
    # asyncio's own words and logger, which programs filter by.
    theirs: Any = base_events
    theirs.logger.warning("Executing %s took %.3f seconds", theirs._format_handle(handle), took)
