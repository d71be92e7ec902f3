"""What keeps mistakes and races from harm in the engine and in the loop itself.

Each guard has a mutant (tests/mutants) that takes it away and that one of these tests kills.
"""

import asyncio
import ctypes
import errno
import gc
import os
import random
import signal
import socket
import threading
import time
import types
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List, Tuple

import pytest
from loops import finish, new_loop, only_ringline, poll, program, run, until, within
from ringline._engine import BYTES_OFFSET
from test_loop_ends import logged, tcp_pair

NOP, SEND, RECV = 0, 26, 27
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

    async def begin() -> Any:
        log, right = await logged()
        log.transport.write(bytes(20_000_000))
        await asyncio.sleep(0.01)
        return log, right

    async def end() -> None:
        got = 0
        while got < 20_000_000:
            got += len(await within(loop.sock_recv(right, 1 << 20)))
        log.transport.close()
        await until(lambda: log.lost)

    with ThreadPoolExecutor(1) as thread:
        log, right = thread.submit(lambda: loop.run_until_complete(begin())).result(30)
        stop = loop.call_later(5, loop.stop)
        with pytest.raises(RuntimeError, match="in flight in another thread"):
            loop.run_forever()
        stop.cancel()
        thread.submit(lambda: loop.run_until_complete(end())).result(30)
        thread.submit(lambda: finish(loop)).result(30)
    close(right)


@only_ringline
def test_what_was_asked_for_outside_the_loop_moves_along() -> None:
    """Failure: an operation that was staged before another thread runs the loop is forgotten."""
    loop = new_loop()
    left, right = socket.socketpair()
    with left, right, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: loop.run_until_complete(asyncio.sleep(0))).result(30)
        poll(loop, right, lambda *_: loop.stop())
        left.send(b"x")
        loop.call_later(5, lambda: 1 / 0)
        said: List[Any] = []

        def told(_: Any, context: Any) -> None:
            said.append(context)
            loop.stop()

        loop.set_exception_handler(told)
        loop.run_forever()
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


@only_ringline
def test_memory_that_only_the_operation_names() -> None:
    """Failure: the kernel writes to memory that was given back."""

    class Memory:
        """With room for a weak reference."""

        def __init__(self) -> None:
            self.room = ctypes.create_string_buffer(100)

    async def main() -> None:
        engine = ringline_engine()
        left, right = tcp_pair()
        memory = Memory()
        address, seen = ctypes.addressof(memory.room), weakref.ref(memory)
        ended: List[int] = []

        def submit(keep: Memory) -> None:
            call = (lambda res, *_: ended.append(res))
            engine.submit(RECV, left.fileno(), address, 100, 0, 0, call, keep)

        submit(memory)
        del memory
        for _ in range(3):
            await asyncio.sleep(0.001)
            gc.collect()
            assert seen() is not None
        right.send(b"here")
        await until(lambda: ended, 5)
        assert ended == [4] and seen() is None
        close(left, right)

    run(main())


@only_ringline
def test_what_is_finished_is_over() -> None:
    """Failure: the kernel still has the memory of an operation that was finished."""

    async def main() -> None:
        engine = ringline_engine()
        left, right = tcp_pair()
        room = ctypes.create_string_buffer(100)
        ident = engine.submit(
            RECV, left.fileno(), ctypes.addressof(room), 100, 0, 0, lambda *_: None, room
        )
        await asyncio.sleep(0.01)
        engine.finish((ident,))
        assert [res for _, res, *_ in engine.take(ident)] == [-errno.ECANCELED]
        assert ident not in engine
        close(left, right)

    run(main())


def test_a_buffer_is_its_owners_again_after_a_cancel() -> None:
    """Failure: the kernel still has the buffer of a receive whose coroutine ended."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        buffer = bytearray(100)
        task = asyncio.ensure_future(loop.sock_recv_into(left, buffer))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        buffer.extend(b"mine")
        right.send(b"for the next")
        assert await within(loop.sock_recv(left, 100)) == b"for the next"
        assert buffer == bytes(100) + b"mine"
        close(left, right)

    run(main())


# The loop.


def test_a_signal_of_the_programs_own_ends_nothing() -> None:
    """Failure: a wait that a signal interrupts is taken for a failure of the ring."""

    async def main() -> None:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        begin = time.monotonic()
        await asyncio.sleep(0.2)
        assert time.monotonic() - begin >= 0.2

    heard: List[int] = []
    left, right = socket.socketpair()
    left.setblocking(False)
    old = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    # It is not the loop that hears of signals.
    signal.set_wakeup_fd(left.fileno())
    try:
        run(main())
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, old)
    assert heard
    close(left, right)


def test_a_call_from_another_thread_wakes_a_loop_that_sleeps() -> None:
    """Failure: a wake that is lost: the call waits for the next event."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        begin = time.monotonic()
        # The loop sleeps by then.
        late = threading.Timer(0.05, loop.call_soon_threadsafe, (future.set_result, None))
        late.start()
        await within(future, 5)
        assert time.monotonic() - begin < 2.5
        late.join()

    run(main())



def test_a_reader_is_not_called_when_the_loop_stops() -> None:
    """Failure: a reader is called though its descriptor has nothing to read."""
    loop = new_loop()
    left, right = socket.socketpair()
    called: List[int] = []
    loop.add_reader(right, called.append, 1)
    for _ in range(5):
        loop.run_until_complete(asyncio.sleep(0.001))
    assert called == []
    left.send(b"x")

    def ready() -> None:
        called.append(2)
        loop.stop()

    loop.add_reader(right, ready)
    loop.run_forever()
    assert called == [2]
    loop.remove_reader(right)
    finish(loop)
    close(left, right)


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


def test_a_callback_that_was_cancelled_does_not_run() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        said: List[int] = []
        handles = [loop.call_soon(said.append, at) for at in range(3)]
        loop.call_soon(handles[1].cancel)
        handles.append(loop.call_soon(said.append, 3))
        handles[0].cancel()
        handles[3].cancel()
        await asyncio.sleep(0.001)
        assert said == [1, 2]

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
        await asyncio.sleep(0.01)
        assert task.done() and fired and steps < 1000
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
        transport._flush = types.MethodType(lambda *_: fail(), transport)
        # Somebody waits, so that the native layer asks this method too.
        transport._protocol_paused = True
        transport.write(b"fails")
        two.transport.write(b"goes")

    async def end() -> None:
        assert await within(loop.sock_recv(second, 10), 5) == b"goes"
        for log in (one, two):
            log.transport.abort()
        await until(lambda: one.lost and two.lost)

    loop = new_loop(send="turn")
    loop.set_exception_handler(lambda *_: None)
    (one, first), (two, second) = loop.run_until_complete(begin())
    loop.call_soon(write)
    if kind is KeyboardInterrupt:
        limit = loop.call_later(5, loop.stop)
        with pytest.raises(KeyboardInterrupt):
            loop.run_forever()
        limit.cancel()
    loop.run_until_complete(end())
    finish(loop)
    close(first, second)


@only_ringline
def test_a_flush_that_fails_is_told_at_once() -> None:
    """Failure: connection_lost waits for something else to happen."""

    class Lost(asyncio.Protocol):
        def connection_lost(self, error: Any) -> None:
            ended[0].set_result(error)

    def fail(transport: Any, by_call: bool = False) -> None:
        raise OSError(errno.EAGAIN, "the kernel takes no operation now")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended.append(loop.create_future())
        left, right = tcp_pair()
        transport: Any = (await loop.create_connection(Lost, sock=left))[0]
        transport._flush = types.MethodType(fail, transport)
        transport._protocol_paused = True
        transport.pause_reading()
        await asyncio.sleep(0.01)
        begin = time.monotonic()
        transport.write(b"fails")
        assert isinstance(await within(ended[0], 5), OSError)
        assert time.monotonic() - begin < 2.5
        close(right)

    ended: List[Any] = []
    run(main(), send="turn")
