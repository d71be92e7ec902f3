"""asyncio's StreamReader on the loop: what its feed_data does, whoever does it."""

import asyncio
import socket
import sys
from importlib import import_module
from typing import Any, List, Tuple

import pytest
from loops import KIND, only_ringline, run, stream_pair, until

NATIVE = KIND == "ringline" and import_module("ringline._layer").loaded is not None


async def ended(server: asyncio.AbstractServer, *writers: asyncio.StreamWriter) -> None:
    """Ends connections whatever their protocols are by now."""
    for writer in writers:
        writer.transport.abort()
    server.close()
    await server.wait_closed()
    await until(lambda: all(writer.get_extra_info("socket").fileno() < 0 for writer in writers))


def test_a_full_reader_pauses_and_resumes() -> None:
    async def main() -> None:
        (reader, writer), (_, other), server = await stream_pair(limit=100)
        other.write(b"q" * 500_000)
        transport: Any = writer.transport
        await until(lambda: not transport.is_reading())
        held: Any = reader
        assert len(held._buffer) > 200
        assert len(await reader.readexactly(500_000)) == 500_000
        assert transport.is_reading()
        await ended(server, writer, other)

    run(main())


def test_methods_of_the_programs_own_are_called() -> None:
    said: List[Tuple[str, bytes]] = []

    class Reader(asyncio.StreamReader):
        def feed_data(self, data: Any) -> None:
            said.append(("subclass", bytes(data)))
            super().feed_data(data)

    class Protocol(asyncio.StreamReaderProtocol):
        def data_received(self, data: bytes) -> None:
            said.append(("protocol", bytes(data)))
            super().data_received(data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        (reader, writer), (_, other), server = await stream_pair()
        whole = reader.feed_data

        def spy(data: Any) -> None:
            said.append(("instance", bytes(data)))
            whole(data)

        reader.feed_data = spy  # type: ignore[method-assign]
        other.write(b"one")
        assert await reader.readexactly(3) == b"one"
        own = Reader()
        writer.transport.set_protocol(asyncio.StreamReaderProtocol(own, loop=loop))
        other.write(b"two")
        assert await own.readexactly(3) == b"two"
        plain = asyncio.StreamReader()
        writer.transport.set_protocol(Protocol(plain, loop=loop))
        other.write(b"three")
        assert await plain.readexactly(5) == b"three"
        await ended(server, writer, other)

    run(main())
    assert said == [("instance", b"one"), ("subclass", b"two"), ("protocol", b"three")]


def test_a_read_that_was_cancelled_loses_nothing() -> None:
    async def main() -> None:
        (reader, writer), (_, other), server = await stream_pair()
        task = asyncio.ensure_future(reader.read(9))
        await asyncio.sleep(0)
        other.write(b"late")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await reader.readexactly(4) == b"late"
        await ended(server, writer, other)

    run(main())


def test_bytes_for_a_reader_that_is_gone_are_dropped() -> None:
    async def main() -> None:
        (reader, writer), (_, other), server = await stream_pair()
        protocol: Any = writer.transport.get_protocol()
        asked: List[None] = []
        protocol._stream_reader_wr = lambda: asked.append(None)
        other.write(b"nobody")
        await until(lambda: asked)
        held: Any = reader
        assert not held._buffer
        protocol._stream_reader_wr = lambda: reader
        other.write(b"some")
        assert await reader.readexactly(4) == b"some"
        await ended(server, writer, other)

    run(main())


@only_ringline
@pytest.mark.skipif(not NATIVE, reason="about the native layer")
@pytest.mark.parametrize("kind", ["protocol", "streams"])
def test_no_python_of_the_transport_runs_for_a_message(kind: str) -> None:
    """A reply that comes with the end of the send it answers finds nothing in its way."""
    called: List[str] = []

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "call" and "ringline/_" in frame.f_code.co_filename:
            called.append(frame.f_code.co_name)

    def play(sock: socket.socket) -> None:
        for _ in range(40):
            sock.sendall(b"x" * 64)
            assert sock.recv(64) == b"x" * 64
        sock.shutdown(socket.SHUT_WR)

    class Echo(asyncio.Protocol):
        count = 0

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.count += 1
            sys.setprofile(watch if 10 < self.count < 30 else None)
            self.transport.write(data)

    async def streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        while data := await reader.read(64):
            count += 1
            sys.setprofile(watch if 10 < count < 30 else None)
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        if kind == "streams":
            server: Any = await asyncio.start_server(streamed, "127.0.0.1", 0)
        else:
            server = await loop.create_server(Echo, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as sock:
            await loop.run_in_executor(None, play, sock)
        server.close()
        await server.wait_closed()

    run(main())
    assert not called


@only_ringline
@pytest.mark.skipif(not NATIVE, reason="about the native layer")
def test_what_came_together_goes_to_the_protocol_as_one() -> None:
    class Sizes(asyncio.Protocol):
        def __init__(self) -> None:
            self.sizes: List[int] = []

        def data_received(self, data: bytes) -> None:
            self.sizes.append(len(data))

    async def main() -> None:
        left, right = socket.socketpair()
        left.setblocking(False)
        right.sendall(b"x" * 100_000)
        loop = asyncio.get_running_loop()
        transport, sizes = await loop.create_connection(Sizes, sock=left)
        await until(lambda: sum(sizes.sizes) == 100_000)
        # Buffers have 65536 bytes.
        assert max(sizes.sizes) > 65536
        transport.abort()
        await until(lambda: left.fileno() < 0)
        right.close()

    run(main())
