"""The loop's bytes: much data, partial sends, flow control, on TCP, unix sockets and TLS."""

import asyncio
import hashlib
import socket
import ssl
import sys
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from certificates import contexts
from loops import MIB, digest, noise, run, shut, stream_pair, until, within
from test_loop_ends import tcp_pair

MUCH = 100 * MIB


async def carry(
    writer: asyncio.StreamWriter, reader: asyncio.StreamReader, piece: int
) -> Tuple[str, str]:
    """Sends MUCH bytes in pieces; the digests of what was sent and what came."""
    block = noise(MIB + piece)

    async def send() -> str:
        sent, place = hashlib.sha256(), 0
        while place < MUCH:
            part = block[place % MIB : place % MIB + min(piece, MUCH - place)]
            sent.update(part)
            writer.write(part)
            await writer.drain()
            place += len(part)
        writer.close()
        return sent.hexdigest()

    async def receive() -> str:
        got = hashlib.sha256()
        while data := await reader.read(MIB):
            got.update(data)
        return got.hexdigest()

    sent, got = await within(asyncio.gather(send(), receive()), 55)
    return sent, got


@pytest.mark.parametrize("piece", [5000, 65536, 3 * MIB])
def test_much_over_tcp(piece: int) -> None:
    """Failure: of 100 MiB, a byte lost, twice, or out of order."""

    async def main() -> None:
        (_, client), (reader, writer), server = await stream_pair()
        sent, got = await carry(client, reader, piece)
        assert got == sent
        await shut(client, writer)
        server.close()

    run(main())


def test_much_over_unix(tmp_path: Path) -> None:
    """Failure: of 100 MiB over a unix socket, a byte lost, twice, or out of order."""

    async def main() -> None:
        accepted: "asyncio.Queue[Any]" = asyncio.Queue()
        path = str(tmp_path / "socket")
        server = await asyncio.start_unix_server(lambda *ends: accepted.put_nowait(ends), path)
        _, client = await asyncio.open_unix_connection(path)
        reader, writer = await within(accepted.get())
        sent, got = await carry(client, reader, 100_000)
        assert got == sent
        await shut(client, writer)
        server.close()

    run(main())


def test_much_over_tls(certificate: Tuple[Path, Path]) -> None:
    """Failure: of 100 MiB over TLS, a byte lost, twice, or out of order."""
    for_server, for_client = contexts(certificate)

    async def main() -> None:
        accepted: "asyncio.Queue[Any]" = asyncio.Queue()
        server = await asyncio.start_server(
            lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0, ssl=for_server
        )
        port = server.sockets[0].getsockname()[1]
        _, client = await asyncio.open_connection(
            "127.0.0.1", port, ssl=for_client, server_hostname="localhost"
        )
        reader, writer = await within(accepted.get())
        sent, got = await carry(client, reader, 100_000)
        assert got == sent
        await shut(client, writer)
        server.close()

    run(main())


class Collect(asyncio.Protocol):
    """Hashes what comes; reads slowly when told to."""

    def __init__(self, pauses: bool = False) -> None:
        self.got = hashlib.sha256()
        self.count = 0
        self.pauses = pauses
        self.ended: "asyncio.Future[None]" = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got.update(data)
        self.count += len(data)
        if self.pauses:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self.transport.resume_reading)

    def connection_lost(self, exc: "Exception | None") -> None:
        if exc is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(exc)


def test_partial_sends() -> None:
    """Failure: the rest of a send that the socket took in part is lost, sent twice or too late."""

    async def one(seed: int) -> None:
        loop = asyncio.get_running_loop()
        # Buffers so small that most sends are partial.
        left, right = tcp_pair(room=4096)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        _, end = await loop.create_connection(lambda: Collect(pauses=seed % 2 == 0), sock=right)
        data = noise(400_000, seed)
        place, step = 0, 0
        while place < len(data):
            size = (1, 700, 8000, 20_000)[step % 4] + seed
            transport.write(data[place : place + size])
            place += size
            step += 1
            if step % 3:  # Several writes in an iteration, and several iterations in a send.
                await asyncio.sleep(0)
        transport.close()
        await end.ended
        assert (end.count, end.got.hexdigest()) == (len(data), digest(data)), seed

    async def main() -> None:
        await within(asyncio.gather(*(one(seed) for seed in range(20))), 55)

    run(main())


def test_writelines() -> None:
    """Failure: the parts of writelines in another order."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        # Buffers so small that most sends are partial.
        left, right = tcp_pair(room=4096)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        _, end = await loop.create_connection(Collect, sock=right)
        data = noise(300_000)
        parts: List[Any] = [data[:10], b"", memoryview(data)[10:200_000], bytearray(data[200_000:])]
        transport.writelines(parts)
        transport.close()
        await within(end.ended)
        assert end.got.hexdigest() == digest(data)

    run(main())


def test_writer_is_paused() -> None:
    """Failure: a writer that nobody stops, or that nobody wakes when the peer reads again."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        # Buffers so small that most sends are partial.
        left, right = tcp_pair(room=4096)
        said: List[str] = []

        class Writer(asyncio.Protocol):
            def pause_writing(self) -> None:
                said.append("pause")

            def resume_writing(self) -> None:
                said.append("resume")

        transport, _ = await loop.create_connection(Writer, sock=left)
        transport.set_write_buffer_limits(high=30_000, low=10_000)
        assert transport.get_write_buffer_limits() == (10_000, 30_000)
        for _ in range(20):
            transport.write(bytes(10_000))
            await asyncio.sleep(0)
        assert said == ["pause"]
        assert transport.get_write_buffer_size() > 30_000
        _, end = await loop.create_connection(Collect, sock=right)
        transport.close()
        await within(end.ended)
        assert (said, end.count) == (["pause", "resume"], 200_000)

    run(main())


def test_written_at_the_last_moment() -> None:
    """Failure: what resume_writing() writes on a transport that closes is lost."""
    more = noise(2 * MIB)

    class Refills(asyncio.Protocol):
        transport: asyncio.Transport
        refilled = False

        def resume_writing(self) -> None:
            if not self.refilled:
                self.refilled = True
                self.transport.write(more)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        transport, protocol = await loop.create_connection(Refills, sock=left)
        protocol.transport = transport
        _, end = await loop.create_connection(Collect, sock=right)

        def write() -> None:
            transport.write(bytes(1000))
            loop.call_soon(close)

        def close() -> None:
            # The send has ended, and the loop was not told yet.
            transport.set_write_buffer_limits(0)
            transport.close()

        loop.call_soon(write)
        await within(end.ended)
        assert end.count == 1000 + protocol.refilled * len(more)

    run(main())


def test_reader_is_paused() -> None:
    """Failure: data_received after pause_reading, or nothing after resume_reading."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        left.setblocking(False)
        transport, end = await loop.create_connection(Collect, sock=right)
        await loop.sock_sendall(left, b"first")
        await within(loop.run_in_executor(None, lambda: None))
        while end.count < 5:
            await asyncio.sleep(0)
        transport.pause_reading()
        assert not transport.is_reading()
        await loop.sock_sendall(left, b"second")
        await asyncio.sleep(0.05)  # Time for what must not happen.
        assert end.count == 5, "paused, and yet bytes came"
        transport.resume_reading()
        left.close()
        await within(end.ended)
        assert end.count == 11

    run(main())


def test_slow_reader_stops_the_peer() -> None:
    """Failure: a reader that nobody reads buffers without bounds."""

    async def main() -> None:
        (_, client), (reader, writer), server = await stream_pair(room=65536, limit=4096)
        data = noise(16 * MIB)
        sent = asyncio.ensure_future(loop_send(client, data))
        await asyncio.sleep(0.2)  # Time for what must not happen.
        assert not sent.done(), "16 MiB went into a limit of 4096 bytes"
        held = len(reader._buffer)  # type: ignore[attr-defined]
        assert held < 4 * MIB, held
        got = hashlib.sha256()
        while part := await within(reader.read(65536)):
            got.update(part)
        await sent
        assert got.hexdigest() == digest(data)
        await shut(client, writer)
        server.close()

    async def loop_send(client: asyncio.StreamWriter, data: bytes) -> None:
        for place in range(0, len(data), 65536):
            client.write(data[place : place + 65536])
            await client.drain()
        client.write_eof()

    run(main())


def test_buffered_protocol() -> None:
    """Failure: bytes elsewhere than in the buffer that get_buffer gave."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        left.setblocking(False)
        data = noise(1_000_000)

        class Buffered(asyncio.BufferedProtocol):
            def __init__(self) -> None:
                self.room = bytearray(1000)
                self.got = bytearray()
                self.ended = loop.create_future()

            def get_buffer(self, sizehint: int) -> bytearray:
                return self.room

            def buffer_updated(self, nbytes: int) -> None:
                assert 0 < nbytes <= 1000
                self.got += self.room[:nbytes]

            def eof_received(self) -> None:
                self.ended.set_result(None)

        _, end = await loop.create_connection(Buffered, sock=right)
        await loop.sock_sendall(left, data)
        left.close()
        await within(end.ended)
        assert end.got == data

    run(main())


def test_buffered_protocol_hands_over() -> None:
    """Failure: what came behind a handshake in one piece ends the connection."""

    class After(asyncio.Protocol):
        def __init__(self) -> None:
            self.got: "asyncio.Queue[bytes]" = asyncio.Queue()

        def data_received(self, data: bytes) -> None:
            self.got.put_nowait(data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        after = After()

        class Before(asyncio.BufferedProtocol):
            room = bytearray(5)

            def get_buffer(self, sizehint: int) -> bytearray:
                return self.room

            def buffer_updated(self, nbytes: int) -> None:
                transport.set_protocol(after)

        transport, _ = await loop.create_connection(Before, sock=right)
        left.send(b"hello and the rest")
        assert await within(after.got.get()) == b" and the rest"
        left.close()
        transport.close()

    run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the TLS of 3.10 is another")
@pytest.mark.parametrize("tls", [False, True])
def test_buffers_without_the_base(tls: bool, certificate: Tuple[Path, Path]) -> None:
    """A protocol with the methods of BufferedProtocol alone, as uvloop takes it."""
    for_server, for_client = contexts(certificate) if tls else (None, None)
    data = noise(MIB)

    class Buffers(asyncio.BaseProtocol):
        def __init__(self) -> None:
            self.room = bytearray(1000)
            self.got = bytearray()

        def get_buffer(self, sizehint: int) -> memoryview:
            return memoryview(self.room)

        def buffer_updated(self, nbytes: int) -> None:
            self.got += self.room[:nbytes]

        def eof_received(self) -> None:
            pass

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await shut(writer)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=for_server)
        address = server.sockets[0].getsockname()
        name = "localhost" if tls else None
        make: Any = loop.create_connection
        transport, end = await make(Buffers, *address, ssl=for_client, server_hostname=name)
        await until(lambda: len(end.got) == len(data))
        assert end.got == data
        transport.close()
        server.close()

    run(main())


def test_tls_both_ways_at_once(certificate: Tuple[Path, Path]) -> None:
    """Failure: bytes of one direction in the other, or a renegotiation that hangs."""
    for_server, for_client = contexts(certificate)
    data = noise(3 * MIB)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(50_000):
            writer.write(part)
            await writer.drain()
        await shut(writer)

    async def one(port: int, context: ssl.SSLContext) -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost"
        )

        async def send() -> None:
            for place in range(0, len(data), 40_000):
                writer.write(data[place : place + 40_000])
                await writer.drain()

        sender = asyncio.ensure_future(send())
        assert await reader.readexactly(len(data)) == data
        await sender
        await shut(writer)

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=for_server)
        port = server.sockets[0].getsockname()[1]
        await within(asyncio.gather(*(one(port, for_client) for _ in range(8))), 55)
        server.close()

    run(main())


def test_what_the_kernel_took_is_not_in_the_write_buffer() -> None:
    """Failure: who runs before the send is dispatched sees it waiting still (aiohttp counts an
    upload's bytes by that)."""

    async def main() -> None:
        (_, writer), (reader, other), server = await stream_pair()
        for size in (1, 1000, 20_000):
            writer.write(noise(size))
            await asyncio.sleep(0)
            assert writer.transport.get_write_buffer_size() == 0
            await reader.readexactly(size)
        writer.write(b"last")
        writer.transport.abort()
        assert writer.transport.get_write_buffer_size() == 0
        await shut(other)
        server.close()
        await server.wait_closed()

    # By the ring, whatever else is ready.
    run(main(), send="turn")
