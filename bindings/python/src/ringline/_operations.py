"""The operations, as methods: each fills one op by the library's own prep helper.

`Ring` submits what they fill at once, `Batch` with the next turn. Nothing here knows when; and
nothing here repeats how an operation lies in its 64 bytes, which the core's helpers know. What an
operation names (buffers, paths, files) is handed on with it, to be held until its FINAL.
"""

import ctypes
import os
from socket import AF_INET, SHUT_WR, SOCK_CLOEXEC, SOCK_STREAM
from typing import Any, Callable, Optional, Sequence, Tuple, Union

from . import _abi, _address
from ._buffers import Buffer, Vectors, pinned
from ._library import quick
from ._message import Message
from ._pool import Pool
from ._region import Region

#: A descriptor, something with fileno(), or a registered `Slot`.
File = Any
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_AT_FDCWD = -100
_FIXED_FILE = _abi.SQE_FIXED_FILE
#: For prep helpers and their arguments.
Prepare = Callable[..., None]


class Slot(int):
    """A registered file, made by `Ring.file_add`; stands where a descriptor does."""


class Timespec(ctypes.Structure):
    """struct __kernel_timespec."""

    _fields_ = [("seconds", ctypes.c_int64), ("nanoseconds", ctypes.c_int64)]


def timespec(seconds: float) -> Timespec:
    return Timespec(*divmod(nanoseconds(seconds), 1_000_000_000))


def nanoseconds(seconds: float) -> int:
    if not 0 <= seconds < 2**33:
        raise ValueError("a time is not negative and below 2^33 seconds")
    return round(seconds * 1e9)


def descriptor(file: File) -> int:
    if isinstance(file, int):
        return file
    number: int = file.fileno()
    return number


class Operations:
    """What can be asked of a ring.

    Every method returns the operation's id, which its completions carry as `Completion.op` and
    which `Ring.cancel` takes. ``user_data`` is any object; the completions carry it too. ``flags``
    are SQE_*: SQE_IO_LINK starts the next operation of a batch when this one succeeded.
    A ``file`` is a descriptor, an object with ``fileno()`` or a `Slot`.
    Results are in `Completion.res`: as of the system call of that name, or -errno.
    """

    def _add(
        self, prepare: Prepare, keep: object, user_data: object, flags: int, *arguments: Any
    ) -> int:
        raise NotImplementedError

    def _on(
        self,
        prepare: Prepare,
        file: File,
        keep: object,
        user_data: object,
        flags: int,
        *arguments: Any,
    ) -> int:
        """An operation on a file, which is held too: closed by the collector while in flight, its
        number could name another file."""
        if type(file) is int:
            return self._add(prepare, keep, user_data, flags, file, *arguments)
        if isinstance(file, Slot):
            flags |= _FIXED_FILE
        number = descriptor(file)
        return self._add(prepare, (keep, file), user_data, flags, number, *arguments)

    def nop(self, *, user_data: object = None, flags: int = 0) -> int:
        """Nothing; completes with 0."""
        return self._add(quick.prep_nop, None, user_data, flags)

    def op(self, op: _abi.Op, keep: object = None, *, user_data: object = None) -> int:
        """Any operation, filled by the caller as in C; `keep` is held until its FINAL. What the
        addresses in it name is the caller's to get right. Its own user_data is replaced."""
        image = bytes(op)

        def prepare(address: int) -> None:
            ctypes.memmove(address, image, len(image))

        return self._add(prepare, keep, user_data, 0)

    # Files.

    def read(
        self,
        file: File,
        buffer: Buffer,
        offset: int = -1,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Fill a writable buffer from `offset`; -1 is the file position."""
        pin = pinned(buffer, True)
        return self._on(quick.prep_read, file, pin, user_data, flags, pin.buf, pin.len, offset)

    def write(
        self,
        file: File,
        buffer: Buffer,
        offset: int = -1,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Write a buffer at `offset`; -1 is the file position. May be short."""
        pin = pinned(buffer, False)
        return self._on(quick.prep_write, file, pin, user_data, flags, pin.buf, pin.len, offset)

    def readv(
        self,
        file: File,
        buffers: Sequence[Buffer],
        offset: int = -1,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Fill several buffers in turn."""
        v = Vectors(buffers, True)
        arguments = (v.address, v.count, offset, 0)
        return self._on(quick.prep_readv, file, v, user_data, flags, *arguments)

    def writev(
        self,
        file: File,
        buffers: Sequence[Buffer],
        offset: int = -1,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Write several buffers in turn."""
        v = Vectors(buffers, False)
        arguments = (v.address, v.count, offset, 0)
        return self._on(quick.prep_writev, file, v, user_data, flags, *arguments)

    def read_fixed(
        self,
        file: File,
        region: Region,
        offset: int = -1,
        *,
        start: int = 0,
        size: Optional[int] = None,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Read into the bytes of a region from `start` on."""
        address, length = region.at(start, size)
        arguments = (address, length, offset, region.id)
        return self._on(quick.prep_read_fixed, file, region, user_data, flags, *arguments)

    def write_fixed(
        self,
        file: File,
        region: Region,
        offset: int = -1,
        *,
        start: int = 0,
        size: Optional[int] = None,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """Write the bytes of a region from `start` on."""
        address, length = region.at(start, size)
        arguments = (address, length, offset, region.id)
        return self._on(quick.prep_write_fixed, file, region, user_data, flags, *arguments)

    def read_multishot(
        self, file: File, pool: Pool, *, user_data: object = None, flags: int = 0
    ) -> int:
        """A completion with a lease for each piece that a pipe or terminal gives (Linux 6.7)."""
        return self._on(quick.prep_read_multishot, file, pool, user_data, flags, pool.id)

    def fsync(
        self, file: File, *, datasync: bool = False, user_data: object = None, flags: int = 0
    ) -> int:
        """fsync(2), or fdatasync(2)."""
        return self._on(quick.prep_fsync, file, None, user_data, flags, int(datasync))

    def fallocate(
        self,
        file: File,
        mode: int,
        offset: int,
        size: int,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """fallocate(2)."""
        return self._on(quick.prep_fallocate, file, None, user_data, flags, mode, offset, size)

    def ftruncate(
        self, file: File, size: int, *, user_data: object = None, flags: int = 0
    ) -> int:
        """ftruncate(2), Linux 6.9."""
        return self._on(quick.prep_ftruncate, file, None, user_data, flags, size)

    def open(
        self,
        path: Path,
        mode: int = os.O_RDONLY,
        permissions: int = 0o666,
        *,
        directory: int = _AT_FDCWD,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """openat(2) with O_CLOEXEC; res is the descriptor."""
        name = _address.c_text(path)
        arguments = (directory, name, mode | os.O_CLOEXEC, permissions)
        return self._add(quick.prep_openat, name, user_data, flags, *arguments)

    def statx(
        self,
        path: Path,
        buffer: Buffer,
        mask: int = 0x7FF,
        *,
        directory: int = _AT_FDCWD,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """statx(2) into a writable buffer of 256 bytes, a struct statx."""
        name, pin = _address.c_text(path), pinned(buffer, True)
        if pin.len < 256:
            raise ValueError("a struct statx has 256 bytes")
        arguments = (directory, name, 0, mask, pin.buf)
        return self._add(quick.prep_statx, (name, pin), user_data, flags, *arguments)

    def rename(
        self, old: Path, new: Path, *, user_data: object = None, flags: int = 0
    ) -> int:
        """renameat2(2)."""
        names = _address.c_text(old), _address.c_text(new)
        arguments = (_AT_FDCWD, names[0], _AT_FDCWD, names[1], 0)
        return self._add(quick.prep_renameat, names, user_data, flags, *arguments)

    def unlink(self, path: Path, *, user_data: object = None, flags: int = 0) -> int:
        """unlinkat(2) of a file."""
        name = _address.c_text(path)
        return self._add(quick.prep_unlinkat, name, user_data, flags, _AT_FDCWD, name, 0)

    def rmdir(self, path: Path, *, user_data: object = None, flags: int = 0) -> int:
        """unlinkat(2) of a directory."""
        name = _address.c_text(path)
        return self._add(quick.prep_unlinkat, name, user_data, flags, _AT_FDCWD, name, 0x200)

    def mkdir(
        self, path: Path, permissions: int = 0o777, *, user_data: object = None, flags: int = 0
    ) -> int:
        """mkdirat(2)."""
        name = _address.c_text(path)
        return self._add(quick.prep_mkdirat, name, user_data, flags, _AT_FDCWD, name, permissions)

    def splice(
        self,
        source: int,
        source_offset: int,
        target: int,
        target_offset: int,
        size: int,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """splice(2) between descriptors, one of them a pipe; an offset is -1 for a pipe."""
        arguments = (source, source_offset, target, target_offset, size, 0)
        return self._add(quick.prep_splice, None, user_data, flags, *arguments)

    # Sockets.

    def socket(
        self,
        family: int = AF_INET,
        kind: int = SOCK_STREAM,
        protocol: int = 0,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """socket(2) with SOCK_CLOEXEC; res is the descriptor."""
        arguments = (family, kind | SOCK_CLOEXEC, protocol)
        return self._add(quick.prep_socket, None, user_data, flags, *arguments)

    def bind(
        self, file: File, address: _address.Address, *, user_data: object = None, flags: int = 0
    ) -> int:
        """bind(2), Linux 6.11. Hosts are numeric: nothing is resolved."""
        raw = pinned(_address.pack(address), False)
        return self._on(quick.prep_bind, file, raw, user_data, flags, raw.buf, raw.len)

    def listen(
        self, file: File, backlog: int = 4096, *, user_data: object = None, flags: int = 0
    ) -> int:
        """listen(2), Linux 6.11."""
        return self._on(quick.prep_listen, file, None, user_data, flags, backlog)

    def accept(self, file: File, *, user_data: object = None, flags: int = 0) -> int:
        """accept4(2) with SOCK_CLOEXEC; res is the descriptor."""
        arguments = (None, None, SOCK_CLOEXEC)
        return self._on(quick.prep_accept, file, None, user_data, flags, *arguments)

    def accept_multishot(self, file: File, *, user_data: object = None, flags: int = 0) -> int:
        """A completion for each connection, until it ends or is cancelled."""
        arguments = (None, None, SOCK_CLOEXEC)
        return self._on(quick.prep_accept_multishot, file, None, user_data, flags, *arguments)

    def connect(
        self, file: File, address: _address.Address, *, user_data: object = None, flags: int = 0
    ) -> int:
        """connect(2). Hosts are numeric: nothing is resolved."""
        raw = pinned(_address.pack(address), False)
        return self._on(quick.prep_connect, file, raw, user_data, flags, raw.buf, raw.len)

    def send(
        self,
        file: File,
        buffer: Buffer,
        message_flags: int = 0,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """send(2); may be short. Never raises SIGPIPE."""
        pin = pinned(buffer, False)
        arguments = (pin.buf, pin.len, message_flags)
        return self._on(quick.prep_send, file, pin, user_data, flags, *arguments)

    def send_all(
        self, file: File, buffer: Buffer, *, user_data: object = None, flags: int = 0
    ) -> int:
        """A send that goes on until all is sent; after a failure `Completion.data` says how many
        bytes the kernel took. EBUSY while another one runs on the same file."""
        pin = pinned(buffer, False)
        return self._on(quick.prep_send_all, file, pin, user_data, flags, pin.buf, pin.len, 0)

    def send_zc(
        self, file: File, buffer: Buffer, *, user_data: object = None, flags: int = 0
    ) -> int:
        """send(2) out of the buffer's own pages. The first completion has the count, the one with
        FINAL gives the buffer back."""
        pin = pinned(buffer, False)
        return self._on(quick.prep_send_zc, file, pin, user_data, flags, pin.buf, pin.len, 0, 0)

    def recv(
        self,
        file: File,
        buffer: Buffer,
        message_flags: int = 0,
        *,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """recv(2) into a writable buffer; res 0 is the end of the stream."""
        pin = pinned(buffer, True)
        arguments = (pin.buf, pin.len, message_flags)
        return self._on(quick.prep_recv, file, pin, user_data, flags, *arguments)

    def recv_multishot(
        self, file: File, pool: Pool, *, user_data: object = None, flags: int = 0
    ) -> int:
        """A completion with a lease for each piece received, until one has FINAL: res 0 at the end
        of the stream; -ENOBUFS when no buffer was free (release leases, then ask again)."""
        return self._on(quick.prep_recv_multishot, file, pool, user_data, flags, pool.id, 0)

    def sendmsg(
        self, file: File, message: Message, *, user_data: object = None, flags: int = 0
    ) -> int:
        """Send a datagram to its address."""
        arguments = (message.prepare(False), 0)
        return self._on(quick.prep_sendmsg, file, message, user_data, flags, *arguments)

    def recvmsg(
        self, file: File, message: Message, *, user_data: object = None, flags: int = 0
    ) -> int:
        """Receive a datagram into the message, with its sender's address."""
        arguments = (message.prepare(True), 0)
        return self._on(quick.prep_recvmsg, file, message, user_data, flags, *arguments)

    def recvmsg_multishot(
        self, file: File, pool: Pool, *, user_data: object = None, flags: int = 0
    ) -> int:
        """A completion for each datagram, to be taken apart by `Completion.message`."""
        message = Message()
        arguments = (message.prepare(True), pool.id, 0)
        keep = (message, pool)
        return self._on(quick.prep_recvmsg_multishot, file, keep, user_data, flags, *arguments)

    def shutdown(
        self, file: File, how: int = SHUT_WR, *, user_data: object = None, flags: int = 0
    ) -> int:
        """shutdown(2)."""
        return self._on(quick.prep_shutdown, file, None, user_data, flags, how)

    def close_file(self, file: int, *, user_data: object = None, flags: int = 0) -> int:
        """Close a descriptor in order: shut a connection down, cancel what is in flight on it, wait
        for that, close. The descriptor must not be closed by anybody else."""
        return self._on(quick.prep_lib_close, file, None, user_data, flags)

    # Waiting.

    def poll(
        self,
        file: File,
        mask: int,
        *,
        multishot: bool = False,
        user_data: object = None,
        flags: int = 0,
    ) -> int:
        """poll(2): res is the events. Multishot tells edges, not levels."""
        prepare = quick.prep_poll_multishot if multishot else quick.prep_poll_add
        return self._on(prepare, file, None, user_data, flags, mask)

    def timer(
        self, seconds: float, period: float = 0.0, *, user_data: object = None, flags: int = 0
    ) -> int:
        """Completes after `seconds`, then every `period` seconds (0 = once); res is how many
        periods were missed."""
        arguments = (nanoseconds(seconds), nanoseconds(period))
        return self._add(quick.prep_timer, None, user_data, flags, *arguments)

    def link_timeout(self, seconds: float, *, user_data: object = None, flags: int = 0) -> int:
        """A time limit for the operation before it in the batch, which needs SQE_IO_LINK."""
        time = timespec(seconds)
        arguments: Tuple[Any, ...] = (ctypes.addressof(time), 0)
        return self._add(quick.prep_link_timeout, time, user_data, flags, *arguments)
