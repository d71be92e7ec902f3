"""A turn of the ring: what is staged goes in, what is complete comes to the inbox.

Owns what lies in the shared block between a turn and the next. The invariants: what a turn handed
out is taken over exactly once, also where a signal's handler raises right after it; and what the
kernel did not take stays staged, since it is short of something for the moment only.
"""

import errno
import select
import struct
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Set, Tuple

from . import _abi
from ._completion import Record
from ._error import failed
from ._library import quick, waiting
from ._times import Times

#: What is called per completion: res, flags, data, token.
Callback = Callable[[int, int, int, int], object]

RECORD = struct.Struct(_abi.COMPLETION_FORMAT)
_unpack = RECORD.iter_unpack
OP_SIZE = struct.calcsize(_abi.OP_FORMAT)
_FINAL = _abi.CF_FINAL
_POLLIN = int(select.POLLIN)
# Members of the shared block, as indices of 32-bit words (and of 64-bit ones for the time).
_OPS_LEN, _RECS_LEN, _WAIT, _DONE, _ERROR = 5, 9, 10, 15, 16
_REL_LEN, _TIMEOUT = 25, 6
_CANCELED = -errno.ECANCELED
#: The kernel is short of memory or of room: it will not always be.
_SHORT = (-errno.EAGAIN, -errno.EBUSY, -errno.ENOMEM)
_PASSING = (-errno.EINTR, *_SHORT)
#: Seconds before a short kernel is asked again, where there is nothing else to do.
PAUSE = 0.001
#: Longest wait of one turn: a day.
_LONGEST = 86_400.0


def _nobody(*_: int) -> None:
    """Where nothing is watched."""


class Turning(Times):
    """The half of `Engine` that the native engine has an own one of."""

    _handle: int
    _rel_len: int
    _rec_bytes: memoryview
    _op_bytes: memoryview
    _words: Any
    _longs: Any
    _token_words: Any
    _recs_cap: int
    _ops_cap: int
    submit: Callable[..., int]

    def __init__(self) -> None:
        self._ops: Dict[int, Tuple[Callback, object]] = {}
        self._tokens: Dict[int, int] = {}
        self._inbox: Deque[Record] = deque()
        self._quiet: List[Tuple[int, int]] = []
        self._staged: List[int] = []
        self._dropped: Set[int] = set()
        #: Whether the block has something that was not taken over.
        self._due = False
        self.woke_ns = self.woke_turn = self.idle_ns = self.busy_ns = 0
        self.lag_ns = self.lag_max_ns = 0
        #: The poll that tells of readers and writers, 0 where the next turn makes it again.
        self.watched = 0
        self._watch_fd = -1
        self._watcher: Callback = _nobody

    def watch(self, fd: int, callback: Callback) -> None:
        """Poll a descriptor from now on, one time after the other: once the callback has set
        `watched` to 0, the next turn makes the poll again. A descriptor of -1 ends that."""
        self._watch_fd, self._watcher = fd, callback if fd >= 0 else _nobody
        # At once, as another thread may sleep in a turn.
        if fd >= 0:
            self._rewatch()

    def _rewatch(self) -> bool:
        """Stage the poll; whether there was room for it."""
        if len(self._staged) == self._ops_cap:
            return False
        fd, call = self._watch_fd, self._watcher
        self.watched = self.submit(_abi.OP_POLL_ADD, fd, 0, 0, 0, _POLLIN, call, restart=True)
        return True

    def _enter(self, wait: bool, timeout: Optional[float]) -> None:
        """One turn of the ring; what is complete goes to the inbox."""
        if self._due:
            self._overdue()
        words, turn, waits, limit = self._words, quick.turn, 0, -1
        if wait:
            self._sleeps()
            turn, waits = waiting.turn, 1
            if timeout is not None:
                limit = int(min(timeout, _LONGEST) * 1e9)
        count = len(self._staged)
        self.turns += 1
        # From here until the call nothing lets a signal's handler run.
        words[_OPS_LEN] = count
        words[_DONE] = words[_ERROR] = words[_RECS_LEN] = 0
        words[_REL_LEN] = self._rel_len
        words[_WAIT] = waits
        self._longs[_TIMEOUT] = limit
        self._rel_len = 0
        self._due = True
        code = turn(self._handle)
        found = 0
        if count or self._quiet or words[_RECS_LEN]:
            found = self._take_over(code)
        else:
            self._due = False
        if wait:
            self._wakes()
        if code < 0:
            if code not in _PASSING:
                self._broken(code)
            if wait and not found and code in _SHORT:
                time.sleep(PAUSE)

    def has_completions(self) -> bool:
        """Whether completions wait for their callbacks."""
        return bool(self._inbox)

    def _overdue(self) -> None:
        """Take over what a turn handed out whose end a signal's handler cut off."""
        if self._due:
            self._take_over(0)

    def _take_over(self, code: int) -> int:
        """What was accepted and what is complete, out of the block; how many completions. It may
        be cut off at any place before its last lines, and is begun anew then."""
        words, staged = self._words, self._staged
        found: int = words[_RECS_LEN]
        rest, quiet = staged, self._quiet
        came: List[Record] = []
        records: List[Record] = []
        if staged:
            rest, came = self._accepted(code)
            if came:
                quiet = [sent for sent in quiet if sent[0] != came[0][0]]
        if found:
            # Records about no operation have an id that is not in the table.
            records = list(_unpack(self._rec_bytes[: found * RECORD.size]))
            if self._dropped:
                records = self._tell_dropped(records)
        if quiet and found < self._recs_cap:
            quiet, settled = _settle(quiet, rest, self._inbox, records)
            came += settled
        came += records
        start, end = (len(staged) - len(rest)) * OP_SIZE, len(staged) * OP_SIZE
        moved = bytes(self._op_bytes[start:end]) if start else b""
        size, extend, dropped = len(moved), self._inbox.extend, self._dropped
        if records and dropped:
            dropped = dropped.difference([record[0] for record in records])
        # From here on nothing lets a signal's handler run before all is done.
        self._op_bytes[:size] = moved
        self._staged, self._quiet, self._dropped = rest, quiet, dropped
        self._due = False
        extend(came)
        return found

    def _accepted(self, code: int) -> Tuple[List[int], List[Record]]:
        """The first staged operations are the kernel's now; one behind may be refused, and its
        end is given. What the kernel only did not take yet stays, with all behind it."""
        staged, words = self._staged, self._words
        done: int = words[_DONE]
        if done:
            self._tokens.update(zip(staged, self._token_words[:done]))
        error: int = words[_ERROR]
        if not error:
            return staged[done:], []
        error -= 1 << 32
        if error in _PASSING or error == code:
            return staged[done:], []
        return staged[done + 1 :], [(staged[done], error, _FINAL, 0, 0)]

    def _tell_dropped(self, records: Sequence[Record]) -> List[Record]:
        """The NOPs in the place of cancelled operations say what those would say."""
        told: List[Record] = []
        for record in records:
            ident, _, flags, data, token = record
            canceled = (ident, _CANCELED, flags, data, token)
            told.append(canceled if ident in self._dropped else record)
        return told

    def _broken(self, code: int) -> None:
        if code == _abi.EFORKED:
            raise RuntimeError("this event loop was made before fork(): make a new one here")
        raise failed(code)


def _settle(
    quiet: List[Tuple[int, int]],
    staged: Sequence[int],
    inbox: Deque[Record],
    records: Sequence[Record],
) -> Tuple[List[Tuple[int, int]], List[Record]]:
    """QUIET sends that have no completion by now were taken whole: the kernel deals with them
    while it takes them, and the records have had room for all. They go before the records, so
    that who answers what was received finds nothing in its way. Those that are only staged stay."""
    spoken = {record[0] for found in (inbox, records) for record in found if record[2] & _FINAL}
    left = [sent for sent in quiet if staged and sent[0] in staged]
    over: List[Record] = []
    for sent in quiet:
        ident, length = sent
        if ident not in spoken and not (staged and ident in staged):
            over.append((ident, length, _FINAL, 0, 0))
    return left, over
