"""A first program for a freshly installed package: TCP, a timer, a process, a thread, a file."""

import asyncio
import os
import sys

import ringline


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.readline()).upper())
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(b"hello\n")
    assert await reader.read() == b"HELLO\n"
    writer.close()
    server.close()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(7)")
    assert await child.wait() == 7
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ringline.EventLoop)
    assert await loop.run_in_executor(None, lambda: 42) == 42


ringline.run(main())
native = "ringline._native" in sys.modules
wanted = sys.version_info >= (3, 11) and os.environ.get("RINGLINE_PURE") != "1"
assert native == wanted, f"native: {native}, wanted: {wanted}"
print("ringline", ringline.__version__, "native" if native else "pure")
