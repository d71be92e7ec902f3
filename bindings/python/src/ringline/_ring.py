"""The ring: submits operations, turns, and holds what they name until their FINAL.

Owns the table of operations in flight: id -> what the kernel may touch and the user's object. The
invariant: an entry leaves the table at the FINAL completion, at a rejection, or with a ring that
was freed and had nothing to abandon; what was abandoned is kept for ever. The shared block is
touched by the owner thread alone and never after the ring is freed.
"""

import ctypes
import itertools
import struct
import threading
import time
import warnings
import weakref
from threading import get_ident
from types import TracebackType
from typing import Any, Callable, List, Optional, Type

from . import _abi, _buffers
from ._completion import Completion, Record
from ._error import Error, check, failed
from ._inflight import Entry, Inflight
from ._library import quick, waiting
from ._mailbox import Mailbox
from ._operations import File, Operations, Prepare, Slot, descriptor
from ._pool import Lease, Pool
from ._region import Region

_OP_SIZE = ctypes.sizeof(_abi.Op)
_RECORD = struct.Struct(_abi.COMPLETION_FORMAT)
_OTHERS = _abi.CF_MSG | _abi.CF_LOW_WATER
_FINAL, _LEASE, _ABANDONED = _abi.CF_FINAL, _abi.CF_LEASE, _abi.CF_ABANDONED
_MORE = _abi.CF_MORE
_OPTIONS = {name for name, *_ in _abi.Config._fields_} - {"size", "sq_entries"}
_EINTR = -4
_NOBODY = -1


def _lost(handle: int, inflight: Inflight) -> None:
    """A ring that nobody closed: freed here, or by the library when its owner thread is gone."""
    code = waiting.free(handle)
    if code != _abi.EFORKED:
        warnings.warn(f"unclosed ring {handle:#x}", ResourceWarning, stacklevel=2)
    if code in (_abi.EWRONGTHREAD, _abi.EREENTRANT):
        quick.abandon(handle)
    # Of a fork's child nothing is known; what another thread's ring has in flight may be written.
    inflight.gone(0 if code in (0, _abi.EFORKED) else 1)


class Batch(Operations):
    """Operations that wait in the ring's shared block for the next `Ring.turn`: no call each.

    ``len(ring.batch)`` tells how many wait. One that is refused raises from that turn, with its id
    in `Error.op`; those behind it stay and go with the turn after.
    """

    def __init__(self, ring: "Ring") -> None:
        self._ring = ring

    def __len__(self) -> int:
        return len(self._ring._staged)

    def _add(
        self, prepare: Prepare, keep: object, user_data: object, flags: int, *arguments: Any
    ) -> int:
        ring = self._ring
        if ring._thread != get_ident():
            ring._bind()
        if ring._unread:
            ring._kept.extend(ring._settled())
        at = len(ring._staged)
        if at >= len(ring._ops):
            raise Error(-11, f"{at} operations wait already: turn")
        return ring._fill(ring._ops[at], prepare, keep, user_data, flags, arguments, True)


class Ring(Operations):
    """An io_uring.

    A ring belongs to the first thread that uses it. Use it in a ``with`` statement, or `close` it.
    Its operation methods submit at once and raise where the library refuses; `batch` has the same
    methods for many at a time. Completions come from `turn`.

    Parameters
    ----------
    entries : int
        Size of the submission queue, rounded up to a power of two; 0 = 256.
    **config : int
        Other members of `ringline_config`: cq_entries, max_inflight, ops_cap, recs_cap, flags
        (CONFIG_SQPOLL), sq_thread_idle_ms, sq_thread_cpu, spin_us, disable (FEATURE_*).

    Raises
    ------
    Error
        Where rings are forbidden or memory is short; the text says by what, and the remedy.
    """

    def __init__(self, entries: int = 0, **config: int) -> None:
        wanted = _abi.Config()
        check(quick.config_init(ctypes.byref(wanted)))
        wanted.sq_entries = entries
        for name, value in config.items():
            if name not in _OPTIONS:
                raise TypeError(f"a ring has no option {name!r}")
            setattr(wanted, name, value)
        handle = ctypes.c_void_p()
        check(waiting.create(ctypes.byref(wanted), ctypes.byref(handle)))
        self._handle: int = handle.value or 0
        self._inflight = Inflight()
        self._inflight.regions = []
        self._finalizer = weakref.finalize(self, _lost, self._handle, self._inflight)
        self._thread = _NOBODY
        self._numbers = itertools.count(1)
        self._scratch = _abi.Op()
        self._token = ctypes.c_uint64()
        self._staged: List[int] = []
        self._kept: List[Record] = []
        self._unread = False
        self._closed = False
        address = quick.shared_block(self._handle)
        if not address:
            raise failed(_abi.ESTALE)
        self._look(address)

    def _look(self, address: int) -> None:
        """Views on the shared block and what it names; valid until the ring is freed."""
        shared = _abi.Shared.from_address(address)
        count = shared.ops_cap
        self._shared = shared
        self._ops = list((_abi.Op * count).from_address(shared.ops))
        tokens = (ctypes.c_uint64 * count).from_address(shared.tokens)
        self._tokens = tokens
        records = (ctypes.c_ubyte * (_RECORD.size * shared.recs_cap)).from_address(shared.recs)
        self._records = memoryview(records).cast("B")

    # Life.

    def __enter__(self) -> "Ring":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{len(self._inflight)} in flight"
        return f"<ringline.Ring {self._handle:#x}, {state}>"

    def _bind(self) -> None:
        """Make this thread the owner, or raise what the library says: wrong thread, closed."""
        check(quick.attach(self._handle))
        self._thread = get_ident()

    def _bound(self) -> int:
        """The handle, for this thread."""
        if self._thread != get_ident():
            self._bind()
        return self._handle

    def attach(self) -> None:
        """Make the calling thread the owner now, not at the first operation."""
        self._bind()

    def detach(self) -> None:
        """Let go of the ring, so that another thread can use it. EBUSY with anything in flight."""
        handle = self._bound()
        if self._staged:
            raise Error(-16, "operations wait in the batch")
        check(waiting.detach(handle))
        self._thread = _NOBODY

    def close(self) -> int:
        """Cancel everything, wait up to a second for it, and free the ring; a second time does
        nothing. Completions that were not seen are dropped. The owner thread; any thread once that
        one is over, but then nothing can be waited for.

        Returns
        -------
        int
            How many operations the kernel did not let go; their memory is kept for ever.
        """
        if self._closed:
            return 0
        code = waiting.free(self._handle)
        deadline = time.monotonic() + 1
        while code == _abi.EWRONGTHREAD and self._orphan() and time.monotonic() < deadline:
            # join() returns before the kernel has seen the thread off.
            time.sleep(0.001)
            code = waiting.free(self._handle)
        if code == _abi.ESTALE:
            # A signal handler raised when an earlier close had freed it: what was left is unknown.
            code = len(self._inflight)
        check(code)
        self._finalizer.detach()
        self._closed = True
        self._thread = _NOBODY
        self._unread = False
        del self._staged[:], self._ops[:], self._kept[:]
        self._inflight.gone(code)
        return code

    def _orphan(self) -> bool:
        """Whether the owner thread is over, as far as Python knows."""
        return all(thread.ident != self._thread for thread in threading.enumerate())

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def __len__(self) -> int:
        """Operations in flight, those that wait in the batch included."""
        return len(self._inflight)

    def __bool__(self) -> bool:
        return True

    # Submitting.

    @property
    def batch(self) -> Batch:
        """The same operations, sent by the next turn."""
        # Made anew: kept, it would be a cycle, and a dropped ring wait for the collector.
        return Batch(self)

    def _fill(
        self,
        slot: _abi.Op,
        prepare: Prepare,
        keep: object,
        user_data: object,
        flags: int,
        arguments: "tuple[Any, ...]",
        staged: bool,
    ) -> int:
        number = next(self._numbers)
        prepare(ctypes.addressof(slot), *arguments)
        slot.user_data = number
        if flags:
            slot.flags |= flags
        self._inflight[number] = Entry(user_data, keep)
        if staged:
            self._staged.append(number)
        return number

    def _add(
        self, prepare: Prepare, keep: object, user_data: object, flags: int, *arguments: Any
    ) -> int:
        if self._thread != get_ident():
            self._bind()
        number = self._fill(self._scratch, prepare, keep, user_data, flags, arguments, False)
        op, token = ctypes.addressof(self._scratch), self._token
        code = quick.submit(self._handle, op, 1, ctypes.addressof(token), 0)
        if code != 1:
            del self._inflight[number]
            raise failed(code, number)
        self._inflight[number].token = token.value
        return number

    def flush(self) -> int:
        """Hand what was submitted to the kernel without a turn; how many still wait."""
        return check(quick.flush(self._bound()))

    def cancel(self, op: int) -> bool:
        """Ask an operation to end; its FINAL completion still comes, and only then is its memory
        the caller's. False when it has ended already."""
        handle = self._bound()
        entry = self._inflight.get(op)
        if entry is None:
            return False
        if entry.mail:
            with self.mailbox() as mailbox:
                return mailbox.cancel(op)
        if entry.token == 0:
            raise Error(-16, "the operation waits in the batch: turn first")
        code = quick.cancel(handle, entry.token)
        if code == _abi.ESTALE:
            return False
        check(code)
        return True

    def cancel_file(self, file: File) -> int:
        """Ask every operation on a descriptor to end; how many there were."""
        return check(quick.cancel_fd(self._bound(), descriptor(file)))

    def cancel_all(self) -> int:
        """Ask everything in flight to end; how many there were."""
        return check(quick.cancel_all(self._bound()))

    # Turning.

    def turn(self, wait: int = 0, timeout: Optional[float] = None) -> List[Completion]:
        """Submit the batch, wait for `wait` completions, and take what is complete.

        Parameters
        ----------
        wait : int
            How many to wait for; 0 = do not sleep.
        timeout : float or None
            Seconds to wait at most; None = for ever.

        Raises
        ------
        Error
            An operation of the batch was refused (`Error.op`), or the ring cannot be used.
        KeyboardInterrupt
            And whatever else a signal handler raises; nothing is lost by it.
        """
        found = []
        for number, res, flags, data, token in self._fetch(wait, timeout):
            lease = Lease(token, data, res) if flags & _LEASE else None
            stands_alone = flags & _OTHERS and not flags & (_FINAL | _MORE)
            entry = None if stands_alone else self._ended(number, flags)
            user_data = None if entry is None else entry.user_data
            found.append(Completion(number, res, flags, user_data, lease, data))
        return found

    def turn_raw(self, wait: int = 0, timeout: Optional[float] = None) -> List[Record]:
        """As `turn`, but each completion is a plain tuple (op, res, flags, data, token). Received
        bytes lie at the address `data` until ``lease_release(token)``; nothing guards them."""
        records = self._fetch(wait, timeout)
        for number, _, flags, _, _ in records:
            if flags & _FINAL:
                self._ended(number, flags)
        return records

    def lease_release(self, lease: int) -> None:
        """Give back a lease of `turn_raw`, from any thread."""
        check(quick.lease_release(lease))

    def _ended(self, number: int, flags: int) -> Optional[Entry]:
        """The entry of a completion; with FINAL what it held is let go."""
        if not flags & _FINAL:
            return self._inflight.get(number)
        entry = self._inflight.pop(number, None)
        if entry is not None and flags & _ABANDONED:
            _buffers.abandoned.append(entry.keep)
        return entry

    def _fetch(self, wait: int, timeout: Optional[float]) -> List[Record]:
        """One turn, again after signals as PEP 475 says; records, or an error when none came."""
        if self._thread != get_ident():
            self._bind()
        if self._unread:
            self._kept.extend(self._settled())
        if self._kept:
            kept, self._kept = self._kept, []
            return kept
        shared = self._shared
        nanoseconds = -1 if timeout is None else max(0, int(timeout * 1e9))
        deadline = 0 if timeout is None else time.monotonic_ns() + nanoseconds
        turn: Callable[[int], int] = waiting.turn if wait else quick.turn
        while True:
            shared.wait_min, shared.timeout_ns = wait, nanoseconds
            shared.ops_len = len(self._staged)
            shared.ops_done = shared.op_error = shared.recs_len = 0
            # From here on an exception of a signal handler may come at any place: what the turn did
            # is in the shared block, and the next call takes it from there.
            self._unread = True
            code = turn(self._handle)
            if code <= _abi.EPANIC:
                # Nothing was done; the block may be no more.
                self._unread = False
                raise failed(code)
            records = self._settled()
            if records or code >= 0:
                return records
            if code != _EINTR:
                raise failed(code)
            if timeout is not None:
                nanoseconds = max(0, deadline - time.monotonic_ns())

    def _settled(self) -> List[Record]:
        """What the last turn did, out of the shared block: tokens, the refused op, records."""
        shared = self._shared
        records = list(_RECORD.iter_unpack(self._records[: _RECORD.size * shared.recs_len]))
        done, code = shared.ops_done, shared.op_error
        refused: Optional[int] = None
        if self._staged:
            for number, token in zip(self._staged[:done], self._tokens):
                self._inflight[number].token = token
            behind = done + 1 if code else done
            if code:
                refused = self._staged[done]
                self._inflight.pop(refused, None)
            self._shift(behind)
        self._unread = False
        if refused is None:
            return records
        self._kept.extend(records)
        raise failed(code, refused)

    def _shift(self, done: int) -> None:
        """Move what waits behind the first `done` ops of the batch to its front."""
        rest = len(self._staged) - done
        if rest:
            start = ctypes.addressof(self._ops[0])
            ctypes.memmove(start, start + done * _OP_SIZE, rest * _OP_SIZE)
        self._shared.ops_done = self._shared.op_error = 0
        del self._staged[:done]

    # Buffers and files.

    def pool(self, count: int, size: int, flags: int = 0) -> Pool:
        """Make a pool of `count` (a power of two) buffers of `size` bytes, from which receives take
        theirs. POOL_INCREMENTAL: few large buffers, filled piece by piece."""
        return Pool(self, count, size, flags)

    def region(self, size: int = 0, buffer: Optional[_buffers.Buffer] = None) -> Region:
        """Register `size` bytes of new memory, or a writable buffer of the caller's."""
        return Region(self, size, buffer)

    def _hold(self, region: Region) -> None:
        self._inflight.regions.append(region)

    def _let_go(self, region: Region) -> None:
        self._inflight.regions.remove(region)

    def files_reserve(self, slots: int, direct: int = 0) -> None:
        """Make the table of registered files, once: `slots` for `file_add`, `direct` for the
        kernel to choose from."""
        check(quick.files_reserve(self._bound(), slots, direct, 0))

    def file_add(self, file: File) -> Slot:
        """Register a file; the descriptor can be closed then."""
        return Slot(check(quick.file_add(self._bound(), descriptor(file))))

    def file_replace(self, slot: Slot, file: File) -> None:
        """Put another file into a slot. EBUSY while operations in flight name it."""
        check(quick.file_replace(self._bound(), slot, descriptor(file)))

    def file_remove(self, slot: Slot) -> None:
        """Empty a slot. EBUSY while operations in flight name it."""
        check(quick.file_remove(self._bound(), slot))

    # Asking.

    def info(self) -> _abi.Info:
        """What the ring got: sizes, setup flags, features."""
        info = _abi.Info()
        check(quick.info_of(self._bound(), ctypes.byref(info)))
        return info

    def stats(self) -> _abi.Stats:
        """The counters; any thread."""
        stats = _abi.Stats()
        check(quick.stats_of(self._handle, ctypes.byref(stats)))
        return stats

    def dump(self, file: File) -> int:
        """Write what is in flight to a file, for people; how many operations there are."""
        return check(quick.dump(self._bound(), descriptor(file)))

    def mailbox(self) -> Mailbox:
        """The way to this ring for other threads."""
        handle = ctypes.c_void_p()
        check(quick.mailbox_of(self._bound(), ctypes.byref(handle)))
        return Mailbox(handle.value or 0, self._inflight, self._numbers)

    def stop(self) -> None:
        """Make the present or next wait end early; any thread and signal handlers."""
        check(quick.stop(self._handle))
