"""TLS by the path of each layer, beside its general path and asyncio's own: the same comes of it.

Both sides write pieces of all sizes, cut anywhere, pause, and end in each way, by a script that a
seed makes. On the native layer the first path is its hot one, on the pure layer the general one.
"""

import asyncio
import random
import socket
import ssl
import sys
from asyncio import sslproto
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Tuple

import pytest
from certificates import contexts
from loops import digest, noise, only_ringline, run, until, within

from ringline import _tls

pytestmark = [
    pytest.mark.skipif(sys.version_info < (3, 11), reason="the TLS of 3.10 is another"),
    only_ringline,
]
SIZES = (1, 64, 1000, 16384, 16385, 50_000)
NOISE = noise(1 << 17)
GARBAGE = b"\x17\x03\x03\x00\x20" + noise(32)
ENDS = ("unwrap", "cut", "truncated", "garbage", "close", "abort")


class Peer:
    """The other side: a TLS object, and a socket that never blocks."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, **side: Any) -> None:
        self.sock = sock
        sock.setblocking(False)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, **side)
        self.unsent = bytearray()
        self.got = bytearray()
        self.sent = bytearray()
        self.reads = True

    def write(self, data: bytes) -> None:
        while data:
            count = self.tls.write(data)
            self.sent += data[:count]
            data = data[count:]

    def push(self, most: int = 1 << 20) -> bool:
        """Send what waits, up to so much; whether that was all."""
        self.unsent += self.outgoing.read()
        try:
            del self.unsent[: self.sock.send(self.unsent[:most])]
        except OSError:
            pass
        return not self.unsent

    def pull(self) -> None:
        try:
            while self.reads and (came := self.sock.recv(65536)):
                self.incoming.write(came)
        except OSError:
            pass
        self.attempt(self.read)

    def read(self) -> None:
        while data := self.tls.read(65536):
            self.got += data

    def attempt(self, call: Any) -> bool:
        """Whether a step of TLS is over."""
        try:
            call()
        except ssl.SSLError:
            return False
        return True


class Told(asyncio.Protocol):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.calls: List[Any] = []
        self.paused = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert not self.calls and data and self.transport.is_reading()
        self.got += data

    def pause_writing(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_writing(self) -> None:
        assert self.paused
        self.paused = False

    def eof_received(self) -> None:
        self.calls.append("eof")

    def connection_lost(self, error: "Exception | None") -> None:
        self.calls.append(type(error))

    @property
    def lost(self) -> bool:
        return bool(self.calls) and self.calls[-1] != "eof"


class Buffered(Told, asyncio.BufferedProtocol):
    """The same by buffers of its own, smaller than records."""

    data_received = None  # type: ignore[assignment]
    room = bytearray(5000)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.room

    def buffer_updated(self, count: int) -> None:
        assert not self.calls and self.transport.is_reading()
        self.got += self.room[:count]


class Streamed(Told):
    """The same by a StreamReader."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.reader = asyncio.StreamReader(limit=20_000)
        self.inner = asyncio.StreamReaderProtocol(self.reader)
        self.inner.connection_made(transport)
        transport.set_protocol(self.inner)
        self.task = asyncio.ensure_future(self.read())

    async def read(self) -> None:
        try:
            while data := await self.reader.read(30_000):
                self.got += data
        except OSError:
            pass
        await until(lambda: self.inner._connection_lost)  # type: ignore[attr-defined]
        self.calls.append(type(self.reader.exception()))


async def connected(sock: socket.socket, kind: Any, serves: bool, context: Any) -> Any:
    loop = asyncio.get_running_loop()
    if serves:
        return (await loop.connect_accepted_socket(kind, sock, ssl=context))[1]
    made = loop.create_connection(kind, sock=sock, ssl=context, server_hostname="localhost")
    return (await made)[1]


def step(rng: random.Random, peer: Peer, told: Any, written: bytearray) -> None:
    """One of either side."""
    transport = told.transport
    piece = NOISE[rng.randrange(1000) :][: rng.choice(SIZES)]
    what = rng.randrange(8)
    if what < 2:
        peer.write(piece)
    elif what < 4:
        written += piece
        transport.write(rng.choice([bytes, bytearray, memoryview])(piece))
    elif what == 4:
        written += piece * 2
        transport.writelines([piece, b"", bytearray(piece)])
    elif what == 5 and not isinstance(told, Streamed):
        transport.pause_reading() if transport.is_reading() else transport.resume_reading()
    elif what == 6:
        transport.set_write_buffer_limits(rng.choice([0, 1000, 65536]))
    else:
        peer.reads = not peer.reads
    peer.push(rng.choice([3, 100, 20_000, 1 << 20]))
    peer.pull()


def end(kind: str, peer: Peer, told: Any) -> None:
    if kind == "unwrap":
        peer.attempt(peer.tls.unwrap)
        peer.push()
    elif kind == "close":
        told.transport.close()
    elif kind == "abort":
        told.transport.abort()
    elif kind == "garbage":
        # Right behind data, which goes the way of the connection with asyncio.
        peer.write(b"unread")
        peer.sock.send(peer.outgoing.read() + GARBAGE)
    else:
        peer.write(b"a record")
        peer.sock.send(peer.outgoing.read()[: 12 if kind == "truncated" else None])
        peer.sock.shutdown(socket.SHUT_WR)


async def shaken(kind: Any, serves: bool, ours: Any, theirs: Any) -> Tuple[Any, Peer]:
    """Both sides, after the handshake."""
    left, right = socket.socketpair()
    side: Any = {"server_hostname": "localhost"} if serves else {"server_side": True}
    peer = Peer(right, theirs, **side)
    making = asyncio.ensure_future(connected(left, kind, serves, ours))
    done = False
    while not (making.done() and done):
        peer.pull()
        done = done or peer.attempt(peer.tls.do_handshake)
        peer.push()
        await asyncio.sleep(0)
    return making.result(), peer


async def played(seed: int, kind: Any, serves: bool, ours: Any, theirs: Any) -> Dict[str, Any]:
    """What comes of a script."""
    rng = random.Random(seed)
    told, peer = await shaken(kind, serves, ours, theirs)
    written = bytearray()
    for _ in range(40):
        step(rng, peer, told, written)
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
    peer.reads = True
    told.transport.resume_reading()
    told.transport.set_write_buffer_limits()

    def settled() -> bool:
        peer.pull()
        sizes = len(told.got), len(peer.got)
        return peer.push() and sizes == (len(peer.sent), len(written))

    await until(settled)
    assert told.got == peer.sent and peer.got == written and not told.paused
    assert told.transport.get_write_buffer_size() == 0
    how = ENDS[seed % len(ENDS)]
    end(how, peer, told)

    def over() -> bool:
        peer.pull()
        if how in ("unwrap", "close"):
            peer.attempt(peer.tls.unwrap)
        peer.push()
        return bool(told.lost)

    await until(over)
    peer.sock.close()
    return {"got": digest(bytes(told.got)), "calls": told.calls}


Paths = Tuple[Path, Path]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("serves", [False, True])
@pytest.mark.parametrize("kind", [Told, Buffered, Streamed])
@pytest.mark.parametrize("how", range(len(ENDS)))
def test_paths_agree(
    how: int, kind: Any, serves: bool, version: Any, certificate: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for_server, for_client = contexts(certificate)
    for_server.maximum_version = version
    ours, theirs = (for_server, for_client) if serves else (for_client, for_server)
    seed = how + len(ENDS) * (2 * serves + (version == ssl.TLSVersion.TLSv1_3))
    found = []
    plain = sslproto._SSLProtocolTransport
    paths: Any = [(_tls.TlsProtocol, _tls._Transport), (_tls._TlsProtocol, plain)]
    if kind is not Buffered:
        # asyncio copies into a slice of a bytearray, which is a copy.
        paths.append((sslproto.SSLProtocol, plain))
    for protocol, transport in paths:
        monkeypatch.setattr(_tls, "TlsProtocol", protocol)
        monkeypatch.setattr(_tls, "_Transport", transport)
        found.append(run(within(played(seed, kind, serves, ours, theirs))))
    assert all(one == found[0] for one in found), found


def alone(
    certificate: Paths, kind: Any, body: Callable[[Any, Peer], Awaitable[None]]
) -> List[Dict[str, Any]]:
    """Run `body` with both sides; what the loop's exception handler is told."""
    for_server, for_client = contexts(certificate)
    said: List[Dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
        told, peer = await shaken(kind, False, for_client, for_server)
        try:
            await within(body(told, peer))
        finally:
            told.transport.abort()
            await until(lambda: told.lost)
            peer.sock.close()

    run(main())
    return said


async def take(peer: Peer, size: int) -> bytes:
    def came() -> bool:
        peer.pull()
        return len(peer.got) >= size

    await until(came)
    return bytes(peer.got)


async def message(told: Told, peer: Peer) -> None:
    """To our side; with the first come the tickets of the session, which were sent before."""
    size = len(told.got)
    peer.write(b"y")
    peer.push()
    await until(lambda: len(told.got) > size)


def test_what_waited_goes_first(certificate: Paths) -> None:
    async def body(told: Told, peer: Peer) -> None:
        told.transport._test__append_write_backlog(b"first")
        told.transport.write(b"second")
        assert await take(peer, 11) == b"firstsecond"

    assert not alone(certificate, Told, body)


def test_data_waits_while_tls_is_started(certificate: Paths) -> None:
    """As between the handshake and the return of start_tls(), and the end behind it."""

    async def body(told: Told, peer: Peer) -> None:
        tls = told.transport._ssl_protocol
        await message(told, peer)
        tls._holds = True
        peer.write(b"x")
        peer.push()
        await until(lambda: tls._incoming.pending)
        assert told.got == b"y"
        peer.sock.shutdown(socket.SHUT_WR)
        await until(lambda: tls._ended_early or told.lost)
        tls._begin_reading()
        assert told.got == b"yx"
        await until(lambda: told.lost)
        assert told.calls == ["eof", type(None)]

    assert not alone(certificate, Told, body)


def test_lines_share_a_record(certificate: Paths) -> None:
    async def body(told: Told, peer: Peer) -> None:
        records: List[bytes] = []

        def read() -> None:
            records.append(peer.tls.read(100))

        peer.read = read  # type: ignore[method-assign]
        told.transport.writelines([b"one", b"two"])
        await until(lambda: peer.pull() or records)  # type: ignore[func-returns-value]
        assert records == [b"onetwo"]

    assert not alone(certificate, Told, body)


def test_water_mark_of_nothing(certificate: Paths) -> None:
    """It turns with each write and each message, as asyncio's."""

    async def body(told: Told, peer: Peer) -> None:
        await message(told, peer)
        found = []
        told.transport.set_write_buffer_limits(0)
        found.append(told.paused)
        for _ in range(2):
            told.transport.write(b"x")
            found.append(told.paused)
        for _ in range(2):
            await message(told, peer)
            found.append(told.paused)
        assert found == [True, False, True, False, True]

    assert not alone(certificate, Told, body)


def test_writer_waits_for_a_peer(certificate: Paths) -> None:
    """Failure: what the transport below does not take is not counted."""

    async def body(told: Told, peer: Peer) -> None:
        peer.reads = False
        size = 0
        while not told.paused and size < 64 << 20:
            size += 1000
            told.transport.write(bytes(1000))
            await asyncio.sleep(0)
        assert told.paused
        peer.reads = True
        await take(peer, size)
        await until(lambda: not told.paused)

    assert not alone(certificate, Told, body)


class Raising(Told):
    error: Any = ValueError

    def data_received(self, data: bytes) -> None:
        raise self.error("no")


def test_protocol_that_raises(certificate: Paths) -> None:
    async def body(told: Told, peer: Peer) -> None:
        peer.write(b"x")
        peer.push()
        await until(lambda: told.lost)
        assert told.calls == [ValueError]

    (said,) = alone(certificate, Raising, body)
    assert said["message"] == "Fatal error on SSL protocol"
    assert isinstance(said["exception"], ValueError)


def test_protocol_that_exits(certificate: Paths) -> None:
    class Exiting(Raising):
        error = SystemExit

    async def body(told: Told, peer: Peer) -> None:
        peer.write(b"x")
        peer.push()
        await until(lambda: False)

    with pytest.raises(SystemExit):
        alone(certificate, Exiting, body)


def test_buffer_without_room(certificate: Paths) -> None:
    """Failure: it counts as the peer's end."""

    class Full(Buffered):
        room = bytearray()

    async def body(told: Told, peer: Peer) -> None:
        peer.write(b"x")
        peer.push()
        await until(lambda: told.lost)
        assert told.calls == [RuntimeError]

    assert len(alone(certificate, Full, body)) == 1


def test_message_that_raises_nothing(certificate: Paths) -> None:
    """Failure: an exception or room for 256 KiB for each message, or for each connection."""
    raised: List[Any] = []

    def watch(frame: Any, event: str, argument: Any) -> None:
        if event == "c_exception" and argument.__name__ == "read":
            raised.append(frame.f_code.co_name)

    class Watched(Told):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            sys.setprofile(watch if 10 < len(self.got) < 30 else None)
            self.transport.write(data)

    async def body(told: Told, peer: Peer) -> None:
        for size in range(1, 41):
            peer.write(b"x")
            peer.push()
            await until(lambda: len(told.got) == size)
            await take(peer, size)
        assert not told.transport._ssl_protocol._ssl_buffer

    assert not alone(certificate, Watched, body)
    assert "_do_read__copied" not in raised


def test_new_keys(certificate: Paths, tmp_path: Path) -> None:
    """The peer changes its keys and asks for ours, between two messages."""

    class Echo(Told):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.transport.write(data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=contexts(certificate)[0])
        port = server.sockets[0].getsockname()[1]
        pipe = asyncio.subprocess.PIPE
        client = await asyncio.create_subprocess_exec(
            "openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile",
            str(certificate[0]), stdin=pipe, stdout=pipe, stderr=pipe,
        )  # fmt: skip
        assert client.stdin and client.stdout and client.stderr
        for line in (b"first\n", b"second\n", b"third\n"):
            client.stdin.write(line)
            while await client.stdout.readline() != line:
                pass
            client.stdin.write(b"K\n")
            while await client.stderr.readline() != b"KEYUPDATE\n":
                pass
        client.stdin.close()
        await client.wait()
        server.close()

    run(within(main()))
