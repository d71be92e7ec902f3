"""Files as awaitables: `ringline.open` and its kin, which asyncio has not got.

Owns the descriptor of each open file. The invariants: memory that the kernel reads or writes is
held until the operation's FINAL, and a buffer of the caller's is the caller's again when the
coroutine returns, cancelled or not. Failures are OSError with the file's name.
"""

import asyncio
import errno
import os
import struct
import warnings
from types import TracebackType
from typing import Any, AsyncIterator, Generator, Optional, Type

from . import _abi
from ._address import c_text
from ._buffers import Buffer, pinned
from ._engine import BYTES_OFFSET
from ._error import failure as _failed
from ._operations import Path

_HERE = -100  # AT_FDCWD
_REMOVE_DIR, _NO_FOLLOW, _EMPTY_PATH = 0x200, 0x100, 0x1000
_BASIC = 0x7FF
_STATX = struct.Struct("<IIQIIIHHQQQQ" + "qIi" * 4 + "IIII")
_AT_POSITION = 0xFFFF_FFFF_FFFF_FFFF
_LONGEST = 0x7FFF_F000
_CHUNK = 65536
_NO_SUCH_OP = (-errno.EINVAL, -errno.EOPNOTSUPP, _abi.ENOTSUP_KERNEL)
_MODES = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
}


def _loop_here() -> Any:
    loop = asyncio.get_running_loop()
    if getattr(loop, "_engine", None) is None:
        raise RuntimeError(
            "files on the ring need ringline's event loop (ringline.run, ringline.install);"
            f" this is {loop!r}"
        )
    return loop


async def _run(
    loop: Any,
    opcode: int,
    fd: int,
    addr: int = 0,
    length: int = 0,
    off: int = 0,
    op_flags: int = 0,
    keep: object = None,
    wait: bool = False,
) -> int:
    """One operation; its result, or -errno. With `wait` a cancelled one is waited for."""
    engine = loop._engine
    future: "asyncio.Future[int]" = loop.create_future()
    over: "Optional[asyncio.Future[None]]" = None

    def done(res: int, flags: int, data: int, token: int) -> None:
        if not future.done():
            future.set_result(res)
        elif opcode == _abi.OP_OPENAT and res >= 0:
            os.close(res)
        if over is not None and not over.done():
            over.set_result(None)

    ident: int = engine.submit(opcode, fd, addr, length, off, op_flags, done, keep)
    try:
        return await future
    except asyncio.CancelledError:
        engine.cancel(ident)
        while wait and ident in engine:
            over = loop.create_future()
            try:
                await over
            except asyncio.CancelledError:
                continue
        raise


def _path(path: Path) -> bytes:
    return c_text(path) + b"\0"


def _at(name: bytes) -> int:
    return id(name) + BYTES_OFFSET


class File:
    """An open file. Made by `ringline.open`; everything it reads and writes is bytes.

    `read`, `readline`, `readall` and `write` go on at the file's position, one after the other;
    `pread` and `pwrite` take an offset and may run side by side.

    Attributes
    ----------
    name : path
        As it was given to `ringline.open`.
    """

    def __init__(self, loop: Any, fd: int, name: Path) -> None:
        self._loop, self._fd, self.name = loop, fd, name
        #: Bytes that `readline` read beyond its line.
        self._ahead = b""

    def __repr__(self) -> str:
        state = f"fd={self._fd}" if self._fd >= 0 else "closed"
        return f"<ringline.File {self.name!r} {state}>"

    def __del__(self, _warn: Any = warnings.warn, _close: Any = os.close) -> None:
        if self._fd >= 0:
            _warn(f"unclosed file {self!r}", ResourceWarning, source=self)
            _close(self._fd)

    def fileno(self) -> int:
        """The descriptor; ValueError when the file is closed."""
        if self._fd < 0:
            raise ValueError("I/O operation on closed file")
        return self._fd

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._fd < 0

    async def _do(self, opcode: int, *fields: Any) -> int:
        fd = self.fileno()
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(f"{self!r} belongs to another event loop")
        res = await _run(self._loop, opcode, fd, *fields)
        if res < 0:
            raise _failed(res, self.name)
        return res

    # Reading.

    async def _read_at(self, size: int, offset: int) -> bytes:
        # Fresh bytes, which nobody else has seen; those of size 0 and 1 are shared in CPython.
        room = bytes(min(max(size, 2), _LONGEST))
        res = await self._do(_abi.OP_READ, _at(room), min(size, _LONGEST), offset, 0, room)
        return room if res == len(room) else room[:res]

    async def pread(self, size: int, offset: int) -> bytes:
        """At most `size` bytes from `offset` on; b"" at the end."""
        _not_negative(size=size, offset=offset)
        return await self._read_at(size, offset) if size else b""

    async def readinto(self, buffer: Buffer, offset: Optional[int] = None) -> int:
        """Fill a writable buffer from `offset`, or from the file's position; how many bytes."""
        pin = pinned(buffer, True)
        if not pin.len:
            return 0
        if offset is None:
            self._forget_ahead()
        else:
            _not_negative(offset=offset)
        at = _AT_POSITION if offset is None else offset
        size = min(pin.len, _LONGEST)
        try:
            count = await self._do(_abi.OP_READ, pin.buf, size, at, 0, (pin, buffer), True)
        except (OSError, asyncio.CancelledError):
            # Both come when the operation is over; left in another way, its own reference keeps
            # the buffer until it is.
            pin.release()
            raise
        pin.release()
        return count

    async def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; without a size, or with a negative one, all that is left."""
        if size < 0:
            return await self.readall()
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return await self._read_at(size, _AT_POSITION) if size else b""

    async def readall(self) -> bytes:
        """All that is left."""
        parts = [self._ahead]
        self._ahead = b""
        # A regular file says how much there is, and one read more says that this was it.
        status = os.fstat(self.fileno())
        size = max(status.st_size + 1, _CHUNK)
        while True:
            data = await self._read_at(size, _AT_POSITION)
            if not data:
                return parts[0] if len(parts) == 1 else b"".join(parts)
            parts.append(data)
            size = min(max(size // 2, _CHUNK), 1 << 20)

    async def readline(self) -> bytes:
        """The next line with its end; b"" at the end of the file."""
        parts = []
        data = self._ahead
        while True:
            end = data.find(b"\n") + 1
            if end:
                parts.append(data[:end])
                self._ahead = data[end:]
                break
            parts.append(data)
            self._ahead = b""
            data = await self._read_at(_CHUNK, _AT_POSITION)
            if not data:
                break
        return b"".join(parts)

    def __aiter__(self) -> "File":
        return self

    async def __anext__(self) -> bytes:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    async def chunks(self, size: int = _CHUNK) -> AsyncIterator[bytes]:
        """What is left, in pieces of at most `size` bytes."""
        if size <= 0:
            raise ValueError("the size of a chunk is positive")
        while True:
            data = await self.read(size)
            if not data:
                return
            yield data

    # Writing.

    def _forget_ahead(self) -> None:
        """Have the file's position where the caller believes it to be."""
        if self._ahead:
            os.lseek(self._fd, -len(self._ahead), os.SEEK_CUR)
            self._ahead = b""

    async def _write_at(self, data: Buffer, offset: int) -> int:
        if not isinstance(data, bytes):
            data = memoryview(data).cast("B")
        size, done = len(data), 0
        while done < size:
            piece = data if size <= _LONGEST else memoryview(data)[done : done + _LONGEST]
            skipped = done if size <= _LONGEST else 0
            pin = pinned(piece, False)
            at = offset if offset == _AT_POSITION else offset + done
            done += await self._do(
                _abi.OP_WRITE, pin.buf + skipped, pin.len - skipped, at, 0, pin
            )
        return done

    async def write(self, data: Buffer) -> int:
        """Write all of a buffer at the file's position (in mode "a" at its end); its size."""
        self.fileno()
        self._forget_ahead()
        return await self._write_at(data, _AT_POSITION)

    async def pwrite(self, data: Buffer, offset: int) -> int:
        """Write all of a buffer at `offset`; its size."""
        _not_negative(offset=offset)
        return await self._write_at(data, offset)

    async def truncate(self, size: int) -> None:
        """Cut the file, or lengthen it by zeros."""
        _not_negative(size=size)
        fd = self.fileno()
        res = await _run(self._loop, _abi.OP_FTRUNCATE, fd, 0, 0, size)
        if res in _NO_SUCH_OP:  # Before Linux 6.9; and it tells what is wrong with the file.
            try:
                await self._loop.run_in_executor(None, os.ftruncate, fd, size)
            except OSError as error:
                raise _failed(-(error.errno or errno.EIO), self.name) from None
        elif res < 0:
            raise _failed(res, self.name)

    async def fsync(self, datasync: bool = False) -> None:
        """fsync(2), or fdatasync(2)."""
        await self._do(_abi.OP_FSYNC, 0, 0, 0, int(datasync))

    async def statx(self) -> os.stat_result:
        """What the file is like."""
        return await _statx(self._loop, self.fileno(), b"\0", _EMPTY_PATH, self.name)

    stat = statx

    # The end.

    async def close(self) -> None:
        """Close the file; more than once does nothing more."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        res = await asyncio.shield(
            self._loop.create_task(_run(self._loop, _abi.OP_CLOSE, fd))
        )
        if res < 0:
            raise _failed(res, self.name)

    async def __aenter__(self) -> "File":
        self.fileno()
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()


class Opening:
    """What `open` returns: await it for the file, or enter it by ``async with``."""

    def __init__(self, path: Path, flags: int, permissions: int) -> None:
        self._path, self._flags, self._permissions = path, flags, permissions
        self._file: Optional[File] = None

    async def _open(self) -> File:
        loop = _loop_here()
        name = _path(self._path)
        res = await _run(
            loop, _abi.OP_OPENAT, _HERE, _at(name), self._permissions, 0, self._flags, name
        )
        if res < 0:
            raise _failed(res, self._path)
        return File(loop, res, self._path)

    def __await__(self) -> Generator[Any, None, File]:
        return self._open().__await__()

    async def __aenter__(self) -> File:
        self._file = await self._open()
        return self._file

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        assert self._file is not None
        await self._file.close()


def open(path: Path, mode: str = "rb", permissions: int = 0o666) -> Opening:
    """Open a file: ``file = await ringline.open(path)`` or ``async with ringline.open(path) as``.

    Parameters
    ----------
    path : str, bytes or os.PathLike
    mode : str
        One of "r", "w", "a", "x", as for Python's open, and "+" for both. What is read and written
        is bytes in any case, so "b" changes nothing and "t" is refused.
    permissions : int
        Of a file that is made, less the umask.

    Raises
    ------
    OSError
        When awaited: as Python's open, with the file's name.
    RuntimeError
        When awaited in another event loop than ringline's.
    """
    letters = mode.replace("b", "", 1)
    base = letters.replace("+", "", 1)
    if base not in _MODES:
        text = "; text is not supported" if "t" in mode else ""
        raise ValueError(f"invalid mode: {mode!r}{text}")
    flags = _MODES[base] | os.O_CLOEXEC
    if "+" in letters:
        flags = flags & ~os.O_WRONLY | os.O_RDWR
    return Opening(path, flags, permissions)


async def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
    """What a file is like: os.stat as an awaitable."""
    flags = 0 if follow_symlinks else _NO_FOLLOW
    return await _statx(_loop_here(), _HERE, _path(path), flags, path)


async def unlink(path: Path) -> None:
    """Remove a file: os.unlink as an awaitable."""
    name = _path(path)
    await _named(path, _abi.OP_UNLINKAT, _at(name), 0, 0, 0, name)


async def rmdir(path: Path) -> None:
    """Remove an empty directory: os.rmdir as an awaitable."""
    name = _path(path)
    await _named(path, _abi.OP_UNLINKAT, _at(name), 0, 0, _REMOVE_DIR, name)


async def mkdir(path: Path, mode: int = 0o777) -> None:
    """Make a directory: os.mkdir as an awaitable."""
    name = _path(path)
    await _named(path, _abi.OP_MKDIRAT, _at(name), mode, 0, 0, name)


async def rename(src: Path, dst: Path) -> None:
    """Give a file another name: os.rename as an awaitable."""
    old, new = _path(src), _path(dst)
    fields = (_at(old), _HERE & 0xFFFF_FFFF, _at(new), 0, (old, new))
    res = await _run(_loop_here(), _abi.OP_RENAMEAT, _HERE, *fields)
    if res < 0:
        raise _failed(res, src, None, dst)


async def _named(path: Path, opcode: int, *fields: Any) -> None:
    res = await _run(_loop_here(), opcode, _HERE, *fields)
    if res < 0:
        raise _failed(res, path)


async def _statx(loop: Any, fd: int, name: bytes, flags: int, path: Path) -> os.stat_result:
    out = bytearray(256)
    pin = pinned(out, True)
    res = await _run(
        loop, _abi.OP_STATX, fd, _at(name), _BASIC, pin.buf, flags, (name, pin)
    )
    if res < 0:
        raise _failed(res, path)
    return _stat_result(out)


def _stat_result(out: bytearray) -> os.stat_result:
    (
        _, block_size, _, links, uid, gid, mode, _, inode, size, blocks, _,
        atime, atime_ns, _, _, _, _, ctime, ctime_ns, _, mtime, mtime_ns, _,
        rdev_major, rdev_minor, major, minor,
    ) = _STATX.unpack_from(out)  # fmt: skip
    named = {"st_blksize": block_size, "st_blocks": blocks}
    named["st_rdev"] = os.makedev(rdev_major, rdev_minor)
    times = {"st_atime": (atime, atime_ns), "st_mtime": (mtime, mtime_ns)}
    times["st_ctime"] = (ctime, ctime_ns)
    for key, (seconds, nanoseconds) in times.items():
        named[key] = seconds + nanoseconds * 1e-9
        named[key + "_ns"] = seconds * 1_000_000_000 + nanoseconds
    first = (mode, inode, os.makedev(major, minor), links, uid, gid, size, atime, mtime, ctime)
    return os.stat_result(first, named)


def _not_negative(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise ValueError(f"{name} must not be negative")
