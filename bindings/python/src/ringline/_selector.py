"""The selector of a loop: one epoll for its readers, its writers and every waiting sock_*.

Owns the epoll, asyncio's own kind, and the poll by which the ring tells that something is ready
there. The invariants: no ring operation names what the program watches, so that a file it closes
is gone at once; the poll is made again with the turn behind the handlers that it brought about, so
that what is still ready then is told again (by levels, as select does), without a system call of
its own. It never waits: that is the ring's.
"""

import errno
import os
import select
from contextlib import suppress
from selectors import EpollSelector, SelectorKey
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from ._transport import LATER

if TYPE_CHECKING:
    from ._loop import CoreLoop

#: How the poll ends where it is only made again.
_ENDED = (-errno.ECANCELED, -errno.EINTR)
#: In how many turns that do not wait one looks without being told.
_EVERY = 15


class RingSelector(EpollSelector):
    """An epoll that a ring waits for."""

    def __init__(self, loop: "CoreLoop") -> None:
        super().__init__()
        self._loop, self._process = loop, os.getpid()
        #: Whether this iteration has looked without being told.
        self._looked = False
        loop._engine.watch(self.fileno(), self._polled)
        if loop._engine.sqpoll:
            loop._look_in = 0

    def _polled(self, res: int, flags: int, data: int, token: int) -> None:
        if res == -errno.EBADF:
            return  # The program closed it, with every other descriptor.
        looked, self._looked = self._looked, False
        try:
            if res in _ENDED:
                self._again()
            elif res >= 0:
                # With the handlers, as before they have run all would be told again; in front of
                # them, so that a write of theirs is not kept for it.
                self._loop.call_soon(self._again)
            else:
                # The kernel is short of something: at once it would be so again.
                self._loop.call_later(LATER, self._again)
        except MemoryError:
            self._again()
            raise
        # Each iteration looks once: a second time it would find the same again.
        if res not in _ENDED and not looked:
            self._loop._process_events(super().select(0))

    def _again(self) -> None:
        """The next turn makes the poll again."""
        self._loop._engine.watched = 0

    def renew(self) -> None:
        """In a forked child: another epoll, as this one is the parent's too."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        epoll: Any = self
        epoll._selector.close()
        epoll._selector = select.epoll()
        keys = list(self.get_map().values())
        for key in keys:
            self.unregister(key.fileobj)
            with suppress(OSError):
                self.register(key.fileobj, key.events, key.data)
        engine = self._loop._engine
        engine.cancel(engine.watched)
        engine.watch(self.fileno(), self._polled)

    def look_untold(self) -> None:
        """Before a turn that does not wait, where a thread of the kernel takes its time to tell."""
        loop = self._loop
        if loop._look_in:
            loop._look_in -= 1
            return
        loop._look_in = _EVERY
        self._looked = True
        loop._process_events(super().select(0))

    def look(self) -> None:
        """Handle what the poll has told, before whatever else is complete."""
        engine = self._loop._engine
        for _, *record in engine.take(engine.watched):
            self._polled(*record)

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        key = super().register(fileobj, events, data)
        if self._loop._look_in > 0:
            # Who registers for an iteration or two must hear of what is ready already.
            self._loop._look_in = 0
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """As asyncio needs it, also where the number is another file's since the program closed
        the one that was registered."""
        self.unregister(fileobj)
        return self.register(fileobj, events, data)

    def select(self, timeout: Optional[float] = None) -> List[Tuple[SelectorKey, int]]:
        """Turn the ring, for code that turns the loop by hand. What comes is handled in it."""
        if self._loop._turn(timeout):
            self._loop._engine.dispatch()
        return []

    def close(self) -> None:
        self._loop._engine.watch(-1, self._polled)
        # A program that closed every descriptor has closed the epoll too.
        with suppress(OSError):
            super().close()
