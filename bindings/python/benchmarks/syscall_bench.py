"""System calls of a gather of coroutines that do I/O: run it under `strace -f -c`.

Each of the coroutines holds a TCP connection to an echo server on the same loop, and sends and
receives a message in each round. `strace -f -c python syscall_bench.py ringline` shows the rest.
"""

import argparse
import asyncio
import importlib
import resource
import time
from typing import Any


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Client(asyncio.Protocol):
    """Plays `rounds` rounds of a message there and back."""

    def __init__(self, rounds: int, size: int) -> None:
        self.left = rounds
        self.message = b"x" * size
        self.room = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.message)

    def data_received(self, data: bytes) -> None:
        self.room += len(data)
        if self.room < len(self.message):
            return
        self.room = 0
        self.left -= 1
        if self.left:
            self.transport.write(self.message)
        else:
            self.transport.close()

    def connection_lost(self, exc: "Exception | None") -> None:
        self.ended.set_result(None)


async def one(port: int, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: Client(options.rounds, options.size), "127.0.0.1", port
    )
    await client.ended


async def main(options: argparse.Namespace) -> None:
    server = await asyncio.get_running_loop().create_server(
        Echo, "127.0.0.1", 0, backlog=options.tasks + 1
    )
    port = server.sockets[0].getsockname()[1]
    begin, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(one(port, options) for _ in range(options.tasks)))
    passed, now = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    messages = 2 * options.tasks * options.rounds
    print(
        f"{options.loop}: {messages} messages in {passed:.3f} s,"
        f" {cpu / messages * 1e6:.2f} us of CPU each"
    )
    server.close()
    await server.wait_closed()


def make(name: str) -> Any:
    """A loop of asyncio, or of the module of that name."""
    if name == "asyncio":
        return asyncio.SelectorEventLoop()
    return importlib.import_module(name).new_event_loop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loop", help="asyncio, or a module with new_event_loop")
    parser.add_argument("--tasks", type=int, default=100, help="coroutines at once")
    parser.add_argument("--rounds", type=int, default=20, help="messages there and back, of each")
    parser.add_argument("--size", type=int, default=64, help="bytes of a message")
    options = parser.parse_args()
    loop = make(options.loop)
    loop.run_until_complete(main(options))
    loop.close()
