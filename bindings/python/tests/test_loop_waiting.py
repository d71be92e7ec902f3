"""Waiting sock_*: what the program closes or cancels meanwhile, several for one socket, and sockets
that block."""

import asyncio
import select
import socket
import sys
from typing import Any, Coroutine, Iterator, List

import pytest
from loops import KIND, only_ringline, run, until, within
from test_loop_ends import tcp_pair
from test_loop_selector import hears_end, rounds, unix_pair

pytestmark = pytest.mark.skipif(KIND == "uvloop", reason="uvloop has ways of its own")


def receiving(loop: Any, sock: socket.socket) -> "Iterator[Coroutine[Any, Any, Any]]":
    yield loop.sock_recv(sock, 9)
    yield loop.sock_recv_into(sock, bytearray(9))
    if sys.version_info >= (3, 11) or KIND == "ringline":
        yield loop.sock_recvfrom(sock, 9)
        yield loop.sock_recvfrom_into(sock, bytearray(9))
    if KIND == "ringline":
        yield loop.sock_recvmsg(sock, 9)


def test_close_below_a_receive() -> None:
    """Failure: a waiting receive holds its socket, and the peer hears of no end."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        first, _first = unix_pair()
        others = len(list(map(Coroutine.close, receiving(loop, first))))
        first.close()
        _first.close()
        for at in range(others):
            left, right = unix_pair()
            calls = list(receiving(loop, left))
            task = asyncio.ensure_future(calls.pop(at))
            for call in calls:
                call.close()
            await rounds(2)
            left.close()
            await hears_end(right)
            right.close()
            task.cancel()

    run(main())


def test_close_below_an_accept() -> None:
    """Failure: the port stays in use."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        where = listener.getsockname()
        task = asyncio.ensure_future(loop.sock_accept(listener))
        await rounds(2)
        listener.close()
        with socket.socket() as again:
            again.bind(where)
            again.listen()
        task.cancel()

    run(main())


async def find(how: str, sock: socket.socket) -> bytes:
    """What there is to receive."""
    loop = asyncio.get_running_loop()
    if how == "select":
        assert select.select([sock], [], [], 5)[0]
        return sock.recv(100)
    if how == "add_reader":
        future = loop.create_future()

        def ready() -> None:
            loop.remove_reader(sock)
            future.set_result(sock.recv(100))

        loop.add_reader(sock, ready)
        return await within(future, 5)
    if how == "open_connection":
        reader, writer = await asyncio.open_connection(sock=sock)
        found = await within(reader.read(100), 5)
        writer.close()
        await writer.wait_closed()
        return found
    return sock.recv(100)


@pytest.mark.parametrize("how", ["recv", "select", "add_reader", "open_connection"])
@pytest.mark.parametrize("into", [False, True])
def test_bytes_that_come_as_a_receive_is_cancelled(into: bool, how: str) -> None:
    """Failure: they are lost to all but sock_recv."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        # asyncio's own loop loses what a handler received for a task that is cancelled then.
        for steps in range(5 if KIND == "ringline" else 1):
            left, right = tcp_pair()
            received = bytearray(9)
            call: Any = loop.sock_recv_into(left, received) if into else loop.sock_recv(left, 9)
            task = asyncio.ensure_future(call)
            await rounds(2)
            right.send(b"late")
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                got = await task
                assert got == (4 if into else b"late")
            except asyncio.CancelledError:
                assert await find(how, left) == b"late"
            left.close()
            right.close()

    run(main())


@only_ringline
def test_several_wait_for_one_socket() -> None:
    """Failure: the first waits for ever, as on asyncio's own loop."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        accepts = [asyncio.ensure_future(loop.sock_accept(listener)) for _ in range(4)]
        await rounds(2)
        accepts.pop(1).cancel()
        clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        for sock, _ in await within(asyncio.gather(*accepts), 5):
            sock.close()
        left, right = unix_pair()
        receives = [asyncio.ensure_future(loop.sock_recv(left, 1)) for _ in range(3)]
        await rounds(2)
        right.send(b"abc")
        assert await within(asyncio.gather(*receives), 5) == [b"a", b"b", b"c"]
        for sock in (listener, left, right, *clients):
            sock.close()

    run(main())


def test_reader_in_the_place_of_a_receive() -> None:
    """Failure: the reader goes with the receive whose place it took."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        task = asyncio.ensure_future(loop.sock_recv(left, 9))
        await rounds(2)
        called: List[bytes] = []
        loop.add_reader(left, lambda: called.append(left.recv(9)))
        task.cancel()
        await rounds(2)
        right.send(b"x")
        await until(lambda: called)
        assert loop.remove_reader(left)
        left.close()
        right.close()

    run(main())


@only_ringline
def test_receive_of_a_socket_with_the_number_of_a_closed_one() -> None:
    """Failure: the new one waits for ever, since somebody waits under its number already."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        old = asyncio.ensure_future(loop.sock_recv(left, 9))
        await rounds(2)
        number = left.fileno()
        left.close()
        one, two = unix_pair()
        assert number in (one.fileno(), two.fileno())
        new, peer = (one, two) if one.fileno() == number else (two, one)
        task = asyncio.ensure_future(loop.sock_recv(new, 9))
        await rounds(2)
        peer.send(b"new")
        assert await within(task, 5) == b"new"
        with pytest.raises(OSError, match="Bad file descriptor"):
            await within(old, 5)
        for sock in (right, one, two):
            sock.close()

    run(main())


@only_ringline
@pytest.mark.parametrize("timeout", [None, 30])
def test_blocking_socket_does_not_stop_the_loop(timeout: Any) -> None:
    """Failure: the loop waits with a socket that only the debug mode refuses."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = tcp_pair(room=65536)
        left.settimeout(timeout)
        for call in receiving(loop, left):
            task = asyncio.ensure_future(call)
            await rounds(2)
            right.send(b"x")
            assert await within(task, 5)
        data = bytes(8_000_000)
        for send in (loop.sock_sendall(left, data), loop.sock_sendmsg(left, [data])):
            task = asyncio.ensure_future(send)
            await rounds(2)
            got = 0
            while got < len(data) and not (task.done() and got == task.result()):
                got += len(await within(loop.sock_recv(right, 1 << 20), 5))
            await within(task, 5)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(timeout)
        task = asyncio.ensure_future(loop.sock_accept(listener))
        await rounds(2)
        client = socket.socket()
        client.settimeout(timeout)
        await within(loop.sock_connect(client, listener.getsockname()), 5)
        accepted, _ = await within(task, 5)
        for sock in (left, right, listener, client, accepted):
            sock.close()
        for call in (loop.sock_recv(left, 1), loop.sock_sendall(left, b"x")):
            with pytest.raises(OSError, match="Bad file descriptor"):
                await call

    run(main())
