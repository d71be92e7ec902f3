"""Servers: who is accepted is served, and how many at a time.

Failure: a client that was accepted and is closed unserved, one that waits for ever, one too many.
"""

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from certificates import contexts
from conftest import descriptors
from loops import KIND, only_ringline, run, shut, until, within

LINGER_NONE = struct.pack("ii", 1, 0)


class Greeting(asyncio.Protocol):
    """Says hello, and ends when the other end says something."""

    open: "List[Greeting]" = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        Greeting.open.append(self)
        transport.write(b"hello")

    def data_received(self, data: bytes) -> None:
        self.transport.close()

    def connection_lost(self, exc: Any) -> None:
        Greeting.open.remove(self)


def greeted(address: Any, ssl: Any = None) -> "asyncio.Future[bytes]":
    """What a client hears, who then ends the connection."""

    async def client() -> bytes:
        named = {"ssl": ssl, "server_hostname": "localhost"} if ssl else {}
        reader, writer = await asyncio.open_connection(*address, **named)
        try:
            heard = await reader.read(5)
            writer.write(b"x")
            return heard
        finally:
            await shut(writer)

    return asyncio.ensure_future(client())


def waiting_in(listener: socket.socket) -> int:
    """How many clients wait in the queue of a listener; they are taken."""
    listener.setblocking(False)
    count = 0
    try:
        while True:
            listener.accept()[0].close()
            count += 1
    except BlockingIOError:
        return count


def in_the_next_turn(call: Callable[[], Any]) -> "asyncio.Future[Any]":
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: done.set_result(call()))
    return done


def end(server: Any, listener: socket.socket) -> Tuple[int, int]:
    """Close a server; how many it serves still, and how many others can accept."""
    server.close()
    clients = getattr(server, "_clients", None)
    return server._active_count if clients is None else len(clients), waiting_in(listener)


@only_ringline
@pytest.mark.parametrize("how", ["plain", "debug", "tls"])
def test_a_connection_that_comes_with_the_end_of_its_server(
    how: str, certificate: Tuple[Path, Path]
) -> None:
    """Failure: clients that were accepted in the turn in which the server is closed are closed
    unserved, where others who share the listener would have served them."""
    for_server, for_client = contexts(certificate)
    before = descriptors()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(how == "debug")
        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        server = await loop.create_server(
            Greeting, sock=listener.dup(), ssl=for_server if how == "tls" else None
        )
        await asyncio.sleep(0.01)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(5)]
        # The turn brings them, and before they are looked at it ends the server.
        served, left = await in_the_next_turn(lambda: end(server, listener))
        assert served == 5 - left and served > 0
        closed = asyncio.ensure_future(server.wait_closed())
        heard = 0
        for client in clients:
            client.setblocking(False)
            named: Any = {"ssl": for_client, "server_hostname": "localhost"}
            try:
                reader, writer = await within(
                    asyncio.open_connection(sock=client, **(named if how == "tls" else {}))
                )
                # Those in the queue were closed above, as by somebody else who shares it.
                heard += await within(reader.read(5)) == b"hello"
                assert not closed.done() or sys.version_info < (3, 12)
            except OSError:
                client.close()
                continue
            writer.write(b"x")
            await shut(writer)
        assert heard == served
        await within(closed)
        await until(lambda: not Greeting.open)
        listener.close()

    run(main())
    assert descriptors() == before


@only_ringline
def test_a_factory_that_raises_while_its_server_is_closed() -> None:
    """Failure: the others of that turn are left open and unserved, or wait_closed() raises."""
    made: List[int] = []

    def factory() -> Greeting:
        made.append(1)
        if len(made) == 1:
            raise ValueError("the first")
        return Greeting()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(factory, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        await asyncio.sleep(0.01)
        clients = [socket.create_connection(address) for _ in range(3)]
        await in_the_next_turn(server.close)
        for client in clients:
            client.setblocking(False)
        heard = []
        for client in clients:
            try:
                heard.append(await within(loop.sock_recv(client, 5)))
            except ConnectionResetError:
                heard.append(b"")
            client.close()
        # Who was not accepted hears the end of the listener.
        assert heard.count(b"hello") == len(made) - 1 > 0
        await within(server.wait_closed())
        await until(lambda: not Greeting.open)

    run(main())


# A limit of connections.


async def tcp_server(**options: Any) -> Any:
    hosts = ["127.0.0.1", "127.0.0.2"]
    return await asyncio.get_running_loop().create_server(Greeting, hosts, 0, **options)


async def connect(server: Any, number: int = 0, **named: Any) -> Any:
    address = server.sockets[number].getsockname()
    if isinstance(address, str):
        return await asyncio.open_unix_connection(address, **named)
    return await asyncio.open_connection(*address, **named)


@only_ringline
@pytest.mark.parametrize("how", ["plain", "debug", "tls", "unix"])
def test_a_server_has_its_most_connections(
    how: str, certificate: Tuple[Path, Path], tmp_path: Path
) -> None:
    """Failure: one more than the limit, or one who is not served when another has ended."""
    for_server, for_client = contexts(certificate)
    named: Any = {"ssl": for_client, "server_hostname": "localhost"} if how == "tls" else {}

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_debug(how == "debug")
        if how == "unix":
            path = str(tmp_path / "socket")
            server = await loop.create_unix_server(Greeting, path, max_connections=2)
        else:
            server = await tcp_server(
                max_connections=2, ssl=for_server if how == "tls" else None
            )
        listeners = len(server.sockets)
        clients = [
            asyncio.ensure_future(connect(server, number % listeners, **named))
            for number in range(7)
        ]
        seen = 0
        for left in range(7, 0, -1):
            await until(lambda: len(Greeting.open) == min(left, 2))
            for _ in range(20):
                await asyncio.sleep(0)
                assert len(Greeting.open) <= 2
            # Who is served leaves: another's turn.
            first = Greeting.open[0]
            first.transport.close()
            await until(lambda: first not in Greeting.open)
            seen += 1
        assert seen == 7
        for client in clients:
            reader, writer = await within(client)
            assert await within(reader.read()) == b"hello"
            await shut(writer)
        server.close()
        await within(server.wait_closed())

    run(main())


@only_ringline
def test_what_waits_beyond_the_limit_is_not_accepted() -> None:
    """Failure: the kernel accepts all who come, and their descriptors with them."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        server = await loop.create_server(Greeting, sock=listener.dup(), max_connections=3)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(20)]
        await until(lambda: len(Greeting.open) == 3)
        await asyncio.sleep(0.01)
        server.close()
        assert len(Greeting.open) == 3
        assert waiting_in(listener) == 17
        listener.close()
        for client in clients:
            client.close()
        await within(server.wait_closed())
        await until(lambda: not Greeting.open)

    run(main())


@only_ringline
def test_streams_have_a_limit_too() -> None:
    async def main() -> None:
        inside, most = 0, 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            writer.write(await reader.readexactly(1))
            inside -= 1
            await shut(writer)

        options: Any = {"max_connections": 4}
        server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)

        async def client() -> bytes:
            reader, writer = await connect(server)
            for _ in range(5):
                await asyncio.sleep(0)
            writer.write(b"x")
            heard: bytes = await reader.read()
            await shut(writer)
            return heard

        assert await within(asyncio.gather(*(client() for _ in range(50)))) == [b"x"] * 50
        assert most == 4
        server.close()
        await within(server.wait_closed())

    run(main())


@only_ringline
@pytest.mark.parametrize("most", [0, -1, True, 1.5, "3"])
def test_a_limit_that_cannot_be(most: Any) -> None:
    before = descriptors()

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        makers: List[Callable[..., Any]] = [
            lambda **named: loop.create_server(Greeting, "127.0.0.1", 0, **named),
            lambda **named: loop.create_unix_server(Greeting, b"\0ringline limit", **named),
        ]
        for make in makers:
            with pytest.raises((TypeError, ValueError), match="max_connections="):
                await make(max_connections=most)

    run(main())
    assert descriptors() == before


# Who came.


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_name_of_a_client_that_reset(host: str) -> None:
    """Failure: None, where the client was gone before the server looked."""
    names: List[Any] = []

    class Named(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            names.append(transport.get_extra_info("peername"))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(Named, host, 0)
        except OSError:
            pytest.skip(f"no {host} here")
        await asyncio.sleep(0.01)
        with socket.create_connection(server.sockets[0].getsockname()[:2]) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            name = client.getsockname()
        await until(lambda: names)
        assert names == [name]
        server.close()
        await within(server.wait_closed())

    run(main())


# What looks like a blocking call.


@pytest.mark.parametrize("cleanup", [False, True])
def test_the_end_of_a_unix_server_is_no_blocking_call(
    cleanup: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure: a program that forbids blocking calls on the loop (blockbuster puts functions of its
    own into `os`, and lets asyncio's modules pass) cannot close a unix server."""

    def forbidden(name: str) -> Callable[..., Any]:
        usual = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            frame: Any = sys._getframe(1)
            while frame:
                if frame.f_code.co_filename.endswith("asyncio/unix_events.py"):
                    return usual(*arguments, **named)
                frame = frame.f_back
            raise AssertionError(f"os.{name} on the loop")

        return call

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = str(tmp_path / "socket")
        known = sys.version_info >= (3, 13) or KIND == "ringline"
        options = {"cleanup_socket": cleanup} if known else {}
        with monkeypatch.context() as patch:
            for name in ("stat", "unlink"):
                patch.setattr(os, name, forbidden(name))
            server = await loop.create_unix_server(Greeting, path, **options)
            server.close()
            await server.wait_closed()
        assert os.path.exists(path) != (cleanup and known)

    run(main())
