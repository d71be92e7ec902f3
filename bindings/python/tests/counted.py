"""Steps of the loop for valgrind to count: `valgrind --tool=callgrind --instr-atstart=no` runs it.

`python counted.py COUNT` does COUNT steps of each kind, and thrice as many; before each it has
callgrind begin anew, and after it write what it has counted under the name of the kind. So what a
step costs is exact, however the interpreter starts. Used by test_counts.py.
"""

import asyncio
import ctypes
import gc
import mmap
import os
import socket
import sys
from typing import Any, Awaitable, Callable, Dict

import ringline

# What valgrind knows as a request to itself (valgrind.h, x86-64), and is nothing otherwise:
# the address of six words is in rdi; rdi is turned around by 128 bits, rbx changed with itself.
REQUEST = bytes.fromhex("4889f831d248c1c70348c1c70d48c1c73d48c1c7334887db4889d0c3")
ZERO, DUMP, START, STOP = (0x43540000 + number for number in (1, 3, 4, 5))
STEPS: Dict[str, Callable[[Any, int], Awaitable[None]]] = {}


def requests() -> Callable[..., None]:
    """The function that asks callgrind for something."""
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(REQUEST)
    # The page stays mapped as long as somebody has a view of it.
    code = ctypes.c_char.from_buffer(page)
    call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)

    def ask(what: int, text: bytes = b"") -> None:
        name = ctypes.create_string_buffer(text)
        words = (ctypes.c_uint64 * 6)(what, ctypes.addressof(name))
        call(ctypes.addressof(code))(ctypes.addressof(words))

    return ask


def step(function: Callable[[Any, int], Awaitable[None]]) -> None:
    STEPS[function.__name__] = function


@step
async def sleep(loop: Any, count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@step
async def call_soon(loop: Any, count: int) -> None:
    def nothing() -> None:
        pass

    for _ in range(count // 64):
        for _ in range(64):
            loop.call_soon(nothing)
        await asyncio.sleep(0)


@step
async def future(loop: Any, count: int) -> None:
    for _ in range(count):
        made = loop.create_future()
        loop.call_soon(made.set_result, None)
        await made


@step
async def stream(loop: Any, count: int) -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    for _ in range(count):
        theirs.send(b"x" * 64)
        writer.write(await reader.read(100))
        await writer.drain()
        while True:
            # It goes with the turn, where it does not go at once.
            try:
                theirs.recv(64, socket.MSG_DONTWAIT)
                break
            except BlockingIOError:
                await asyncio.sleep(0)
    writer.close()
    theirs.close()


@step
async def later(loop: Any, count: int) -> None:
    for _ in range(count // 64):
        for handle in [loop.call_later(10, print) for _ in range(64)]:
            handle.cancel()
        await asyncio.sleep(0)


async def main(count: int) -> None:
    loop, ask = asyncio.get_running_loop(), requests()
    for name, function in STEPS.items():
        await function(loop, count)
        gc.collect()
        for steps in (count, 3 * count):
            ask(START)
            ask(ZERO)
            await function(loop, steps)
            ask(DUMP, b"%s.%d" % (name.encode(), steps))
            ask(STOP)
    # Under valgrind the end of a ring takes its time.
    os._exit(0)


if __name__ == "__main__":
    ringline.run(main(int(sys.argv[1])))
