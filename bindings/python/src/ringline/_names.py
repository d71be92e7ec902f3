"""Names of files as awaitables: os.stat, os.rename and their kin.

Owns nothing. What the ring has an operation for goes there; `listdir` and `readlink`, for which the
kernel has none, go to the loop's executor. Failures are those of the functions of `os`, with the
names of the files.
"""

import os
import struct
from typing import Any, List

from . import _abi
from ._awaited import HERE, address_of, in_thread, loop_here, operate, path_bytes, raise_for
from ._buffers import pinned
from ._operations import Path

_REMOVE_DIR, _NO_FOLLOW = 0x200, 0x100
_BASIC = 0x7FF
_STATX = struct.Struct("<IIQIIIHHQQQQ" + "qIi" * 4 + "IIII")


async def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
    """What a file is like: os.stat as an awaitable."""
    flags = 0 if follow_symlinks else _NO_FOLLOW
    return await statx(loop_here(), HERE, path_bytes(path), flags, path)


async def listdir(path: Path = ".") -> List[Any]:
    """The names in a directory, in no order: os.listdir in the loop's executor, as the ring has
    no operation for it."""
    found: List[Any] = await in_thread(os.listdir, path)
    return found


async def readlink(path: Path) -> Any:
    """Where a symbolic link leads: os.readlink in the loop's executor, as the ring has no
    operation for it."""
    return await in_thread(os.readlink, path)


async def unlink(path: Path) -> None:
    """Remove a file: os.unlink as an awaitable."""
    name = path_bytes(path)
    await _named(path, _abi.OP_UNLINKAT, address_of(name), 0, 0, 0, name)


async def rmdir(path: Path) -> None:
    """Remove an empty directory: os.rmdir as an awaitable."""
    name = path_bytes(path)
    await _named(path, _abi.OP_UNLINKAT, address_of(name), 0, 0, _REMOVE_DIR, name)


async def mkdir(path: Path, mode: int = 0o777) -> None:
    """Make a directory: os.mkdir as an awaitable."""
    name = path_bytes(path)
    await _named(path, _abi.OP_MKDIRAT, address_of(name), mode, 0, 0, name)


async def rename(src: Path, dst: Path) -> None:
    """Give a file another name, whose file goes: os.rename as an awaitable."""
    await _two_named(_abi.OP_RENAMEAT, src, dst)


async def link(src: Path, dst: Path) -> None:
    """Give a file one name more: os.link as an awaitable."""
    await _two_named(_abi.OP_LINKAT, src, dst)


async def symlink(src: Path, dst: Path) -> None:
    """Make a symbolic link `dst` that leads to `src`: os.symlink as an awaitable."""
    target, name = path_bytes(src), path_bytes(dst)
    fields = (address_of(target), 0, address_of(name), 0, (target, name))
    raise_for(await operate(loop_here(), _abi.OP_SYMLINKAT, HERE, *fields), src, dst)


async def _two_named(opcode: int, src: Path, dst: Path) -> None:
    old, new = path_bytes(src), path_bytes(dst)
    fields = (address_of(old), HERE & 0xFFFF_FFFF, address_of(new), 0, (old, new))
    raise_for(await operate(loop_here(), opcode, HERE, *fields), src, dst)


async def _named(path: Path, opcode: int, *fields: Any) -> None:
    raise_for(await operate(loop_here(), opcode, HERE, *fields), path)


async def statx(loop: Any, fd: int, name: bytes, flags: int, path: Path) -> os.stat_result:
    """What the file `name` is like, beside the directory `fd`."""
    out = bytearray(256)
    pin = pinned(out, True)
    res = await operate(
        loop, _abi.OP_STATX, fd, address_of(name), _BASIC, pin.buf, flags, (name, pin)
    )
    raise_for(res, path)
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
