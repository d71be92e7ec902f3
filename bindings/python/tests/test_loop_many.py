"""Many connections at once, and what it costs in system calls."""

import asyncio
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from loops import KIND, digest, noise, only_ringline, run, within

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.parametrize("kind", ["streams", "protocol"])
def test_thousand_connections(kind: str) -> None:
    """Failure: of 1,000 connections, one that is starved, mixed up or not ended."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    rounds = 5

    async def streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    class Echo(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(data)

    async def one(port: int, seed: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = noise(700, seed)
        got = b""
        for _ in range(rounds):
            writer.write(data)
            got += await reader.readexactly(len(data))
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        return digest(got)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server: asyncio.AbstractServer
        if kind == "streams":
            server = await asyncio.start_server(streamed, "127.0.0.1", 0, backlog=2000)
        else:
            server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=2000)
        port = server.sockets[0].getsockname()[1]
        got = await within(asyncio.gather(*(one(port, seed) for seed in range(1000))), 55)
        assert got == [digest(noise(700, seed) * rounds) for seed in range(1000)]
        server.close()

    try:
        run(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_more_connections_than_buffers() -> None:
    """Failure: connections that starve when all receive buffers are lent out."""
    settings = {"buffer_count": 4, "buffer_size": 4096} if KIND == "ringline" else {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(100_000))
        writer.close()

    async def one(port: int, seed: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = noise(100_000, seed)
        writer.write(data)
        assert await reader.read() == data
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await within(asyncio.gather(*(one(port, seed) for seed in range(50))), 55)
        server.close()
        await asyncio.sleep(0.01)

    run(main(), **settings)


@only_ringline
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize(
    ("send", "connections", "most"),
    [
        ("auto", 1, 2.02),
        # What waited for half a millisecond goes by calls: on a busy machine some of it does.
        ("auto", 10, 0.2),
        ("auto", 100, 0.05),
        ("turn", 1, 1.02),
        ("turn", 10, 0.11),
        ("turn", 100, 0.026),
    ],
)
def test_system_calls(
    send: str, connections: int, most: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure: more system calls for each message than the ring needs: where nothing else is ready
    one to send at once, and one to wait."""
    monkeypatch.setenv("RINGLINE_SEND", send)
    log = tmp_path / "strace"
    command = ["strace", "-f", "-c", "-o", str(log), sys.executable]
    command += [str(BENCHMARKS / "syscall_bench.py"), "ringline", f"--tasks={connections}"]
    counts = []
    for rounds in (50, 1050):  # What begins and ends a program is in both.
        subprocess.run([*command, f"--rounds={rounds}"], check=True, stdout=subprocess.DEVNULL)
        total = re.findall(r"(\d+)(?:\s+\d+)? total$", log.read_text(), re.M)
        counts.append(int(total[0]))
    # A round is a message there and one back, of each connection.
    each = (counts[1] - counts[0]) / (1000 * connections * 2)
    assert each <= most, f"{each:.3f} system calls for a message"
