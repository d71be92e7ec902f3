"""Text files: what `ringline.open` gives for text, over a `File`.

Owns the text that was decoded before it was asked for, and the bytes that it came from. The
invariants: `tell` and `seek` speak of the text that the caller has seen, by the numbers of Python's
own text files; a read that was cancelled loses nothing. Encodings, their errors and the ends of
lines are the standard library's.
"""

import asyncio
import codecs
import errno
import io
import os
import sys
from typing import Any, Iterable, List, NamedTuple, Optional

from ._files import File
from ._lines import Lines

_CHUNK = 65536
_WORD, _HALF = (1 << 64) - 1, (1 << 32) - 1


class Settings(NamedTuple):
    """How a file's bytes are text."""

    encoding: str
    errors: str
    newline: Optional[str]


def settings(encoding: Optional[str], errors: Optional[str], newline: Optional[str]) -> Settings:
    """Have Python's own check what was given, and find what was not."""
    encoding = io.text_encoding(encoding, 3)
    own = io.TextIOWrapper(io.BytesIO(), encoding, errors, newline)
    return Settings(own.encoding, own.errors or "strict", newline)


def _packed(position: int, state: int, fed: int = 0, skipped: int = 0, ended: bool = False) -> int:
    """As io.TextIOWrapper packs them, with what it has no room for on top."""
    low = position | (state & _HALF) << 64 | fed << 96 | skipped << 128
    return low | ended << 160 | state >> 32 << 168


class TextFile(Lines[str]):
    """An open file of text. Made by `ringline.open` with "t" in its mode, or with an encoding.

    Calls go on at the file's position one after the other, also where several tasks make them.
    What was read ahead is not seen: a write goes where the reading stopped. Writes are not
    collected: when one returns, the kernel has all of it.

    Attributes
    ----------
    buffer : File
        The file of bytes below. Who reads or writes it calls `seek` before this one is used again.
    encoding, errors : str
        As of Python's text files.
    """

    def __init__(self, buffer: File, how: Settings, position: int) -> None:
        self.buffer = buffer
        self.encoding, self.errors, self._newline = how
        self._encoder = codecs.getincrementalencoder(how.encoding)(how.errors)
        self._decoder: Any = codecs.getincrementaldecoder(how.encoding)(how.errors)
        if not how.newline:
            self._decoder = io.IncrementalNewlineDecoder(self._decoder, how.newline is None)
        self._behind(position)
        #: Text that was decoded, and how much of it was used up.
        self._text, self._used = "", 0
        #: The bytes of that text, the decoder's state before them, and whether the end followed.
        self._bytes, self._state, self._ended = b"", 0, False
        #: Whether nothing was decoded since the position was set.
        self._fresh = True
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<ringline.TextFile {self.buffer!r} encoding={self.encoding!r}>"

    @property
    def name(self) -> Any:
        """As it was given to `ringline.open`."""
        return self.buffer.name

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self.buffer.closed

    @property
    def newlines(self) -> Any:
        """The ends of lines that were seen so far, as with Python's text files."""
        return getattr(self._decoder, "newlines", None)

    def fileno(self) -> int:
        """The descriptor; ValueError when the file is closed."""
        return self.buffer.fileno()

    # Reading.

    def _begin(self) -> None:
        """What was decoded is used up: the next text starts here."""
        self._bytes, self._state = self._decoder.getstate()
        self._text, self._used, self._ended = "", 0, False

    async def _more(self) -> bool:
        """Decode more behind what there is; whether there was more."""
        if self._used == len(self._text):
            self._begin()
        elif self._ended:
            return False
        data = await self.buffer.read1(max(_CHUNK, len(self._bytes)))
        self._fresh = False
        self._behind(data)
        self._text += self._decoder.decode(data, not data)
        self._bytes += data
        self._ended = not data
        return bool(data)

    def _line_end(self, start: int) -> int:
        """Where the line ends that goes on at `start`; 0 where that is not there yet."""
        text = self._text
        if self._newline:
            found = text.find(self._newline, start)
            return found + len(self._newline) if found >= 0 else 0
        found = text.find("\n", start)
        if self._newline is None:
            return found + 1
        bare = text.find("\r", start, found if found >= 0 else len(text))
        if bare < 0:
            return found + 1
        return bare + (2 if bare + 1 == found else 1)

    async def read(self, size: Optional[int] = -1) -> str:
        """The next `size` characters, fewer only at the end of the file; without a size, or with
        a negative one, all that is left."""
        async with self._turn:
            self.fileno()
            if size is None or size < 0:
                data = await self.buffer.readall()
                self._behind(data)
                text: str = self._text[self._used :] + self._decoder.decode(data, True)
                self._text, self._used, self._fresh = "", 0, True
                self._begin()
                return text
            while len(self._text) - self._used < size and await self._more():
                pass
            return self._next(self._used + size)

    async def readline(self, size: Optional[int] = -1) -> str:
        """The next line with its end, or its first `size` characters; "" at the end of the file."""
        if size is None or size < 0:
            size = sys.maxsize
        async with self._turn:
            self.fileno()
            start = self._used
            while True:
                end = self._line_end(start)
                if end or len(self._text) - self._used >= size:
                    break
                # An end of two characters may have come in half.
                seen = max(len(self._text) - self._used - 1, 0)
                if not await self._more():
                    end = len(self._text)
                    break
                start = self._used + seen
            line = self._next(min(end or sys.maxsize, self._used + size))
            self._fresh = self._ended and self._used == len(self._text)
            return line

    def _next(self, end: int) -> str:
        text = self._text[self._used : end]
        self._used += len(text)
        return text

    # The position.

    def _decoded(self, size: int, ended: bool = False) -> int:
        """How many characters the first `size` of the bytes are; the decoder's state is then that
        behind them."""
        self._decoder.setstate((b"", self._state))
        return len(self._decoder.decode(self._bytes[:size], ended))

    def _cookie(self, position: int) -> int:
        """The number of `tell`, of text whose bytes start at `position`: where a decoder may start,
        its state, how many bytes it is given, how many of the characters are skipped, and whether
        it is told of the end."""
        if not self._used:
            return _packed(position, self._state)
        before = self._decoder.getstate()
        try:
            # The fewest bytes that make as many characters: more bytes never make fewer.
            low, high = 0, len(self._bytes)
            while low < high:
                middle = (low + high) // 2
                if self._decoded(middle) < self._used:
                    low = middle + 1
                else:
                    high = middle
            made = self._decoded(low)
            ended = made < self._used
            waiting, state = self._decoder.getstate()
            if ended or made > self._used or waiting:
                # The last safe place before them.
                made = self._decoded(max(low - 1, 0))
                waiting, state = self._decoder.getstate()
                start = max(low - 1, 0) - len(waiting)
            else:
                start = low
            fed = len(self._bytes) - start if ended else low - start
        finally:
            self._decoder.setstate(before)
        skipped = self._used - made
        if not skipped:
            return _packed(position + start, state)
        return _packed(position + start, state, fed, skipped, ended)

    async def tell(self) -> int:
        """The position as a number that `seek` understands; with most encodings that of the next
        byte."""
        async with self._turn:
            return await self._tell()

    async def _tell(self) -> int:
        if self._used == len(self._text):
            self._begin()
        position = await self.buffer.tell()
        return position if self._fresh else self._cookie(position - len(self._bytes))

    async def seek(self, cookie: int, whence: int = os.SEEK_SET) -> int:
        """Go on at the beginning (0), at the end (0 and os.SEEK_END) or where `tell` said."""
        async with self._turn:
            if whence == os.SEEK_CUR:
                if cookie:
                    raise io.UnsupportedOperation("can't do nonzero cur-relative seeks")
                cookie = await self._tell()
            elif whence == os.SEEK_END:
                if cookie:
                    raise io.UnsupportedOperation("can't do nonzero end-relative seeks")
                position = await self.buffer.seek(0, os.SEEK_END)
                self._start(position, None)
                return position
            elif whence != os.SEEK_SET:
                raise ValueError(f"unsupported whence ({whence!r})")
            if cookie < 0:
                raise ValueError(f"negative seek position {cookie!r}")
            return await self._seek(cookie)

    def _behind(self, before: object) -> None:
        """What is written from here on is not the beginning, where a mark of the byte order
        stands, if anything is before it."""
        if before:
            self._encoder.setstate(0)

    def _start(self, before: int, state: Optional[int]) -> None:
        if state is None:
            self._decoder.reset()
        else:
            self._decoder.setstate((b"", state))
        self._encoder.reset()
        self._behind(before)
        self._text, self._used, self._fresh = "", 0, True
        self._begin()

    async def _seek(self, cookie: int) -> int:
        position, fed, skipped = cookie & _WORD, cookie >> 96 & _HALF, cookie >> 128 & _HALF
        state = cookie >> 64 & _HALF | cookie >> 168 << 32
        await self.buffer.seek(position)
        self._start(cookie, state if cookie else None)
        if fed:
            self._fresh = False
            self._bytes = await self.buffer.read(fed)
            self._ended = bool(cookie >> 160 & 1)
            self._text = self._decoder.decode(self._bytes, self._ended)
            if len(self._text) < skipped:
                raise OSError("can't restore logical file position")
            self._used = skipped
        return cookie

    # Writing.

    async def _stop_reading(self) -> None:
        """Have the file below where the caller believes this one to be."""
        if self._fresh:
            return
        try:
            await self._seek(await self._tell())
        except OSError as error:
            if error.errno != errno.ESPIPE:
                raise
        else:
            self._decoder.reset()
            self._text, self._used, self._fresh = "", 0, True
            self._begin()

    async def write(self, text: str) -> int:
        """Write text at the file's position (in mode "a" at its end); how many characters."""
        await self.writelines((text,))
        return len(text)

    async def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one behind the other, at once."""
        lines = list(lines)
        for text in lines:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        async with self._turn:
            self.buffer._writes()
            await self._stop_reading()
            await self.buffer.writelines([self._encoded(text) for text in lines])

    def _encoded(self, text: str) -> bytes:
        return self._encoder.encode(text.replace("\n", self._newline) if self._newline else text)

    async def truncate(self, size: Optional[int] = None) -> int:
        """Cut the file, or lengthen it by zeros; without a size at its position. Its new size in
        bytes."""
        async with self._turn:
            await self._stop_reading()
            return await self.buffer.truncate(size)

    async def flush(self) -> None:
        """Nothing: the kernel has what was written. `fsync` brings it to the disk."""
        self.fileno()

    async def fsync(self, datasync: bool = False) -> None:
        """fsync(2), or fdatasync(2)."""
        await self.buffer.fsync(datasync)

    async def stat(self) -> os.stat_result:
        """What the file is like."""
        return await self.buffer.stat()

    # The end.

    async def close(self) -> None:
        """Close the file; more than once does nothing more."""
        await self.buffer.close()
