"""What is below the loop fails: system calls, completions, memory. No crash, no hang, nothing lost,
nothing twice, and who is concerned is told."""

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
from typing import Any, Awaitable, Iterator, List, TypeVar

import pytest
from faults import Faults
from loops import KIND, finish, leases, new_loop, noise, poll, until, within
from test_loop_ends import Log, logged, tcp_pair

import ringline
from ringline import _abi, _engine
from ringline._library import quick, waiting

pytestmark = pytest.mark.skipif(KIND != "ringline", reason="about ringline alone")
Result = TypeVar("Result")
SHORT = (errno.EAGAIN, errno.EBUSY, errno.ENOMEM, errno.EINTR)


class Below:
    """A loop, its faults, and what its exception handler heard."""

    def __init__(self) -> None:
        # What is written goes by the ring, which fails.
        self.loop: Any = new_loop(send="turn")
        self.said: List[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.said.append(context))
        self.faults = Faults(self.loop)

    def run(self, main: Awaitable[Result]) -> Result:
        return self.loop.run_until_complete(main)  # type: ignore[no-any-return]


@pytest.fixture
def below() -> Iterator[Below]:
    made = Below()
    before = len(os.listdir("/proc/self/fd"))
    try:
        yield made
        assert leases(made.loop) == 0
        finish(made.loop)
        assert len(os.listdir("/proc/self/fd")) < before
    finally:
        made.faults.end()
        made.loop.close()


async def receive(peer: socket.socket, size: int) -> bytes:
    """What comes on a socket of the test, by calls, until so much is there or the end."""
    got = bytearray()

    def more() -> bool:
        try:
            part = peer.recv(1 << 20)
        except BlockingIOError:
            return False
        got.extend(part)
        return not part or len(got) >= size

    await until(more)
    return bytes(got)


# Turns that fail.


@pytest.mark.parametrize("error", SHORT)
def test_kernel_that_takes_nothing_for_the_moment(below: Below, error: int) -> None:
    """Failure: an operation that was only not taken yet is told to have failed."""
    data = noise(100_000)

    async def main() -> None:
        log, peer = await logged()
        below.faults.refuse(error, times=3)
        log.transport.write(data[:100])
        await asyncio.sleep(0)
        log.transport.write(data[100:])
        assert await receive(peer, len(data)) == data
        peer.sendall(b"answer")
        await until(lambda: b"answer" in log.calls)
        log.transport.close()
        await until(lambda: log.lost)
        assert log.calls == ["made", b"answer", ("lost", type(None))]
        peer.close()

    below.run(main())
    assert below.faults.made == 3
    assert below.said == []


@pytest.mark.parametrize("error", [errno.EAGAIN, errno.EINTR])
def test_loop_does_not_wait_for_a_child(below: Below, error: int) -> None:
    """Failure: the poll of a child's descriptor fails, and the loop stands still until it ends."""

    async def main() -> int:
        below.faults.fail(_abi.OP_POLL_ADD, error, times=3)
        ours, theirs = os.pipe()
        child = await asyncio.create_subprocess_exec("cat", stdin=ours)
        os.close(ours)
        # A loop that stands still until the child ends goes on then.
        late = threading.Timer(20, child.kill)
        late.start()
        waiting = asyncio.ensure_future(child.wait())
        for _ in range(20):
            await asyncio.sleep(0.01)
        os.close(theirs)
        ended = await waiting
        late.cancel()
        return ended

    assert below.run(main()) == 0
    assert below.said == []


def test_failed_turn_is_not_made_again(below: Below) -> None:
    """Failure: what the kernel took before a turn failed is submitted twice."""
    log, peer = below.run(logged())
    below.faults.spoil(errno.EBADR)

    async def write() -> None:
        log.transport.write(b"once ")
        await asyncio.sleep(0.1)

    task = below.loop.create_task(write())
    with pytest.raises(ringline.Error) as raised:
        below.run(task)
    assert raised.value.errno == errno.EBADR
    below.run(task)
    log.transport.write(b"more")
    assert below.run(receive(peer, 9)) == b"once more"
    below.run(asyncio.sleep(0.01))
    with pytest.raises(BlockingIOError):
        peer.recv(10)
    log.transport.close()
    below.run(until(lambda: log.lost))
    peer.close()


def test_wait_that_a_handler_leaves_is_not_made_again() -> None:
    """Failure: a signal's handler raises behind a turn, and what that took is submitted twice, or
    what it brought is lost."""

    class Left(BaseException):
        pass

    def leave(*_: Any) -> None:
        raise Left

    loop: Any = new_loop()
    old = signal.signal(signal.SIGALRM, leave)
    try:
        log, peer = loop.run_until_complete(logged())
        sent = got = b""
        for number in range(10):
            text = b"%03d." % number

            async def write(text: bytes = text) -> None:
                log.transport.write(text)
                await asyncio.sleep(30)

            task = loop.create_task(write())
            # By then it waits.
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(Left):
                loop.run_until_complete(task)
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
            sent += text
            got += loop.run_until_complete(receive(peer, len(text)))
            peer.sendall(text)
        loop.run_until_complete(until(lambda: b"".join(log.calls[1:]) == sent))
        assert got == sent
        log.transport.close()
        loop.run_until_complete(until(lambda: log.lost))
        peer.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        finish(loop)


def test_short_kernel_costs_no_processor(below: Below) -> None:
    """Failure: the loop asks a kernel that is short of memory again and again, without a pause."""
    below.run(asyncio.sleep(0))
    below.faults.refuse(errno.ENOMEM, times=1_000_000)
    left, right = tcp_pair()
    turns = below.loop.stats()["turns"]

    async def main() -> None:
        below.loop.add_reader(left, print)
        await asyncio.sleep(0.3)
        below.loop.remove_reader(left)

    below.run(main())
    assert below.loop.stats()["turns"] - turns < 600
    left.close()
    right.close()
    below.faults.heal()


def test_full_block_waits_for_a_short_kernel() -> None:
    """Failure: an operation that finds no room is refused, though there is room soon."""
    loop: Any = new_loop(ring_size=8)
    faults = Faults(loop)
    room = loop._engine._ops_cap
    pairs = [socket.socketpair() for _ in range(room + 20)]
    heard: List[int] = []

    async def main() -> None:
        faults.refuse(errno.EAGAIN, times=5)
        for number, (left, right) in enumerate(pairs):
            poll(loop, left, lambda *_, number=number: heard.append(number))
            right.send(b"x")
        await until(lambda: set(heard) == set(range(len(pairs))))

    try:
        loop.run_until_complete(main())
        assert faults.made == 5
    finally:
        faults.end()
    for both in pairs:
        for sock in both:
            sock.close()
    finish(loop)


# Rings that cannot be made.


@pytest.mark.parametrize("step", ["mailbox_of", "info_of"])
def test_half_made_ring_goes(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: the ring of a loop that could not be made stays open, or its end raises."""
    unraisable: List[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    before = sorted(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(quick, step, lambda *_: -errno.ENOMEM)
    with pytest.raises(ringline.Error) as raised:
        new_loop()
    assert raised.value.errno == errno.ENOMEM
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert unraisable == []


@pytest.mark.parametrize("step", ["create", "pool_create"])
def test_move_that_fails_leaves_the_loop(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: a loop for which no ring can be made in another thread is broken from then on."""
    loop = new_loop()
    made: List[Any] = []
    thread = threading.Thread(target=lambda: made.extend(loop.run_until_complete(logged())))
    thread.start()
    thread.join()
    log, peer = made
    loop.call_soon(log.calls.append, "first")
    with monkeypatch.context() as patch:
        patch.setattr(waiting if step == "create" else quick, step, lambda *_: -errno.ENOMEM)
        with pytest.raises(ringline.Error):
            loop.run_forever()
    peer.send(b"then")
    loop.run_until_complete(until(lambda: b"then" in log.calls))
    assert log.calls == ["made", "first", b"then"]
    log.transport.close()
    loop.run_until_complete(until(lambda: log.lost))
    peer.close()
    finish(loop)


def test_without_memory_for_datagrams_calls_do(
    below: Below, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure: a pipe, a datagram socket or sock_recv that hears nothing for want of a pool."""

    def none(_: Any) -> int:
        raise ringline.Error(-errno.ENOMEM)

    monkeypatch.setattr(_engine.Engine, "messages", property(none))

    async def main() -> None:
        got: List[bytes] = []

        class Datagrams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                got.append(data)

        udp, _ = await below.loop.create_datagram_endpoint(Datagrams, ("127.0.0.1", 0))
        udp.sendto(b"datagram", udp.get_extra_info("sockname"))
        await until(lambda: got == [b"datagram"])
        udp.close()
        reading, writing = os.pipe()
        pipe, log = await below.loop.connect_read_pipe(Hears, os.fdopen(reading, "rb", 0))
        os.write(writing, b"pipe")
        await until(lambda: log.got == [b"pipe"])
        os.close(writing)
        await until(lambda: log.ends == 1)
        left, right = tcp_pair()
        below.loop.call_later(0.01, right.send, b"socket")
        assert await within(below.loop.sock_recv(left, 100)) == b"socket"
        left.close()
        right.close()

    below.run(main())
    assert below.said == []


class Hears(asyncio.Protocol):
    """Bytes, and how often it ended."""

    def __init__(self) -> None:
        self.got: List[bytes] = []
        self.ends = 0

    def data_received(self, data: bytes) -> None:
        self.got.append(data)

    def connection_lost(self, exc: Any) -> None:
        self.ends += 1


# Completions that fail.


@pytest.mark.parametrize("error", [errno.ECONNRESET, errno.ETIMEDOUT, errno.ENOMEM])
@pytest.mark.parametrize("sends", [False, True])
def test_connection_ends_once_with_its_error(below: Below, error: int, sends: bool) -> None:
    """Failure: a failed receive or send that nobody hears of, or hears of twice."""

    async def main() -> None:
        below.faults.fail(_abi.OP_SEND if sends else _abi.OP_RECV, error)
        log, peer = await logged()
        if sends:
            log.transport.write(b"lost")
        await until(lambda: log.lost)
        log.transport.abort()
        await asyncio.sleep(0.01)
        assert log.calls == ["made", ("lost", type(OSError(error, "")))]
        peer.close()

    below.run(main())
    assert below.said == []


@pytest.mark.parametrize("error", [errno.EINTR, errno.EAGAIN, errno.ENOBUFS, errno.ECANCELED])
def test_receive_goes_on(below: Below, error: int) -> None:
    """Failure: a receive that ended for want of something ends the connection, or is forgotten."""

    async def main() -> None:
        below.faults.fail(_abi.OP_RECV, error, times=12)
        log, peer = await logged()
        peer.sendall(b"late")
        await until(lambda: b"late" in log.calls)
        log.transport.close()
        await until(lambda: log.lost)
        peer.close()

    below.run(main())
    assert below.said == []


def test_receive_that_stays_short_fails(below: Below) -> None:
    """Failure: a busy loop, or a connection that waits for ever and says nothing."""

    async def main() -> None:
        log, peer = await logged()
        await until(lambda: log.lost)
        assert log.calls == ["made", ("lost", BlockingIOError)]
        peer.close()

    below.faults.fail(_abi.OP_RECV, errno.EAGAIN, times=1_000_000)
    below.run(main())
    assert below.faults.made < 2000


def test_short_sends_are_finished(below: Below) -> None:
    """Failure: the rest of a send that was cut short is lost, or sent twice."""
    data = noise(100_000)

    async def main() -> None:
        below.faults.shorten(_abi.OP_SEND, 7, times=40)
        log, peer = await logged()
        for start in range(0, len(data), 5000):
            log.transport.write(data[start : start + 5000])
            await asyncio.sleep(0)
        assert await receive(peer, len(data)) == data
        log.transport.close()
        await until(lambda: log.lost)
        peer.close()

    below.run(main())
    assert below.faults.made == 40


@pytest.mark.parametrize("error", [errno.ECONNABORTED, errno.EMFILE, errno.ENOBUFS])
def test_accepting_goes_on(below: Below, error: int) -> None:
    """Failure: a server that accepts no more, says nothing of a shortage, or never rests."""
    below.faults.fail(_abi.OP_ACCEPT, error, times=1 if error != errno.ECONNABORTED else 20)

    async def main() -> None:
        logs: List[Log] = []

        def factory() -> Log:
            logs.append(Log())
            return logs[-1]

        server = await below.loop.create_server(factory, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await until(lambda: logs)
        writer.close()
        await until(lambda: logs[0].lost)
        server.close()
        await server.wait_closed()

    below.run(main())
    assert [type(context["exception"]) for context in below.said] == (
        [] if error == errno.ECONNABORTED else [OSError]
    )
