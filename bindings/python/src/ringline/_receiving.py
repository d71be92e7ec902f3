"""The pools of a loop: the buffers that what is received comes in.

Owns their numbers on the loop's ring. The invariant: each is made at its first use, as its ring is
locked memory, and a new ring gets the pools that the old one had, in their order, since what is
staged names them.
"""

import ctypes
from typing import Optional

from . import _abi
from ._error import check
from ._library import quick

#: Bytes of a buffer of `Engine.messages`: the largest IP datagram, its sender and a header.
MESSAGE_ROOM = 66_560


class Receiving:
    """The pools of `Engine`."""

    buffer_size: int
    buffer_count: int
    #: `buf_index` of receives, once `receive` has made the pool; -1 before.
    pool: int
    _messages: int
    _handle: int

    def receive(self) -> None:
        """Make the receive pool, before the first that receives: few large buffers filled piece by
        piece, where the kernel can."""
        if self.pool >= 0:
            return
        count, size = self.buffer_count, self.buffer_size
        pool = quick.pool_create(self._handle, count, size, _abi.POOL_INCREMENTAL)
        if pool == _abi.ENOTSUP_KERNEL:
            pool = quick.pool_create(self._handle, count, size, 0)
        self.pool = check(pool)

    def _pools_again(self) -> None:
        """Make the pools that there were, in their order: what is staged names them."""
        made = sorted(pool for pool in (self.pool, self._messages) if pool >= 0)
        for pool in made:
            if pool == self.pool:
                self.pool = -1
                self.receive()
            else:
                self._messages = self._message_pool()

    @property
    def messages(self) -> int:
        """`buf_index` where each buffer takes one piece, for datagrams (of any size that IP has)
        and pipes; the pool is made when first asked for."""
        if self._messages < 0:
            self._messages = self._message_pool()
        return self._messages

    def _message_pool(self) -> int:
        return check(quick.pool_create(self._handle, 16, MESSAGE_ROOM, 0))

    def pool_info(self, pool: Optional[int] = None) -> _abi.PoolInfo:
        """What a pool is like now, the receive pool where none is named."""
        number = self.pool if pool is None else pool
        info = _abi.PoolInfo()
        if number < 0:
            info.buffer_size, info.count = self.buffer_size, self.buffer_count
            info.free = info.count
            return info
        check(quick.pool_info_of(self._handle, number, ctypes.byref(info)))
        return info

    def has_buffers(self, pool: int) -> bool:
        """Whether a pool has a free buffer: a receive that got none is short of something else."""
        return bool(self.pool_info(pool).free)
