"""Pools of provided buffers, and the leases on received bytes.

A lease's bytes are read through a memoryview over the pool's own memory: nothing is copied. The
guard: the buffer goes back to the kernel when the last view on it is gone, also a slice that the
user kept, so that no view ever shows memory that something else is received into.
"""

import ctypes
from typing import TYPE_CHECKING, Any, Dict, Optional, Type

from . import _abi
from ._error import check
from ._library import quick

if TYPE_CHECKING:
    from ._ring import Ring


class _Leased(ctypes.Array):  # type: ignore[type-arg]
    """Where a lease's views lead to: its end is the lease's end."""

    _type_ = ctypes.c_ubyte
    _length_ = 0
    lease: int

    def __del__(self, give_back: Any = quick.lease_release) -> None:
        give_back(self.lease)


_kinds: Dict[int, Type[_Leased]] = {}


def _leased(size: int) -> Type[_Leased]:
    """The exporter for `size` bytes, rounded up: not a class for each size."""
    room = 1 << max(size - 1, 0).bit_length()
    kind = _kinds.get(room)
    if kind is None:
        kind = type(f"Leased{room}", (_Leased,), {"_type_": ctypes.c_ubyte, "_length_": room})
        _kinds[room] = kind
    return kind


class Lease:
    """Received bytes in a buffer of a pool, until `release`.

    Use it in a ``with`` statement, call `release`, or drop it: then it gives itself back.

    Attributes
    ----------
    view : memoryview
        The bytes. After `release` any use of it raises ValueError.
    id : int
        The lease id of the C API.
    """

    __slots__ = ("id", "view", "_memory", "__weakref__")

    def __init__(self, lease: int, address: int, size: int) -> None:
        memory = _leased(size).from_address(address)
        memory.lease = lease
        self.id = lease
        self._memory: Optional[_Leased] = memory
        self.view = memoryview(memory).cast("B")[:size]

    def __len__(self) -> int:
        return len(self.view)

    def __bytes__(self) -> bytes:
        return self.view.tobytes()

    def __enter__(self) -> memoryview:
        return self.view

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the buffer back; a second time does nothing.

        Raises
        ------
        BufferError
            Something still looks at `view`: release it first. Slices that were made of it are no
            error: the buffer goes back with the last of them.
        """
        self.view.release()
        self._memory = None


class Pool:
    """Buffers that receives take theirs from; made by `Ring.pool`."""

    def __init__(self, ring: "Ring", count: int, size: int, flags: int) -> None:
        self._ring = ring
        #: The pool's id, which is buf_index of an operation.
        self.id = check(quick.pool_create(ring._bound(), count, size, flags))

    def info(self) -> _abi.PoolInfo:
        """What the pool is like now."""
        info = _abi.PoolInfo()
        check(quick.pool_info_of(self._ring._bound(), self.id, ctypes.byref(info)))
        return info

    def set_low_water(self, mark: int) -> None:
        """Tell by a completion with CF_LOW_WATER when fewer than `mark` buffers are free; its
        `data` is the pool's id."""
        check(quick.pool_set_low_water(self._ring._bound(), self.id, mark, 0))

    def close(self) -> None:
        """Give the pool up. Leases stay valid until they are given back.

        Raises
        ------
        Error
            EBUSY while operations in flight take buffers from it.
        """
        check(quick.pool_destroy(self._ring._bound(), self.id))
