"""Protocols see the context variables of where their transport was made, whatever brings it on.

Failure: a request's log lines carry the name of another, who wrote, closed or resumed.
"""

import asyncio
import contextvars
import os
import socket
import sys
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from certificates import contexts
from loops import MIB, new_loop, run, shut, sized, until, within

who = contextvars.ContextVar("who", default="nobody")


class Told(asyncio.Protocol, asyncio.DatagramProtocol, asyncio.SubprocessProtocol):
    """Writes down each call, and who it sees."""

    def __init__(self) -> None:
        self.seen: List[Tuple[str, str]] = []

    def note(self, call: str) -> None:
        self.seen.append((call, who.get()))

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.note("made")

    def connection_lost(self, exc: Any) -> None:
        self.note("lost")

    def data_received(self, data: bytes) -> None:
        self.note("data")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.note("data")

    def error_received(self, exc: Exception) -> None:
        self.note("error")

    def eof_received(self) -> None:
        self.note("eof")

    def pause_writing(self) -> None:
        self.note("pause")

    def resume_writing(self) -> None:
        self.note("resume")

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.note("data")

    def pipe_connection_lost(self, fd: int, exc: Any) -> None:
        self.note(f"lost {fd}")

    def process_exited(self) -> None:
        self.note("exited")

    async def hears(self, call: str) -> None:
        await until(lambda: call in dict(self.seen))

    def check(self, *calls: str) -> None:
        assert set(calls) <= {call for call, _ in self.seen}
        assert {name for _, name in self.seen} == {"maker"}, self.seen


def drained(sock: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(sock.recv(65536))


async def used(told: Told, peer: socket.socket, send: Any) -> None:
    """What others do with a connection: write too much, pause, resume, and close."""
    loop = asyncio.get_running_loop()
    transport = told.transport
    who.set("other")
    # TLS counts what the transport below did not take.
    transport.write(bytes(4 * MIB))
    transport.write(bytes(4 * MIB))
    await told.hears("pause")
    await loop.run_in_executor(None, drained, peer, 8 * MIB)
    await told.hears("resume")
    transport.pause_reading()
    await loop.run_in_executor(None, send, b"held")
    await asyncio.sleep(0.05)
    transport.resume_reading()
    await told.hears("data")
    transport.close()


def test_streams() -> None:
    async def main() -> None:
        left, right = socket.socketpair()
        sized(left, 65536)
        who.set("maker")
        _, told = await asyncio.get_running_loop().create_connection(Told, sock=left)
        await used(told, right, right.send)
        await told.hears("lost")
        right.close()
        told.check("made", "pause", "resume", "data", "lost")

    run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the TLS of 3.10 is another")
@pytest.mark.parametrize("later", [False, True])
def test_tls(later: bool, certificate: Tuple[Path, Path]) -> None:
    """`later`: by start_tls, which another called."""
    for_server, for_client = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        sized(left, 65536)
        who.set("maker")
        wrapped = loop.run_in_executor(
            None, lambda: for_server.wrap_socket(right, server_side=True)
        )
        named: Any = {"server_hostname": "localhost"}
        if later:
            below, told = await loop.create_connection(Told, sock=left)
            who.set("other")
            made = loop.start_tls(below, told, for_client, **named)
            told.transport = await within(made)
        else:
            _, told = await within(
                loop.create_connection(Told, sock=left, ssl=for_client, **named)
            )
        peer = await wrapped
        await used(told, peer, peer.send)
        await loop.run_in_executor(None, peer.unwrap)
        await told.hears("lost")
        right.close()
        peer.close()
        told.check("made", "pause", "resume", "data", "eof", "lost")

    run(main())


@pytest.mark.parametrize("tls", [False, True])
def test_each_connection_has_a_context_of_its_own(
    tls: bool, certificate: Tuple[Path, Path]
) -> None:
    """Failure: what one client's factory or protocol set, the next client's sees; or what it set
    is gone at the next call. From 3.15 on it is the context that made the server, before that
    the one that started it."""
    for_server, for_client = contexts(certificate)
    named: Any = {"ssl": for_client, "server_hostname": "localhost"} if tls else {}

    class Adds(Told):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            who.set(who.get() + " made")

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            who.set(who.get() + " data")

    made: List[Adds] = []

    def factory() -> Adds:
        who.set(who.get() + " factory")
        made.append(Adds())
        return made[-1]

    async def main() -> None:
        loop = asyncio.get_running_loop()
        who.set("maker")
        listening: Any = {"ssl": for_server if tls else None, "start_serving": False}
        server = await loop.create_server(factory, "127.0.0.1", 0, **listening)
        who.set("starter")
        await server.start_serving()
        for count in (1, 2):
            _, writer = await within(
                asyncio.open_connection(*server.sockets[0].getsockname(), **named)
            )
            writer.write(b"x")
            await until(lambda: len(made) == count)
            await made[-1].hears("data")
            await shut(writer)
            await made[-1].hears("lost")
        server.close()
        await within(server.wait_closed())
        assert who.get() == "starter"

    run(main())
    begin = "maker factory" if sys.version_info >= (3, 15) else "starter factory"
    for told in made:
        seen = [(call, name) for call, name in told.seen if call != "eof"]
        assert seen == [
            ("made", begin), ("data", begin + " made"), ("lost", begin + " made data")
        ]  # fmt: skip


def test_set_by_data() -> None:
    """Failure: data that waited is told in a context of its own."""

    class Counts(asyncio.Protocol):
        last = b""

        def data_received(self, data: bytes) -> None:
            self.last = data
            who.set(who.get() + data.decode())

        async def hears(self, data: bytes) -> None:
            await until(lambda: self.last == data)

        def connection_lost(self, exc: Any) -> None:
            self.end = who.get()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        who.set("")
        transport, protocol = await loop.create_connection(Counts, sock=left)
        for data in (b"a", b"b", b"c"):
            if data == b"b":
                # It is there when reading is paused, and waits.
                right.send(data)
                loop.call_soon(transport.pause_reading)
            else:
                transport.pause_reading()
                right.send(data)
            for _ in range(5):
                await asyncio.sleep(0)
            transport.resume_reading()
            await protocol.hears(data)
        transport.close()
        await until(lambda: hasattr(protocol, "end"))
        assert (protocol.end, who.get()) == ("abc", "")
        right.close()

    run(main())


def test_pipes() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        end, start = (os.fdopen(fd, mode) for fd, mode in zip(os.pipe(), ("rb", "wb")))
        who.set("maker")
        _, reader = await loop.connect_read_pipe(Told, end)
        _, writer = await loop.connect_write_pipe(Told, start)
        who.set("other")
        reader.transport.pause_reading()
        writer.transport.write(bytes(MIB))
        await writer.hears("pause")
        reader.transport.resume_reading()
        await writer.hears("resume")
        writer.transport.close()
        await reader.hears("lost")
        await writer.hears("lost")
        reader.check("made", "data", "eof", "lost")
        writer.check("made", "pause", "resume", "lost")

    run(main())


def test_datagrams() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        who.set("maker")
        nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nobody.bind(("127.0.0.1", 0))
        _, told = await loop.create_datagram_endpoint(
            Told, remote_addr=nobody.getsockname()
        )
        who.set("other")
        told.transport.pause_reading()
        nobody.sendto(b"held", told.transport.get_extra_info("sockname"))
        await asyncio.sleep(0.05)
        told.transport.resume_reading()
        await told.hears("data")
        nobody.close()
        # The error of a datagram comes with the next one, or with the receive.
        for change in (told.transport.pause_reading, told.transport.resume_reading):
            change()
            told.seen = [seen for seen in told.seen if seen[0] != "error"]
            while "error" not in dict(told.seen):
                told.transport.sendto(b"refused")
                await asyncio.sleep(0)
            told.check("error")
        told.transport.close()
        await told.hears("lost")
        told.check("made", "data", "error", "lost")

    run(main())


def test_children() -> None:
    """On a loop of its own, which starts outside of every context."""
    loop = new_loop()

    async def start() -> Told:
        who.set("maker")
        _, told = await loop.subprocess_exec(Told, sys.executable, "-c", "print(input())")
        who.set("other")
        told.transport.get_pipe_transport(0).write(b"text\n")
        return told

    told = loop.run_until_complete(start())
    loop.run_until_complete(told.hears("lost"))
    told.transport.close()
    loop.close()
    told.check("made", "data", "lost 0", "lost 1", "lost 2", "exited", "lost")
