"""`ringline.open`: from a path and a mode to an open file.

Owns nothing but the file of an ``async with``. The invariant: an open that was cancelled leaves no
descriptor.
"""

import os
from types import TracebackType
from typing import Any, Generator, Generic, Literal, Optional, Type, TypeVar, Union, overload

from . import _abi
from ._awaited import HERE, address_of, loop_here, operate, path_bytes, raise_for
from ._files import File
from ._operations import Path
from ._text import Settings, TextFile, settings

AnyFile = TypeVar("AnyFile", bound=Union[File, TextFile])
BinaryMode = Literal[
    "rb", "wb", "ab", "xb", "r+b", "rb+", "w+b", "wb+", "a+b", "ab+", "x+b", "xb+",
]  # fmt: skip
PlainMode = Literal["r", "w", "a", "x", "r+", "w+", "a+", "x+"]
TextMode = Literal[
    "rt", "wt", "at", "xt", "r+t", "rt+", "w+t", "wt+", "a+t", "at+", "x+t", "xt+",
]  # fmt: skip
_MODES = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
}


async def opened(path: Path, flags: int, permissions: int) -> int:
    """openat(2): a descriptor."""
    name = path_bytes(path)
    fields = address_of(name), permissions, 0, flags, name, False, os.close
    res = await operate(loop_here(), _abi.OP_OPENAT, HERE, *fields)
    raise_for(res, path)
    return res


class Opening(Generic[AnyFile]):
    """What `open` returns: await it for the file, or enter it by ``async with``."""

    def __init__(
        self, path: Path, flags: int, permissions: int, text: Optional[Settings]
    ) -> None:
        self._path, self._flags, self._permissions, self._text = path, flags, permissions, text
        self._file: Optional[AnyFile] = None

    async def _open(self) -> AnyFile:
        descriptor = await opened(self._path, self._flags, self._permissions)
        file: Any = File(loop_here(), descriptor, self._path, self._flags)
        position = 0
        if self._flags & os.O_APPEND:
            try:
                position = os.lseek(descriptor, 0, os.SEEK_END)
            except OSError:
                pass  # A pipe: it has no position.
        if self._text is not None:
            file = TextFile(file, self._text, position)
        opened_file: AnyFile = file
        return opened_file

    def __await__(self) -> Generator[Any, None, AnyFile]:
        return self._open().__await__()

    async def __aenter__(self) -> AnyFile:
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


@overload
def open(
    path: Path, mode: Union[BinaryMode, PlainMode] = "r", permissions: int = 0o666
) -> Opening[File]: ...


@overload
def open(
    path: Path,
    mode: TextMode,
    permissions: int = 0o666,
    *,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> Opening[TextFile]: ...


@overload
def open(
    path: Path,
    mode: PlainMode = "r",
    permissions: int = 0o666,
    *,
    encoding: str,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> Opening[TextFile]: ...


@overload
def open(
    path: Path,
    mode: str,
    permissions: int = 0o666,
    *,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> Opening[Any]: ...


def open(
    path: Path,
    mode: str = "r",
    permissions: int = 0o666,
    *,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> Opening[Any]:
    """Open a file: ``file = await ringline.open(path)`` or ``async with ringline.open(path) as``.

    Parameters
    ----------
    path : str, bytes or os.PathLike
    mode : str
        One of "r", "w", "a", "x", as for Python's open, and "+" for both. What is read and written
        is bytes, unless "t" or one of the next three asks for text.
    permissions : int
        Of a file that is made, less the umask.
    encoding, errors, newline : str
        Of text, as for Python's open.

    Returns
    -------
    Opening
        An awaitable of a `File`, or of a `TextFile`.

    Raises
    ------
    OSError
        When awaited: as Python's open, with the file's name.
    RuntimeError
        When awaited in another event loop than ringline's.
    """
    kind = "".join(letter for letter in mode if letter in "bt")
    base = "".join(letter for letter in mode if letter not in "bt+")
    if base not in _MODES or len(kind) > 1 or mode.count("+") > 1:
        raise ValueError(f"invalid mode: {mode!r}")
    given = {"encoding": encoding, "errors": errors, "newline": newline}
    named = [name for name, value in given.items() if value is not None]
    if kind == "b" and named:
        article = "a" if named[0] == "newline" else "an"
        raise ValueError(f"binary mode doesn't take {article} {named[0]} argument")
    text = None
    if kind == "t" or named:
        text = settings(encoding, errors, newline)
    flags = _MODES[base] | os.O_CLOEXEC
    if "+" in mode:
        flags = flags & ~os.O_WRONLY | os.O_RDWR
    return Opening(path, flags, permissions, text)
