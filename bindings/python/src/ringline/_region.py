"""Memory registered with the kernel once, for read_fixed, write_fixed and send_zc.

The memory is Python's (an anonymous mapping), not the library's: ringline_region_alloc() ends its
memory with the ring, and a memoryview that outlives the ring would show what is no more. What an
abandoned operation names stays mapped for ever.
"""

import mmap
from typing import TYPE_CHECKING, Optional

from ._buffers import Buffer, Pin, pinned
from ._error import check
from ._library import quick

if TYPE_CHECKING:
    from ._ring import Ring


class Region:
    """A registered buffer; made by `Ring.region`.

    Attributes
    ----------
    view : memoryview
        Its bytes.
    """

    def __init__(self, ring: "Ring", size: int, buffer: Optional[Buffer]) -> None:
        memory = mmap.mmap(-1, size) if buffer is None else buffer
        self._ring = ring
        self._pin: Pin = pinned(memory, True)
        self.view = memoryview(memory).cast("B")
        self.address: int = self._pin.buf
        self.size: int = self._pin.len
        #: The region's id, which is buf_index of an operation.
        self.id = check(quick.region_register(ring._bound(), self.address, self.size))
        ring._hold(self)

    def at(self, start: int, size: Optional[int]) -> "tuple[int, int]":
        """Address and length of a part; ValueError where it is not inside."""
        length = self.size - start if size is None else size
        if start < 0 or length < 0 or start + length > self.size:
            raise ValueError("not inside the region")
        return self.address + start, length

    def __len__(self) -> int:
        return self.size

    def close(self) -> None:
        """Unregister it; the bytes stay readable.

        Raises
        ------
        Error
            EBUSY while operations in flight use it.
        """
        check(quick.region_release(self._ring._bound(), self.id))
        self._ring._let_go(self)
