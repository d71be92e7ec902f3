"""How many iterations go by until what was sent is told: programs and their tests count them."""

import asyncio
import socket
from contextlib import closing
from typing import Any, Callable, Iterator, List, Optional, Tuple

import pytest
from loops import KIND, new_loop, run, within

pytestmark = pytest.mark.skipif(KIND == "uvloop", reason="uvloop has iterations of its own")

Sender = Callable[[], object]


class Counts(asyncio.Protocol, asyncio.DatagramProtocol):
    """How often something came."""

    def __init__(self) -> None:
        self.came = 0
        self.transports: List[Any] = []

    def connection_made(self, transport: Any) -> None:
        self.transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self.came += 1

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.came += 1


async def stream(loop: Any, left: socket.socket, right: socket.socket) -> Tuple[Counts, Sender]:
    _, counts = await loop.create_connection(Counts, sock=right)
    return counts, lambda: left.send(b"x")


async def written(loop: Any, left: socket.socket, right: socket.socket) -> Tuple[Counts, Sender]:
    _, counts = await loop.create_connection(Counts, sock=right)
    writer, _ = await loop.create_connection(asyncio.Protocol, sock=left)
    counts.transports.append(writer)
    return counts, lambda: writer.write(b"x")


async def datagram(loop: Any, left: socket.socket, right: socket.socket) -> Tuple[Counts, Sender]:
    transport, counts = await loop.create_datagram_endpoint(Counts, ("127.0.0.1", 0))
    left.close()
    to = transport.get_extra_info("sockname")
    return counts, lambda: right.sendto(b"x", to)


async def pipe(loop: Any, left: socket.socket, right: socket.socket) -> Tuple[Counts, Sender]:
    _, counts = await loop.connect_read_pipe(Counts, left.makefile("rb", 0))
    return counts, lambda: right.send(b"x")


@pytest.mark.parametrize("begin", [stream, written, datagram, pipe])
def test_iterations_until_something_comes(begin: Any) -> None:
    """Failure: in a run that has just begun what comes is told an iteration later than by asyncio,
    since the loop has first to ask for it anew."""
    if begin is datagram:
        ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    else:
        ends = list(socket.socketpair())
    for end in ends:
        end.setblocking(False)
    loop: Any = new_loop()
    counts, send = loop.run_until_complete(begin(loop, *ends))
    loop.run_until_complete(asyncio.sleep(0.01))

    async def until_it_came(sends: bool) -> int:
        """Iterations until there is one more than before."""
        count = 0
        if sends:
            send()
        while counts.came == before:
            await asyncio.sleep(0)
            count += 1
        return count

    in_a_run: List[int] = []
    before_a_run: List[int] = []
    for _ in range(5):
        before = counts.came
        in_a_run.append(loop.run_until_complete(until_it_came(True)))
        before = counts.came
        send()
        before_a_run.append(loop.run_until_complete(until_it_came(False)))
    for transport in counts.transports:
        transport.close()
    loop.run_until_complete(asyncio.sleep(0.01))
    for end in ends:
        end.close()
    loop.close()
    assert (in_a_run, before_a_run) == ([2] * 5, [1] * 5)


def test_what_came_as_a_run_ended_is_told_in_order() -> None:
    """Failure: the receive is armed anew before what it had brought is told, which is lost then, or
    told out of order."""
    left, right = socket.socketpair()
    right.setblocking(False)
    loop: Any = new_loop()
    got: List[bytes] = []

    class Received(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            got.append(data)

    async def begin() -> Any:
        return (await loop.create_connection(Received, sock=right))[0]

    async def send(data: bytes) -> None:
        left.send(data)

    transport = loop.run_until_complete(begin())
    loop.run_until_complete(asyncio.sleep(0.01))
    sent = b""
    for number in range(20):
        for what in (b"<%d" % number, b"|%d>" % number):
            loop.run_until_complete(send(what))
            left.send(b"-")
            sent += what + b"-"
    loop.run_until_complete(asyncio.sleep(0.01))
    assert b"".join(got) == sent
    transport.close()
    loop.run_until_complete(asyncio.sleep(0.01))
    left.close()
    loop.close()


class Joined:
    """Two transports of one loop, joined; and a third whose other end is a plain socket."""

    async def make(self, loop: Any) -> None:
        left, right = socket.socketpair()
        other, self.plain = socket.socketpair()
        for end in (left, right, other):
            end.setblocking(False)
        self.writer, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        self.reader, self.read = await loop.create_connection(Counts, sock=right)
        self.other, self.told = await loop.create_connection(Counts, sock=other)
        await asyncio.sleep(0.01)

    async def until_written(self) -> int:
        """Iterations until a write has come at the other transport."""
        before, count = self.read.came, 0
        self.writer.write(b"x")
        while self.read.came == before:
            await asyncio.sleep(0)
            count += 1
        return count

    async def close(self) -> None:
        for transport in (self.writer, self.reader, self.other):
            transport.close()
        self.plain.close()
        await asyncio.sleep(0.01)


@pytest.fixture
def joined() -> Iterator[Tuple[Any, Joined]]:
    with closing(new_loop()) as loop:
        connections = Joined()
        loop.run_until_complete(connections.make(loop))
        yield loop, connections
        loop.run_until_complete(connections.close())


def test_iterations_beside_another_completion(joined: Tuple[Any, Joined]) -> None:
    """Failure: what became ready in an iteration runs before the kernel is looked at again, where
    something else came in it."""
    loop, connections = joined

    async def beside() -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        connections.plain.send(b"y")
        await asyncio.sleep(0)
        return await connections.until_written()

    assert [loop.run_until_complete(beside()) for _ in range(3)] == [2, 2, 2]


def test_what_a_completion_wakes_comes_behind_the_next_look(joined: Tuple[Any, Joined]) -> None:
    """Failure: a task that data_received() wakes runs in its iteration, so that what it sent, too,
    comes an iteration later by the task's count."""
    loop, connections = joined

    async def woken() -> int:
        waiter, told, count = loop.create_future(), connections.told, 0
        came: Any = told.data_received

        def data_received(data: bytes) -> None:
            came(data)
            connections.writer.write(b"x")
            waiter.set_result(None)

        told.data_received = data_received
        before = connections.read.came
        connections.plain.send(b"y")
        await waiter
        told.data_received = came
        while connections.read.came == before:
            await asyncio.sleep(0)
            count += 1
        return count

    assert [loop.run_until_complete(woken()) for _ in range(3)] == [1, 1, 1]


def test_order_within_an_iteration(joined: Tuple[Any, Joined]) -> None:
    """Failure: what an iteration adds runs before a timer that was due when it began."""
    loop, connections = joined
    seen: List[str] = []

    def add(name: str, then: str = "") -> None:
        seen.append(name)
        if then:
            loop.call_soon(add, then)

    async def one() -> List[str]:
        for _ in range(3):
            await asyncio.sleep(0)
        seen.clear()
        connections.told.data_received = lambda data: add("received", "woken")
        connections.plain.send(b"y")
        loop.call_soon(add, "ready", "added")
        loop.call_at(loop.time() - 1, add, "timer", "last")
        for _ in range(4):
            await asyncio.sleep(0)
        return list(seen)

    order = ["ready", "received", "timer", "added", "woken", "last"]
    assert [loop.run_until_complete(one()) for _ in range(3)] == [order] * 3


def test_readers_run_in_the_iteration_that_tells_of_them() -> None:
    """Failure: a reader is only queued in the iteration that finds it, and runs in the next."""
    left, right = socket.socketpair()
    with left, right, closing(new_loop()) as loop:

        async def one() -> int:
            read: List[bytes] = []
            loop.add_reader(right, lambda: read.append(right.recv(10)))
            for _ in range(3):
                await asyncio.sleep(0)
            left.send(b"x")
            count = 0
            while not read:
                await asyncio.sleep(0)
                count += 1
            loop.remove_reader(right)
            return count

        assert [loop.run_until_complete(one()) for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize("size", [5, 100_000])
def test_an_end_behind_what_the_last_bytes_brought_about(size: int) -> None:
    """Failure: where a timer is due the kernel is looked at again, and an end that comes by then is
    told before what the bytes of this iteration brought about. Large ones come by calls."""
    seen: List[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        left.setblocking(False)

        class Told(asyncio.Protocol):
            came = 0

            def data_received(self, data: bytes) -> None:
                self.came += len(data)
                if self.came == 5 * size:
                    seen.append("bytes")
                    right.close()
                    loop.call_soon(seen.append, "brought about")

            def eof_received(self) -> None:
                seen.append("end")

            def connection_lost(self, error: Optional[Exception]) -> None:
                seen.append("lost")

        def tick() -> None:
            if "lost" not in seen:
                loop.call_at(loop.time() - 1, tick)

        transport, told = await loop.create_connection(Told, sock=left)
        tick()
        for number in range(1, 6):
            right.sendall(b"x" * size)
            while told.came < number * size:
                await asyncio.sleep(0)
        while "lost" not in seen:
            await asyncio.sleep(0)

    run(within(main(), 20))
    assert seen == ["bytes", "brought about", "end", "lost"]


def test_an_end_without_bytes_is_told_in_its_iteration() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        left.setblocking(False)
        ended: List[None] = []

        class Told(Counts):
            def eof_received(self) -> None:
                ended.append(None)

        transport, told = await loop.create_connection(Told, sock=left)
        right.send(b"x")
        while not told.came:
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        right.close()
        count = 0
        while not ended:
            await asyncio.sleep(0)
            count += 1
        transport.close()
        return count

    assert [run(main()) for _ in range(3)] == [2, 2, 2]
