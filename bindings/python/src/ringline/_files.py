"""Files as awaitables: `ringline.open` and its kin, which asyncio has not got.

Owns the descriptor of each open file, and what was read of it before it was asked for. The
invariants: memory that the kernel reads or writes is held until the operation's FINAL; a buffer of
the caller's is the caller's again when the coroutine returns, cancelled or not; what a read that
was cancelled took from the file is read next. Failures are OSError with the file's name.
"""

import asyncio
import errno
import io
import os
import sys
import warnings
from typing import Any, AsyncIterator, Iterable, List, Optional

from . import _abi
from ._awaited import address_of, operate, raise_for
from ._buffers import Buffer, pinned
from ._error import failure
from ._lines import Lines
from ._names import statx
from ._operations import Path

_EMPTY_PATH = 0x1000
_AT_POSITION = 0xFFFF_FFFF_FFFF_FFFF
_LONGEST = 0x7FFF_F000
_CHUNK = 65536
#: The least that is read at once, where less was asked for, and the most where nobody knows how
#: much there is.
_LEAST, _MUCH = 8192, 1 << 20
_NO_SUCH_OP = (-errno.EINVAL, -errno.EOPNOTSUPP, _abi.ENOTSUP_KERNEL)


class File(Lines[bytes]):
    """An open file of bytes. Made by `ringline.open`.

    What goes on at the file's position (`read`, `readline`, `write`, `seek` and so on) does so as
    with Python's own buffered files, one call after the other, also where several tasks call it.
    What was read ahead is not seen: a write goes where the reading stopped. Writes are not
    collected: when one returns, the kernel has all of it. `pread` and `pwrite` take an offset and
    may run side by side.

    Attributes
    ----------
    name : path
        As it was given to `ringline.open`.
    """

    def __init__(self, loop: Any, fd: int, name: Path, flags: int) -> None:
        self._loop, self._fd, self.name = loop, fd, name
        #: What its mode leaves out.
        self._unread = flags & os.O_ACCMODE == os.O_WRONLY
        self._unwritten = flags & os.O_ACCMODE == os.O_RDONLY
        #: Bytes that were read beyond what was asked for, and how many of them are used up.
        self._ahead, self._used = b"", 0
        self._turn = asyncio.Lock()

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

    def _reads(self) -> None:
        """ValueError when the file is closed, and as Python's where its mode does not read."""
        self.fileno()
        if self._unread:
            raise io.UnsupportedOperation("not readable")

    def _writes(self) -> None:
        self.fileno()
        if self._unwritten:
            raise io.UnsupportedOperation("not writable")

    async def _do(self, opcode: int, *fields: Any) -> int:
        fd = self.fileno()
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(f"{self!r} belongs to another event loop")
        res = await operate(self._loop, opcode, fd, *fields)
        raise_for(res, self.name)
        return res

    # Reading.

    async def _fill(self, size: int) -> bool:
        """Read once behind what was read ahead, all of which is used up; False at the end. What
        comes to a caller that was cancelled is kept as well."""
        # Fresh bytes, which nobody else has seen; those of size 0 and 1 are shared in CPython.
        size = min(max(size, 2), _LONGEST)
        room = bytes(size)

        def came(res: int) -> None:
            self._ahead, self._used = room if res == size else room[:res], 0

        fields = address_of(room), size, _AT_POSITION, 0, room, True, came
        res = await self._do(_abi.OP_READ, *fields)
        came(res)
        return res > 0

    async def _take(self, size: int, most: int, line: bool = False) -> bytes:
        """The next `size` bytes, or as many as there are; with `line` no more than a line. The
        first read asks for `most` bytes at most."""
        parts: List[bytes] = []
        try:
            while size > 0:
                start, ahead = self._used, self._ahead
                if start == len(ahead):
                    if not await self._fill(max(min(size, most), _LEAST)):
                        break
                    most = _MUCH
                    continue
                end = min(start + size, len(ahead))
                found = ahead.find(b"\n", start, end) + 1 if line else 0
                part = ahead[start : found or end]
                self._used = start + len(part)
                parts.append(part)
                size -= len(part)
                if found:
                    break
        except BaseException:
            # Whoever reads next gets it.
            self._ahead, self._used = b"".join(parts) + self._ahead[self._used :], 0
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def pread(self, size: int, offset: int) -> bytes:
        """At most `size` bytes from `offset` on; b"" at the end."""
        _not_negative(size=size, offset=offset)
        self._reads()
        if not size:
            return b""
        room = bytes(min(max(size, 2), _LONGEST))
        fields = address_of(room), min(size, _LONGEST), offset, 0, room
        res = await self._do(_abi.OP_READ, *fields)
        return room if res == len(room) else room[:res]

    async def readinto(self, buffer: Buffer, offset: Optional[int] = None) -> int:
        """Read into a writable buffer: once from `offset`, or from the file's position until it is
        full or the file ends; how many bytes."""
        self._reads()
        pin = pinned(buffer, True)
        try:
            if offset is None:
                async with self._turn:
                    count = await self._read_into(pin, buffer)
            else:
                _not_negative(offset=offset)
                size = min(pin.len, _LONGEST)
                fields = pin.buf, size, offset, 0, (pin, buffer), True
                count = await self._do(_abi.OP_READ, *fields) if size else 0
        except (OSError, asyncio.CancelledError):
            # Both come when the operation is over; left in another way, its own reference keeps
            # the buffer until it is.
            pin.release()
            raise
        pin.release()
        return count

    async def _read_into(self, pin: Any, buffer: Buffer) -> int:
        self.fileno()
        view = memoryview(buffer).cast("B")
        done = min(len(self._ahead) - self._used, len(view))
        view[:done] = self._ahead[self._used : self._used + done]
        self._used += done

        def came(res: int) -> None:
            nonlocal done
            done += res

        try:
            while done < len(view):
                size = min(len(view) - done, _LONGEST)
                fields = pin.buf + done, size, _AT_POSITION, 0, (pin, buffer), True, came
                res = await self._do(_abi.OP_READ, *fields)
                if not res:
                    break
                done += res
        except BaseException:
            # Whoever reads next gets it.
            self._ahead, self._used = bytes(view[:done]) + self._ahead[self._used :], 0
            raise
        finally:
            view.release()
        return done

    async def read(self, size: Optional[int] = -1) -> bytes:
        """The next `size` bytes, fewer only at the end of the file; without a size, or with a
        negative one, all that is left."""
        if size is None or size < 0:
            return await self.readall()
        async with self._turn:
            self._reads()
            return await self._take(size, _LONGEST)

    async def read1(self, size: int = -1) -> bytes:
        """What there is, at most `size` bytes, by one read at most; b"" at the end of the file."""
        async with self._turn:
            self._reads()
            if size and self._used == len(self._ahead):
                await self._fill(_CHUNK if size < 0 else size)
            start = self._used
            data = self._ahead[start:] if size < 0 else self._ahead[start : start + size]
            self._used = start + len(data)
            return data

    async def readall(self) -> bytes:
        """All that is left."""
        async with self._turn:
            self._reads()
            # A regular file says how much there is, and one read more says that this was it.
            size = os.fstat(self.fileno()).st_size + 1
            return await self._take(sys.maxsize, max(size, _CHUNK))

    async def readline(self, size: Optional[int] = -1) -> bytes:
        """The next line with its end, or its first `size` bytes; b"" at the end of the file."""
        if size is None or size < 0:
            start = self._used
            end = self._ahead.find(b"\n", start) + 1
            if end and self._fd >= 0 and not self._turn.locked():
                self._used = end
                return self._ahead[start:end]
            size = sys.maxsize
        async with self._turn:
            self._reads()
            return await self._take(size, _CHUNK, True)

    async def chunks(self, size: int = _CHUNK) -> AsyncIterator[bytes]:
        """What is left, in pieces of at most `size` bytes, each as soon as it is there."""
        if size <= 0:
            raise ValueError("the size of a chunk is positive")
        while True:
            data = await self.read1(size)
            if not data:
                return
            yield data

    # The position.

    def _forget_ahead(self) -> None:
        """Have the file's position where the caller believes it to be."""
        left = len(self._ahead) - self._used
        if left:
            try:
                os.lseek(self._fd, -left, os.SEEK_CUR)
            except OSError as error:
                if error.errno == errno.ESPIPE:
                    # A pipe has no position: what came is still to be read.
                    return
                raise
        self._ahead, self._used = b"", 0

    async def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on at `offset`, counted as with os.lseek; the new position. It does no I/O."""
        async with self._turn:
            fd = self.fileno()
            if whence == os.SEEK_CUR:
                offset -= len(self._ahead) - self._used
            position = os.lseek(fd, offset, whence)
            self._ahead, self._used = b"", 0
            return position

    async def tell(self) -> int:
        """The position: where the next read or write goes on."""
        async with self._turn:
            position = os.lseek(self.fileno(), 0, os.SEEK_CUR)
            return position - (len(self._ahead) - self._used)

    # Writing.

    async def _write_at(self, data: Buffer, offset: int) -> int:
        if not isinstance(data, bytes):
            data = memoryview(data).cast("B")
        size, done = len(data), 0
        while done < size:
            piece = data if size <= _LONGEST else memoryview(data)[done : done + _LONGEST]
            skipped = done if size <= _LONGEST else 0
            pin = pinned(piece, False)
            at = offset if offset == _AT_POSITION else offset + done
            fields = pin.buf + skipped, pin.len - skipped, at, 0, pin, True
            done += await self._do(_abi.OP_WRITE, *fields)
        return done

    async def write(self, data: Buffer) -> int:
        """Write all of a buffer at the file's position (in mode "a" at its end); its size."""
        async with self._turn:
            self._writes()
            self._forget_ahead()
            return await self._write_at(data, _AT_POSITION)

    async def writelines(self, lines: Iterable[Buffer]) -> None:
        """Write buffers one behind the other."""
        await self.write(b"".join(lines))

    async def pwrite(self, data: Buffer, offset: int) -> int:
        """Write all of a buffer at `offset`; its size."""
        _not_negative(offset=offset)
        self._writes()
        self._forget_ahead()
        return await self._write_at(data, offset)

    async def truncate(self, size: Optional[int] = None) -> int:
        """Cut the file, or lengthen it by zeros; without a size at its position. Its new size."""
        if size is None:
            size = await self.tell()
        _not_negative(size=size)
        async with self._turn:
            self._writes()
            fd = self.fileno()
            self._forget_ahead()
            res = await operate(self._loop, _abi.OP_FTRUNCATE, fd, 0, 0, size)
            if res in _NO_SUCH_OP:  # Before Linux 6.9; and it tells what is wrong with the file.
                try:
                    await self._loop.run_in_executor(None, os.ftruncate, fd, size)
                except OSError as error:
                    raise failure(-(error.errno or errno.EIO), self.name) from None
            else:
                raise_for(res, self.name)
            return size

    async def flush(self) -> None:
        """Nothing: the kernel has what was written. `fsync` brings it to the disk."""
        self.fileno()

    async def fsync(self, datasync: bool = False) -> None:
        """fsync(2), or fdatasync(2)."""
        await self._do(_abi.OP_FSYNC, 0, 0, 0, int(datasync))

    async def statx(self) -> os.stat_result:
        """What the file is like."""
        return await statx(self._loop, self.fileno(), b"\0", _EMPTY_PATH, self.name)

    stat = statx

    # The end.

    async def close(self) -> None:
        """Close the file; more than once does nothing more."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        closing = self._loop.create_task(operate(self._loop, _abi.OP_CLOSE, fd))
        raise_for(await asyncio.shield(closing), self.name)


def _not_negative(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise ValueError(f"{name} must not be negative")
