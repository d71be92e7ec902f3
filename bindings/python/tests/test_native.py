"""The native layer: what it counts, what it lets go, and that nothing of it is left behind.

A failure here is a leak, an object that is freed too early, or a difference to asyncio's handles.
"""

import asyncio
import contextvars
import gc
import itertools
import sys
import tracemalloc
import weakref
from typing import Any, Callable, Iterator, List

import pytest

ringline = pytest.importorskip("ringline")
_layer = pytest.importorskip("ringline._layer")
if _layer.loaded is None:
    pytest.skip(f"pure: {_layer.reason}", allow_module_level=True)
from ringline import _native  # noqa: E402

MANY = 10_000


class Token:
    """Something whose end can be seen."""

    def __call__(self, *args: object) -> None:
        pass


@pytest.fixture
def loop() -> Iterator[Any]:
    made = ringline.new_event_loop()
    yield made
    made.close()


def once(loop: Any) -> None:
    loop.call_soon(loop.stop)
    loop.run_forever()


def grown(action: Callable[[], object], times: int) -> int:
    """Bytes that Python's allocator holds more after `times` more actions; the least of two, as
    the interpreter makes its table of interned strings larger now and then, at once by much."""
    for _ in range(200):
        action()
    found = []
    for _ in range(2):
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times // 2):
            action()
        gc.collect()
        found.append(tracemalloc.get_traced_memory()[0] - before)
        tracemalloc.stop()
    return 2 * min(found)


def test_kinds(loop: Any) -> None:
    soon, later = loop.call_soon(print), loop.call_later(9, print)
    assert type(soon) is _native.Handle and isinstance(soon, asyncio.Handle)
    assert type(later) is _native.TimerHandle and isinstance(later, asyncio.TimerHandle)
    assert isinstance(later, asyncio.Handle)
    assert type(loop.create_future()) is asyncio.Future
    soon.cancel()
    later.cancel()
    with pytest.raises(TypeError):
        type(soon)(print, (), loop)


@pytest.mark.parametrize("make", ["call_soon", "call_soon_threadsafe", "call_later", "call_at"])
@pytest.mark.parametrize("end", ["run", "cancel", "drop"])
def test_references(loop: Any, make: str, end: str) -> None:
    callback, argument = Token(), Token()
    context = contextvars.copy_context()
    counted: List[Any] = [callback, argument, context, loop]
    time = {"call_later": [0.0], "call_at": [loop.time()]}.get(make, [])
    once(loop)
    before = [sys.getrefcount(one) for one in counted]
    for _ in range(100):
        handle = getattr(loop, make)(*time, callback, argument, context=context)
        if end == "cancel":
            handle.cancel()
        if end == "drop":
            del handle
        once(loop)
    handle = None
    once(loop)
    gc.collect()
    assert [sys.getrefcount(one) for one in counted] == before


def test_cancelled_timer_leaves_at_once(loop: Any) -> None:
    seen = weakref.ref(callback := Token())
    handle = loop.call_later(3600, callback)
    assert loop._scheduled == [handle]
    handle.cancel()
    del callback
    assert seen() is None and loop._scheduled == [] and handle.cancelled()
    assert handle._callback is None and handle._args is None


def test_timers_in_order(loop: Any) -> None:
    said: List[int] = []
    now = loop.time()
    order = [5, 3, 3, 9, 1, 7, 3, 0, 2, 8]
    handles = [loop.call_at(now + when / 1e4, said.append, when) for when in order]
    handles += [loop.call_at(now, said.append, at) for at in (-3, -2, -1)]
    for handle in (handles[0], handles[4]):
        handle.cancel()
    assert [timer.when() for timer in loop._scheduled] == sorted(t.when() for t in loop._scheduled)
    loop.call_at(now + 0.002, loop.stop)
    loop.run_forever()
    assert sorted(said[:4]) == [-3, -2, -1, 0] and said[-6:] == [2, 3, 3, 3, 7, 8, 9][-6:]
    ties = [one for one in said if one in (-3, -2, -1)]
    assert ties == [-3, -2, -1]


def test_cycles_are_collected(loop: Any) -> None:
    for make in (loop.call_soon, lambda call: loop.call_later(3600, call)):
        holder: Any = Token()
        seen = weakref.ref(holder)
        holder.handle = make(holder)
        holder.handle.cancel()
        del holder
        gc.collect()
        assert seen() is None


def test_loop_with_work_is_collected() -> None:
    made = ringline.new_event_loop()
    token = Token()
    token.loop = made  # type: ignore[attr-defined]
    made.call_soon(token)
    made.call_later(3600, token)
    seen, seen_loop = weakref.ref(token), weakref.ref(made)
    made.close()
    del made, token
    gc.collect()
    assert seen() is None and seen_loop() is None


def test_weak_reference_to_handle(loop: Any) -> None:
    handle = loop.call_soon(print)
    said: List[object] = []
    seen = weakref.ref(handle, said.append)
    handle.cancel()
    del handle
    once(loop)
    assert seen() is None and said == [seen]


def test_no_growth(loop: Any) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        future = loop.create_future()
        loop.call_soon(future.set_result, 1)
        loop.call_later(3600, print).cancel()
        await future
        await asyncio.wait_for(asyncio.sleep(0), 10)
        await asyncio.gather(*[asyncio.sleep(0) for _ in range(3)], return_exceptions=True)

    assert grown(lambda: loop.run_until_complete(work()), 2000) < 20_000


def test_no_growth_by_errors(loop: Any) -> None:
    said: List[object] = []
    loop.set_exception_handler(lambda loop, context: said.append(context["exception"]))

    def fail() -> None:
        raise ValueError("meant")

    def one() -> None:
        loop.call_soon(fail)
        loop.call_later(0, fail)
        with pytest.raises(TypeError):
            loop.call_soon(fail, contxt=None)
        with pytest.raises(TypeError):
            loop.call_later()
        once(loop)
        once(loop)
        assert said and all(isinstance(error, ValueError) for error in said)
        said.clear()

    assert grown(one, 1000) < 20_000


def test_exit_passes_and_the_rest_runs_later(loop: Any) -> None:
    said: List[int] = []
    for kind in (SystemExit, KeyboardInterrupt):

        def leave(kind: Any = kind) -> None:
            raise kind

        loop.call_soon(leave)
        loop.call_soon(said.append, 1)
        loop.call_soon(loop.stop)
        with pytest.raises(kind):
            loop.run_forever()
        loop.run_forever()
    assert said == [1, 1]


def test_streams_do_not_grow(loop: Any) -> None:
    async def main() -> None:
        done = asyncio.Event()

        async def serve(reader: Any, writer: Any) -> None:
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
            writer.close()
            done.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def visit(count: int) -> None:
            done.clear()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for size in itertools.islice(itertools.cycle((1, 900, 40_000)), count):
                writer.write(b"x" * size)
                assert len(await reader.readexactly(size)) == size
            writer.close()
            await writer.wait_closed()
            await done.wait()

        for _ in range(20):
            await visit(6)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            await visit(6)
        await asyncio.sleep(0.01)
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        server.close()
        assert after - before < 50_000

    loop.run_until_complete(main())
    assert loop.stats()["leases_out"] == 0


def test_transport_goes_with_its_connection(loop: Any) -> None:
    class Protocol(asyncio.Protocol):
        """With room for a weak reference."""

    async def main() -> None:
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, protocol = await loop.create_connection(Protocol, "127.0.0.1", port)
        seen = [weakref.ref(transport), weakref.ref(protocol)]
        transport.write(b"x")
        transport.close()
        del transport, protocol
        for _ in range(5):
            await asyncio.sleep(0.001)
        gc.collect()
        assert [one() for one in seen] == [None, None]
        server.close()
        await server.wait_closed()

    loop.run_until_complete(main())


def test_wrong_members_are_refused(loop: Any) -> None:
    async def main() -> None:
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
        real = transport._loop, transport._engine
        transport._loop = transport._engine = object()
        with pytest.raises(TypeError):
            transport.write(b"x")
        transport._loop, transport._engine = real
        transport.abort()
        server.close()
        # The other end sees it, and closes too.
        del transport
        for _ in range(1000):
            if not loop._transports:
                break
            await asyncio.sleep(0.001)
        assert not len(loop._transports)

    loop.run_until_complete(main())


def test_attributes_cannot_be_deleted(loop: Any) -> None:
    for name in ("_closed", "_debug", "_thread_id", "_engine", "_flushes"):
        with pytest.raises(TypeError, match="cannot be deleted"):
            delattr(loop, name)


def test_after_close_of_the_engine() -> None:
    """Failure: the native part touches the ring that was freed."""
    made = ringline.new_event_loop()
    engine = made._engine
    ident = engine.submit(0, -1, 0, 0, 0, 0, print)
    made.close()
    calls: List[Callable[[], object]] = [
        lambda: engine.submit(0, -1, 0, 0, 0, 0, print),
        lambda: engine.fetch(0),
        lambda: engine._enter(False, 0),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="closed"):
            call()
    assert not engine.cancel(ident)
    engine.release(1)


def test_many_loops() -> None:
    def one() -> None:
        made = ringline.new_event_loop()
        made.call_soon(Token())
        made.call_later(3600, Token())
        made.run_until_complete(asyncio.sleep(0))
        made.close()

    assert grown(one, MANY // 20) < 100_000


def test_many_cores() -> None:
    """The native part alone, without a ring each."""

    class Loop(_native.LoopCore, asyncio.BaseEventLoop):  # type: ignore[misc]
        def __del__(self) -> None:
            """Says nothing of a loop that was not closed."""

    def one() -> None:
        made: Any = Loop()
        made.call_soon(Token(), made)
        made.call_later(3600, Token(), made)
        made.call_soon(made.stop)
        made._run_once()

    assert grown(one, MANY) < 100_000


def test_engine_is_whole() -> None:
    """Failure: a method of the pure engine works on its own tables beside the native ones."""
    from ringline._engine import Engine
    from ringline._turning import Turning

    tables = {"_ops", "_staged", "_inbox", "_quiet", "_tokens", "_restart", "_rel_len", "_dropped"}
    # Made with the pure part's tables, which stay empty; and what only pure methods call.
    pure = {"__init__", "_look", "close", "_accepted", "_take_over", "_tell_dropped", "_make_room"}
    pure.add("_rewatch")
    for name, method in [*vars(Engine).items(), *vars(Turning).items()]:
        code = getattr(method, "__code__", None)
        if code is not None and tables & set(code.co_names) and name not in pure:
            assert name in vars(_native.EngineCore), name
