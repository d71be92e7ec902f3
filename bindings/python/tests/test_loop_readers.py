"""asyncio's StreamReader on the loop: what its feed_data does, whoever does it."""

import asyncio
import os
import socket
from typing import Any, List, Tuple

from loops import run, stream_pair, until, within


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
        await until(lambda: not transport.is_reading(), 5)
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
        another = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(another, loop=loop)
        protocol.data_received = lambda data: said.append(("own", data))  # type: ignore
        writer.transport.set_protocol(protocol)
        other.write(b"four")
        await until(lambda: said[3:])
        await ended(server, writer, other)

    run(main())
    three = [("instance", b"one"), ("subclass", b"two"), ("protocol", b"three")]
    assert said == [*three, ("own", b"four")]


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


def test_a_waiter_that_was_cancelled_when_bytes_come() -> None:
    """Failure: an error instead of the bytes, when a callback just before cancelled the read."""

    class Cancelling(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            tasks[0].cancel()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        (reader, writer), (_, other), server = await stream_pair()
        left, right = socket.socketpair()
        left.setblocking(False)
        transport, _ = await loop.create_connection(Cancelling, sock=left)
        tasks.append(asyncio.ensure_future(reader.read(9)))
        await asyncio.sleep(0.01)
        # Both are there before the loop looks again.
        right.send(b"x")
        os.write(other.get_extra_info("socket").fileno(), b"late")
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await within(reader.readexactly(4), 5) == b"late"
        transport.close()
        right.close()
        await ended(server, writer, other)

    tasks: List[Any] = []
    run(main())


def test_bytes_for_a_reader_that_is_gone_are_dropped() -> None:
    async def main() -> None:
        (reader, writer), (_, other), server = await stream_pair()
        other.write(b"first")
        assert await reader.readexactly(5) == b"first"
        protocol: Any = writer.transport.get_protocol()
        asked: List[None] = []
        protocol._stream_reader_wr = lambda: asked.append(None)
        other.write(b"nobody")
        await until(lambda: asked)
        held: Any = reader
        assert not held._buffer
        protocol._stream_reader_wr = lambda: reader
        other.write(b"some")
        assert await within(reader.readexactly(4), 5) == b"some"
        await ended(server, writer, other)

    run(main())
