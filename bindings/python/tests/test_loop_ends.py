"""How connections begin and end on the loop: half-close, reset, cancels, exactly one end."""

import asyncio
import errno
import gc
import os
import socket
import struct
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest
from certificates import contexts
from loops import KIND, noise, only_ringline, run, shut, sized, stream_pair, until, within


class Log(asyncio.Protocol):
    """Writes down what the loop calls."""

    def __init__(self, keep_open: bool = False) -> None:
        self.calls: List[Any] = []
        self.keep_open = keep_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.calls.append(bytes(data))

    def eof_received(self) -> Optional[bool]:
        self.calls.append("eof")
        return self.keep_open

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self.calls.append(("lost", type(exc)))

    @property
    def lost(self) -> bool:
        return any(call[0] == "lost" for call in self.calls)


async def logged(
    keep_open: bool = False, room: Optional[int] = None
) -> Tuple[Log, socket.socket]:
    """A transport of the loop, and the plain socket at its other end."""
    loop = asyncio.get_running_loop()
    left, right = tcp_pair(room)
    _, log = await loop.create_connection(lambda: Log(keep_open), sock=left)
    return log, right


def tcp_pair(room: Optional[int] = None) -> Tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection; `room` as in loops.sized."""
    with sized(socket.socket(), room) as listener:
        left = sized(socket.socket(), room)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        left.connect(listener.getsockname())
        right, _ = listener.accept()
    left.setblocking(False)
    right.setblocking(False)
    return left, right


def reset(sock: socket.socket) -> None:
    """Closes with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_peer_ends() -> None:
    """Failure: an end out of order, twice, or none."""

    async def main() -> None:
        log, peer = await logged()
        peer.sendall(b"last")
        peer.close()
        await until(lambda: log.lost)
        await asyncio.sleep(0.01)  # Time for what must not happen.
        assert log.calls == ["made", b"last", "eof", ("lost", type(None))]

    run(main())


def test_half_close_by_the_peer() -> None:
    """Failure: a transport that closes though eof_received wants it open, or cannot write then."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged(keep_open=True)
        peer.shutdown(socket.SHUT_WR)
        await until(lambda: "eof" in log.calls)
        log.transport.write(b"still")
        assert await within(loop.sock_recv(peer, 100)) == b"still"
        assert not log.transport.is_closing()
        log.transport.close()
        assert await within(loop.sock_recv(peer, 100)) == b""
        await until(lambda: log.lost)
        assert log.calls == ["made", "eof", ("lost", type(None))]
        peer.close()

    run(main())


def test_half_close_by_write_eof() -> None:
    """Failure: an end before what was written, or no more reading after write_eof."""

    async def main() -> None:
        (reader, writer), (other_reader, other), server = await stream_pair(room=65536)
        data = noise(3_000_000)
        writer.write(data)
        assert writer.can_write_eof()
        writer.write_eof()
        assert await within(other_reader.read()) == data
        other.write(b"answer")
        await shut(other)
        assert await within(reader.read()) == b"answer"
        await shut(writer)
        server.close()

    run(main())


def test_reset_while_reading() -> None:
    """Failure: a reset that looks like an orderly end, or that nobody hears of."""

    async def main() -> None:
        log, peer = await logged()
        reset(peer)
        await until(lambda: log.lost)
        assert log.calls == ["made", ("lost", ConnectionResetError)]
        log.transport.write(b"into the void")
        log.transport.close()

    run(main())


def test_reset_while_writing() -> None:
    """Failure: a writer that waits for ever in drain, or a second connection_lost."""

    async def main() -> None:
        (_, writer), (_, other), server = await stream_pair()
        writer.write(bytes(20_000_000))
        other.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        other.transport.abort()
        with pytest.raises(ConnectionError):
            while True:
                await within(writer.drain())
                writer.write(b"more")
                await asyncio.sleep(0)
        await shut(writer)
        server.close()

    run(main())


def test_abort_drops_what_waits() -> None:
    """Failure: abort that waits for the peer, or connection_lost twice."""

    async def main() -> None:
        log, peer = await logged()
        log.transport.write(bytes(20_000_000))
        log.transport.abort()
        log.transport.abort()
        log.transport.close()
        await until(lambda: log.lost)
        await asyncio.sleep(0.01)  # Time for what must not happen.
        assert log.calls == ["made", ("lost", type(None))]
        peer.close()

    run(main())


def test_close_sends_what_waits() -> None:
    """Failure: close that loses what was written before it, or connection_lost before that."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged(room=65536)
        data = noise(5_000_000)
        log.transport.write(data)
        log.transport.close()
        assert log.transport.is_closing()
        got = bytearray()
        while part := await within(loop.sock_recv(peer, 100_000)):
            assert not log.lost or len(got) > 100_000
            got += part
        assert got == data
        await until(lambda: log.lost)
        assert log.calls == ["made", ("lost", type(None))]
        peer.close()

    run(main())


def test_no_data_after_close() -> None:
    """Failure: data_received after close was called."""

    async def main() -> None:
        log, peer = await logged()
        peer.sendall(b"too late")
        log.transport.close()
        await until(lambda: log.lost)
        assert log.calls == ["made", ("lost", type(None))]
        peer.close()

    run(main())


def test_close_from_each_callback() -> None:
    """Failure: close within a callback that ends twice, or never."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        places = ["connection_made", "data_received", "eof_received", "resume_writing"]
        if KIND == "asyncio":
            places.pop()  # asyncio itself ends twice there.
        for place in places:

            class Closing(Log):
                def resume_writing(self) -> None:
                    self.calls.append("resumed")

            inner = getattr(Closing, place)

            def closing(self: Closing, *values: Any) -> None:
                inner(self, *values)
                self.transport.close()

            setattr(Closing, place, closing)
            left, right = tcp_pair()
            _, log = await loop.create_connection(Closing, sock=left)
            if place == "resume_writing":
                log.transport.write(bytes(8_000_000))
                got = 0
                while got < 8_000_000:
                    got += len(await within(loop.sock_recv(right, 1 << 20)))
            try:
                right.sendall(b"one")
                right.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has ended already.
            await until(lambda: log.lost)
            await asyncio.sleep(0.01)  # Time for what must not happen.
            assert len([call for call in log.calls if call[0] == "lost"]) == 1, place
            right.close()

    run(main())


def test_connect_to_a_closed_port() -> None:
    """Failure: a connection to nobody, or an error that is not ConnectionRefusedError."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        with pytest.raises(ConnectionRefusedError):
            await within(asyncio.open_connection(*address))
        with socket.socket() as sock:
            sock.setblocking(False)
            with pytest.raises(ConnectionRefusedError):
                await within(asyncio.get_running_loop().sock_connect(sock, address))

    run(main())


def test_connect_to_a_missing_path(tmp_path: Path) -> None:
    """Failure: a unix connection to nobody."""

    async def main() -> None:
        with pytest.raises(FileNotFoundError):
            await asyncio.open_unix_connection(str(tmp_path / "nobody"))

    run(main())


def test_close_during_handshake(certificate: Tuple[Path, Path]) -> None:
    """Failure: a TLS client that hangs, or a leak, when the server goes in mid-handshake."""
    _, for_client = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            for how in (socket.socket.close, reset):
                task = asyncio.ensure_future(
                    asyncio.open_connection(
                        *listener.getsockname(), ssl=for_client, server_hostname="localhost"
                    )
                )
                peer, _ = await within(loop.sock_accept(listener))
                assert await within(loop.sock_recv(peer, 1)) == b"\x16"
                how(peer)
                with pytest.raises((ConnectionError, OSError)):
                    await within(task)

    run(main())


def test_wrong_certificate(certificate: Tuple[Path, Path]) -> None:
    """Failure: a server that is trusted without reason."""
    import ssl

    for_server, _ = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=for_server)
        address = server.sockets[0].getsockname()
        with pytest.raises(ssl.SSLCertVerificationError):
            await within(
                asyncio.open_connection(
                    *address, ssl=ssl.create_default_context(), server_hostname="localhost"
                )
            )
        server.close()

    run(main())


def test_wait_closed() -> None:
    """Failure: wait_closed of a server or a writer that returns too soon, or never."""

    async def main() -> None:
        (_, client), (reader, writer), server = await stream_pair()
        server.close()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", client.get_extra_info("peername")[1])
        client.write(b"x" * 1_000_000)
        client.close()
        waiter = asyncio.ensure_future(client.wait_closed())
        assert len(await within(reader.read())) == 1_000_000
        await within(waiter)
        assert client.get_extra_info("socket").fileno() == -1
        await shut(writer)
        await within(server.wait_closed())

    run(main())


def test_exceptions_reach_the_handler() -> None:
    """Failure: an exception in a callback of a protocol that nobody sees, or that ends the loop."""

    class Broken(Log):
        def data_received(self, data: bytes) -> None:
            raise ZeroDivisionError("in data_received")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        said: List[Any] = []
        before = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: said.append(context))
        left, right = tcp_pair()
        _, log = await loop.create_connection(Broken, sock=left)
        right.sendall(b"x")
        await until(lambda: log.lost, 5)
        assert log.calls == ["made", ("lost", ZeroDivisionError)]
        loop.call_soon(lambda: 1 / 0)
        loop.call_later(0, lambda: 1 / 0)
        await until(lambda: len(said) == 3)
        assert all(isinstance(context["exception"], ZeroDivisionError) for context in said)
        loop.set_exception_handler(before)
        right.close()

    run(main())


def test_descriptor_is_reused() -> None:
    """Failure: bytes of an old connection at a new one that got the same descriptor."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for step in range(100):
            log, peer = await logged()
            peer.sendall(b"%d" % step)
            if step % 2:
                log.transport.abort()
                await until(lambda: log.lost)
                assert log.calls[1:] == [("lost", type(None))]
            else:
                await until(lambda: len(log.calls) > 1)
                assert log.calls[1] == b"%d" % step
                log.transport.close()
                await until(lambda: log.lost)
            peer.close()

    run(main())


def test_accept_goes_on_without_descriptors() -> None:
    """Failure: a server that stops, or spins, when the process has no descriptor left."""
    import resource

    async def main() -> None:
        loop = asyncio.get_running_loop()
        said: List[Any] = []
        loop.set_exception_handler(lambda _, context: said.append(context))
        served: List[Any] = []
        listener, client = socket.socket(), socket.socket()
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        room = [socket.socket() for _ in range(5)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (room[-1].fileno(), hard))
        try:
            # The kernel takes the limit of the time when the accept was armed.
            server = await asyncio.start_server(lambda *ends: served.append(ends), sock=listener)
            client.connect(address)
            await until(lambda: said)
            assert said[0]["exception"].errno == errno.EMFILE
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(lambda: served)
        client.close()
        for sock in room:
            sock.close()
        await shut(served[0][1])
        server.close()

    run(main())


@pytest.mark.skipif(KIND == "uvloop", reason="uvloop keeps transports alive in another way")
def test_dropped_transport_is_said() -> None:
    """Failure: a transport that nobody closed and nobody is told of."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged()
        log.transport.pause_reading()
        await asyncio.sleep(0)
        log.transport.close()
        await until(lambda: log.lost)
        peer.close()
        del log
        gc.collect()
        assert loop.is_running()

    run(main())


@pytest.mark.parametrize("size", [5, 50_000])
@pytest.mark.parametrize("send", ["auto", "turn"])
def test_what_was_written_before_abort_goes(size: int, send: str) -> None:
    """asyncio's write sends at once, so that a reply before an abort arrives."""

    async def main() -> None:
        log, other = await logged()
        log.transport.write(b"x" * (size - 2))
        log.transport.write(b"yy")
        log.transport.abort()
        await until(lambda: log.lost)
        got = b""
        while data := other.recv(65536):
            got += data
        assert got == b"x" * (size - 2) + b"yy"
        other.close()

    run(main(), send=send)


def test_accepted_by_a_listener_without_a_protocol_has_no_delay() -> None:
    async def main() -> None:
        log = Log()
        listener = socket.socket()
        assert listener.proto == 0
        listener.bind(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(lambda: log, sock=listener)
        with socket.create_connection(listener.getsockname()):
            await until(lambda: log.calls)
            sock = log.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            log.transport.close()
            await until(lambda: log.lost)
        server.close()
        await server.wait_closed()

    if KIND == "asyncio":
        pytest.skip("asyncio asks the Python object, which says 0")
    run(main())


@only_ringline
@pytest.mark.parametrize("wanted", [False, True])
def test_file_of_a_unix_server(wanted: bool, tmp_path: Path) -> None:
    """On each version: asyncio's own has the option from 3.13 on."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "socket"
        server = await loop.create_unix_server(Log, path, cleanup_socket=wanted)
        assert path.exists()
        server.close()
        await server.wait_closed()
        assert path.exists() != wanted
        nameless = socket.socket(socket.AF_UNIX)
        nameless.bind(b"\0ringline cleanup_socket %d" % os.getpid())
        server = await loop.create_unix_server(Log, sock=nameless, cleanup_socket=wanted)
        server.close()

    run(main())
