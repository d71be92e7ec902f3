"""What is left in an unusual way: closed coroutines, cancelled receives, protocols that raise."""

import asyncio
import gc
import os
import resource
import signal
import socket
import warnings
import weakref
from pathlib import Path
from typing import Any, List

import pytest
from loops import KIND, finish, new_loop, only_ringline, run, shut


def pair() -> Any:
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    return ends


def test_closed_coroutine_keeps_its_buffer() -> None:
    """Failure: the buffer of a receive in the kernel is given back to malloc."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()
        buffer = bytearray(5000)

        async def receive() -> None:
            await loop.sock_recv_into(left, buffer)

        coroutine = receive()
        coroutine.send(None)
        await asyncio.sleep(0.01)
        coroutine.close()
        try:
            buffer.clear()
        except BufferError:
            pass  # held until the kernel is done with it
        victims = [bytearray(5000) for _ in range(20)]
        right.send(b"A" * 3000)
        await asyncio.sleep(0.05)
        assert not any(any(victim) for victim in victims)
        left.close()
        right.close()

    run(main())


@pytest.mark.parametrize("into", [False, True])
def test_cancelled_receive_loses_no_place(into: bool) -> None:
    """Failure: bytes that came before a cancel come behind those of the next receive, or never."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = pair()

        async def receive() -> bytes:
            if not into:
                return await loop.sock_recv(left, 100)
            buffer = bytearray(100)
            return bytes(buffer[: await loop.sock_recv_into(left, buffer)])

        async def reader() -> bytes:
            try:
                return await receive()
            except asyncio.CancelledError:
                right.send(b"2")
            got = b""
            while len(got) < 2:
                got += await receive()
            return got

        task = asyncio.ensure_future(reader())
        await asyncio.sleep(0.01)
        task.cancel()
        right.send(b"1")
        assert await asyncio.wait_for(task, 5) == b"12"
        left.close()
        right.close()

    run(main())


def test_datagrams_go_on_after_an_exception() -> None:
    """Failure: an endpoint whose protocol raised once is deaf for ever."""
    got: List[bytes] = []

    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: Any) -> None:
            got.append(data)
            raise RuntimeError(data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)
        transport, _ = await loop.create_datagram_endpoint(
            Protocol, local_addr=("127.0.0.1", 0)
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for data in (b"a", b"b", b"c"):
                client.sendto(data, transport.get_extra_info("sockname"))
                await asyncio.sleep(0.02)
        transport.close()
        await asyncio.sleep(0)

    run(main())
    assert got == [b"a", b"b", b"c"]


def test_pipe_ends_after_an_exception() -> None:
    """Failure: after an exception in data_received neither the end nor connection_lost comes."""
    told: List[str] = []

    class Protocol(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            told.append("data")
            raise RuntimeError("data")

        def eof_received(self) -> None:
            told.append("end")

        def connection_lost(self, error: Any) -> None:
            told.append("lost")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)
        reader, writer = os.pipe()
        transport, _ = await loop.connect_read_pipe(Protocol, os.fdopen(reader, "rb", 0))
        os.write(writer, b"a")
        os.close(writer)
        loop.call_soon(transport.pause_reading)
        await asyncio.sleep(0.05)
        transport.resume_reading()
        for _ in range(100):
            await asyncio.sleep(0.01)
            if "lost" in told:
                break

    run(main())
    assert told == ["data", "end", "lost"]


def test_last_iteration_is_sent() -> None:
    """Failure: what was written just before the loop stopped waits until it runs again."""
    left, right = pair()
    loop = new_loop()
    connect = loop.create_connection(asyncio.Protocol, sock=left)
    transport, _ = loop.run_until_complete(connect)

    def last() -> None:
        transport.write(b"bye")
        loop.stop()

    loop.call_soon(last)
    loop.run_forever()
    assert right.recv(10) == b"bye"
    right.close()
    transport.close()
    loop.run_until_complete(asyncio.sleep(0.01))
    finish(loop)


def test_closed_in_the_last_iteration() -> None:
    """Failure: a warning that it was not closed, as its last send has not been told of."""
    left, right = pair()
    loop = new_loop()

    async def main() -> None:
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        transport.write(b"bye")
        transport.close()

    loop.run_until_complete(main())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        loop.close()
        gc.collect()
    assert [str(warning.message) for warning in said] == []
    assert right.recv(10) == b"bye"
    assert right.recv(10) == b""
    right.close()


@only_ringline
def test_closed_as_the_loop_stops() -> None:
    """Failure: a warning that it was not closed, as nobody runs its end any more."""
    left, right = pair()
    loop = new_loop()
    transport, _ = loop.run_until_complete(loop.create_connection(asyncio.Protocol, sock=left))

    def last() -> None:
        loop.stop()
        transport.close()

    loop.call_later(0.02, last)
    loop.run_forever()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        del transport, _, last
        loop.close()
        gc.collect()
    assert [str(warning.message) for warning in said] == []
    assert right.recv(10) == b""
    right.close()


@only_ringline
def test_wake_up_descriptor_is_gone_first() -> None:
    """At the interpreter's end what a forgotten loop holds may be finalized before it."""
    loop: Any = new_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop._ssock.close()
    loop.close()


def resident() -> int:
    """Resident KiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@only_ringline
def test_many_loops_leave_nothing() -> None:
    """A thousand loops one after the other, RINGLINE_LOAD times as many where that is set, each
    with a server and a client. Failure: descriptors or memory left over."""

    async def main() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    def rounds(count: int) -> None:
        for _ in range(count):
            loop = new_loop()
            loop.run_until_complete(main())
            loop.close()
        gc.collect()

    rounds(50)
    before = resident(), descriptors()
    rounds(1000 * int(os.environ.get("RINGLINE_LOAD", "1")))
    assert descriptors() == before[1]
    assert resident() - before[0] < 4096


@pytest.mark.parametrize("kind", ["idle", "server", "watched", "late"])
def test_a_closed_loop_needs_no_collector(kind: str) -> None:
    """Failure: a closed loop refers to itself, and stays until the next collection."""
    if KIND == "uvloop" and kind == "watched":
        pytest.skip("uvloop needs it there")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(1000, print)
        await loop.run_in_executor(None, int)
        if kind == "server":
            server = await asyncio.start_server(lambda _, it: it.close(), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            server.close()
            await shut(writer)
            await server.wait_closed()
        elif kind == "watched":
            left, right = pair()
            kept.extend((left, right))
            loop.add_reader(left, loop.stop)
            loop.add_signal_handler(signal.SIGUSR1, loop.stop)

    kept: List[Any] = []
    loop = new_loop()
    loop.run_until_complete(main())
    finish(loop)
    if kind == "late":
        loop.create_future().cancel()
    gone = weakref.ref(loop)
    gc.collect()
    gc.disable()
    try:
        del loop
        assert gone() is None
    finally:
        gc.enable()
        for end in kept:
            end.close()
