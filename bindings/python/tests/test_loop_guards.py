"""What keeps a mistake or a race from harm: each guard of the loop has a test that fails without it
(tests/mutants takes them away). Both layers.
"""

import asyncio
import ctypes
import errno
import random
import socket
import types
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List, Tuple

import pytest
from loops import KIND, finish, leases, new_loop, noise, only_ringline, program, run
from loops import stream_pair, until, within
from ringline._engine import BYTES_OFFSET
from test_loop_ends import Log, logged, tcp_pair

NOP, SEND = 0, 26
DONTWAIT_WHOLE = int(socket.MSG_DONTWAIT | socket.MSG_WAITALL)
#: No operation of the library.
REFUSED = 250


def close(*sockets: socket.socket) -> None:
    for sock in sockets:
        sock.close()


# The engine.


@only_ringline
def test_a_loop_with_work_in_flight_stays_in_its_thread() -> None:
    """Failure: an operation whose completion goes to a ring that nobody turns any more."""
    loop = new_loop()
    left, right = tcp_pair()
    tasks: List[Any] = []

    async def begin() -> None:
        tasks.append(asyncio.ensure_future(loop.sock_sendall(left, bytes(20_000_000))))
        await asyncio.sleep(0.01)

    async def end() -> None:
        got = 0
        while got < 20_000_000:
            got += len(await within(loop.sock_recv(right, 1 << 20)))
        await within(tasks[0])

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: loop.run_until_complete(begin())).result(30)
        stop = loop.call_later(5, loop.stop)
        with pytest.raises(RuntimeError, match="in flight in another thread"):
            loop.run_forever()
        stop.cancel()
        thread.submit(lambda: loop.run_until_complete(end())).result(30)
        thread.submit(lambda: finish(loop)).result(30)
    close(left, right)


@only_ringline
def test_what_was_asked_for_outside_the_loop_moves_along() -> None:
    """Failure: an operation that was staged before another thread runs the loop is forgotten."""
    loop = new_loop()
    left, right = socket.socketpair()
    with left, right, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: loop.run_until_complete(asyncio.sleep(0))).result(30)
        loop.add_reader(right, loop.stop)
        left.send(b"x")
        loop.call_later(5, lambda: 1 / 0)
        said: List[Any] = []
        loop.set_exception_handler(lambda _, context: (said.append(context), loop.stop()))
        loop.run_forever()
        loop.remove_reader(right)
        assert not said
    finish(loop)


@only_ringline
def test_a_child_that_goes_on_with_its_parents_loop_is_told() -> None:
    """Failure: a forked child turns its parent's ring, or waits for ever."""
    text = """
loop = new_loop()
async def main():
    if os.fork() == 0:
        await asyncio.sleep(0.01)
        os._exit(3)
    await asyncio.sleep(0.05)
    print("parent", os.waitstatus_to_exitcode(os.wait()[1]))
parent = os.getpid()
try:
    loop.run_until_complete(main())
except RuntimeError as error:
    os._exit(0 if os.getpid() != parent and "before fork()" in str(error) else 4)
loop.close()
"""
    said = program(text, limit=20)
    assert said.stdout == "parent 0\n", said


@only_ringline
def test_more_operations_than_the_queue_holds() -> None:
    """Failure: an operation beyond the end of the shared block, or one that is refused."""

    async def main() -> None:
        engine = ringline_engine()
        ended: List[int] = []
        for _ in range(1000):
            engine.submit(NOP, -1, 0, 0, 0, 0, lambda res, *_: ended.append(res))
        await until(lambda: len(ended) == 1000, 5)
        assert ended == [0] * 1000

    run(main(), ring_size=8)


def ringline_engine() -> Any:
    loop: Any = asyncio.get_running_loop()
    return loop._engine


@only_ringline
def test_a_refused_operation_and_those_behind_it() -> None:
    """Failure: a callback that never hears that its operation was refused, or of the next one."""

    async def main() -> None:
        engine = ringline_engine()
        ended: List[Tuple[str, bool]] = []
        for name, code in (("first", NOP), ("bad", REFUSED), ("next", NOP), ("last", NOP)):
            engine.submit(
                code, -1, 0, 0, 0, 0, lambda res, *_, name=name: ended.append((name, res < 0))
            )
        await until(lambda: len(ended) == 4, 5)
        assert sorted(ended) == [("bad", True), ("first", False), ("last", False), ("next", False)]

    run(main())


@only_ringline
def test_a_send_without_a_completion_that_was_not_taken_yet() -> None:
    """Failure: a send is told to be over, and its memory free, before the kernel had it."""

    async def main() -> None:
        engine = ringline_engine()
        left, right = tcp_pair()
        data = bytearray(b"held until sent")
        found: List[bytes] = []

        def done(res: int, *_: int) -> None:
            found.append(right.recv(100))

        place = (ctypes.c_char * len(data)).from_buffer(data)
        address = ctypes.addressof(place)
        engine.submit(REFUSED, -1, 0, 0, 0, 0, lambda *_: None)
        engine.submit(
            SEND, left.fileno(), address, len(data), 0, DONTWAIT_WHOLE, done, place,
            0, 0, 0, 0, 0, 1,
        )  # fmt: skip
        await until(lambda: found, 5)
        assert found == [b"held until sent"]
        close(left, right)

    run(main())


@only_ringline
def test_cancel_of_an_operation_that_is_not_handed_over() -> None:
    """Failure: it runs all the same, or nobody is told that it does not."""

    async def main() -> None:
        engine = ringline_engine()
        left, right = tcp_pair()
        ended: List[int] = []
        data = b"must not go"
        ident = engine.submit(
            SEND, left.fileno(), id(data) + BYTES_OFFSET, len(data), 0, 0,
            lambda res, *_: ended.append(res), data,
        )  # fmt: skip
        assert engine.cancel(ident)
        await until(lambda: ended, 5)
        assert ended == [-errno.ECANCELED]
        with pytest.raises(BlockingIOError):
            right.recv(100)
        close(left, right)

    run(main())


@only_ringline
def test_an_id_is_not_used_for_another_operation() -> None:
    """Failure: a late cancel of an operation that is over ends another one."""

    async def main() -> None:
        engine = ringline_engine()
        left, right = tcp_pair()
        ended: List[int] = []
        old = engine.submit(NOP, -1, 0, 0, 0, 0, lambda res, *_: ended.append(res))
        await until(lambda: ended, 5)
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(loop.sock_recv(left, 10))
        await asyncio.sleep(0.01)
        assert not engine.cancel(old) and old not in engine
        right.send(b"undisturbed")
        assert await within(task) == b"undisturbe"
        close(left, right)

    run(main())


# The loop.


def test_late_cancel_of_a_timer() -> None:
    """Failure: a timer that fired is cancelled, and with it another one that took its place."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        fired = loop.create_future()
        first = loop.call_later(0, fired.set_result, None)
        await fired
        said: List[int] = []
        others = [loop.call_later(0.001, said.append, at) for at in range(3)]
        first.cancel()
        await asyncio.sleep(0.02)
        assert said == [0, 1, 2]
        others[0].cancel()

    run(main())


def test_many_timers_of_which_some_are_cancelled() -> None:
    """Failure: timers out of their order, lost or late, when others leave the heap."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        chance = random.Random(7)
        said: List[float] = []
        times = [loop.time() + chance.random() * 0.2 for _ in range(2000)]
        handles = [loop.call_at(when, said.append, when) for when in times]
        gone = set(chance.sample(range(2000), 1500))
        for at in gone:
            handles[at].cancel()
        await asyncio.sleep(0.3)
        assert said == sorted(when for at, when in enumerate(times) if at not in gone)

    run(main())


def test_a_chain_of_callbacks_lets_the_rest_run() -> None:
    """Failure: callbacks that add one another keep timers and the ring from their turn."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        left.send(b"x")
        task = asyncio.ensure_future(loop.sock_recv(right, 1))
        fired: List[int] = []
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps < 100_000 and not (fired and task.done()):
                loop.call_soon(step)

        loop.call_later(0, fired.append, 1)
        loop.call_soon(step)
        await task
        await until(lambda: fired)
        assert steps < 1000
        close(left, right)

    run(main())


@only_ringline
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_a_flush_that_fails_stops_no_other(kind: Any) -> None:
    """Failure: what others wrote in the same iteration waits for ever."""

    def fail() -> None:
        raise kind(errno.EAGAIN, "the kernel takes no operation now")

    async def begin() -> Any:
        return await logged(), await logged()

    def write() -> None:
        transport: Any = one.transport
        transport._flush = types.MethodType(lambda _: fail(), transport)
        # Somebody waits, so that the native layer asks this method too.
        transport._protocol_paused = True
        transport.write(b"fails")
        two.transport.write(b"goes")

    async def end() -> None:
        assert await within(loop.sock_recv(second, 10), 5) == b"goes"
        for log in (one, two):
            log.transport.abort()
        await until(lambda: one.lost and two.lost)

    loop = new_loop()
    loop.set_exception_handler(lambda *_: None)
    (one, first), (two, second) = loop.run_until_complete(begin())
    loop.call_soon(write)
    if kind is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            loop.run_forever()
    loop.run_until_complete(end())
    finish(loop)
    close(first, second)


# Transports.


def test_bytes_that_are_there_when_reading_is_paused() -> None:
    """Failure: data_received while paused, of bytes that came with the pause."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged()
        await asyncio.sleep(0.01)
        for step in range(20):
            del log.calls[1:]
            peer.sendall(b"%d" % step)
            loop.call_soon(log.transport.pause_reading)
            for _ in range(5):
                await asyncio.sleep(0)
            assert log.calls == ["made"]
            peer.sendall(b"later")
            log.transport.resume_reading()
            await until(lambda: b"later" in b"".join(log.calls[1:]), 5)
            assert b"".join(log.calls[1:]) == b"%dlater" % step
        log.transport.close()
        await until(lambda: log.lost)
        close(peer)

    run(main())


def test_data_and_the_end_at_once() -> None:
    """Failure: the end of a stream is taken for more bytes, and never told."""

    async def main() -> None:
        log, peer = await logged()
        await asyncio.sleep(0.01)
        peer.sendall(bytes(200_000))
        peer.close()
        await until(lambda: log.lost, 5)
        assert sum(len(call) for call in log.calls if type(call) is bytes) == 200_000
        assert log.calls[-2:] == ["eof", ("lost", type(None))]

    run(main())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["data", "eof", "datagram", "callback"])
def test_an_exit_from_a_protocol_ends_the_run(kind: Any, place: str) -> None:
    """Failure: sys.exit or Ctrl-C within a protocol is told to a handler, and the loop goes on."""

    def leave(*_: Any) -> Any:
        raise kind(place)

    class Stream(Log):
        data_received = leave if place == "data" else Log.data_received  # type: ignore[assignment]
        eof_received = leave if place == "eof" else Log.eof_received  # type: ignore[assignment]

    class Datagrams(asyncio.DatagramProtocol):
        datagram_received = leave

    async def begin() -> Any:
        transport, _ = await loop.create_connection(Stream, sock=left)
        local = ("127.0.0.1", 0)
        endpoint, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=local)
        return transport, endpoint

    async def end() -> None:
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0.01)

    loop = new_loop()
    said: List[Any] = []
    loop.set_exception_handler(lambda _, context: said.append(context))
    left, right = tcp_pair()
    transports = loop.run_until_complete(begin())
    if place == "data":
        right.send(b"x")
    elif place == "eof":
        right.shutdown(socket.SHUT_WR)
    elif place == "callback":
        loop.call_soon(leave)
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", transports[1].get_extra_info("sockname"))
    limit = loop.call_later(5, loop.stop)
    with pytest.raises(kind, match=place):
        loop.run_forever()
    limit.cancel()
    loop.run_until_complete(end())
    assert leases(loop) == 0 and not said
    finish(loop)
    close(right)


def test_write_after_write_eof() -> None:
    """Failure: a write that is lost silently, or goes after the end."""

    async def main() -> None:
        for size in (3, 50_000):
            log, peer = await logged()
            log.transport.write_eof()
            with pytest.raises(RuntimeError, match="write_eof"):
                log.transport.write(bytes(size))
            log.transport.close()
            await until(lambda: log.lost)
            assert peer.recv(10) == b""
            close(peer)

    run(main())


@pytest.mark.parametrize("size", [3, 50_000])
def test_write_after_the_end_goes_nowhere(size: int) -> None:
    """Failure: bytes of an old connection at whoever has its descriptor's number now."""

    async def main() -> None:
        log, peer = await logged()
        number = log.transport.get_extra_info("socket").fileno()
        log.transport.close()
        await until(lambda: log.lost)
        await asyncio.sleep(0.01)
        left, right = tcp_pair()
        assert number in (left.fileno(), right.fileno())
        log.transport.write(b"x" * size)
        await asyncio.sleep(0.01)
        for sock in (left, right):
            with pytest.raises(BlockingIOError):
                sock.recv(10)
        close(left, right, peer)

    run(main())


@only_ringline
def test_datagram_after_the_end_goes_nowhere() -> None:
    """Failure: a datagram of an old endpoint from whoever has its descriptor's number now."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.setblocking(False)
            transport, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=other.getsockname()
            )
            number = transport.get_extra_info("socket").fileno()
            transport.close()
            await asyncio.sleep(0.01)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as new:
                assert new.fileno() == number
                new.connect(other.getsockname())
                transport.sendto(b"x")
                with pytest.raises(BlockingIOError):
                    other.recv(10)

    run(main())


@pytest.mark.skipif(KIND != "ringline", reason="about a send in flight")
def test_nothing_is_counted_after_an_abort() -> None:
    """Failure: the end of a send that was given up is counted, below zero."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged()
        await asyncio.sleep(0.01)
        sizes: List[int] = []

        def look() -> None:
            log.transport.write(b"x" * 100)
            # The flush is with the kernel when this runs, and its end is not told yet.
            loop.call_soon(log.transport.abort)
            loop.call_soon(loop.call_soon, lambda: sizes.append(
                log.transport.get_write_buffer_size()))

        loop.call_soon(look)
        await until(lambda: log.lost and sizes)
        assert sizes == [0]
        close(peer)

    run(main())


def test_a_reader_whose_buffer_is_looked_at() -> None:
    """Failure: memory that somebody looks at is moved, or a receive buffer is lost."""
    said: List[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        (reader, writer), (_, other), server = await stream_pair()
        buffer: Any = reader
        before = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: said.append(context["exception"]))
        other.write(b"one")
        await until(lambda: len(buffer._buffer) == 3, 5)
        with memoryview(buffer._buffer):
            other.write(noise(5000))
            await until(lambda: said, 5)
        for each in (writer, other):
            each.transport.abort()
        server.close()
        await asyncio.sleep(0.01)
        loop.set_exception_handler(before)

    run(main())
    assert [type(error) for error in said] == [BufferError]
