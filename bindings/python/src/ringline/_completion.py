"""What became of an operation."""

import ctypes
from typing import Any, NamedTuple, Optional, Tuple

from . import _abi, _address
from ._error import Error, check
from ._library import quick
from ._pool import Lease

#: A completion as the library wrote it: op id, res, flags, data, token.
Record = Tuple[int, int, int, int, int]


class Datagram(NamedTuple):
    """One message of a recvmsg_multishot."""

    address: _address.Address
    payload: memoryview
    flags: int


class Completion(NamedTuple):
    """What became of an operation."""

    #: The operation's id, as its method returned it; for others (``MSG``, ``LOW_WATER``) the
    #: number that they carry.
    op: int
    #: The kernel's result: >= 0, or -errno.
    res: int
    #: CF_*.
    flags: int
    #: The object that was given with the operation.
    user_data: Any
    #: Received bytes, where a pool gave the buffer.
    lease: Optional[Lease]
    #: After a failed send_all the bytes that the kernel took; for LOW_WATER the pool.
    data: int

    @property
    def final(self) -> bool:
        """Whether this is the operation's last completion: its memory is the caller's again."""
        return bool(self.flags & _abi.CF_FINAL)

    @property
    def more(self) -> bool:
        """Whether more completions of the operation follow."""
        return bool(self.flags & _abi.CF_MORE)

    @property
    def error(self) -> Optional[Error]:
        """The failure, or None."""
        return Error(self.res) if self.res < 0 else None

    def check(self) -> int:
        """`res`, or the failure raised."""
        if self.res < 0:
            raise Error(self.res)
        return self.res

    def message(self) -> Datagram:
        """The datagram in the lease of a recvmsg_multishot; valid as long as the lease."""
        if self.lease is None:
            raise ValueError("no lease: not a datagram of recvmsg_multishot")
        view = self.lease.view
        start = ctypes.addressof(ctypes.c_char.from_buffer(view))
        record = _abi.Completion(0, self.res, self.flags, start, self.lease.id)
        out = _abi.Message()
        found = ctypes.byref(record), _address.ROOM, 0, ctypes.byref(out)
        check(quick.recvmsg_out(*found))
        name = ctypes.string_at(out.name, out.name_len) if out.name_len else b""
        at = out.payload - start if out.payload_len else 0
        return Datagram(_address.unpack(name), view[at : at + out.payload_len], out.flags)
