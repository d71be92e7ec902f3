"""asyncio's streams behind their first bytes: whoever does the work, they behave as asyncio's."""

import asyncio
import gc
import inspect
import ssl
import warnings
import weakref
from pathlib import Path
from typing import Any, Awaitable, Callable, List, Tuple
from unittest import mock

import pytest
from certificates import contexts
from loops import run, shut, stream_pair, until, within
from test_loop_readers import ended

Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


def played(play: Callable[[Any, Any, Any], Awaitable[None]], **options: Any) -> None:
    """Runs `play(reader, writer, peer)`: a server's streams, which had bytes before, and the
    writer of the other end."""

    async def main() -> None:
        (_, peer), (reader, writer), server = await stream_pair(**options)
        peer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        await play(reader, writer, peer)
        await ended(server, writer, peer)

    run(main())


def test_what_is_there_is_given_at_once() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        peer.write(b"one\ntwo\r\nthree four five")
        await until(lambda: len(reader._buffer) == 24)
        turned: List[None] = []
        asyncio.get_running_loop().call_soon(turned.append, None)
        assert await reader.readline() == b"one\n"
        assert await reader.readuntil(b"\r\n") == b"two\r\n"
        assert await reader.readexactly(5) == b"three"
        assert await reader.read(2) == b" f"
        assert await reader.readexactly(0) == await reader.read(0) == b""
        assert await reader.readexactly(n=3) == b"our"
        assert await reader.readuntil(separator=b"f") == b" f"
        assert await reader.read(n=100) == b"ive"
        assert not turned and not reader._buffer and reader._waiter is None

    played(play)


def test_what_has_to_come_is_waited_for() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        ways = [
            (lambda: reader.read(9), b"12"),
            (lambda: reader.readexactly(4), b"1212"),
            (reader.readline, b"1212\n"),
            (lambda: reader.readuntil(b"ab"), b"1212ab"),
            (reader.__anext__, b"1212\n"),
        ]
        for way, wanted in ways:
            task = asyncio.ensure_future(way())
            await asyncio.sleep(0)
            assert isinstance(reader._waiter, asyncio.Future)
            for at in range(0, len(wanted), 2):
                peer.write(wanted[at : at + 2])
                await asyncio.sleep(0.005)
            assert await within(task, 5) == wanted
            assert reader._waiter is None

    played(play)


def test_the_end() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        peer.write(b"rest")
        peer.write_eof()
        await until(lambda: reader._eof)
        assert not reader.at_eof()
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await reader.readexactly(5)
        assert caught.value.partial == b"rest" and caught.value.expected == 5
        for method in (lambda: reader.read(4), reader.read, reader.readline):
            assert await within(method(), 5) == b""
        assert reader.at_eof()
        writer.write(b"answer")
        await writer.drain()
        writer.close()
        with pytest.raises(ConnectionResetError):
            for _ in range(3):
                await writer.drain()

    played(play)


def test_the_end_comes_to_who_waits() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        for method in (reader.read, lambda: reader.read(5), reader.readline):
            task = asyncio.ensure_future(method())
            await asyncio.sleep(0)
            if not reader._eof:
                peer.write_eof()
            assert await within(task, 5) == b""

    played(play)


def test_too_long_for_the_limit() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        peer.write(b"x" * 60 + b"\n" + b"y" * 20 + b"\n")
        await until(lambda: len(reader._buffer) == 82)
        with pytest.raises(asyncio.LimitOverrunError, match="longer than limit") as caught:
            await reader.readuntil()
        assert caught.value.consumed == 60
        with pytest.raises(ValueError, match="longer than limit"):
            await reader.readline()
        assert await reader.readline() == b"y" * 20 + b"\n"
        peer.write(b"z" * 200)
        await until(lambda: len(reader._buffer) == 200)
        with pytest.raises(asyncio.LimitOverrunError, match="not found"):
            await reader.readuntil(b"\n")
        # Who waits has a full reader filled on.
        task = asyncio.ensure_future(reader.readexactly(1200))
        peer.write(b"z" * 1000)
        assert await within(task, 5) == b"z" * 1200

    played(play, limit=50)


def test_a_full_reader_that_is_read_goes_on() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        ways: Any = (lambda: reader.read(99), lambda: reader.readexactly(150), reader.readline)
        for read in ways:
            peer.write(b"x" * 40 + b"\n" + b"y" * 110)
            await until(lambda: not writer.transport.is_reading(), 5)
            await read()
            assert writer.transport.is_reading() == (len(reader._buffer) <= 50)
            await reader.readexactly(len(reader._buffer))
            assert writer.transport.is_reading()

    played(play, limit=50)


def test_arguments_that_are_wrong() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        with pytest.raises(ValueError, match="less than zero"):
            await reader.readexactly(-1)
        with pytest.raises(ValueError, match="at least one-byte"):
            await reader.readuntil(b"")
        peer.write(b"some")
        await until(lambda: reader._buffer)
        calls: Any = (
            lambda: reader.read(1, 2),
            lambda: reader.readline(1),
            lambda: reader.readexactly(),
            lambda: reader.read(count=1),
            lambda: writer.drain(1),
        )
        for call in calls:
            with pytest.raises(TypeError):
                call()
        for wrong in (reader.read("1"), reader.readexactly("1"), reader.readuntil(1)):
            with pytest.raises(TypeError):
                await wrong
        assert await reader.read(True) == b"s"
        assert await reader.readexactly(3) == b"ome"

    played(play)


def test_two_that_wait_for_one_reader() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        first = asyncio.ensure_future(reader.read(5))
        await asyncio.sleep(0)
        ways: Any = (reader.read, lambda: reader.read(5), reader.readline)
        for second in ways:
            with pytest.raises(RuntimeError, match="already waiting for incoming data"):
                await second()
        peer.write(b"hello")
        assert await within(first, 5) == b"hello"

    played(play)


@pytest.mark.parametrize("soon", [True, False])
def test_a_wait_that_is_cancelled(soon: bool) -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        task = asyncio.ensure_future(reader.read(5))
        await asyncio.sleep(0 if soon else 0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert reader._waiter is None
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.readline(), 0.01)
        assert reader._waiter is None
        peer.write(b"hello")
        assert await within(reader.read(9), 5) == b"hello"

    played(play)


def test_an_exception_of_the_reader() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        task = asyncio.ensure_future(reader.read(5))
        await asyncio.sleep(0)
        reader.set_exception(KeyError("mine"))
        with pytest.raises(KeyError, match="mine"):
            await task
        assert reader._waiter is None and isinstance(reader.exception(), KeyError)
        peer.write(b"more\n")
        await until(lambda: reader._buffer)
        methods = [reader.read, reader.readline, reader.readuntil, writer.drain]
        for method in [*methods, lambda: reader.read(1), lambda: reader.readexactly(1)]:
            with pytest.raises(KeyError, match="mine"):
                await method()

    played(play)


def test_an_iteration_from_the_bytes_to_who_waits() -> None:
    """As many as asyncio has: one for the waiter's callback, which is the task's step."""

    async def play(reader: Any, writer: Any, peer: Any) -> None:
        counts: List[int] = []
        for method in (lambda: reader.read(9), lambda: reader.readexactly(2), reader.readline):
            task = asyncio.ensure_future(method())
            await asyncio.sleep(0)
            reader.feed_data(b"x\n")
            count = 0
            while not task.done():
                await asyncio.sleep(0)
                count += 1
            assert await task == b"x\n"
            counts.append(count)
        assert counts == [1, 1, 1]

    played(play)


def test_drain_waits_for_the_room() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        writer.transport.set_write_buffer_limits(high=1000)
        await writer.drain()
        writer.write(b"x" * 50_000_000)
        task = asyncio.ensure_future(writer.drain())
        await asyncio.sleep(0.01)
        assert not task.done()
        peer.transport.abort()
        with pytest.raises(ConnectionError):
            await within(task, 10)

    played(play)


def test_drain_of_a_protocol_that_was_paused_by_hand() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        protocol = writer.transport.get_protocol()
        protocol.pause_writing()
        task = asyncio.ensure_future(writer.drain())
        await asyncio.sleep(0.005)
        assert not task.done()
        protocol.resume_writing()
        await within(task, 5)

    played(play)


def test_methods_that_are_replaced_while_a_stream_is_used() -> None:
    """Failure: a method of the program's is not called, or asyncio's not again after it."""

    async def play(reader: Any, writer: Any, peer: Any) -> None:
        async def mine(*_: Any) -> bytes:
            return b"mine"

        for name in ("read", "readexactly", "readuntil", "readline"):
            peer.write(b"theirs\n")
            await until(lambda: reader._buffer)
            arguments = (7,) if name in ("read", "readexactly") else ()
            with mock.patch.object(asyncio.StreamReader, name, mine):
                assert await getattr(reader, name)(*arguments) == b"mine"
            assert await getattr(reader, name)(*arguments) == b"theirs\n"
        peer.write(b"theirs\n")
        await until(lambda: reader._buffer)
        with mock.patch.object(asyncio.StreamReader, "readuntil", mine):
            assert await reader.readline() == b"mine"
        with mock.patch.object(reader, "readuntil", mine):
            assert await reader.readline() == b"mine"
        assert await reader.readline() == b"theirs\n"
        with mock.patch.object(asyncio.StreamWriter, "drain", mine):
            assert await writer.drain() == b"mine"
        with mock.patch.object(writer, "drain", mine):
            assert await writer.drain() == b"mine"
        called: List[Any] = []

        async def helper(*_: Any) -> None:
            called.append(None)

        protocol = writer.transport.get_protocol()
        for owner in (asyncio.StreamReaderProtocol, protocol):
            with mock.patch.object(owner, "_drain_helper", helper):
                await writer.drain()
        assert len(called) == 2 and await writer.drain() is None
        with mock.patch.object(reader, "_wait_for_data", side_effect=KeyError("waited")):
            with pytest.raises(KeyError, match="waited"):
                await reader.read(1)

    played(play)


def test_a_coroutine_by_hand() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        waits = reader.read(5)
        assert inspect.isawaitable(waits) and inspect.iscoroutine(waits)
        assert asyncio.iscoroutine(waits) and waits.__qualname__ == "StreamReader.read"
        waiter = waits.send(None)
        assert waiter is reader._waiter
        with pytest.raises(RuntimeError, match="awaited already"):
            await waits
        with pytest.raises(KeyError):
            waits.throw(KeyError("thrown"))
        assert reader._waiter is None
        with pytest.raises(RuntimeError, match="cannot reuse already awaited"):
            await waits
        waits = reader.read(5)
        with pytest.raises(TypeError, match="just-started"):
            waits.send(1)
        waits.send(None)
        waits.close()
        assert reader._waiter is None
        with pytest.raises(RuntimeError, match="cannot reuse already awaited"):
            waits.send(None)
        fresh = reader.read(5)
        with pytest.raises(KeyError):
            fresh.throw(KeyError("thrown"))
        peer.write(b"bytes")
        await until(lambda: reader._buffer)
        with pytest.raises(StopIteration) as caught:
            reader.read(5).send(None)
        assert caught.value.value == b"bytes"
        with pytest.raises(StopIteration) as caught:
            next(writer.drain().__await__())
        assert caught.value.value is None

    played(play)


def test_a_coroutine_that_nobody_awaits() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        calls: Any = {
            "StreamReader.read": lambda: reader.read(1),
            "StreamWriter.drain": writer.drain,
        }
        for name, call in calls.items():
            with pytest.warns(RuntimeWarning, match=f"coroutine '{name}' was never awaited"):
                call()
                gc.collect()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                call().close()
                gc.collect()

    played(play)


def test_a_wait_that_is_forgotten() -> None:
    """Failure: the next read is refused, as nobody said that this one waits no more."""

    async def play(reader: Any, writer: Any, peer: Any) -> None:
        waits = reader.read(5)
        waits.send(None)
        del waits
        gc.collect()
        assert reader._waiter is None

    played(play)


def test_streams_go_with_their_last_reference() -> None:
    """Failure: a cycle, which only the collector ends."""

    async def main() -> None:
        (_, peer), (reader, writer), server = await stream_pair()
        for _ in range(3):
            peer.write(b"bytes")
            assert await reader.readexactly(5) == b"bytes"
            writer.write(b"x")
            await writer.drain()
        gone: Any = [weakref.ref(reader), weakref.ref(writer)]
        await shut(peer, writer)
        del reader, writer
        await until(lambda: not any(one() for one in gone), 5)
        server.close()

    gc.collect()
    gc.disable()
    try:
        run(main())
    finally:
        gc.enable()


def test_streams_that_become_tls(certificate: Tuple[Path, Path]) -> None:
    for_server, for_client = contexts(certificate)

    async def main() -> None:
        (reader, writer), (other, peer), server = await stream_pair()
        for ends in ((reader, peer), (other, writer)):
            ends[1].write(b"plain")
            assert await ends[0].readexactly(5) == b"plain"
        if not hasattr(peer, "start_tls"):
            pytest.skip("streams have start_tls from 3.11 on")
        await asyncio.gather(
            peer.start_tls(for_server),
            writer.start_tls(for_client, server_hostname="localhost"),
        )
        for _ in range(3):
            writer.write(b"secret\n")
            await writer.drain()
            assert await within(other.readline(), 5) == b"secret\n"
            peer.write(b"answer")
            await peer.drain()
            assert await within(reader.read(100), 5) == b"answer"
        assert isinstance(writer.get_extra_info("ssl_object"), ssl.SSLObject)
        for one in (peer, writer):
            one.transport.abort()
        server.close()

    run(main())


def test_who_they_are() -> None:
    async def play(reader: Any, writer: Any, peer: Any) -> None:
        assert isinstance(reader, asyncio.StreamReader)
        assert isinstance(writer, asyncio.StreamWriter)
        assert type(reader).__name__ == "StreamReader"
        assert type(writer).__qualname__ == "StreamWriter"
        assert repr(reader).startswith("<StreamReader transport=<")
        assert repr(writer).startswith("<StreamWriter transport=<")
        assert str(inspect.signature(reader.read)) == "(n=-1)"
        assert str(inspect.signature(reader.readuntil)) == "(separator=b'\\n')"

    played(play)
