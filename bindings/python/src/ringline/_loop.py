"""The event loop: asyncio's own machinery over one engine.

Owns the iteration, the readers and writers of descriptors, and the wake from other threads.
Transports and the rest are mix-ins beside it. The invariant: one turn of the ring per iteration,
and no wait while anything is ready. It never keeps an epoll beside the ring: readers and writers
are polls, armed again after their callback as level-triggered programs need it.
"""

import asyncio
import errno
import heapq
import os
import select
import selectors
import socket
import weakref
from asyncio import base_events, events
from contextlib import suppress
from contextvars import Context
from threading import get_ident
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Tuple

from . import _abi
from ._engine import Engine
from ._operations import File
from ._sending import Collecting
from ._transport import LATER

_READ = select.POLLIN | select.POLLHUP | select.POLLERR
_WRITE = select.POLLOUT | select.POLLHUP | select.POLLERR
_CANCELLED_SHARE = 0.5
_CANCELLED_LEAST = 100
#: How a poll ends that nothing is wrong with.
_ENDED = (-errno.ECANCELED, -errno.EINTR)


class Watch:
    """A reader or writer of a descriptor: a poll, armed again after each callback.

    io_uring's poll also tells, unasked, that the other end will send no more (POLLRDHUP), and at
    once again when it is armed again: while that is all there is, the poll tells edges, so that a
    writer whose buffer is full neither hears of it nor spins.
    """

    __slots__ = ("loop", "file", "fd", "mask", "handle", "ident", "edges")

    def __init__(
        self, loop: "CoreLoop", file: File, fd: int, mask: int, handle: asyncio.Handle
    ) -> None:
        self.loop = loop
        self.file = file
        self.fd = fd
        self.mask = mask
        self.handle: Optional[asyncio.Handle] = handle
        self.ident = 0
        self.edges = False

    def arm(self) -> None:
        """Poll, with the next turn. What was closed is not: as epoll, it tells nobody."""
        if self.handle is not None and not self.ident and self.of_open_file():
            how = _abi.POLL_ADD_MULTI if self.edges else 0
            self.ident = self.loop._engine.submit(
                _abi.OP_POLL_ADD, self.fd, 0, how, 0, self.mask, self._polled, restart=True
            )

    def _polled(self, res: int, flags: int, data: int, token: int) -> None:
        over = flags & _abi.CF_FINAL
        if over:
            self.ident = 0
        handle = self.handle
        if handle is None:
            return
        if res == -errno.EBADF:
            return  # It was closed.
        if res >= 0 and not res & self.mask:
            self.edges = True
            if over:
                self.loop._rearm.append(self)
            return
        if not over:
            if self.edges:
                # It is what was waited for: by levels again, when this poll has ended.
                self.edges = False
                self.loop._engine.cancel(self.ident)
                self.loop._ready.append(handle)
            return
        # A poll that was ended because the loop stopped is only armed again; one that failed
        # calls back, as the descriptor will tell its error there.
        if res != -errno.ECANCELED:
            self.loop._ready.append(handle)
        if res < 0 and res not in _ENDED:
            # The kernel is short of something: at once it would be so again.
            self.loop.call_later(LATER, self.arm)
            return
        self.loop._rearm.append(self)

    def of_open_file(self) -> bool:
        """False where the object that was watched has another descriptor by now, or none."""
        try:
            return _number_in(self.file) == self.fd
        except ValueError:
            return False

    def stop(self) -> bool:
        """Forget the handle, and end the poll. False when it was cancelled before."""
        handle, self.handle = self.handle, None
        if self.ident:
            self.loop._engine.cancel(self.ident)
        if handle is None:
            return False
        handle.cancel()
        return True


class _Selector:
    """What takes the selector's place for code that turns the loop by hand."""

    def __init__(self, loop: "CoreLoop") -> None:
        self._loop = loop

    def select(self, timeout: Optional[float] = None) -> List[Any]:
        if self._loop._turn(timeout):
            self._loop._engine.dispatch()
        return []

    def get_key(self, fileobj: File) -> selectors.SelectorKey:
        fd = self._loop._watched_number(fileobj)
        watches = [self._loop._watches.get((fd, mask)) for mask in (_READ, _WRITE)]
        handles = tuple(None if watch is None else watch.handle for watch in watches)
        bits = (selectors.EVENT_READ, selectors.EVENT_WRITE)
        events = sum(bit for bit, handle in zip(bits, handles) if handle is not None)
        if not events:
            raise KeyError(f"{fileobj!r} is not registered")
        return selectors.SelectorKey(fileobj, fd, events, handles)

    def get_map(self) -> Mapping[int, selectors.SelectorKey]:
        return {fd: self.get_key(fd) for fd, _ in self._loop._watches}

    def close(self) -> None:
        pass


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
        self._selector: Any = _Selector(self)
        self._watches: Dict[Tuple[int, int], Watch] = {}
        self._rearm: List[Watch] = []
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
        for watch in list(self._watches.values()):
            watch.handle = None
        self._watches.clear()
        # Held, as the handles and operations that go now may be all that holds them.
        ending = [transport for transport in self._transports.values() if transport.is_closing()]
        super().close()
        self._flushes.clear()
        self._rearm.clear()
        self._engine.close()
        # A closed loop goes with its last reference: the collector need not find it.
        self._engine.on_error = None
        # Their connection_lost was due and cannot come any more.
        for transport in ending:
            sock = getattr(transport, "_sock", None)
            if sock is not None:
                transport._sock = None
                with suppress(OSError):
                    sock.close()
        self._selector = None

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
        """Arm what was called back, send what was collected, and turn the ring once. Whether there
        is something to dispatch."""
        rearm = self._rearm
        rearm.reverse()
        while rearm:
            # It leaves when it is armed: that may fail, and is tried again then.
            rearm[-1].arm()
            rearm.pop()
        if self._flushes:
            self._flush_all()
            if self._ready:
                timeout = 0
        return self._engine.fetch(timeout)

    def _process_events(self, event_list: List[Any]) -> None:
        """Nothing: completions were dealt with in the turn."""

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled
        timeout: Optional[float] = None
        if scheduled:
            scheduled = self._drop_cancelled()
        if ready or self._stopping:
            timeout = 0
        elif scheduled:
            timeout = max(scheduled[0]._when - self.time(), 0)  # type: ignore[attr-defined]
        found = (
            self._turn(timeout) if self._rearm or self._flushes else self._engine.fetch(timeout)
        )
        if found:
            # What was ready before goes first, as with a selector's events.
            if ready:
                self._run_ready(len(ready))
            self._engine.dispatch()
        scheduled = self._scheduled
        if scheduled:
            end: float = self.time() + self._clock_resolution
            if found and scheduled[0]._when < end:  # type: ignore[attr-defined]
                self._catch_up()
                scheduled = self._scheduled
            while scheduled and scheduled[0]._when < end:  # type: ignore[attr-defined]
                timer = heapq.heappop(scheduled)
                timer._scheduled = False  # type: ignore[attr-defined]
                ready.append(timer)
        self._run_ready(len(ready))

    def _catch_up(self) -> None:
        """A turn brings but some of what is there, as an enter runs some twenty completions. What
        came before a timer was due goes before it, as with a selector: one of each operation at
        most, so that who sends on and on holds no timer up."""
        left = len(self._engine)
        while left > 0 and self._turn(0):
            left -= len(self._engine._inbox)
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

    def _ensure_fd_no_transport(self, fd: File) -> None:
        # A closed file has no number and no transport: what else is wrong is said behind this.
        number = _number_in(fd)
        transport = self._transports.get(number)
        if transport is not None and not transport.is_closing():
            raise RuntimeError(f"File descriptor {fd!r} is used by transport {transport!r}")

    def _watch(self, fd: File, mask: int, handle: asyncio.Handle) -> asyncio.Handle:
        self._check_closed()
        number = descriptor_of(fd)
        old = self._watches.get((number, mask))
        if old is not None and old.handle is not None:
            if old.of_open_file():
                old.handle.cancel()
                old.handle = handle
                old.arm()
                return handle
            # Its poll would hold the closed file, and never tell of the one that has its number.
            old.stop()
        # Says EBADF at once, as a selector does.
        os.fstat(number)
        watch = Watch(self, fd, number, mask, handle)
        watch.arm()
        self._watches[number, mask] = watch
        return handle

    def _watched_number(self, file: File) -> int:
        """The descriptor of a file; of one that was closed, that under which it is watched."""
        try:
            return descriptor_of(file)
        except ValueError:
            for watch in self._watches.values():
                if watch.file is file:
                    return watch.fd
            raise

    def _unwatch(self, fd: File, mask: int) -> bool:
        if self.is_closed():
            return False
        watch = self._watches.pop((self._watched_number(fd), mask), None)
        return watch is not None and watch.stop()

    def _add_reader(
        self, fd: File, callback: Any, *args: Any, context: Optional[Context] = None
    ) -> asyncio.Handle:
        return self._watch(fd, _READ, events.Handle(callback, args, self, context))

    def _remove_reader(self, fd: File) -> bool:
        return self._unwatch(fd, _READ)

    def _add_writer(
        self, fd: File, callback: Any, *args: Any, context: Optional[Context] = None
    ) -> asyncio.Handle:
        return self._watch(fd, _WRITE, events.Handle(callback, args, self, context))

    def _remove_writer(self, fd: File) -> bool:
        return self._unwatch(fd, _WRITE)

    def add_reader(  # type: ignore[override]
        self, fd: File, callback: Callable[..., Any], *args: Any
    ) -> None:
        """Call `callback` whenever the descriptor can be read."""
        self._ensure_fd_no_transport(fd)
        self._add_reader(fd, callback, *args)

    def remove_reader(self, fd: File) -> bool:
        """End `add_reader`; whether there was one."""
        self._ensure_fd_no_transport(fd)
        return self._remove_reader(fd)

    def add_writer(  # type: ignore[override]
        self, fd: File, callback: Callable[..., Any], *args: Any
    ) -> None:
        """Call `callback` whenever the descriptor can be written."""
        self._ensure_fd_no_transport(fd)
        self._add_writer(fd, callback, *args)

    def remove_writer(self, fd: File) -> bool:
        """End `add_writer`; whether there was one."""
        self._ensure_fd_no_transport(fd)
        return self._remove_writer(fd)


def descriptor_of(file: File) -> int:
    """The number of a descriptor or of what has one; ValueError where there is none."""
    number = _number_in(file)
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number


def _number_in(file: File) -> int:
    """As `descriptor_of`, and -1 of a closed socket."""
    if isinstance(file, int):
        return file
    try:
        return int(file.fileno())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"Invalid file object: {file!r}") from None


def _log_slow(handle: asyncio.Handle, took: float) -> None:
    # asyncio's own words and logger, which programs filter by.
    theirs: Any = base_events
    theirs.logger.warning("Executing %s took %.3f seconds", theirs._format_handle(handle), took)
