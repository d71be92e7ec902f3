"""sock_* on the ring: whole messages, no byte lost to a cancellation, buffers given back."""

import asyncio
import os
import socket
from typing import Any, Tuple

import pytest
from loops import KIND, MIB, noise, only_ringline, run, sized, within


def pair(kind: int = socket.SOCK_STREAM) -> Tuple[socket.socket, socket.socket]:
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    left.setblocking(False)
    right.setblocking(False)
    return left, right


def waiting_first(size: int) -> None:
    """Each receive waits before its message comes, which then comes in one piece."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        with left, right:
            for number in range(300):
                task = asyncio.ensure_future(loop.sock_recv(left, 65536))
                await asyncio.sleep(0)
                message = noise(size, number)
                await loop.sock_sendall(right, message)
                assert await within(task) == message

    run(main())


def test_messages_are_not_cut() -> None:
    waiting_first(700)


def test_much_both_ways() -> None:
    data = noise(4 * MIB)

    async def send(sock: socket.socket, of: str) -> None:
        kinds: Any = {"bytes": data, "array": bytearray(data), "view": memoryview(data)}
        await asyncio.get_running_loop().sock_sendall(sock, kinds[of])

    async def receive(sock: socket.socket, into: bool) -> bytes:
        loop = asyncio.get_running_loop()
        found, buffer = bytearray(), bytearray(50_000)
        while len(found) < len(data):
            if into:
                found += buffer[: await loop.sock_recv_into(sock, buffer)]
            else:
                found += await loop.sock_recv(sock, 1 << 20)
        return bytes(found)

    async def main(of: str) -> None:
        left, right = pair()
        sized(left, 65536)
        sized(right, 65536)
        with left, right:
            work = send(left, of), send(right, of), receive(left, True), receive(right, False)
            got = await within(asyncio.gather(*work))
            assert got[2] == data and got[3] == data

    for of in ("bytes", "array", "view"):
        run(main(of))


@only_ringline
@pytest.mark.parametrize("into", [False, True])
def test_bytes_survive_a_late_cancel(into: bool) -> None:
    """The receive is cancelled when its bytes are already there: the next one gets them."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        buffer = bytearray(10)
        with left, right:
            for _ in range(50):
                if into:
                    task = asyncio.ensure_future(_into(left, buffer))
                else:
                    task = asyncio.ensure_future(loop.sock_recv(left, 10))
                # Two steps: the receive is with the kernel, and completes when the bytes come.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                right.send(b"whole")
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                if into:
                    # Nothing is written to it from here on, and it can change its size.
                    buffer[:] = b"mine"
                    buffer.extend(bytes(6))
                assert await within(loop.sock_recv(left, 2), 5) == b"wh"
                assert await within(loop.sock_recv(left, 10), 5) == b"ole"
                if into:
                    assert buffer == b"mine\0\0\0\0\0\0"

    run(main())


async def _into(sock: socket.socket, buffer: bytearray) -> bytes:
    count = await asyncio.get_running_loop().sock_recv_into(sock, buffer)
    return bytes(buffer[:count])


def test_many_at_once() -> None:
    """More receives complete in one turn than there are buffers."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        pairs = [pair() for _ in range(100)]
        tasks = [asyncio.ensure_future(loop.sock_recv(left, 100)) for left, _ in pairs]
        await asyncio.sleep(0.01)
        for number, (_, right) in enumerate(pairs):
            right.send(b"%d" % number)
        got = await within(asyncio.gather(*tasks))
        assert got == [b"%d" % number for number in range(100)]
        for left, right in pairs:
            left.close()
            right.close()

    run(main())


def test_large_datagrams_of_a_unix_socket() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair(socket.SOCK_DGRAM)
        message = noise(100_000)
        with left, right:
            task = asyncio.ensure_future(loop.sock_recv(left, 200_000))
            await asyncio.sleep(0.01)
            await loop.sock_sendall(right, message)
            assert await within(task) == message
            task = asyncio.ensure_future(loop.sock_recv(left, 3))
            await asyncio.sleep(0.01)
            right.send(b"truncated")
            assert await within(task) == b"tru"

    run(main())


def test_ends_and_failures() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        task = asyncio.ensure_future(loop.sock_recv(left, 10))
        await asyncio.sleep(0)
        right.close()
        assert await within(task) == b""
        with pytest.raises(BrokenPipeError):
            await loop.sock_sendall(left, b"x")
        left.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await loop.sock_recv(left, 1)
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        with socket.socket() as client:
            client.setblocking(False)
            with pytest.raises(ConnectionRefusedError):
                await within(loop.sock_connect(client, closed.getsockname()))
        closed.close()

    run(main())


@pytest.mark.skipif(KIND == "uvloop", reason="says it in other words")
def test_blocking_sockets_are_refused_in_debug_mode() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        with socket.socket() as sock, socket.socket() as listener:
            for call in (
                loop.sock_recv(sock, 1),
                loop.sock_recv_into(sock, bytearray(1)),
                loop.sock_sendall(sock, b"x"),
                loop.sock_connect(sock, ("127.0.0.1", 1)),
                loop.sock_accept(listener),
            ):
                with pytest.raises(ValueError, match="must be non-blocking"):
                    await call

    run(main())


@pytest.mark.skipif(KIND != "ringline", reason="asyncio's loop takes a full queue for connected")
def test_connect_to_a_full_unix_queue() -> None:
    """It waits until the listener takes somebody, and is connected then."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        name = "\0ringline-queue-%d" % os.getpid()
        listener = socket.socket(socket.AF_UNIX)
        listener.setblocking(False)
        listener.bind(name)
        listener.listen(0)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for client in clients:
            client.setblocking(False)
        tasks = [asyncio.ensure_future(loop.sock_connect(c, name)) for c in clients]
        await asyncio.sleep(0.05)
        assert not all(task.done() for task in tasks)
        accepted = [await within(loop.sock_accept(listener)) for _ in clients]
        await within(asyncio.gather(*tasks))
        for client, (connection, _) in zip(clients, accepted):
            await loop.sock_sendall(client, b"x")
            assert await within(loop.sock_recv(connection, 1)) == b"x"
            client.close()
            connection.close()
        listener.close()

    run(main())
