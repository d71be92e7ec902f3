"""Datagram endpoints: each datagram whole, the empty one too; what failures do."""

import asyncio
import socket
from pathlib import Path
from typing import Any, List, Optional

import pytest
from loops import KIND, finish, new_loop, noise, only_ringline, run, until, within


class Endpoint(asyncio.DatagramProtocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: "asyncio.Queue[Any]" = asyncio.Queue()
        self.said: List[str] = []
        self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.said.append("made")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.put_nowait((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.heard.put_nowait(exc)

    def pause_writing(self) -> None:
        self.said.append("pause")

    def resume_writing(self) -> None:
        self.said.append("resume")

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self.lost += 1


async def endpoint(**options: Any) -> Endpoint:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(Endpoint, **options)
    return protocol


async def ends(*points: Endpoint) -> None:
    for point in points:
        point.transport.close()
        point.transport.close()
    await until(lambda: all(point.lost for point in points))
    await asyncio.sleep(0)
    assert all(point.lost == 1 for point in points)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_there_and_back(host: str) -> None:
    async def main() -> None:
        server = await endpoint(local_addr=(host, 0))
        address = server.transport.get_extra_info("sockname")
        client = await endpoint(remote_addr=address[:2])
        free = await endpoint(local_addr=(host, 0))
        for size in (0, 1, 64, 1400, 9000, 65_000):
            data = noise(size, size)
            client.transport.sendto(data)
            got, sender = await within(server.heard.get())
            assert got == data
            assert sender == client.transport.get_extra_info("sockname")
            server.transport.sendto(bytearray(data), sender)
            assert await within(client.heard.get()) == (data, address)
            free.transport.sendto(memoryview(data), address)
            got, sender = await within(server.heard.get())
            assert got == data
            assert sender == free.transport.get_extra_info("sockname")
        await ends(server, client, free)

    run(main())


def test_many_in_one_turn() -> None:
    """More datagrams wait than there are buffers: none is lost, and their order is kept."""

    async def main() -> None:
        server = await endpoint(local_addr=("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(server.transport.get_extra_info("sockname"))
            for number in range(100):
                sender.send(b"%d" % number)
            got = [(await within(server.heard.get()))[0] for _ in range(100)]
        assert got == [b"%d" % number for number in range(100)]
        await ends(server)

    run(main())


def test_refused_is_told_and_ends_nothing() -> None:
    async def main() -> None:
        server = await endpoint(local_addr=("127.0.0.1", 0))
        address = server.transport.get_extra_info("sockname")
        client = await endpoint(remote_addr=address)
        await ends(server)
        client.transport.sendto(b"nobody")
        assert isinstance(await within(client.heard.get()), ConnectionRefusedError)
        again = await endpoint(local_addr=address)
        client.transport.sendto(b"somebody")
        assert (await within(again.heard.get()))[0] == b"somebody"
        again.transport.sendto(bytes(70_000), client.transport.get_extra_info("sockname"))
        assert isinstance(await within(again.heard.get()), OSError)
        await ends(client, again)

    run(main())


def test_each_refusal_is_told_to_who_does_not_read() -> None:
    """Failure: what a send says of the one before it is lost."""

    async def main() -> None:
        server = await endpoint(local_addr=("127.0.0.1", 0))
        client = await endpoint(remote_addr=server.transport.get_extra_info("sockname"))
        await ends(server)
        if hasattr(client.transport, "pause_reading"):
            client.transport.pause_reading()
        for _ in range(10):
            client.transport.sendto(b"nobody")
            await asyncio.sleep(0.005)
        told = [client.heard.get_nowait() for _ in range(client.heard.qsize())]
        assert len(told) >= 3
        assert {type(error) for error in told} == {ConnectionRefusedError}
        await ends(client)

    run(main())


def test_unix(tmp_path: Path) -> None:
    async def main() -> None:
        names = [str(tmp_path / name) for name in "ab"]
        one, other = [await endpoint(local_addr=n, family=socket.AF_UNIX) for n in names]
        for data in (b"x", noise(100_000)):
            one.transport.sendto(data, names[1])
            assert await within(other.heard.get()) == (data, names[0])
        await ends(one, other)

    run(main())


@pytest.mark.skipif(KIND == "uvloop", reason="its transport has no such methods")
def test_paused() -> None:
    """Nothing is heard while reading is paused, and nothing is lost."""

    async def main() -> None:
        server = await endpoint(local_addr=("127.0.0.1", 0))
        client = await endpoint(remote_addr=server.transport.get_extra_info("sockname"))
        for round in range(20):
            client.transport.sendto(b"before %d" % round)
            await within(server.heard.get())
            client.transport.sendto(b"1")
            server.transport.pause_reading()
            client.transport.sendto(b"2")
            for _ in range(10):
                await asyncio.sleep(0)
            assert server.heard.empty()
            server.transport.resume_reading()
            assert [(await within(server.heard.get()))[0] for _ in "12"] == [b"1", b"2"]
        await ends(server, client)

    run(main())


def test_full_socket(tmp_path: Path) -> None:
    """A full queue pauses the writer; what it wrote arrives whole and in order, also what waited
    when it closed."""

    async def main() -> None:
        name = str(tmp_path / "socket")
        right = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        right.bind(name)
        right.setblocking(False)
        writer = await endpoint(remote_addr=name, family=socket.AF_UNIX)
        messages = [b"%06d" % number + bytes(8000) for number in range(200)]
        for message in messages:
            writer.transport.sendto(message)
        assert writer.said == ["made", "pause"]
        writer.transport.close()
        loop = asyncio.get_running_loop()
        with right:
            for message in messages:
                assert await within(loop.sock_recv(right, 9000)) == message
        await until(lambda: writer.lost)
        assert writer.said == ["made", "pause", "resume"]

    run(main())


@only_ringline
def test_peer_without_a_name() -> None:
    async def main() -> None:
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one, other = await endpoint(sock=left), await endpoint(sock=right)
        one.transport.sendto(b"x")
        assert (await within(other.heard.get()))[0] == b"x"
        await ends(one, other)

    run(main())


def test_options() -> None:
    async def main() -> None:
        one = await endpoint(local_addr=("127.0.0.1", 0), reuse_port=True, allow_broadcast=True)
        sock = one.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
        other = await endpoint(
            local_addr=one.transport.get_extra_info("sockname"), reuse_port=True
        )
        with pytest.raises(ValueError):
            client = await endpoint(remote_addr=one.transport.get_extra_info("sockname"))
            try:
                client.transport.sendto(b"x", ("127.0.0.1", 1))
            finally:
                await ends(client)
        with pytest.raises(TypeError):
            one.transport.sendto("text")
        await ends(one, other)

    run(main())


def test_send_after_close() -> None:
    """Failure: an AssertionError, where streams only say that nobody hears it."""

    async def main() -> None:
        server, client = await endpoint(local_addr=("127.0.0.1", 0)), await endpoint(
            local_addr=("127.0.0.1", 0)
        )
        address = server.transport.get_extra_info("sockname")
        await ends(client)
        for _ in range(10):
            client.transport.sendto(b"too late", address)
        await asyncio.sleep(0.01)
        assert server.heard.empty()
        await ends(server)

    run(main())


@pytest.mark.parametrize("how", ["close", "abort"])
def test_closed_by_resume_writing(how: str, tmp_path: Path) -> None:
    """Failure: the end comes twice."""

    class Ends(Endpoint):
        def resume_writing(self) -> None:
            super().resume_writing()
            getattr(self.transport, how)()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        right.setblocking(False)
        made = await loop.create_datagram_endpoint(Ends, sock=left)
        transport: Any = made[0]
        ends = made[1]
        transport.set_write_buffer_limits(high=1000, low=0)
        while "pause" not in ends.said:
            transport.sendto(bytes(1000))

        def drained() -> bool:
            try:
                while right.recv(2000):
                    pass
            except BlockingIOError:
                pass
            return ends.lost > 0

        await until(drained)
        await asyncio.sleep(0.01)
        assert ends.lost == 1
        right.close()

    run(main())


@only_ringline
def test_interrupt_while_the_pool_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: Ctrl-C at that moment is taken for a pool that cannot be had."""
    loop: Any = new_loop()
    engine = type(loop._engine)

    real: Any = engine.messages
    asked: List[int] = []

    def interrupted(engine: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return real.fget(engine)

    monkeypatch.setattr(engine, "messages", property(interrupted))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(
            loop.create_datagram_endpoint(Endpoint, local_addr=("127.0.0.1", 0))
        )
    monkeypatch.undo()
    finish(loop)
