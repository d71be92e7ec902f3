"""`ringline.Path`: a path whose calls to the system are awaitables.

Owns nothing. The invariant: each method does what that of pathlib.Path does, by the ring where that
has an operation for it and else in the loop's executor; which it is the method says.
"""

import errno
import os
import pathlib
import stat as _stat
from typing import Any, AsyncIterator, Callable, List, Optional, Union, overload

from . import _names
from ._awaited import in_thread, loop_here
from ._files import File
from ._opening import BinaryMode, Opening, PlainMode, TextMode, opened
from ._opening import open as _open
from ._text import TextFile

#: What means that there is no such file.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP)
_Other = Union[str, "os.PathLike[str]"]


class Path(pathlib.PurePosixPath):
    """A path, whose methods that ask the system are coroutines.

    What is about the text of the path alone (``/``, `parent`, `with_suffix` and so on) is that of
    pathlib.PurePosixPath, and gives paths of this class. Where this is not said otherwise, a method
    is an operation of the ring, does what the one of pathlib.Path does, and raises the same
    OSError; RuntimeError in another event loop than ringline's.
    """

    __slots__ = ()

    # What it is like.

    async def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """What the file is like, or the symbolic link itself."""
        return await _names.stat(self, follow_symlinks=follow_symlinks)

    async def lstat(self) -> os.stat_result:
        """What the file is like; of a symbolic link what that is like."""
        return await _names.stat(self, follow_symlinks=False)

    async def _mode(self, follow_symlinks: bool = True) -> int:
        """Its st_mode; 0 where there is no such file."""
        try:
            return (await self.stat(follow_symlinks=follow_symlinks)).st_mode
        except ValueError:
            return 0
        except OSError as error:
            if error.errno in _ABSENT:
                return 0
            raise

    async def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is such a file."""
        return await self._mode(follow_symlinks) != 0

    async def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a regular file."""
        return _stat.S_ISREG(await self._mode(follow_symlinks))

    async def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a directory."""
        return _stat.S_ISDIR(await self._mode(follow_symlinks))

    async def is_symlink(self) -> bool:
        """Whether it is a symbolic link."""
        return _stat.S_ISLNK(await self._mode(False))

    async def is_fifo(self) -> bool:
        """Whether it is a named pipe."""
        return _stat.S_ISFIFO(await self._mode())

    async def is_socket(self) -> bool:
        """Whether it is a socket."""
        return _stat.S_ISSOCK(await self._mode())

    async def is_block_device(self) -> bool:
        """Whether it is a block device."""
        return _stat.S_ISBLK(await self._mode())

    async def is_char_device(self) -> bool:
        """Whether it is a character device."""
        return _stat.S_ISCHR(await self._mode())

    async def samefile(self, other: _Other) -> bool:
        """Whether both are the same file."""
        return os.path.samestat(await self.stat(), await _names.stat(other))

    # Names.

    async def rename(self, target: _Other) -> "Path":
        """Give the file another name; the new path. What had that name is gone."""
        await _names.rename(self, target)
        return type(self)(target)

    async def replace(self, target: _Other) -> "Path":
        """As `rename`: on Linux that replaces."""
        return await self.rename(target)

    async def unlink(self, missing_ok: bool = False) -> None:
        """Remove the file."""
        try:
            await _names.unlink(self)
        except FileNotFoundError:
            if not missing_ok:
                raise

    async def symlink_to(self, target: _Other, target_is_directory: bool = False) -> None:
        """Make this a symbolic link to `target`."""
        await _names.symlink(target, self)

    async def hardlink_to(self, target: _Other) -> None:
        """Make this one more name of the file `target`."""
        await _names.link(target, self)

    async def readlink(self) -> "Path":
        """Where the symbolic link leads. In the executor."""
        return type(self)(await _names.readlink(os.fspath(self)))

    # Directories.

    async def mkdir(
        self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False
    ) -> None:
        """Make a directory, with those above it where `parents`."""
        try:
            await _names.mkdir(self, mode)
        except FileNotFoundError:
            if not parents or self.parent == self:
                raise
            await self.parent.mkdir(parents=True, exist_ok=True)
            await self.mkdir(mode, exist_ok=exist_ok)
        except OSError:
            # Other reasons than that it exists may come first.
            if not exist_ok or not await self.is_dir():
                raise

    async def rmdir(self) -> None:
        """Remove the directory, which is empty."""
        await _names.rmdir(self)

    async def iterdir(self) -> AsyncIterator["Path"]:
        """What is in the directory, in no order. In the executor."""
        for name in await _names.listdir(os.fspath(self)):
            yield self / name

    async def glob(self, pattern: str) -> AsyncIterator["Path"]:
        """What matches, as pathlib.Path.glob. In the executor."""
        for path in await self._blocking(_all, "glob", pattern):
            yield type(self)(path)

    async def rglob(self, pattern: str) -> AsyncIterator["Path"]:
        """What matches here and below, as pathlib.Path.rglob. In the executor."""
        for path in await self._blocking(_all, "rglob", pattern):
            yield type(self)(path)

    # What is in it.

    @overload
    def open(self, mode: BinaryMode) -> Opening[File]: ...

    @overload
    def open(
        self,
        mode: Union[PlainMode, TextMode] = "r",
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> Opening[TextFile]: ...

    @overload
    def open(
        self,
        mode: str,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> Opening[Any]: ...

    def open(
        self,
        mode: str = "r",
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> Opening[Any]:
        """Open the file as `ringline.open`; unless "b" is in the mode, for text."""
        kind = mode if "b" in mode or "t" in mode else mode + "t"
        return _open(self, kind, encoding=encoding, errors=errors, newline=newline)

    async def read_bytes(self) -> bytes:
        """All bytes of the file."""
        async with self.open("rb") as file:
            return await file.readall()

    async def read_text(
        self,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> str:
        """All text of the file."""
        async with self.open("r", encoding, errors, newline) as file:
            return await file.read()

    async def write_bytes(self, data: Any) -> int:
        """Have the file hold these bytes alone; how many."""
        view = memoryview(data)
        async with self.open("wb") as file:
            return await file.write(view)

    async def write_text(
        self,
        data: str,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> int:
        """Have the file hold this text alone; how many characters."""
        if not isinstance(data, str):
            raise TypeError(f"data must be str, not {type(data).__name__}")
        async with self.open("w", encoding, errors, newline) as file:
            return await file.write(data)

    async def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        """Make the file, or where it exists, set its times to now, which is in the executor."""
        if exist_ok:
            try:
                await in_thread(os.utime, os.fspath(self))
            except OSError:
                pass  # The next tells what is wrong.
            else:
                return
        only = 0 if exist_ok else os.O_EXCL
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | only
        await File(loop_here(), await opened(self, flags, mode), self, flags).close()

    # What the ring has no operation for.

    async def _blocking(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await in_thread(call, pathlib.Path(self), *arguments)

    async def chmod(self, mode: int, *, follow_symlinks: bool = True) -> None:
        """Change the permissions. In the executor."""
        change = lambda path: os.chmod(path, mode, follow_symlinks=follow_symlinks)  # noqa: E731
        await in_thread(change, os.fspath(self))

    async def owner(self) -> str:
        """The name of the user that owns the file. In the executor."""
        return str(await self._blocking(pathlib.Path.owner))

    async def group(self) -> str:
        """The name of the file's group. In the executor."""
        return str(await self._blocking(pathlib.Path.group))

    async def resolve(self, strict: bool = False) -> "Path":
        """The path from the root without links and dots. In the executor."""
        return type(self)(await self._blocking(pathlib.Path.resolve, strict))

    async def absolute(self) -> "Path":
        """The path from the root. In the executor."""
        return type(self)(await self._blocking(pathlib.Path.absolute))

    async def expanduser(self) -> "Path":
        """The path with a home in the place of ``~``. In the executor."""
        return type(self)(await self._blocking(pathlib.Path.expanduser))

    @classmethod
    async def cwd(cls) -> "Path":
        """The current directory. In the executor."""
        return cls(await in_thread(os.getcwd))

    @classmethod
    async def home(cls) -> "Path":
        """The user's home. In the executor."""
        return cls(await in_thread(pathlib.Path.home))


def _all(path: pathlib.Path, method: str, pattern: str) -> List[pathlib.Path]:
    return list(getattr(path, method)(pattern))
