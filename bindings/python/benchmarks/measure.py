"""What one process of the benchmark measures: a cell of the table on one loop.

`python measure.py CELL LOOP` prints a number as JSON, in the unit of the cell: microseconds of CPU
for a step of the loop itself or for a message, which other load hardly changes. Started by run.py.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

Cell = Callable[[float], Awaitable[float]]
CELLS: Dict[str, Tuple[str, Cell]] = {}


def cell(name: str, title: str) -> Callable[[Cell], Cell]:
    def put(function: Cell) -> Cell:
        CELLS[name] = (title, function)
        return function

    return put


def used() -> float:
    now = resource.getrusage(resource.RUSAGE_SELF)
    return now.ru_utime + now.ru_stime


async def repeat(step: Callable[[int], Awaitable[None]], seconds: float, each: int = 1) -> float:
    """Microseconds of CPU of one step: `step(count)` does `count` of them; the best of five."""
    count, passed = 64, 0.0
    while passed < seconds / 10:
        count *= 2
        begin = time.process_time()
        await step(count)
        passed = time.process_time() - begin
    best = passed
    for _ in range(5):
        begin = time.process_time()
        await step(count)
        best = min(best, time.process_time() - begin)
    return best / count / each * 1e6


@cell("sleep0", "sleep(0)")
async def sleep0(seconds: float) -> float:
    async def step(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    return await repeat(step, seconds)


@cell("call_soon_chained", "call_soon, chained")
async def chained(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def step(count: int) -> None:
        done = loop.create_future()
        left = count

        def call() -> None:
            nonlocal left
            left -= 1
            if left:
                loop.call_soon(call)
            else:
                done.set_result(None)

        loop.call_soon(call)
        await done

    return await repeat(step, seconds)


@cell("call_soon_batched", "call_soon, batched")
async def batched(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def step(count: int) -> None:
        for _ in range(count // 64):
            for _ in range(64):
                loop.call_soon(nothing)
            await asyncio.sleep(0)

    def nothing() -> None:
        pass

    return await repeat(step, seconds)


@cell("future", "future")
async def future(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def step(count: int) -> None:
        for _ in range(count):
            made = loop.create_future()
            loop.call_soon(made.set_result, None)
            await made

    return await repeat(step, seconds)


@cell("task", "task")
async def task(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def nothing() -> None:
        pass

    async def step(count: int) -> None:
        for _ in range(count):
            await loop.create_task(nothing())

    return await repeat(step, seconds)


@cell("gather", "gather(100)")
async def gather(seconds: float) -> float:
    async def some() -> None:
        await asyncio.sleep(0)

    async def step(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*[some() for _ in range(100)])

    return await repeat(step, seconds)


@cell("lock", "lock, 10 waiters")
async def lock(seconds: float) -> float:
    async def step(count: int) -> None:
        mutex = asyncio.Lock()

        async def one() -> None:
            for _ in range(count // 10):
                async with mutex:
                    await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(10)))

    return await repeat(step, seconds)


@cell("later_cancel", "call_later + cancel")
async def later_cancel(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def step(count: int) -> None:
        for _ in range(count // 64):
            for handle in [loop.call_later(10, print) for _ in range(64)]:
                handle.cancel()
            await asyncio.sleep(0)

    return await repeat(step, seconds)


@cell("later_fired", "call_later, fired")
async def later_fired(seconds: float) -> float:
    loop = asyncio.get_running_loop()

    async def step(count: int) -> None:
        done = loop.create_future()
        for _ in range(count - 1):
            loop.call_later(0, done.done)
        loop.call_later(0, done.set_result, None)
        await done

    return await repeat(step, seconds)


class Echo(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        self.write(data)


async def streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


class Packets(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.transport.sendto(data, address)


def compiled() -> str:
    """clients.c, compiled where its results are kept."""
    source = Path(__file__).with_name("clients.c")
    folder = Path(__file__).resolve().parents[3] / "target/python"
    program = folder / "clients"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = str(program) + f".{os.getpid()}"
        subprocess.run(["cc", "-O2", "-o", fresh, str(source)], check=True)
        os.replace(fresh, program)
    return str(program)


async def against_clients(command: List[str], seconds: float) -> float:
    """CPU of this process for each message that the clients, a process of their own, send."""
    child = subprocess.Popen(
        [*command, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None and child.stdout is not None
    processors = sorted(os.sched_getaffinity(0))
    # Each on a processor of its own: where they share one is then no matter of luck.
    os.sched_setaffinity(child.pid, processors[:1])
    os.sched_setaffinity(0, processors[-1:])
    loop = asyncio.get_running_loop()

    async def line() -> bytes:
        assert child.stdout is not None
        return await loop.run_in_executor(None, child.stdout.readline)

    assert await line() == b"ready\n"
    before = used()
    child.stdin.write(b"go\n")
    child.stdin.flush()
    count = int(await line())
    cpu = used() - before
    child.stdin.close()
    child.wait()
    return cpu / count * 1e6


def tcp(name: str, title: str, size: int, connections: int, kind: str = "protocol") -> None:
    @cell(name, title)
    async def measure(seconds: float) -> float:
        loop = asyncio.get_running_loop()
        context = client = None
        folder = tempfile.TemporaryDirectory()
        if kind == "tls":
            from certificates import contexts, make

            paths = make(Path(folder.name))
            context = contexts(paths)[0]
            client = str(paths[0])
        server: Any
        options = [str(size), str(connections)]
        if kind == "unix":
            path = folder.name + "/socket"
            server = await loop.create_unix_server(Echo, path)
            command = [compiled(), "unix", path, *options]
        elif kind == "udp":
            server, _ = await loop.create_datagram_endpoint(
                Packets, local_addr=("127.0.0.1", 0)
            )
            port = str(server.get_extra_info("sockname")[1])
            command = [compiled(), "udp", port, *options]
        else:
            if kind == "streams":
                server = await asyncio.start_server(streamed, "127.0.0.1", 0)
            else:
                server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=context)
            port = str(server.sockets[0].getsockname()[1])
            command = [compiled(), "tcp", port, *options]
        if client:
            command = [sys.executable, str(Path(__file__).with_name("clients.py"))]
            command += ["--tls", client, "--port", port, "--size", str(size)]
            command += ["--connections", str(connections), "--seconds"]
        cpu = await against_clients(command, seconds)
        server.close()
        folder.cleanup()
        return cpu


tcp("tcp_64_1", "TCP 64 B, 1 connection", 64, 1)
tcp("tcp_64_10", "TCP 64 B, 10 connections", 64, 10)
tcp("tcp_64_100", "TCP 64 B, 100 connections", 64, 100)
tcp("tcp_16k_10", "TCP 16 KiB, 10 connections", 16384, 10)
tcp("tcp_100k_10", "TCP 100 KiB, 10 connections", 102400, 10)
tcp("streams_64_10", "streams 64 B, 10 connections", 64, 10, "streams")
tcp("unix_64_10", "unix 64 B, 10 connections", 64, 10, "unix")
tcp("udp_64_10", "UDP 64 B, 10 sockets", 64, 10, "udp")
tcp("tls_64_10", "TLS 64 B, 10 connections", 64, 10, "tls")
tcp("tls_16k_10", "TLS 16 KiB, 10 connections", 16384, 10, "tls")


@cell("sock", "sock_sendall + sock_recv, 1 byte")
async def sock(seconds: float) -> float:
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)

    async def step(count: int) -> None:
        for _ in range(count):
            await loop.sock_sendall(left, b"x")
            await loop.sock_recv(right, 1)

    with left, right:
        return await repeat(step, seconds)


@cell("subprocess", "subprocess, true")
async def process(seconds: float) -> float:
    end, count, before = time.monotonic() + seconds, 0, used()
    while time.monotonic() < end:
        child = await asyncio.create_subprocess_exec("true")
        await child.wait()
        count += 1
    return (used() - before) / count * 1e6


def main() -> None:
    from syscall_bench import make

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cell", choices=sorted(CELLS))
    parser.add_argument("loop", help="asyncio, or a module with new_event_loop")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long to measure")
    options = parser.parse_args()
    loop = make(options.loop)
    asyncio.set_event_loop(loop)
    found = loop.run_until_complete(CELLS[options.cell][1](options.seconds))
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
