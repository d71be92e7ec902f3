"""Whoever sends as fast as it can leaves the others their turn."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, List, Set, Tuple

import pytest
from certificates import contexts
from faults import Faults
from loops import new_loop, only_ringline, run, until, within
from test_loop_ends import Log, logged, tcp_pair

from ringline import _abi, _stream

#: More of them than all buffers of a pool can serve.
MANY = 24
#: Iterations in which a quiet one is heard, beside whatever else comes.
FEW = 4
PIECE = bytes(1 << 18)
#: Connects so many times and sends without end, with a selector.
SENDER = """
import selectors, socket, sys
ready, piece = selectors.DefaultSelector(), bytes(1 << 20)
for _ in range(int(sys.argv[2])):
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    sock.setblocking(False)
    ready.register(sock, selectors.EVENT_WRITE)
while True:
    for key, _ in ready.select():
        key.fileobj.send(piece)
"""


class Rounds:
    """Counts the loop's iterations, which no other load of the machine changes."""

    def __init__(self) -> None:
        self.count, self._over = 0, False
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._next)

    def _next(self) -> None:
        self.count += 1
        if not self._over:
            self._loop.call_soon(self._next)

    def end(self) -> None:
        self._over = True


class Flood(asyncio.Protocol):
    """Has its other end send again whatever was received."""

    def __init__(self, fill: Callable[[], None]) -> None:
        self.fill, self.count = fill, 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.fill()

    def data_received(self, data: bytes) -> None:
        self.count += 1
        self.fill()

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.count += 1
        self.fill()


class Heard(Log):
    """Of a pipe."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass


def filling(write: Callable[[], Any]) -> Callable[[], None]:
    """Writes as long as there is room."""

    def fill() -> None:
        try:
            for _ in range(64):
                write()
        except BlockingIOError:
            pass

    return fill


async def rounds_until(
    say: Callable[[], Any], heard: Callable[[], Any], floods: List[Flood]
) -> int:
    """How many iterations a quiet one waits, at worst, with all of them flooded."""
    await until(lambda: all(flood.count > 4 for flood in floods))
    rounds, most = Rounds(), 0
    try:
        for _ in range(20):
            before = rounds.count
            say()
            while not heard():
                assert rounds.count - before < 200, "never"
                await asyncio.sleep(0)
            most = max(most, rounds.count - before)
    finally:
        rounds.end()
    return most


async def stream_floods(count: int = MANY) -> Tuple[List[Flood], List[socket.socket]]:
    loop = asyncio.get_running_loop()
    floods: List[Flood] = []
    peers: List[socket.socket] = []
    for _ in range(count):
        left, right = socket.socketpair()
        left.setblocking(False)
        right.setblocking(False)
        fill = filling(lambda right=right: right.send(PIECE))  # type: ignore[misc]
        _, flood = await loop.create_connection(lambda: Flood(fill), sock=left)
        floods.append(flood)
        peers.append(right)
    return floods, peers


def shut(floods: List[Flood], peers: List[Any]) -> None:
    for flood in floods:
        flood.fill = lambda: None
        flood.transport.abort() if hasattr(flood.transport, "abort") else flood.transport.close()
    for peer in peers:
        peer.close()


def test_quiet_connection_among_floods() -> None:
    """Failure: a connection with one byte is never heard beside those that send all they can."""

    async def main() -> None:
        floods, peers = await stream_floods()
        log, peer = await logged()
        said = 0

        def say() -> None:
            nonlocal said
            said += 1
            peer.send(b"x")

        heard = lambda: b"".join(c for c in log.calls if type(c) is bytes) == b"x" * said  # noqa
        assert await rounds_until(say, heard, floods) <= FEW
        # Nor does its end wait.
        assert await rounds_until(peer.close, lambda: log.lost, floods) <= FEW
        counts = [flood.count for flood in floods]
        assert max(counts) <= 20 * min(counts), counts
        shut(floods, peers)
        await asyncio.sleep(0.01)

    run(within(main()))


def test_quiet_datagrams_pipes_and_receives_among_floods() -> None:
    """Failure: one UDP socket takes all buffers, and others, pipes and sock_recv hear nothing."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        floods: List[Flood] = []
        peers: List[Any] = []
        for _ in range(3):
            peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            peer.setblocking(False)
            flood = Flood(lambda: None)
            transport, _ = await loop.create_datagram_endpoint(
                lambda flood=flood: flood,  # type: ignore[misc]
                local_addr=("127.0.0.1", 0),
            )
            peer.connect(transport.get_extra_info("sockname"))
            flood.fill = filling(lambda peer=peer: peer.send(b"x"))  # type: ignore[misc]
            flood.fill()
            floods.append(flood)
            peers.append(peer)
        quiet = Flood(lambda: None)
        transport, _ = await loop.create_datagram_endpoint(
            lambda: quiet, local_addr=("127.0.0.1", 0)
        )
        peers.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        peers[-1].connect(transport.get_extra_info("sockname"))
        said = 0

        def say_datagram() -> None:
            nonlocal said
            said += 1
            peers[3].send(b"q")

        assert await rounds_until(say_datagram, lambda: quiet.count == said, floods) <= FEW
        read, write = os.pipe()
        log = Heard()
        await loop.connect_read_pipe(lambda: log, os.fdopen(read, "rb", 0))
        say_byte = lambda: os.write(write, b"p")  # noqa: E731
        heard: List[int] = [0]

        def got_byte() -> bool:
            now = sum(len(call) for call in log.calls if type(call) is bytes)
            more, heard[0] = now > heard[0], now
            return more

        assert await rounds_until(say_byte, got_byte, floods) <= FEW
        left, right = tcp_pair()
        task = asyncio.ensure_future(loop.sock_recv(left, 100))

        def received() -> bool:
            nonlocal task
            if not task.done():
                return False
            assert task.result() == b"s"
            task = asyncio.ensure_future(loop.sock_recv(left, 100))
            return True

        assert await rounds_until(lambda: right.send(b"s"), received, floods) <= FEW
        task.cancel()
        os.close(write)
        await until(lambda: log.lost)
        shut([*floods, quiet], [*peers, left, right])
        await asyncio.sleep(0.01)

    run(within(main()))


class Answered(asyncio.Protocol):
    """Counts bytes, and looks at the clock."""

    count, at = 0, 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.count += len(data)
        self.at = time.thread_time()


async def worst_wait(floods: int) -> float:
    """The longest that a byte on a quiet connection waits beside so many that send all they can: in
    our own thread's time, which goes on as the loop never sleeps here, whatever else runs."""
    loop = asyncio.get_running_loop()
    served: List[Answered] = []

    def make() -> Answered:
        served.append(Answered())
        return served[-1]

    server = await loop.create_server(make, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    child = subprocess.Popen([sys.executable, "-c", SENDER, str(port), str(floods)])
    try:
        await until(lambda: len(served) == floods and all(one.count for one in served))
        peer = socket.create_connection(("127.0.0.1", port))
        await until(lambda: len(served) > floods)
        quiet, worst = served[-1], 0.0
        for said in range(1, 31):
            begin = time.thread_time()
            peer.send(b"q")
            await until(lambda: quiet.count == said, 4)
            worst = max(worst, quiet.at - begin)
        peer.close()
    finally:
        child.kill()
        child.wait()
    for one in served:
        one.transport.abort()
    server.close()
    await asyncio.sleep(0.01)
    return worst


class Seen(Faults):
    """Sees what is asked of the kernel."""

    def __init__(self, loop: Any) -> None:
        super().__init__(loop)
        self.asked: List[Tuple[int, int]] = []
        self._receivers: Set[int] = set()

    def _change(self, op: Any) -> None:
        if op.opcode in (_abi.OP_RECV, _abi.OP_RECVMSG):
            assert not op.ioprio & _abi.RECVSEND_POLL_FIRST
            self.asked.append((op.opcode, op.file_index))
            self._receivers.add(op.fd)
        elif op.opcode == _abi.OP_POLL_ADD and op.fd in self._receivers:
            self.asked.append((op.opcode, 0))
        super()._change(op)


@only_ringline
def test_receive_ends_at_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: one connection may fill the whole pool, and all others are served by calls."""
    # Later receives than the first, which are bounded anyway.
    monkeypatch.setattr(_stream, "_RATIONS", 0)
    loop: Any = new_loop()
    engine, seen = loop._engine, Seen(loop)
    has = engine.info().features & _abi.FEATURE_RECV_LIMIT
    share = engine.buffer_size * engine.buffer_count // 4 if has else 0

    async def main() -> None:
        seen.fail(_abi.OP_RECV, errno.ENOBUFS, 1)
        log, peer = await logged()
        await until(lambda: len(seen.asked) == 2)
        peer.send(b"x")
        await until(lambda: len(seen.asked) == 3)
        # The only one may take all.
        assert seen.asked == [(_abi.OP_RECV, 0), (_abi.OP_POLL_ADD, 0), (_abi.OP_RECV, 0)]
        seen.fail(_abi.OP_RECV, errno.ENOBUFS, 2)
        more = await asyncio.gather(logged(), logged())
        await until(lambda: len(seen.asked) == 7)
        more[0][1].send(b"x")
        await until(lambda: len(seen.asked) == 8)
        assert seen.asked[-1] == (_abi.OP_RECV, share)
        await until(lambda: not engine.recv_limit)
        for log, peer in [(log, peer), *more]:
            peer.close()
            await until(lambda log=log: log.lost)  # type: ignore[misc]

    loop.run_until_complete(main())
    seen.end()
    loop.close()


@only_ringline
@pytest.mark.parametrize("opcode", [_abi.OP_RECV, _abi.OP_RECVMSG])
def test_receive_without_buffers(opcode: int) -> None:
    """Failure: one that found no buffer asks for one again at once, though nothing has come; or by
    RECVSEND_POLL_FIRST, with which Linux 6.18 loses a reset now and then."""
    loop: Any = new_loop()
    seen = Seen(loop)
    seen.fail(opcode, errno.ENOBUFS, 2)

    async def main() -> None:
        if opcode == _abi.OP_RECV:
            log, peer = await logged()
        else:
            peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            flood = Flood(lambda: None)
            where = ("127.0.0.1", 0)
            transport, _ = await loop.create_datagram_endpoint(lambda: flood, local_addr=where)
            peer.connect(transport.get_extra_info("sockname"))
        waits = _abi.OP_POLL_ADD
        await until(lambda: len(seen.asked) == 2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert [which for which, _ in seen.asked] == [opcode, waits]
        peer.send(b"x")
        await until(lambda: len(seen.asked) == 4)
        assert [which for which, _ in seen.asked] == [opcode, waits, opcode, waits]
        if opcode == _abi.OP_RECV:
            log.transport.close()
            await until(lambda: log.lost)
        else:
            transport.close()
        peer.close()
        await asyncio.sleep(0.01)

    loop.run_until_complete(main())
    seen.end()
    loop.close()


@only_ringline
def test_kernel_without_buffers() -> None:
    """Failure: where the kernel never has a buffer, what comes and the end are late, or lost."""
    loop: Any = new_loop()
    seen = Seen(loop)

    async def main() -> None:
        log, peer = await logged()
        await until(lambda: seen.asked)
        seen.fail(_abi.OP_RECV, errno.ENOBUFS, 1_000_000)
        peer.sendall(b"first")
        await until(lambda: b"first" in log.calls)
        peer.sendall(b"x" * 300_000)
        peer.close()
        await until(lambda: log.lost)
        assert b"".join(log.calls[1:-2]) == b"first" + b"x" * 300_000
        assert log.calls[-2:] == ["eof", ("lost", type(None))]

    loop.run_until_complete(main())
    seen.end()
    loop.close()


@only_ringline
def test_kernel_without_buffers_for_a_pipe() -> None:
    """Failure: where the kernel never has a buffer, what comes by a pipe and its end are late."""
    loop: Any = new_loop()
    seen = Seen(loop)
    seen.fail(_abi.OP_READ_MULTISHOT, errno.ENOBUFS, 1_000_000)

    async def main() -> None:
        read, write = os.pipe()
        os.write(write, b"first")
        log = Heard()
        await loop.connect_read_pipe(lambda: log, os.fdopen(read, "rb", 0))
        await until(lambda: b"first" in log.calls)
        os.write(write, b"last")
        os.close(write)
        await until(lambda: log.lost)
        assert log.calls == [b"first", b"last", "eof", ("lost", type(None))]

    loop.run_until_complete(main())
    seen.end()
    loop.close()


def test_close_under_a_bulk_sender(certificate: Tuple[Path, Path]) -> None:
    """Failure: a connection that was closed goes on as long as its peer sends."""
    server, client = contexts(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def send() -> None:
        peer, _ = listener.accept()
        with suppress(OSError), server.wrap_socket(peer, server_side=True) as wrapped:
            while True:
                wrapped.send(PIECE)

    async def main() -> None:
        thread = threading.Thread(target=send)
        thread.start()
        where = listener.getsockname()
        reader, writer = await asyncio.open_connection(
            *where, ssl=client, server_hostname="localhost"
        )
        await reader.readexactly(1 << 20)
        writer.close()
        with suppress(OSError):
            await within(writer.wait_closed(), 10)
        thread.join()

    run(main())
    listener.close()


@pytest.mark.parametrize("floods", [1, 4, 16])
def test_wait_beside_floods(floods: int) -> None:
    """Failure: a byte waits longer than ten times what it does on asyncio's own loop."""
    ours, theirs = [], []
    for _ in range(3):
        stock = asyncio.SelectorEventLoop()
        theirs.append(stock.run_until_complete(within(worst_wait(floods))))
        stock.close()
        ours.append(run(within(worst_wait(floods))))
    print(f"beside {floods}: {min(ours) * 1e3:.1f} ms, asyncio {min(theirs) * 1e3:.1f} ms")
    # Where the sender hardly ran beside asyncio's, there is nothing to compare with.
    assert min(ours) <= 10 * max(min(theirs), 0.001), (ours, theirs)


class Counted(asyncio.Protocol):
    """Counts, for all connections together, the pieces that came."""

    came = 0

    def data_received(self, data: bytes) -> None:
        Counted.came += 1


def test_what_came_before_a_timer_was_due_goes_before_it() -> None:
    """Failure: after a long callback a timer, such as that which ends idle connections, runs
    before the bytes of who spoke in time: an enter brings but some twenty completions."""
    many = 200

    async def main() -> int:
        loop = asyncio.get_running_loop()
        pairs = [socket.socketpair() for _ in range(many)]
        for ours, _ in pairs:
            ours.setblocking(False)
        made = [await loop.create_connection(Counted, sock=ours) for ours, _ in pairs]
        Counted.came = 0
        due: "asyncio.Future[int]" = loop.create_future()
        loop.call_later(0.01, lambda: due.set_result(Counted.came))
        for _, theirs in pairs:
            theirs.send(b"x")
        time.sleep(0.02)
        first = await within(due)
        for transport, _ in made:
            transport.abort()
        for _, theirs in pairs:
            theirs.close()
        return first

    assert run(main()) == many
