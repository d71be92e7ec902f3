"""What files of bytes and files of text have in common: line after line, and the end.

Owns nothing: a file reads its lines and closes itself.
"""

import sys
from types import TracebackType
from typing import Any, AnyStr, Generic, List, Optional, Type, TypeVar

_Self = TypeVar("_Self", bound="Lines[Any]")


class Lines(Generic[AnyStr]):
    """A file that is read by line, and entered by ``async with``."""

    def fileno(self) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def readline(self, size: Optional[int] = -1) -> AnyStr:
        raise NotImplementedError

    async def readlines(self, hint: Optional[int] = -1) -> List[AnyStr]:
        """The lines that are left; with a `hint` no more once they have more bytes, or characters
        of text."""
        lines, left = [], hint if hint is not None and hint > 0 else sys.maxsize
        while left >= 0:
            line = await self.readline()
            if not line:
                break
            lines.append(line)
            left -= len(line)
        return lines

    def __aiter__(self: _Self) -> _Self:
        return self

    async def __anext__(self) -> AnyStr:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    async def __aenter__(self: _Self) -> _Self:
        self.fileno()
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()
