"""What keeps mistakes and races from harm in the transports.

Each guard has a mutant (tests/mutants) that takes it away and that one of these tests kills.
"""

import asyncio
import socket
import time
from typing import Any, List

import pytest
from loops import KIND, finish, leases, new_loop, noise, only_ringline, run, stream_pair
from loops import until, within
from test_loop_ends import Log, logged, reset, tcp_pair


def close(*sockets: socket.socket) -> None:
    for sock in sockets:
        sock.close()


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


@only_ringline
def test_one_receive_at_a_time() -> None:
    """Failure: two receives on one connection, whose bytes come in any order."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        log, peer = await logged()
        await asyncio.sleep(0.01)
        before = loop.stats()["inflight"]
        for _ in range(10):
            for _ in range(3):
                log.transport.pause_reading()
                log.transport.resume_reading()
            await asyncio.sleep(0.001)
            assert loop.stats()["inflight"] <= before
        log.transport.close()
        await until(lambda: log.lost)
        close(peer)

    run(main())


def test_data_and_the_end_at_once() -> None:
    """Failure: the end of a stream is taken for more bytes, and never told."""

    async def main() -> None:
        log, peer = await logged()
        await asyncio.sleep(0.01)
        # As much as goes while the loop does not look.
        sent = 0
        try:
            while sent < 200_000:
                sent += peer.send(bytes(200_000 - sent))
        except BlockingIOError:
            pass
        peer.close()
        await until(lambda: log.lost, 5)
        assert sum(len(call) for call in log.calls if type(call) is bytes) == sent > 0
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
        eof_received = leave if place == "eof" else Log.eof_received

    class Datagrams(asyncio.DatagramProtocol):
        datagram_received = leave  # type: ignore[assignment]

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


@pytest.mark.parametrize("size", [3, 50_000])
@pytest.mark.parametrize("send", ["auto", "turn"])
def test_reset_is_told_by_the_write(size: int, send: str) -> None:
    """Failure: who does not read is told of a broken pipe, as the reset was said and not heard."""

    async def main() -> None:
        log, peer = await logged()
        log.transport.pause_reading()
        await asyncio.sleep(0.01)
        reset(peer)
        await asyncio.sleep(0.01)
        log.transport.write(b"x" * size)
        await until(lambda: log.lost)
        assert log.calls == ["made", ("lost", ConnectionResetError)]

    run(main(), send=send)


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

        def count() -> None:
            sizes.append(log.transport.get_write_buffer_size())

        def look() -> None:
            log.transport.write(b"x" * 100)
            # The flush is with the kernel when this runs, and its end is not told yet.
            loop.call_soon(log.transport.abort)
            loop.call_soon(loop.call_soon, count)

        loop.call_soon(look)
        await until(lambda: log.lost and sizes)
        assert sizes == [0]
        close(peer)

    # By the ring, whatever else is ready.
    run(main(), send="turn")


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


def test_bytes_that_are_there_at_a_close() -> None:
    """Failure: data_received after close, of bytes that came with it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(10):
            log, peer = await logged()
            await asyncio.sleep(0.001)
            peer.sendall(b"too late")
            loop.call_soon(log.transport.close)
            await until(lambda: log.lost)
            assert log.calls == ["made", ("lost", type(None))]
            close(peer)

    run(main())


def test_close_after_a_small_write() -> None:
    """Failure: a close that never ends, though all is sent."""

    async def main() -> None:
        log, peer = await logged()
        await asyncio.sleep(0.001)
        log.transport.write(b"last")
        await asyncio.sleep(0)
        log.transport.write(b"words")
        log.transport.close()
        await until(lambda: log.lost, 5)
        assert peer.recv(20) == b"lastwords"
        close(peer)

    run(main())


@pytest.mark.parametrize("sizes", [(8000, 300), (8000, 20_000), (20_000, 40_000)])
@pytest.mark.parametrize("send", ["auto", "turn"])
def test_writes_that_a_full_socket_takes_in_part(sizes: Any, send: str) -> None:
    """Failure: the rest of a send is lost, or comes behind a later write."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair(room=4096)
        transport, log = await loop.create_connection(Log, sock=left)
        transport.set_write_buffer_limits(high=1 << 20)
        sent, got = bytearray(), bytearray()

        async def take() -> bool:
            await asyncio.sleep(0)
            try:
                data = right.recv(1 << 20)
            except BlockingIOError:
                return True
            got.extend(data)
            return bool(data)

        for step in range(30):
            for at, size in enumerate(sizes):
                data = noise(size, step * 2 + at)
                sent += data
                transport.write(data)
                # The send is with the kernel, and stays there: the socket is full.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            while transport.get_write_buffer_size():
                await take()
        transport.close()
        while await take():
            pass
        assert got == sent
        close(right)
        await until(lambda: log.lost)

    run(within(main(), 10), send=send)


@pytest.mark.parametrize("what", ["close", "write_eof"])
def test_a_send_that_somebody_waits_for_ends_a_wait(what: str) -> None:
    """Failure: the end of a connection waits for something else to happen."""

    def read_all(peer: socket.socket) -> bytes:
        got = b""
        while data := peer.recv(100):
            got += data
        return got

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log, peer = await logged()
        peer.settimeout(10)
        log.transport.pause_reading()
        reading = loop.run_in_executor(None, read_all, peer)
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        log.transport.write(b"last")
        getattr(log.transport, what)()
        assert await within(reading, 5) == b"last"
        assert time.monotonic() - begin < 2.5
        log.transport.close()
        await until(lambda: log.lost)
        close(peer)

    # By the ring, whatever else is ready.
    run(main(), send="turn")


@only_ringline
@pytest.mark.parametrize("what", ["close", "write_eof"])
def test_between_the_end_of_a_send_and_its_word(what: str) -> None:
    """Failure: a close or an end that waits for a send which is over already."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        transport, log = await loop.create_connection(Log, sock=left)
        await asyncio.sleep(0.01)

        def act() -> None:
            sending: Any = transport
            assert sending._send_id and transport.get_write_buffer_size() == 0
            getattr(transport, what)()

        def begin() -> None:
            transport.write(bytes(100))
            # The flush is with the kernel when this runs, and its end is not told yet.
            loop.call_soon(act)

        loop.call_soon(begin)
        assert await within(loop.sock_recv(right, 1000), 5) == bytes(100)
        assert await within(loop.sock_recv(right, 1000), 5) == b""
        transport.close()
        await until(lambda: log.lost, 5)
        close(right)

    # By the ring, whatever else is ready.
    run(main(), send="turn")


# Datagrams.


async def endpoint(heard: List[bytes]) -> Any:
    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: Any) -> None:
            heard.append(data)

    local = ("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(Protocol, local_addr=local))[0]


@pytest.mark.skipif(KIND == "uvloop", reason="its transport has no such methods")
@pytest.mark.parametrize("end", ["pause_reading", "close"])
def test_datagrams_that_are_there_when_nobody_listens(end: str) -> None:
    """Failure: datagram_received while paused or after close, of what came with that."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: List[bytes] = []
        transport = await endpoint(heard)
        await asyncio.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(transport.get_extra_info("sockname"))
            client.send(b"1")
            client.send(b"2")
            loop.call_soon(getattr(transport, end))
            for _ in range(10):
                await asyncio.sleep(0)
            assert heard == []
            if end == "pause_reading":
                client.send(b"3")
                transport.resume_reading()
                await until(lambda: len(heard) == 3, 5)
                assert heard == [b"1", b"2", b"3"]
        transport.close()
        await asyncio.sleep(0.001)

    run(main())


def test_a_datagram_does_not_overtake_those_that_wait() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        left.setblocking(False)
        right.setblocking(False)
        make: Any = asyncio.DatagramProtocol
        transport: Any = (await loop.create_datagram_endpoint(make, sock=left))[0]
        count = 0
        while not transport.get_write_buffer_size():
            transport.sendto(b"%d" % count)
            count += 1
        got = [right.recv(100) for _ in range(count - 1)]
        # There is room again, which nobody told the loop of.
        transport.sendto(b"%d" % count)
        while len(got) <= count:
            got.append(await within(loop.sock_recv(right, 100)))
        assert got == [b"%d" % at for at in range(count + 1)]
        transport.close()
        await asyncio.sleep(0.001)
        close(right)

    run(main())
