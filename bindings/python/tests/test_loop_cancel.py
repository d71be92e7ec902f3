"""Cancelled receives, sends and connects on the loop, and two operations on one socket."""

import asyncio
import socket

import pytest
from loops import noise, run, shut, stream_pair, within
from test_loop_ends import tcp_pair


def test_cancelled_connect() -> None:
    """Failure: a socket left open, or a later use of its descriptor hit by the old connect."""

    async def main() -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            fill = [socket.socket() for _ in range(4)]
            for sock in fill:
                sock.setblocking(False)
                sock.connect_ex(listener.getsockname())
            task = asyncio.ensure_future(asyncio.open_connection(*listener.getsockname()))
            await asyncio.sleep(0.05)  # Its SYN is out, and nobody takes it.
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for sock in fill:
                sock.close()

    run(main())


def test_cancelled_receives() -> None:
    """Failure: bytes that went to a receive which had been cancelled."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        with left, right:
            for step in range(200):
                task = asyncio.ensure_future(loop.sock_recv(right, 100))
                for _ in range(step % 3):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await within(loop.sock_sendall(left, b"%d" % step))
                assert await within(loop.sock_recv(right, 100)) == b"%d" % step

    run(main())


def test_cancelled_reads_of_a_stream() -> None:
    """Failure: bytes lost with a cancelled read."""

    async def main() -> None:
        (_, writer), (reader, other), server = await stream_pair()
        got = b""
        for step in range(200):
            task = asyncio.ensure_future(reader.read(10))
            await asyncio.sleep(0)
            writer.write(b"%03d" % step)
            for _ in range(step % 4):
                await asyncio.sleep(0)
            task.cancel()
            try:
                got += await task
            except asyncio.CancelledError:
                pass
        writer.close()
        got += await within(reader.read())
        assert got == b"".join(b"%03d" % step for step in range(200))
        await shut(writer, other)
        server.close()

    run(main())


def test_cancelled_sends() -> None:
    """Failure: a send that goes on after its cancel, from memory that is reused."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        data = bytearray(b"a" * 20_000_000)
        task = asyncio.ensure_future(loop.sock_sendall(left, data))
        await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        data[:] = b"b" * len(data)
        left.close()
        got = bytearray()
        while part := await within(loop.sock_recv(right, 1 << 20)):
            got += part
        right.close()
        assert set(got) <= {ord("a")}

    run(main())


def test_send_and_receive_on_one_socket() -> None:
    """Failure: a send and a receive on one socket that disturb one another."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair(room=65536)
        there, back = noise(3_000_000, 1), noise(3_000_000, 2)

        async def take(sock: socket.socket, size: int) -> bytes:
            got = bytearray()
            while len(got) < size:
                got += await loop.sock_recv(sock, 70_000)
            return bytes(got)

        with left, right:
            *_, one, other = await within(
                asyncio.gather(
                    loop.sock_sendall(left, there),
                    loop.sock_sendall(right, back),
                    take(left, len(back)),
                    take(right, len(there)),
                )
            )
        assert (one, other) == (back, there)

    run(main())
