"""What the tests of the event loop share: the loop under test, a run that ends clean, digests.

RINGLINE_TEST_LOOP=asyncio or uvloop runs the same tests on those loops: what fails there too is a
mistake of the test. RINGLINE_PURE=1 runs them without the native module.
"""

import asyncio
import gc
import hashlib
import os
import random
import select
import socket
import subprocess
import sys
import warnings
from typing import Any, Awaitable, Callable, Coroutine, List, Optional, Tuple, TypeVar

import pytest

import ringline
from ringline import _abi

KIND = os.environ.get("RINGLINE_TEST_LOOP", "ringline")
MIB = 1 << 20
Result = TypeVar("Result")
Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]

only_ringline = pytest.mark.skipif(KIND != "ringline", reason="about ringline alone")
#: The first lines of programs that tests start: new_loop, as here.
PRELUDE = f"""
import asyncio, os, signal, socket, sys, threading, time
import ringline
def new_loop():
    if {KIND!r} == "ringline":
        return ringline.new_event_loop()
    if {KIND!r} == "uvloop":
        import uvloop
        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop()
"""


def new_loop(**settings: Any) -> asyncio.AbstractEventLoop:
    if KIND == "ringline":
        return ringline.new_event_loop(**settings)
    if KIND == "uvloop":
        import uvloop  # type: ignore[import-not-found,unused-ignore]

        made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return made
    return asyncio.SelectorEventLoop()


def poll(loop: Any, sock: socket.socket, callback: Any) -> None:
    """An operation of the ring that ends when the socket can be read."""
    number = sock.fileno()
    loop._engine.submit(_abi.OP_POLL_ADD, number, 0, 0, 0, select.POLLIN, callback)


def leases(loop: asyncio.AbstractEventLoop) -> int:
    """The receive buffers that are lent out now."""
    if KIND != "ringline":
        return 0
    assert isinstance(loop, ringline.EventLoop)
    return int(loop.stats()["leases_out"])


def finish(loop: asyncio.AbstractEventLoop) -> None:
    """What asyncio.run does at its end, and the close."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def run(main: Coroutine[Any, Any, Result], **settings: Any) -> Result:
    """Runs `main` on a new loop: nothing reaches the exception handler, all leases come back."""
    loop = new_loop(**settings)
    said: List[Any] = []
    loop.set_exception_handler(lambda _, context: said.append(context))
    try:
        result = loop.run_until_complete(main)
        # What main dropped is closed in the iterations that follow.
        for _ in range(3):
            loop.run_until_complete(asyncio.sleep(0))
        assert said == [], said
        assert leases(loop) == 0
        return result
    finally:
        finish(loop)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes of which no two stretches are alike."""
    return random.Random(seed).randbytes(size)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def until(condition: Callable[[], object], limit: float = 20) -> None:
    """Lets the loop run until the condition holds."""

    async def look() -> None:
        while not condition():
            await asyncio.sleep(0)

    await asyncio.wait_for(look(), limit)


async def within(awaitable: Awaitable[Result], limit: float = 30) -> Result:
    return await asyncio.wait_for(awaitable, limit)


async def shut(*writers: asyncio.StreamWriter) -> None:
    """Closes and waits; a peer that reset is no failure of the test."""
    for writer in writers:
        writer.close()
    for writer in writers:
        try:
            await within(writer.wait_closed())
        except OSError:
            pass


def sized(sock: socket.socket, room: Optional[int]) -> socket.socket:
    """`room`: how much each of its buffers takes (the kernel doubles it), where the machine's own
    setting may be anything between 4 KiB and 32 MiB. What a listener accepts takes it from there.
    """
    for side in (socket.SO_RCVBUF, socket.SO_SNDBUF) if room else ():
        sock.setsockopt(socket.SOL_SOCKET, side, room or 0)
    return sock


async def stream_pair(
    room: Optional[int] = None, **options: Any
) -> Tuple[Streams, Streams, asyncio.AbstractServer]:
    """Two ends of one TCP connection as streams, and the server that accepted."""
    accepted: "asyncio.Queue[Streams]" = asyncio.Queue()
    listener = sized(socket.socket(), room)
    listener.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(
        lambda reader, writer: accepted.put_nowait((reader, writer)), sock=listener, **options
    )
    port = server.sockets[0].getsockname()[1]
    client = await asyncio.open_connection("127.0.0.1", port, **options)
    sized(client[1].get_extra_info("socket"), room)
    return client, await within(accepted.get()), server


def program(text: str, *arguments: str, limit: float = 60) -> "subprocess.CompletedProcess[str]":
    """Runs a Python program; its output is in the result."""
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + text, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=limit,
    )


def resources() -> Tuple[int, int]:
    """Open files and memory in KiB of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE") // 1024
