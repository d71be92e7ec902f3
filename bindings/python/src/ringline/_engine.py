"""The ring of an event loop: operations in, callbacks out, one `ringline_turn` per iteration.

Owns the ring, the table of operations in flight and the receive pool. The invariant: what an
operation names (`keep`) is held until its FINAL, and each accepted operation's callback is called
once with FINAL, a QUIET send's included. It never runs a callback outside of `turn`, and never
touches the shared block from a thread that does not own the ring.

How others use it (the native engine has the same interface)::

    ident = loop._engine.submit(OP_READ, fd, address, length, offset, 0, callback, keep)
    loop._engine.cancel(ident)          # its FINAL still comes, usually with -ECANCELED

    def callback(res, flags, data, token): ...

`submit` writes the descriptor into the shared block; it goes to the kernel with the loop's next
turn. ``callback(res, flags, data, token)`` is called per completion from that or a later turn, in
the loop's thread; the last call has CF_FINAL in `flags`. ``res`` is >= 0 or -errno; for an
operation that the library refused it is the library's code (`Error(res)` makes an exception of
either). With CF_LEASE in flags, `res` bytes lie at address `data`: copy them with
`engine.received(data, res)` and give them back with `engine.release(token)`. An operation that may
be cancelled and armed again unseen when the loop stops (multishot receives, accepts, polls) is
submitted with ``restart=True``: its callback must take -ECANCELED as "arm again if wanted".
"""

import ctypes
import errno
import itertools
import struct
import time
from collections import Counter, deque
from threading import get_ident
from typing import Any, Callable, Iterable, List, Optional, Set

from . import _abi, _buffers
from ._completion import Record
from ._error import check, failed
from ._library import quick, waiting
from ._receiving import Receiving
from ._turning import OP_SIZE, PAUSE, RECORD, Callback, Turning

_pack = struct.Struct(_abi.OP_FORMAT).pack_into
_FINAL, _LEASE, _ABANDONED = _abi.CF_FINAL, _abi.CF_LEASE, _abi.CF_ABANDONED
#: Where the bytes of a `bytes` object start, counted from its id().
BYTES_OFFSET = bytes.__basicsize__ - 1
#: In `Info.setup_flags`.
_SQPOLL = 2
#: The most that a connection receives before the others have their turn, as with asyncio, where
#: one pool is too little for all.
_RATION = 256 * 1024
#: How often a kernel that takes no operation is asked again.
_TRIES = 100
_TAKES_NONE = "the kernel is short of memory and takes no operation now: try again later"


class Engine(Receiving, Turning):
    """The ring of one loop.

    Parameters
    ----------
    entries : int
        Size of the submission queue, and how many operations one turn takes. More completions than
        twice that wait in the kernel for room in the queue, which costs no more: measured, larger
        queues gain nothing, and their memory is locked memory.
    flags, spin_us : int
        As in `ringline_config`.
    buffer_size, buffer_count : int
        The receive pool.
    """

    def __init__(
        self,
        entries: int = 64,
        flags: int = 0,
        spin_us: int = 0,
        buffer_size: int = 65536,
        buffer_count: int = 16,
    ) -> None:
        super().__init__()
        self._entries, self._flags, self._spin_us = entries, flags, spin_us
        self.buffer_size, self.buffer_count = buffer_size, buffer_count
        self._restart: Set[int] = set()
        self._parked: Set[int] = set()
        self._numbers = itertools.count(1)
        self._retired: List[int] = []
        self._foreign: Set[int] = set()
        self._handle = self._mailbox = self._thread = 0
        self.turns, self.closed = 0, False
        #: The turn with which the loop's iteration began; it may make more.
        self.began = 0
        self.pool = self._messages = -1
        #: In which turn a receive got no buffer, and whose.
        self._without = 0, 0
        #: Called for what a callback raised: ``on_error(exception)``.
        self.on_error: Optional[Callable[[BaseException], object]] = None
        self._create()

    # Life.

    def _create(self) -> None:
        """Make a ring with its pool, or raise and leave all as it was."""
        config = _abi.Config()
        check(quick.config_init(ctypes.byref(config)))
        config.sq_entries, config.cq_entries = self._entries, 2 * self._entries
        config.recs_cap = 16 * self._entries
        config.flags, config.spin_us = self._flags, self._spin_us
        made, mailbox = ctypes.c_void_p(), ctypes.c_void_p()
        check(waiting.create(ctypes.byref(config), ctypes.byref(made)))
        handle = made.value or 0
        try:
            check(quick.mailbox_of(handle, ctypes.byref(mailbox)))
            got = _info(handle)
            before = self._handle, self.pool, self._messages
            self._handle = handle
            try:
                self._pools_again()
                self._look()
            except BaseException:
                self._handle, self.pool, self._messages = before
                raise
        except BaseException:
            # Nobody knows it who would free it.
            _let_go(handle, mailbox.value or 0)
            raise
        self._mailbox, self._thread = mailbox.value or 0, 0
        self._window, self._window_base = _bytes_at(0x1000, 0), 0
        #: Whether a thread of the kernel takes what is staged.
        self.sqpoll = bool(got.setup_flags & _SQPOLL)
        #: Whether QUIET sends can be used, and the `ioprio` of receives and accepts.
        self.quiet = bool(got.features & _abi.FEATURE_CQE_SKIP) and not self.sqpoll
        self.recv_ioprio = self.accept_ioprio = 0
        if got.features & _abi.FEATURE_RECV_MULTISHOT:
            self.recv_ioprio = _abi.RECV_MULTISHOT
        #: Bytes after which a receive ends (`file_index` of a multishot receive); 0 as long as
        #: nobody takes what others need, and what it is then: the share of one, or 0 where the
        #: kernel knows no such limit.
        self.recv_limit = self.share = 0
        if self.recv_ioprio and got.features & _abi.FEATURE_RECV_LIMIT:
            share = self.buffer_size * self.buffer_count // 4
            self.share = max(min(share, _RATION), self.buffer_size)
        if got.features & _abi.FEATURE_ACCEPT_MULTISHOT:
            self.accept_ioprio = _abi.ACCEPT_MULTISHOT

    def _look(self) -> None:
        """Views on the shared block and what it names; valid until the ring is freed."""
        address = quick.shared_block(self._handle)
        if not address:
            raise failed(_abi.ESTALE)
        shared = _abi.Shared.from_address(address)
        block = memoryview((ctypes.c_ubyte * shared.size).from_address(address)).cast("B")
        ops = _bytes_at(shared.ops, OP_SIZE * shared.ops_cap)
        recs = _bytes_at(shared.recs, RECORD.size * shared.recs_cap)
        tokens = _bytes_at(shared.tokens, 8 * shared.ops_cap).cast("Q")
        releases = _bytes_at(shared.rel, 8 * shared.rel_cap).cast("Q")
        words, longs = block.cast("I"), block.cast("q")
        caps = shared.ops_cap, shared.recs_cap, shared.rel_cap
        # All or nothing: what was there may be gone on with.
        self._words, self._longs = words, longs
        self._op_bytes, self._rec_bytes = ops, recs
        self._token_words, self._rel_words = tokens, releases
        self._ops_cap, self._recs_cap, self._rel_cap = caps
        self._rel_len = 0

    def attach(self) -> None:
        """Make the calling thread the owner. From another thread than the one before, a new ring
        takes over, which is possible only with nothing in flight; so it does in a forked child,
        where the loop has not run yet."""
        me = get_ident()
        if self._thread == me:
            code = quick.attach(self._handle)
            if code == 0:
                self.begin()
                return
            if code == _abi.EFORKED:
                self._broken(code)
        if self._thread and self._handle:
            self._move()
        code = quick.attach(self._handle)
        if code == _abi.EFORKED and not self._thread:
            try:
                self._move()
            except RuntimeError:
                # It had to turn before it ran, and its parent's kernel has some of it.
                self._broken(code)
            code = quick.attach(self._handle)
        if code < 0:
            self._broken(code)
        self._thread = me
        self.begin()

    def _move(self) -> None:
        """Go on with a new ring: the old one is another thread's, or another process's."""
        self._overdue()
        over = sum(1 for record in self._inbox if record[2] & _FINAL)
        live = len(self._ops) - over - len(self._staged)
        if live > 0:
            raise RuntimeError(f"{live} operations of this loop are in flight in another thread")
        staged = bytes(self._op_bytes[: len(self._staged) * OP_SIZE])
        releases = list(self._rel_words[: self._rel_len])
        handle, mailbox = self._handle, self._mailbox
        self._create()
        self._op_bytes[: len(staged)] = staged
        # The old pool's leases stay good, but not every turn of the new ring knows them.
        self._foreign.update([record[4] for record in self._inbox if record[2] & _LEASE])
        for token in releases:
            quick.lease_release(token)
        self._tokens.clear()
        self._retire(handle, mailbox)

    def _retire(self, handle: int, mailbox: int) -> None:
        """Give up a ring whose owner is another thread, which may be over."""
        quick.mailbox_release(mailbox)
        if waiting.free(handle) < 0:
            self._retired.append(handle)

    def park(self) -> None:
        """The loop stops: end what can be armed again, so that another thread may run it."""
        self._parked = set(self._restart)
        for ident in list(self._restart):
            self.cancel(ident)
        for _ in range(100):
            if not self._restart and not self._staged and not self._rel_len:
                return
            # What comes stays in the inbox, and is dispatched when the loop runs again.
            self._enter(bool(self._restart and not self._staged), 0.01)
            self._restart.difference_update(
                [record[0] for record in self._inbox if record[2] & _FINAL]
            )

    def resume(self) -> None:
        """The loop runs again: what `park` ended is armed with the first turn, which finds what
        came meanwhile as a selector does. Where more is to be told of it, that goes first."""
        parked, self._parked = self._parked, set()
        inbox, seen = self._inbox, Counter(record[0] for record in self._inbox)
        ended = [
            record
            for record in inbox
            if record[0] in parked and seen[record[0]] == 1 and record[1] == -errno.ECANCELED
        ]
        if not ended:
            return
        chosen = {record[0] for record in ended}
        self._inbox = deque(ended)
        try:
            self.dispatch()
        finally:
            self._inbox.extend(record for record in inbox if record[0] not in chosen)

    def close(self) -> int:
        """Cancel everything, wait up to a second for it and free the ring; how many operations the
        kernel did not let go. Their callbacks are not called."""
        if self.closed:
            return 0
        self.closed = True
        left = _let_go(self._handle, self._mailbox)
        if left:
            _buffers.abandoned.append(list(self._ops.values()))
        for handle in self._retired:
            if waiting.free(handle) < 0:
                quick.abandon(handle)
        for staged in (self._ops, self._tokens, self._restart, self._inbox, self._staged):
            staged.clear()
        return int(left)

    # Submitting.

    def submit(
        self,
        opcode: int,
        fd: int,
        addr: int,
        length: int,
        off: int,
        op_flags: int,
        callback: Callback,
        keep: object = None,
        flags: int = 0,
        ioprio: int = 0,
        buf_index: int = 0,
        file_index: int = 0,
        addr3: int = 0,
        ext: int = 0,
        restart: bool = False,
    ) -> int:
        """Stage an operation for the next turn; its id."""
        if len(self._staged) == self._ops_cap:
            self._make_room()
        staged = self._staged
        at = len(staged)
        ident = next(self._numbers)
        _pack(
            self._op_bytes, at * OP_SIZE, opcode, flags, ioprio, fd, off, addr, length, op_flags,
            ident, buf_index, 0, file_index, addr3, ext,
        )  # fmt: skip
        self._ops[ident] = (callback, keep)
        if ext:
            self._quiet.append((ident, length))
        if restart:
            self._restart.add(ident)
        staged.append(ident)
        if self._due:
            # A turn sleeps, and this is another thread: it would not take it.
            self.wake()
        return ident

    def _make_room(self) -> None:
        """Hand over what is staged, now."""
        for _ in range(_TRIES):
            self._enter(False, 0)
            if len(self._staged) < self._ops_cap:
                return
            time.sleep(PAUSE)
        raise OSError(errno.EAGAIN, _TAKES_NONE)

    def cancel(self, ident: int) -> bool:
        """Ask an operation to end; its FINAL still comes, and only then is its memory free. False
        when it has ended already."""
        self._overdue()
        entry = self._ops.get(ident)
        if entry is None:
            return False
        token = self._tokens.get(ident)
        if token is not None:
            return bool(quick.cancel(self._handle, token) == 0)
        if ident not in self._staged:
            return False
        # It was not handed over yet: a NOP goes in its place, and what it named is not touched.
        at = self._staged.index(ident) * OP_SIZE
        _pack(self._op_bytes, at, _abi.OP_NOP, 0, 0, -1, 0, 0, 0, 0, ident, 0, 0, 0, 0, 0)
        self._dropped.add(ident)
        self._quiet = [quiet for quiet in self._quiet if quiet[0] != ident]
        return True

    def finish(self, idents: Iterable[int]) -> None:
        """Cancel operations now, so that the kernel lets go of the descriptors they name. What
        comes of it is dispatched by the next turn."""
        left = {ident for ident in idents if ident and self.cancel(ident)}
        for tries in range(50):
            if not left:
                return
            # A cancel is done at once, or when what runs already is: waits are short.
            self._enter(tries > 1, 0.002)
            left.difference_update([record[0] for record in self._inbox if record[2] & _FINAL])

    def take(self, ident: int) -> List[Record]:
        """What came of an operation and was not dispatched yet; its callback does not see it."""
        found = [record for record in self._inbox if record[0] == ident]
        for record in found:
            self._inbox.remove(record)
        if any(record[2] & _FINAL for record in found):
            self._ops.pop(ident, None)
            self._tokens.pop(ident, None)
            self._restart.discard(ident)
        return found

    def came(self, ident: int) -> int:
        """The result that an operation ended with and that was not dispatched yet; else 0."""
        return next((record[1] for record in self._inbox if record[0] == ident), 0)

    def __contains__(self, ident: int) -> bool:
        return ident in self._ops

    def __len__(self) -> int:
        return len(self._ops)

    # Received bytes.

    def view(self, data: int, size: int) -> memoryview:
        """The bytes at `data`, where a receive put them; valid until `release`."""
        start = data - self._window_base
        if start < 0 or start + size > len(self._window):
            # Addresses around the first one: the pool's memory is in one piece.
            room = self.buffer_size * self.buffer_count + 4096
            self._window_base = max(data - room, 4096)
            self._window = _bytes_at(self._window_base, 2 * room + size)
            start = data - self._window_base
        return self._window[start : start + size]

    def received(self, data: int, size: int) -> bytes:
        """A copy of the bytes at `data`, where a receive put them."""
        start = data - self._window_base
        if start < 0 or start + size > len(self._window):
            return self.view(data, size).tobytes()
        return self._window[start : start + size].tobytes()

    def release(self, token: int) -> None:
        """Give received bytes back; they go with the next turn."""
        at = self._rel_len
        if at == self._rel_cap or token in self._foreign:
            self._foreign.discard(token)
            quick.lease_release(token)
            return
        self._rel_words[at] = token
        self._rel_len = at + 1

    # Turning.

    def wake(self) -> None:
        """End the present or next wait; any thread, signal handlers too."""
        quick.mailbox_wake(self._mailbox)

    def turn(self, timeout: Optional[float]) -> None:
        """`fetch` and `dispatch`."""
        if self.fetch(timeout):
            self.dispatch()

    def fetch(self, timeout: Optional[float]) -> bool:
        """Submit what is staged, and wait up to `timeout` seconds (None = until something comes, 0
        = do not wait). Whether there is something to dispatch."""
        if self._due:
            self._overdue()
        if self._inbox or (not self.watched and self._watch_fd >= 0 and not self._rewatch()):
            timeout = 0
        self._enter(timeout != 0, timeout)
        return bool(self._inbox)

    def dispatch(self) -> None:
        """Call the callbacks of what is complete."""
        inbox = self._inbox
        ops, next_record = self._ops, inbox.popleft
        # One record at a time leaves the inbox: a callback may raise, or turn itself.
        while inbox:
            ident, res, flags, data, token = next_record()
            if flags & _FINAL:
                entry = ops.pop(ident, None)
                self._tokens.pop(ident, None)
                if self._restart:
                    self._restart.discard(ident)
                if entry is not None and flags & _ABANDONED:
                    _buffers.abandoned.append(entry[1])
            else:
                entry = ops.get(ident)
            if entry is None:
                continue
            try:
                entry[0](res, flags, data, token)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                if self.on_error is None:
                    raise
                self.on_error(error)

    # Asking.

    def info(self) -> _abi.Info:
        """What the ring got."""
        return _info(self._handle)

    def found_none(self, receiver: object) -> bool:
        """A receive got no buffer. Whether nobody takes more than its share from now on, since
        another got none in the same turn; `unlimit` ends that."""
        turn, other = self._without
        self._without = self.turns, id(receiver)
        if turn != self.turns or other == id(receiver) or self.recv_limit:
            return False
        self.recv_limit = self.share
        return bool(self.share)

    def unlimit(self) -> None:
        """Let everybody take what there is."""
        self.recv_limit = 0

    def stats(self) -> _abi.Stats:
        """The ring's counters; any thread."""
        stats = _abi.Stats()
        check(quick.stats_of(self._handle, ctypes.byref(stats)))
        return stats


def _info(handle: int) -> _abi.Info:
    info = _abi.Info()
    check(quick.info_of(handle, ctypes.byref(info)))
    return info


def _let_go(handle: int, mailbox: int) -> int:
    """Free a ring; how many operations the kernel did not let go, or why it cannot be freed."""
    quick.mailbox_release(mailbox)
    left: int = waiting.free(handle)
    if left < 0 and left != _abi.EFORKED:
        quick.abandon(handle)
    return left


def _bytes_at(address: int, size: int) -> memoryview:
    array: Any = (ctypes.c_ubyte * size).from_address(address)
    return memoryview(array).cast("B")
