"""Other threads' way to a ring.

Stands on the library's mailbox, which is bounded and wakes the ring. The guard: what an operation
names is held with the ring's own operations until its FINAL, whichever thread asked for it.
"""

import ctypes
import itertools
import weakref
from types import TracebackType
from typing import Any, Optional, Type

from . import _abi
from ._error import check, failed
from ._inflight import Entry, Inflight
from ._library import quick
from ._operations import Operations, Prepare


class Mailbox(Operations):
    """The same operations as on the ring, and messages, from any thread.

    Made by `Ring.mailbox`. What is asked here is submitted by the ring's owner, at its present or
    next turn, and completes there with ``CF_MSG`` in its flags. A mailbox may outlive its ring, and
    then answers ECLOSED. Use it in a ``with`` statement, call `release`, or drop it.

    Raises
    ------
    Error
        EAGAIN where 1024 messages wait already: nothing is lost, ask again later.
    """

    def __init__(self, handle: int, inflight: Inflight, numbers: "itertools.count[int]") -> None:
        self._handle = handle
        self._inflight = inflight
        self._numbers = numbers
        self._finalizer = weakref.finalize(self, quick.mailbox_release, handle)

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the mailbox back; what was posted is still delivered. A second time does nothing."""
        self._finalizer()

    def post(self, number: int, res: int = 0) -> None:
        """Give the ring's next turn a completion with ``op = number``, `res` and ``CF_MSG``."""
        if not 0 <= number < 2**64:
            raise ValueError("a number of 64 bits, not negative")
        check(quick.mailbox_post(self._handle, number, res))

    def wake(self) -> None:
        """Make the present or next wait of the ring end early; signal handlers too."""
        check(quick.mailbox_wake(self._handle))

    def cancel(self, op: int) -> bool:
        """Ask an operation of a mailbox to end; False when it has ended already."""
        entry = self._inflight.get(op)
        if entry is None or entry.mail == 0:
            return False
        code = quick.mailbox_cancel(self._handle, entry.mail)
        if code == _abi.ESTALE:
            return False
        check(code)
        return True

    def close_ring(self) -> None:
        """Have the ring cancel everything and refuse more, at its owner's next turn."""
        check(quick.mailbox_close(self._handle))

    def _add(
        self, prepare: Prepare, keep: object, user_data: object, flags: int, *arguments: Any
    ) -> int:
        number = next(self._numbers)
        slot, ident = _abi.Op(), ctypes.c_uint64()
        prepare(ctypes.addressof(slot), *arguments)
        slot.user_data = number
        if flags:
            slot.flags |= flags
        entry = self._inflight[number] = Entry(user_data, keep)
        code = quick.mailbox_submit(
            self._handle, ctypes.addressof(slot), 1, ctypes.addressof(ident)
        )
        if code != 1:
            self._inflight.pop(number, None)
            raise failed(code, number)
        entry.mail = ident.value
        return number
