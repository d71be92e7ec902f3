"""Where much comes at once it is received by calls, where little comes by the pool."""

import array
import asyncio
import errno
import fcntl
import socket
import struct
import termios
import threading
from pathlib import Path
from typing import Any, Awaitable, Callable, List, Tuple

import pytest
from certificates import contexts
from loops import KIND, finish, new_loop, noise, only_ringline, run, until, within
from test_loop_ends import Log, reset, tcp_pair
from test_loop_fair import Seen

from ringline import _abi

#: One message that is much, whatever pieces of it the pool takes.
LARGE = noise(98_304)
#: What asyncio's transports receive at once.
MOST = 256 * 1024
#: So often little may come before the pool receives again.
LITTLE = 8
POLL, RECV = _abi.OP_POLL_ADD, _abi.OP_RECV


def heard(log: Log) -> bytes:
    return b"".join(call for call in log.calls if type(call) is bytes)


class Talk:
    """A connection whose peer says something, and what of it was heard."""

    def __init__(self, log: Any, peer: socket.socket) -> None:
        self.log, self.peer, self.said = log, peer, b""

    async def says(self, *messages: bytes) -> None:
        """One after the other, each when the one before was heard."""
        for message in messages:
            self.peer.sendall(message)
            self.said += message
            await until(lambda: len(heard(self.log)) == len(self.said))
        assert heard(self.log) == self.said


async def connected(
    make: Callable[[], Any] = Log, pair: Callable[[], Any] = socket.socketpair
) -> Talk:
    left, right = pair()
    left.setblocking(False)
    right.setblocking(True)
    _, log = await asyncio.get_running_loop().create_connection(make, sock=left)
    return Talk(log, right)


async def by_calls(
    make: Callable[[], Any] = Log, pair: Callable[[], Any] = socket.socketpair
) -> Talk:
    """A connection that much came on, so that it is received by calls."""
    talk = await connected(make, pair)
    await talk.says(*[LARGE] * 10)
    if KIND == "ringline":
        assert talk.log.transport._large > 1
    return talk


async def over(talk: Talk) -> None:
    talk.log.transport.abort()
    await until(lambda: talk.log.lost)
    talk.peer.close()


def watched(main: Callable[[Seen], Awaitable[None]]) -> None:
    """Run with what is asked of the kernel."""
    loop: Any = new_loop()
    seen = Seen(loop)
    try:
        loop.run_until_complete(main(seen))
    finally:
        seen.end()
        finish(loop)


@only_ringline
def test_large_and_small() -> None:
    """Failure: large messages by the pool, which copies them once more, or small ones by two
    system calls each; or a change each time that it is the other."""

    async def main(seen: Seen) -> None:
        talk = await by_calls()
        asked = seen.asked
        assert asked[-1] == (POLL, 0)
        for _ in range(3):
            before = len(asked)
            await talk.says(*[b"small"] * (LITTLE - 1), LARGE, noise(20_000))
            assert {which for which, _ in asked[before:]} == {POLL}
        await talk.says(*[b"small"] * LITTLE)
        await until(lambda: asked[-1][0] == RECV)
        before = len(asked)
        # One that is large is not yet a reason.
        await talk.says(LARGE[:40_000], *[b"small", LARGE[:40_000]] * 5, b"small")
        assert POLL not in {which for which, _ in asked[before:]}
        await talk.says(*[LARGE] * 10)
        assert asked[-1] == (POLL, 0)
        await over(talk)

    watched(main)


@pytest.mark.parametrize("pair", [tcp_pair, socket.socketpair])
def test_data_and_the_end(pair: Callable[[], Any]) -> None:
    """Failure: an end that is never told, or before what came with it."""

    async def main() -> None:
        talk = await by_calls(pair=pair)
        talk.peer.sendall(LARGE[:50_000])
        talk.peer.close()
        await until(lambda: talk.log.lost)
        assert heard(talk.log) == talk.said + LARGE[:50_000]
        assert talk.log.calls[-2:] == ["eof", ("lost", type(None))]

    run(within(main()))


@pytest.mark.parametrize("size", [0, 50_000])
def test_data_and_a_reset(size: int) -> None:
    """Failure: a reset that is told as an end, or never, or before what came with it."""

    async def main() -> None:
        talk = await by_calls(pair=tcp_pair)
        talk.peer.sendall(LARGE[:size])
        reset(talk.peer)
        await until(lambda: talk.log.lost)
        assert heard(talk.log) == talk.said + LARGE[:size]
        assert talk.log.calls[-1] == ("lost", ConnectionResetError)

    run(within(main()))


@pytest.mark.parametrize("stop", ["pause_reading", "close"])
def test_what_is_ready_as_reading_stops(stop: str) -> None:
    """Failure: bytes for a protocol that paused in the iteration in which they came, or closed."""

    async def main() -> None:
        talk = await by_calls()
        count = len(talk.log.calls)
        talk.peer.sendall(b"behind")
        asyncio.get_running_loop().call_soon(getattr(talk.log.transport, stop))
        for _ in range(20):
            await asyncio.sleep(0)
        if stop == "close":
            assert talk.log.calls[count:] == [("lost", type(None))]
            talk.peer.close()
            return
        assert len(talk.log.calls) == count
        assert not getattr(talk.log.transport, "_held", None)
        talk.log.transport.resume_reading()
        await until(lambda: len(talk.log.calls) > count)
        assert talk.log.calls[count:] == [b"behind"]
        await over(talk)

    run(within(main()))


def test_pauses_at_each_piece() -> None:
    """Failure: bytes that are lost, or held, between a pause and a resume."""

    class Sips(Log):
        def data_received(self, data: bytes) -> None:
            assert self.transport.is_reading()
            super().data_received(data)
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self.transport.resume_reading)

    async def main() -> None:
        talk = await by_calls(Sips, tcp_pair)
        data = noise(3_000_000)
        thread = threading.Thread(target=talk.peer.sendall, args=(data,))
        thread.start()
        while len(heard(talk.log)) < len(talk.said) + len(data):
            await asyncio.sleep(0)
            assert not getattr(talk.log.transport, "_held", None)
        thread.join()
        assert heard(talk.log) == talk.said + data
        await over(talk)

    run(within(main()))


def test_a_call_takes_its_share() -> None:
    """Failure: one connection has the loop for as long as its peer's buffers are large."""

    async def main() -> None:
        talk = await by_calls()
        talk.log.transport.pause_reading()
        talk.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MOST)
        talk.peer.setblocking(False)
        count = talk.peer.send(bytes(4 * MOST))
        there = array.array("i", [0])
        left = talk.log.transport.get_extra_info("socket")
        fcntl.ioctl(left.fileno(), termios.FIONREAD, there)
        if there[0] <= MOST:
            pytest.skip("sockets of this machine do not hold as much")
        before = len(talk.log.calls)
        talk.log.transport.resume_reading()
        await until(lambda: len(heard(talk.log)) == len(talk.said) + count)
        assert max(len(call) for call in talk.log.calls[before:]) == MOST
        await over(talk)

    run(within(main()))


class Into(asyncio.BufferedProtocol):
    """Has buffers of a size, and writes down what came into them."""

    def __init__(self, room: int) -> None:
        self.calls: List[Any] = []
        self.buffer = bytearray(room)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def get_buffer(self, sizehint: int) -> Any:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.calls.append(bytes(self.buffer[:nbytes]))

    def eof_received(self) -> None:
        self.calls.append("eof")

    def connection_lost(self, exc: Any) -> None:
        self.calls.append(("lost", type(exc)))

    lost = Log.lost


@only_ringline
def test_buffers_of_the_protocol() -> None:
    """Failure: a buffer with room for all that came gets it with a copy, or one without is asked
    for by a system call for each piece."""

    async def main(seen: Seen) -> None:
        talk = await by_calls(lambda: Into(MOST), tcp_pair)
        assert seen.asked[-1][0] == POLL
        talk.peer.sendall(b"last")
        talk.peer.close()
        await until(lambda: talk.log.lost)
        assert talk.log.calls[-3:] == [b"last", "eof", ("lost", type(None))]
        before = len(seen.asked)
        talk = await connected(lambda: Into(4096))
        await talk.says(*[LARGE] * 10)
        assert POLL not in {which for which, _ in seen.asked[before:]}
        await over(talk)

    watched(main)


@pytest.mark.parametrize("step", ["get_buffer", "empty", "readonly", "buffer_updated"])
def test_buffers_that_fail(step: str) -> None:
    """Failure: the connection goes on, or its protocol is told of no end or of two."""

    class Fails(Into):
        failing = False

        def get_buffer(self, sizehint: int) -> Any:
            if self.failing and step == "get_buffer":
                raise ZeroDivisionError
            if self.failing and step != "buffer_updated":
                return bytearray() if step == "empty" else memoryview(b"readonly")
            return super().get_buffer(sizehint)

        def buffer_updated(self, nbytes: int) -> None:
            if self.failing:
                raise ZeroDivisionError
            super().buffer_updated(nbytes)

    async def main() -> None:
        said: List[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: said.append(told))
        talk = await by_calls(lambda: Fails(MOST))
        talk.log.failing = True
        talk.peer.sendall(b"x")
        await until(lambda: talk.log.lost)
        await asyncio.sleep(0)
        kinds = {"empty": RuntimeError, "readonly": TypeError}
        kind = kinds.get(step, ZeroDivisionError)
        assert [type(told["exception"]) for told in said] == [kind]
        assert talk.log.calls[-1] == ("lost", kind) and len(talk.log.calls) >= 11
        talk.peer.close()

    run(within(main()))


@only_ringline
def test_another_protocol() -> None:
    """Failure: what is received, and how, goes by the protocol that was there before."""

    async def main(seen: Seen) -> None:
        talk = await by_calls()
        other = Log()
        other.transport = talk.log.transport
        talk.log.transport.set_protocol(other)
        talk.log, talk.said = other, b""
        await talk.says(b"first", b"second")
        assert seen.asked[-1][0] == RECV
        await over(talk)

    watched(main)


@only_ringline
def test_not_below_tls(certificate: Tuple[Path, Path]) -> None:
    """Failure: TLS gets what it copies anyway in a way that costs more."""
    server, client = contexts(certificate)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log: Any = Log()
        listener = await loop.create_server(lambda: log, "127.0.0.1", 0, ssl=server)
        where = listener.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(
            *where, ssl=client, server_hostname="localhost"
        )
        data = noise(3_000_000)
        writer.write(data)
        await until(lambda: len(heard(log)) == len(data))
        assert heard(log) == data
        # Not by the polls: there are some where the others have all buffers.
        assert not log.transport._ssl_protocol._transport._large
        writer.close()
        await until(lambda: log.lost)
        listener.close()

    run(within(main()))


def test_descriptors_along_with_bytes() -> None:
    """Failure: a receive ends where descriptors came along, and what is behind is made up."""

    async def main() -> None:
        talk = await by_calls()
        parts = [noise(40_000, seed) for seed in range(3)]
        rights = struct.pack("i", talk.peer.fileno())
        talk.peer.send(parts[0])
        for part in parts[1:]:
            talk.peer.sendmsg([part], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        talk.said += b"".join(parts)
        await until(lambda: len(heard(talk.log)) >= len(talk.said))
        await talk.says(b"behind")
        await over(talk)

    run(within(main()))


@pytest.mark.parametrize("make", [Log, lambda: Into(MOST)])
def test_bytes_that_another_took(make: Callable[[], Any]) -> None:
    """Failure: a socket without what it was ready for is taken for one at its end, or failed."""

    async def main() -> None:
        talk = await by_calls(make)
        left = socket.socket(fileno=talk.log.transport.get_extra_info("socket").fileno())
        try:
            talk.peer.sendall(b"taken")
            asyncio.get_running_loop().call_soon(left.recv, 100)
            for _ in range(20):
                await asyncio.sleep(0)
            await talk.says(b"ours")
        finally:
            left.detach()
        await over(talk)

    run(within(main()))


@only_ringline
def test_poll_that_fails() -> None:
    """Failure: a kernel that has no memory for a poll is asked for one again and again."""

    async def main(seen: Seen) -> None:
        talk = await by_calls()
        seen.fail(POLL, errno.ENOMEM, 1_000_000)
        await talk.says(b"x")
        await until(lambda: seen.asked[-1][0] == RECV)
        made = seen.made
        await talk.says(b"x", b"x")
        assert seen.made == made
        await over(talk)

    watched(main)


@only_ringline
def test_without_memory_for_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: the connection is asked for ever, or goes on."""

    class Full:
        """A socket for whose bytes there is no memory."""

        def __init__(self, sock: Any) -> None:
            self._sock = sock

        def recv(self, *_: int) -> bytes:
            raise MemoryError

        def __getattr__(self, name: str) -> Any:
            return getattr(self._sock, name)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        said: List[Any] = []
        loop.set_exception_handler(lambda _, told: said.append(told))
        talk = await by_calls()
        log = talk.log
        log.transport._sock = Full(log.transport._sock)
        # The end: the native layer calls nothing else of Python's socket.
        talk.peer.close()
        await until(lambda: log.lost)
        assert [type(told["exception"]) for told in said] == [MemoryError]
        assert log.calls[-1] == ("lost", MemoryError)

    run(within(main()))


@pytest.mark.parametrize("threads", [False, True])
def test_between_two_runs(threads: bool) -> None:
    """Failure: what comes while the loop does not run is lost, or keeps it in its thread."""
    loop = new_loop()

    def again(what: Awaitable[None]) -> None:
        try:
            loop.run_until_complete(what)
        except BaseException as error:
            raised.append(error)

    raised: List[BaseException] = []
    talk = loop.run_until_complete(by_calls())
    for _ in range(3):
        talk.peer.sendall(LARGE)
        talk.said += LARGE
        if threads:
            thread = threading.Thread(target=again, args=(talk.says(LARGE),))
            thread.start()
            thread.join()
        else:
            again(talk.says(LARGE))
        assert not raised
    loop.run_until_complete(over(talk))
    finish(loop)
