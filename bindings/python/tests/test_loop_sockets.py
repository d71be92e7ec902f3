"""sock_*: whole messages, no byte lost to a cancellation, descriptors passed along."""

import array
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


@pytest.mark.skipif(KIND == "asyncio", reason="counts bytes there as items")
def test_items_of_more_than_a_byte() -> None:
    """Failure: other bytes than those of the items, where not all go at once."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        sized(left, 4096)
        sized(right, 4096)
        items = array.array("I", range(50_000))
        with left, right:
            task = asyncio.ensure_future(loop.sock_sendall(left, items))
            got = bytearray()
            while len(got) < len(items) * items.itemsize:
                got += await within(loop.sock_recv(right, 1 << 20), 5)
            await within(task)
            assert got == items.tobytes()

    run(main())


# Messages with ancillary data.


def descriptors_in(ancillary: Any) -> "array.array[int]":
    found = array.array("i")
    for level, kind, data in ancillary:
        assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        found.frombytes(data)
    return found


def rights(*numbers: int) -> Any:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", numbers))]


@only_ringline
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_descriptors_are_passed(kind: int, waits: bool) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = pair(kind)
        reading, writing = os.pipe()
        room = socket.CMSG_SPACE(8)
        with left, right:
            receive = loop.sock_recvmsg(right, 100, room)
            if waits:
                receive = asyncio.ensure_future(receive)
                await asyncio.sleep(0.01)
            pieces = [b"with ", bytearray(b"two")]
            assert await loop.sock_sendmsg(left, pieces, rights(reading, writing)) == 8
            data, ancillary, flags, _ = await within(receive, 5)
            assert data == b"with two" and not flags & socket.MSG_CTRUNC
            got = descriptors_in(ancillary)
            os.write(got[1], b"same pipe")
            assert os.read(reading, 100) == b"same pipe"
            await loop.sock_sendmsg(left, [b"next"])
            for flag in (socket.MSG_PEEK, 0):
                found = await within(loop.sock_recvmsg(right, 9, 0, flag))
                assert found[:2] == (b"next", [])
        for number in (reading, writing, *got):
            os.close(number)

    run(main())


@only_ringline
def test_descriptors_with_a_message_that_waits() -> None:
    """The socket is full: what is sent then comes whole, with its descriptors, and once."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = pair()
        full = 0
        with left, right:
            with pytest.raises(BlockingIOError):
                while True:
                    full += left.send(bytes(65536))
            task = asyncio.ensure_future(loop.sock_sendmsg(left, [b"last"], rights(left.fileno())))
            await asyncio.sleep(0.01)
            assert not task.done()
            while full:
                full -= len(await within(loop.sock_recv(right, full)))
            assert await within(task) == 4
            data, ancillary, _, _ = await within(loop.sock_recvmsg(right, 9, socket.CMSG_SPACE(4)))
            (got,) = descriptors_in(ancillary)
            assert data == b"last" and os.path.sameopenfile(got, left.fileno())
            os.close(got)

    run(main())


@only_ringline
def test_descriptors_that_come_as_a_receive_is_cancelled() -> None:
    """Failure: they stay open in this process, and nobody has them."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        for steps in range(5):
            left, right = pair()
            with left, right:
                task = asyncio.ensure_future(loop.sock_recvmsg(right, 9, socket.CMSG_SPACE(4)))
                await asyncio.sleep(0.01)
                left.sendmsg([b"x"], rights(left.fileno()))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                try:
                    got = await task
                except asyncio.CancelledError:
                    got = right.recvmsg(9, socket.CMSG_SPACE(4))
                assert got[0] == b"x"
                os.close(descriptors_in(got[1])[0])

    before = len(os.listdir("/proc/self/fd"))
    run(main())
    assert len(os.listdir("/proc/self/fd")) == before


@only_ringline
def test_messages_to_an_address_and_their_failures() -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        with left, right:
            for sock in (left, right):
                sock.bind(("127.0.0.1", 0))
                sock.setblocking(False)
            task = asyncio.ensure_future(loop.sock_recvmsg(right, 3))
            await asyncio.sleep(0.01)
            assert await loop.sock_sendmsg(left, [b"to you"], [], 0, right.getsockname()) == 6
            data, ancillary, flags, address = await within(task, 5)
            assert (data, ancillary, address) == (b"to ", [], left.getsockname())
            assert flags & socket.MSG_TRUNC
            with pytest.raises(OSError, match="Destination address required"):
                await loop.sock_sendmsg(left, [b"to whom"])
            left.settimeout(1)
            loop.set_debug(True)
            for call in (loop.sock_recvmsg(left, 1), loop.sock_sendmsg(left, [b"x"])):
                with pytest.raises(ValueError, match="must be non-blocking"):
                    await call

    run(main())
