"""TLS in what asyncio's own state machine leaves open: its first data, and its last."""

import asyncio
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any, Tuple

import pytest
from certificates import contexts
from loops import MIB, only_ringline, run, shut, until, within
from test_loop_ends import Log
from test_loop_tls_paths import Peer, Told, alone, message

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="the TLS of 3.10 is another")
Paths = Tuple[Path, Path]


async def to_a_thread(certificate: Paths) -> "Tuple[Log, ssl.SSLSocket]":
    """A client of the loop, and a peer whose calls block."""
    loop = asyncio.get_running_loop()
    for_server, for_client = contexts(certificate)
    left, right = socket.socketpair()
    wrapped = loop.run_in_executor(None, lambda: for_server.wrap_socket(right, server_side=True))
    _, log = await within(
        loop.create_connection(Log, sock=left, ssl=for_client, server_hostname="localhost")
    )
    return log, await wrapped


async def ended_unread(certificate: Paths) -> "Tuple[Log, ssl.SSLSocket]":
    """A client that has paused reading, and a peer that has sent something and its end."""
    log, peer = await to_a_thread(certificate)
    log.transport.pause_reading()
    peer.send(b"unread")
    peer.shutdown(socket.SHUT_WR)
    await asyncio.sleep(0.1)
    return log, peer


def answers_at_once(sock: socket.socket, context: ssl.SSLContext, before: bytes = b"") -> bytes:
    """A client that sends its first data with the last of its handshake, and something before the
    first; what it is told."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    outgoing.write(before)
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")

    def step(call: Any) -> Any:
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))

    step(tls.do_handshake)
    tls.write(b"first")
    answer: bytes = step(lambda: tls.read(100))
    return answer


def test_first_data_waits_for_start_tls(certificate: Paths) -> None:
    """Failure: the answer to it goes out in the clear."""
    for_server, for_client = contexts(certificate)

    class Upgrading(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            transport.pause_reading()
            self.task = asyncio.ensure_future(self.upgrade())

        async def upgrade(self) -> None:
            loop = asyncio.get_running_loop()
            self.transport = await loop.start_tls(
                self.transport, self, for_server, server_side=True
            )

        def data_received(self, data: bytes) -> None:
            self.transport.write(b"answer to " + data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        _, protocol = await loop.create_connection(Upgrading, sock=left)
        answer = loop.run_in_executor(None, answers_at_once, right, for_client)
        assert await within(answer) == b"answer to first"
        protocol.transport.abort()
        right.close()

    run(main())


@pytest.mark.parametrize("way", ["create_connection", "start_tls", "TLS 1.2 server"])
def test_who_pauses_reading_ends_the_handshake(way: str, certificate: Paths) -> None:
    """Failure: its last bytes wait until somebody reads, and the peer waits for them."""
    for_server, for_client = contexts(certificate)
    serves = way == "TLS 1.2 server"
    if serves:
        for_server.maximum_version = ssl.TLSVersion.TLSv1_2

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        right.settimeout(5)
        peer = for_client if serves else for_server
        name = "localhost" if serves else None
        done = loop.run_in_executor(
            None, lambda: peer.wrap_socket(right, server_side=not serves, server_hostname=name)
        )
        ours: Any = for_server if serves else for_client
        if way == "create_connection":
            transport: Any = (
                await loop.create_connection(
                    asyncio.Protocol, sock=left, ssl=ours, server_hostname="localhost"
                )
            )[0]
        else:
            plain, protocol = await loop.create_connection(asyncio.Protocol, sock=left)
            transport = await loop.start_tls(
                plain, protocol, ours, server_side=serves,
                server_hostname=None if serves else "localhost",
            )  # fmt: skip
        transport.pause_reading()
        (await within(done, 10)).close()
        transport.abort()

    run(main())


def test_hello_behind_the_last_line(certificate: Paths) -> None:
    """Failure: what a reader read ahead of start_tls() is lost, and both sides wait for ever."""
    for_server, for_client = contexts(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"STARTTLS\n"
        await writer.start_tls(for_server)
        writer.write(b"answer to " + await reader.readexactly(5))
        await shut(writer)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            with socket.create_connection(server.sockets[0].getsockname()) as sock:
                answer = loop.run_in_executor(
                    None, answers_at_once, sock, for_client, b"STARTTLS\n"
                )
                assert await within(answer, 5) == b"answer to first"

    run(main())


def test_end_right_behind_the_first_data(certificate: Paths) -> None:
    """Failure: the data is lost, as the end came before it was read."""
    for_server, for_client = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        plain, log = await loop.create_connection(Log, sock=left)
        made = loop.create_task(loop.start_tls(plain, log, for_server, server_side=True))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = for_client.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        right.sendall(outgoing.read())
        await asyncio.sleep(0.1)
        incoming.write(right.recv(65536))
        tls.do_handshake()
        tls.write(b"first")
        # The last of the handshake, data and the end are there in one turn.
        right.sendall(outgoing.read())
        right.shutdown(socket.SHUT_WR)
        await within(made)
        await until(lambda: log.lost, 10)
        assert log.calls == ["made", b"first", "eof", ("lost", type(None))]
        right.close()

    run(main())


def test_close_while_the_peer_sends(certificate: Paths) -> None:
    """Failure: "application data after close notify", an error of who closed."""
    for_server, for_client = contexts(certificate)
    closed = threading.Event()

    def serve(listener: socket.socket) -> bytes:
        conn, _ = listener.accept()
        with for_server.wrap_socket(conn, server_side=True) as peer:
            assert peer.recv(10) == b"ping"
            peer.send(b"pong")
            closed.wait(20)
            peer.send(b"too late")
            end = peer.recv(10)
            peer.unwrap().close()
        return end

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            served = loop.run_in_executor(None, serve, listener)
            reader, writer = await asyncio.open_connection(
                *listener.getsockname(), ssl=for_client, server_hostname="localhost"
            )
            writer.write(b"ping")
            assert await reader.readexactly(4) == b"pong"
            writer.close()
            loop.call_later(0.05, closed.set)
            await within(writer.wait_closed(), 10)
            assert await served == b""

    run(main())


@pytest.mark.parametrize("size", [20, MIB])
def test_close_over_unread_data(size: int, certificate: Paths) -> None:
    """Failure: a transport whose reading is paused closes when its time is over, or by an error."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await to_a_thread(certificate)
        log.transport.pause_reading()
        sending = loop.run_in_executor(None, peer.sendall, bytes(size))
        await asyncio.sleep(0.1)
        log.transport.close()
        await within(sending, 10)
        await within(loop.run_in_executor(None, peer.unwrap), 10)
        await until(lambda: log.lost, 10)
        assert log.calls[-1] == ("lost", type(None))
        assert not any(isinstance(call, bytes) for call in log.calls)
        peer.close()

    run(main())


def test_close_after_the_peer_is_gone(certificate: Paths) -> None:
    """Failure: with unread data it never closes."""

    async def main() -> None:
        log, peer = await ended_unread(certificate)
        log.transport.close()
        await until(lambda: log.lost, 10)
        assert log.calls[-1] == ("lost", type(None))
        peer.close()

    run(main())


def test_no_data_after_close(certificate: Paths) -> None:
    """What waited while reading was paused is told to nobody who closed."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await to_a_thread(certificate)
        log.transport.pause_reading()
        peer.send(b"late")
        await asyncio.sleep(0.1)
        log.transport.resume_reading()
        log.transport.close()
        await within(loop.run_in_executor(None, peer.unwrap), 10)
        await until(lambda: log.lost, 10)
        assert b"late" not in log.calls
        peer.close()

    run(main())


def test_end_behind_unread_data(certificate: Paths) -> None:
    """Who resumes after the peer's end gets what came before it."""

    async def main() -> None:
        log, peer = await ended_unread(certificate)
        log.transport.resume_reading()
        await until(lambda: log.lost, 10)
        assert b"unread" in log.calls
        peer.close()

    run(main())


@pytest.mark.parametrize("steps", range(5))
def test_cancelled_early(steps: int, certificate: Paths) -> None:
    """Closed before, or while, the connection is made."""
    _, for_client = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        making = loop.create_task(
            loop.create_connection(Log, sock=left, ssl=for_client, server_hostname="localhost")
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        await asyncio.sleep(0.01)
        left.close()
        right.close()

    run(main())


def test_tls_over_tls(certificate: Paths) -> None:
    for_server, for_client = contexts(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(for_server)
        writer.write(await reader.readexactly(1000))
        await shut(writer)

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=for_server)
        reader, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname(), ssl=for_client, server_hostname="localhost"
        )
        await within(writer.start_tls(for_client, server_hostname="localhost"))
        writer.write(bytes(1000))
        assert await within(reader.read()) == bytes(1000)
        await shut(writer)
        server.close()

    run(main())


@only_ringline
def test_a_record_that_comes_in_two_is_read_whole(certificate: Paths) -> None:
    """What came with its end says nothing of how much there is."""

    async def body(told: Told, peer: Peer) -> None:
        await message(told, peer)
        tls = told.transport._ssl_protocol
        read, asked, before = tls._ssl_read, [], len(told.got)

        def counted(size: int) -> Any:
            asked.append(size)
            return read(size)

        tls._ssl_read = counted
        peer.write(bytes(16384))
        peer.write(bytes(16384))
        peer.push(10000)
        await until(lambda: bool(asked))
        # The rest of the first, and the least of the second.
        peer.push(16384 + 22 - 10000 + 2)
        await until(lambda: len(told.got) - before >= 16384)
        peer.push()
        await until(lambda: len(told.got) - before == 32768)
        assert len(asked) < 20, asked[:20]

    assert not alone(certificate, Told, body)
