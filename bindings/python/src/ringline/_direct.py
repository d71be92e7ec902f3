"""Receives of a stream transport by calls: straight into what its protocol gets.

A receive of the pool needs no system call of its own, and one copy more. Where much comes at once
the copy costs more than the call: such a connection waits by a poll and is read when it is ready,
as asyncio reads it, and by the pool again where little comes. The same is done where others have
all buffers of the pool.

Owns the count that tells which; the native layer has it too (direct.rs). Invariants: a call takes
no more than `max_size`, so that the others have their turn; nothing is taken from the socket that
the protocol does not hear of at once.
"""

import errno
import socket
from typing import Any, Callable, Optional

from ._transport import Reading

#: What says nothing of the socket: the operation was asked to end.
LEAVES = (-errno.ECANCELED, -errno.EINTR)
READ_ERROR = "Fatal read error on socket transport"
_AGAIN = (BlockingIOError, InterruptedError)
#: So many bytes at once are much, and so few are little.
MUCH, _LITTLE = 32768, 16384
#: So often much comes in a row before it is received by calls, and what the count is then: so
#: often little may come, with nothing large in between, before it is one below the first again.
CALLS, _LASTS = 2, 9


class Direct(Reading):
    """What a stream transport receives with where it does not by the pool."""

    #: What one call takes, as with asyncio.
    max_size = 256 * 1024
    #: From `CALLS` on the next receive is by a call.
    _large = 0
    #: The turn in which bytes came last.
    _got_at: int
    _sock: Optional[socket.socket]
    _sock_fd: int
    _protocol: Any
    _buffered: bool
    _ended: bool
    _over: Callable[[Any], None]

    def _brought(self, size: int) -> None:
        """A receive of the pool brought so much: after large ones the next are by calls. Not below
        TLS, which copies what it gets from the pool itself."""
        if self._large >= CALLS:
            return  # What came before the receive had ended.
        takes_large = size >= MUCH and not getattr(self._protocol, "takes_bytes", False)
        self._large = self._large + 1 if takes_large else 0
        if self._large == CALLS:
            self._large = _LASTS
            if self._recv_id:
                self._engine.cancel(self._recv_id)

    def _took(self, size: int) -> None:
        """A call brought so much: where little comes, the next receives are of the pool."""
        self._shortages, self._got_at = 0, self._engine.turns
        if self._large < CALLS:
            return
        if size >= MUCH:
            self._large = _LASTS
        elif size < _LITTLE:
            self._large -= 1
            if self._large < CALLS:
                self._large = 0

    def _came(self, res: int, flags: int, data: int, token: int) -> None:
        if self._large < CALLS:
            super()._came(res, flags, data, token)
            return
        self._recv_id = 0
        try:
            if res > 0:
                self._take_by_call()
            elif res not in LEAVES:
                # A receive knows what to do with a kernel that is short of something.
                self._large = 0
        except OSError as error:
            self._failed(error)
        except MemoryError as error:
            self._fatal_error(error, READ_ERROR)
        finally:
            self._read()

    def _take_by_call(self) -> None:
        """Receive once without the pool; OSError where the connection failed."""
        if self._sock is None or not self.is_reading() or self._held:
            return
        if self._sock.gettimeout():
            self._large = 0  # It would wait.
            return
        try:
            if self._buffered:
                if self._run(self._take_into) == 0:
                    self._over(None)
                return
            received = self._sock.recv(self.max_size, socket.MSG_DONTWAIT)
        except _AGAIN:
            return
        if not received:
            self._over(None)
            return
        self._took(len(received))
        self._run(self._deliver, received)

    def _take_into(self) -> int:
        """Receive into a buffer of the protocol's; how much that was, 0 at the end."""
        assert self._sock is not None
        step, taking = "get_buffer", False
        try:
            buffer = self._protocol.get_buffer(-1)
            room = min(len(buffer), self.max_size)
            if not room:
                raise RuntimeError("get_buffer() returned an empty buffer")
            taking = True
            count = self._sock.recv_into(buffer, room, socket.MSG_DONTWAIT)
            step, taking = "buffer_updated", False
            if count:
                self._took(count)
                self._protocol.buffer_updated(count)
            return count
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if taking and isinstance(error, OSError):
                raise
            self._fatal_error(error, f"Fatal error: protocol.{step}() call failed.")
            return -1
