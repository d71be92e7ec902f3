"""Readers and writers of files that their program closed too early."""

import asyncio
import contextlib
import fcntl
import os
import socket
from typing import List, Tuple

import pytest
import ringline
from loops import KIND, run, until

#: uvloop keeps the descriptor open until the reader is removed, which is another way.
pytestmark = pytest.mark.skipif(KIND == "uvloop", reason="uvloop puts off the close")


def pair() -> Tuple[socket.socket, socket.socket]:
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    return left, right


def at_number(sock: socket.socket, least: int) -> socket.socket:
    """The socket again, under the first free number from `least` on."""
    return socket.socket(fileno=fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, least))


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_a_closed_socket_is_removed(kind: str) -> None:
    """As anyio's unix sockets do it: close, then remove_reader or remove_writer."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        with left, right:
            getattr(loop, f"add_{kind}")(left, lambda: None)
            await asyncio.sleep(0)
            left.close()
            assert getattr(loop, f"remove_{kind}")(left)
            # Nobody holds it any more.
            got: List[bytes] = []
            loop.add_reader(right, lambda: got.append(right.recv(1)))
            await until(lambda: got)
            assert got[0] == b""
            loop.remove_reader(right)

    run(main())


def test_a_closed_socket_that_nobody_watches() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        left.close()
        right.close()
        for method in (loop.remove_reader, loop.remove_writer):
            with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
                method(left)
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            loop.add_reader(left, print)

    run(main())


def test_a_closed_file_object_is_refused() -> None:
    """Its fileno() raises, other than a closed socket's; the number serves."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        reading, writing = os.pipe()
        with open(reading, "rb", buffering=0) as file:
            loop.add_reader(file, print)
        with pytest.raises(ValueError):
            loop.remove_reader(file)
        loop.remove_reader(reading)
        os.close(writing)

    run(main())


@pytest.mark.skipif(KIND != "ringline", reason="asyncio never calls the second one")
def test_the_number_of_a_closed_socket_is_used_again() -> None:
    """Failure: the poll of the file that was closed is taken for that of the new one."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        one, two = pair()
        old = at_number(left, 500)
        number = old.fileno()
        loop.add_reader(old, print, "of the closed one")
        await asyncio.sleep(0)
        old.close()
        with left, right, one, two, at_number(one, number) as new:
            assert new.fileno() == number
            called: List[bytes] = []
            loop.add_reader(new, lambda: called.append(new.recv(9)))
            two.send(b"new")
            await until(lambda: called)
            assert called == [b"new"]
            loop.remove_reader(new)

    run(main())


def test_a_callback_that_closes_its_file_is_called_once() -> None:
    """Failure: it is called again, on a closed descriptor, or with another file's bytes."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        others: List[socket.socket] = []
        called: List[bytes] = []

        def read() -> None:
            number = left.fileno()
            called.append(left.recv(100))
            left.close()
            one, two = pair()
            others.extend([one, two])
            if one.fileno() != number:
                others.append(at_number(one, number))
            two.send(b"for others")

        loop.add_reader(left, read)
        right.send(b"x")
        await until(lambda: called)
        await asyncio.sleep(0.05)
        assert called == [b"x"]
        assert others[0].recv(100) == b"for others"
        loop.remove_reader(left)
        for sock in [right, *others]:
            sock.close()

    run(main())


def test_a_writer_whose_peer_half_closed_waits_for_room() -> None:
    """Failure: it is called although nothing can be written, again and again; or not when it can,
    or once only."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            left = socket.create_connection(listener.getsockname())
            right, _ = listener.accept()
        left.setblocking(False)
        with left, right:
            with pytest.raises(BlockingIOError):
                while True:
                    left.send(bytes(1 << 20))
            right.shutdown(socket.SHUT_WR)
            called: List[int] = []
            loop.add_writer(left, called.append, 1)
            before = turns_of(loop)
            await asyncio.sleep(0.1)
            assert not called
            assert turns_of(loop) - before < 20
            right.settimeout(0.01)
            with contextlib.suppress(TimeoutError, socket.timeout):
                while right.recv(1 << 20):
                    pass
            await until(lambda: len(called) > 10)
            loop.remove_writer(left)

    run(main())


def turns_of(loop: asyncio.AbstractEventLoop) -> int:
    return loop.stats()["turns"] if isinstance(loop, ringline.EventLoop) else 0
