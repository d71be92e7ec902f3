"""Operations of the ring as awaitables, and paths as the kernel reads them.

Owns nothing. The invariants: what an operation names is held until its FINAL, and the result of
one that ended as its caller was cancelled is not lost: `late` is told.
"""

import asyncio
import os
from typing import Any, Callable, Optional, Tuple

from ._address import c_text
from ._engine import BYTES_OFFSET
from ._error import failure
from ._operations import Path

HERE = -100  # AT_FDCWD


def loop_here() -> Any:
    """The running loop, which has a ring."""
    loop = asyncio.get_running_loop()
    if getattr(loop, "_engine", None) is None:
        raise RuntimeError(
            "files on the ring need ringline's event loop (ringline.run, ringline.install);"
            f" this is {loop!r}"
        )
    return loop


async def operate(
    loop: Any,
    opcode: int,
    fd: int,
    addr: int = 0,
    length: int = 0,
    off: int = 0,
    op_flags: int = 0,
    keep: object = None,
    wait: bool = False,
    late: Optional[Callable[[int], object]] = None,
) -> int:
    """One operation; its result, or -errno. With `wait` a cancelled one is waited for. `late` is
    called with the result of one that succeeded although its caller was cancelled."""
    engine = loop._engine
    future: "asyncio.Future[int]" = loop.create_future()
    over: "Optional[asyncio.Future[None]]" = None

    def done(res: int, flags: int, data: int, token: int) -> None:
        if not future.done():
            future.set_result(res)
        elif late is not None and res >= 0:
            late(res)
        if over is not None and not over.done():
            over.set_result(None)

    ident: int = engine.submit(opcode, fd, addr, length, off, op_flags, done, keep)
    try:
        return await future
    except asyncio.CancelledError:
        if not future.cancelled():
            # It ended before the cancel, which only its caller was late to hear of.
            if late is not None and future.result() >= 0:
                late(future.result())
            raise
        engine.cancel(ident)
        while wait and ident in engine:
            over = loop.create_future()
            try:
                await over
            except asyncio.CancelledError:
                continue
        raise


def path_bytes(path: Path) -> bytes:
    """A path as C reads it."""
    return c_text(path) + b"\0"


def address_of(name: bytes) -> int:
    """Where the bytes of an object lie that is held as long as they are used."""
    return id(name) + BYTES_OFFSET


def raise_for(res: int, *paths: Path) -> None:
    """OSError with the names of the files, as Python's own calls raise it, if `res` says so."""
    if res >= 0:
        return
    names: Tuple[object, ...] = tuple(os.fspath(path) for path in paths)
    # Python's constructor takes the second name as its fifth argument.
    raise failure(res, *(names[:1] if len(names) == 1 else (names[0], None, names[1])))


async def in_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    """What the ring has no operation for: the call in the loop's executor."""
    return await loop_here().run_in_executor(None, call, *arguments)
