"""Readers, writers and waiting sock_*: what the selector of asyncio's own loop holds, tells and
forgets, in the iteration in which it does."""

import asyncio
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from loops import KIND, finish, new_loop, only_ringline, program, run, until, within
from test_loop_ends import Log, tcp_pair

pytestmark = pytest.mark.skipif(KIND == "uvloop", reason="uvloop has ways of its own")
SETTINGS: List[Any] = [{}, {"sqpoll": True}] if KIND == "ringline" else [{}]


def unix_pair() -> Tuple[socket.socket, socket.socket]:
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    return left, right


async def rounds(count: int = 20) -> None:
    """Time in which the loop turns and sleeps."""
    for _ in range(count):
        await asyncio.sleep(0.001)


# What the program closes.


async def hears_end(peer: socket.socket) -> None:
    """The other end is gone: nobody holds it any more."""
    assert await within(asyncio.get_running_loop().sock_recv(peer, 1), 5) == b""


@pytest.mark.parametrize("kind", ["reader", "writer"])
@pytest.mark.parametrize("pair", [unix_pair, tcp_pair])
def test_close_below_a_reader(pair: Callable[[], Any], kind: str) -> None:
    """Failure: the loop holds a file whose descriptor was closed, and its peer hears of no end."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        if kind == "writer":
            with pytest.raises(BlockingIOError):
                while True:
                    left.send(bytes(1 << 20))
        number = left.detach()
        getattr(loop, f"add_{kind}")(number, print)
        await rounds(2)
        os.close(number)
        while kind == "writer":
            if not await within(loop.sock_recv(right, 1 << 20), 5):
                break
        await hears_end(right)
        assert getattr(loop, f"remove_{kind}")(number)
        right.close()

    run(main())


# What can be watched.


def test_fifo_before_its_writer(tmp_path: Path) -> None:
    """Failure: a FIFO that nobody has opened for writing yet is taken for one that has ended."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        os.mkfifo(tmp_path / "fifo")
        reading = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        got: List[bytes] = []
        loop.add_reader(reading, lambda: got.append(os.read(reading, 9)))
        await rounds()
        assert got == []
        writing = os.open(tmp_path / "fifo", os.O_WRONLY)
        await rounds()
        assert got == []
        os.write(writing, b"x")
        await until(lambda: got)
        os.close(writing)
        await until(lambda: len(got) > 1)
        loop.remove_reader(reading)
        assert got[:2] == [b"x", b""]
        os.close(reading)

    run(main())


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_files_are_refused(kind: str, tmp_path: Path) -> None:
    """Failure: a busy loop, as a regular file and /dev/null are always ready."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        (tmp_path / "file").write_text("text")
        for name in (os.devnull, str(tmp_path / "file")):
            number = os.open(name, os.O_RDWR)
            with pytest.raises(PermissionError):
                getattr(loop, f"add_{kind}")(number, print)
            assert not getattr(loop, f"remove_{kind}")(number)
            os.close(number)
        await rounds(2)

    run(main())


def test_selector_tells_who_is_registered() -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = unix_pair()
        loop.add_reader(left, print)
        loop.add_writer(left, print)
        loop.remove_writer(left)
        key = loop._selector.get_key(left)
        assert (key.fd, key.events, key.data[1]) == (left.fileno(), 1, None)
        assert left in loop._selector.get_map() and right not in loop._selector.get_map()
        loop.remove_reader(left)
        with pytest.raises(KeyError):
            loop._selector.get_key(left)
        left.close()
        right.close()

    run(main())


@only_ringline
def test_forked_child_has_readers_of_its_own() -> None:
    """Failure: what a child does with a loop that was made before is done to its parent's."""
    said = program("""
loop = new_loop()
left, right = socket.socketpair()
heard = []
def ready():
    heard.append(left.recv(9))
    loop.stop()
loop.add_reader(left, ready)
def one(text):
    right.send(text)
    loop.call_later(5, loop.stop)
    loop.run_forever()
    assert heard.pop() == text
child = os.fork()
if child == 0:
    one(b"child")
    assert loop.remove_reader(left)
    loop.close()
    os._exit(7)
assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7
one(b"parent")
print("both")
""")
    assert said.stdout == "both\n", said.stderr


# When it is told.


def test_reader_is_called_as_long_as_it_can_read() -> None:
    """Failure: it is told once, and not again of what it has left."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        got: List[bytes] = []
        loop.add_reader(left, lambda: got.append(left.recv(1)))
        right.send(b"level")
        await until(lambda: len(got) == 5)
        await rounds()
        assert got == [b"l", b"e", b"v", b"e", b"l"]
        loop.remove_reader(left)
        left.close()
        right.close()

    run(main())


def seen_in(loop: Any, kind: str, chain: str, late: bool) -> int:
    """In which round of a chain of callbacks without end a reader is called; -1 = in none."""
    left, right = tcp_pair() if kind == "tcp" else unix_pair()
    reading, writing = left.detach(), right.detach()
    if kind == "pipe":
        os.close(reading)
        os.close(writing)
        reading, writing = os.pipe()
    begin, count, seen = time.monotonic(), 0, -1

    def step() -> None:
        nonlocal count
        count += 1
        if late and count == 5:
            os.write(writing, b"x")
        if seen >= 0 or (count > 2000 and time.monotonic() - begin > 10):
            loop.stop()
        elif chain == "soon":
            loop.call_soon(step)
        else:
            loop.call_later(0, step)

    def ready() -> None:
        nonlocal seen
        seen = count
        loop.remove_reader(reading)

    if not late:
        os.write(writing, b"x")
    loop.call_soon(step)
    loop.add_reader(reading, ready)
    loop.run_forever()
    os.close(reading)
    os.close(writing)
    return seen


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("chain", ["soon", "later"])
@pytest.mark.parametrize("kind", ["unix", "tcp", "pipe"])
def test_reader_beside_a_chain_of_callbacks(kind: str, chain: str, debug: bool) -> None:
    """Failure: what is ready is seen later than by select(0), or never."""
    stock = asyncio.SelectorEventLoop()
    for settings in SETTINGS:
        loop = new_loop(**settings)
        for used in (stock, loop):
            used.set_debug(debug)
            used.slow_callback_duration = 60
        for late in (False, True):
            there, here = (seen_in(used, kind, chain, late) for used in (stock, loop))
            # A kernel thread tells of it when the processor is its: until then it is looked for.
            assert there <= here <= there + (15 if settings and late else 0)
        finish(loop)
    stock.close()


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("how", ["wait_for", "call_later"])
def test_reader_for_an_iteration_or_two(how: str, settings: Any) -> None:
    """As psycopg waits with an interval of 0. Failure: what is ready is never seen."""

    async def wait() -> None:
        loop = asyncio.get_running_loop()
        if how == "wait_for":
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0)
        else:
            future = loop.create_future()
            loop.call_later(0, future.set_result, None)
            await future

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        called: List[int] = []
        for late in (False, True):
            right.send(b"x")
            for _ in range(3):
                loop.add_reader(left, called.append, 1)
                await wait()
                loop.remove_reader(left)
            assert called
            called.clear()
            left.recv(9)
        left.close()
        right.close()

    run(main(), **settings)


@pytest.mark.parametrize("settings", SETTINGS)
def test_reader_is_called_once_in_an_iteration(settings: Any) -> None:
    """Failure: it is called for what it has read already, and its receive raises."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        idle, other = unix_pair()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=idle)
        got: List[bytes] = []
        loop.add_reader(left, lambda: got.append(left.recv(9999)))
        for number in range(1000):
            right.send(b"x")
            # Beside callbacks, and beside timers that are due at once.
            await asyncio.sleep((0, 1e-9)[number % 2] if number % 100 else 0.0001)
        for _ in range(5):
            # A kernel thread has told of it by then, and the loop looks for another's sake.
            right.send(b"x")
            time.sleep(0.02)
            loop.add_reader(other, print)
            await asyncio.sleep(0)
            loop.remove_reader(other)
        await until(lambda: len(b"".join(got)) == 1005)
        loop.remove_reader(left)
        transport.close()
        for sock in (left, right, other):
            sock.close()

    run(main(), **settings)


@only_ringline
def test_reader_costs_one_system_call_of_the_ring() -> None:
    """Failure: the poll is made again by a call of its own."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = unix_pair()
        right.send(b"x")
        count = 0
        over = loop.create_future()

        def ready() -> None:
            nonlocal count
            count += 1
            left.recv(9)
            if count == 500:
                over.set_result(None)
            else:
                right.send(b"x")

        before = loop.stats()["enters"]
        loop.add_reader(left, ready)
        await within(over)
        assert loop.stats()["enters"] - before < 520
        loop.remove_reader(left)
        left.close()
        right.close()

    run(main())


def test_reader_and_transport_side_by_side() -> None:
    """Failure: the one that is always ready keeps the other from its turn."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = unix_pair()
        always, called = unix_pair(), [0]
        always[1].send(b"x")

        def ready() -> None:
            called[0] += 1

        loop.add_reader(always[0], ready)
        log = Log()
        transport, _ = await loop.create_connection(lambda: log, sock=left)
        for number in range(20):
            before = called[0]
            right.send(b"%d" % (number % 10))
            await until(lambda: len(b"".join(log.calls[1:])) == number + 1, 5)
            assert called[0] - before < 20
        # And the other way about: what is sent answers what was received.
        loop.remove_reader(always[0])
        transport.close()
        await until(lambda: log.lost)
        for sock in (right, *always):
            sock.close()

    run(main())
