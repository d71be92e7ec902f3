"""The loop's own life: threads, Ctrl-C, many loops, the interpreter's end."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, Callable, List

import pytest
from loops import KIND, PRELUDE, finish, new_loop, only_ringline, program, resources, run, within

LOOPS = int(os.environ.get("RINGLINE_TEST_LOOPS", "500"))


def in_thread(function: Callable[[], Any]) -> Any:
    """The function's result, or its exception, from a thread of its own."""
    results: List[Any] = []

    def work() -> None:
        try:
            results.append((function(), None))
        except BaseException as error:
            results.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    result, error = results[0]
    if error is not None:
        raise error
    return result


def test_transport_before_the_loop_runs_in_another_thread() -> None:
    """Failure: a transport is refused as the loop's ring is still the thread's that ran it last."""
    loop = new_loop()
    loop.run_until_complete(asyncio.sleep(0))

    async def come(reader: asyncio.StreamReader) -> bytes:
        return await within(reader.readexactly(3))

    def other() -> bytes:
        asyncio.set_event_loop(loop)
        left, right = socket.socketpair()
        left.setblocking(False)
        right.sendall(b"got")
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = loop._make_socket_transport(left, protocol)  # type: ignore[attr-defined]
        got = loop.run_until_complete(come(reader))
        transport.close()
        right.close()
        finish(loop)
        return got

    assert in_thread(other) == b"got"


async def talk() -> bool:
    """A round over TCP on the running loop."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"ping")
    assert await within(reader.read()) == b"ping"
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return True


def test_made_here_run_elsewhere() -> None:
    """Failure: a loop that can run only where it was made, or in one thread."""
    loop = new_loop()
    assert in_thread(lambda: loop.run_until_complete(talk()))
    assert in_thread(lambda: loop.run_until_complete(talk()))
    assert loop.run_until_complete(talk())
    in_thread(lambda: finish(loop))
    assert loop.is_closed()


def test_readers_move_along() -> None:
    """Failure: add_reader before the loop runs, or in another thread, that is forgotten."""
    loop = new_loop()
    left, right = socket.socketpair()
    got: List[bytes] = []

    def ready() -> None:
        got.append(right.recv(100))
        loop.stop()

    with left, right:
        loop.add_reader(right, ready)
        for step in range(3):
            left.send(b"%d" % step)
            in_thread(loop.run_forever)
        left.send(b"3")
        loop.run_forever()
        assert loop.remove_reader(right)
        assert not loop.remove_reader(right)
    assert got == [b"0", b"1", b"2", b"3"]
    finish(loop)


def test_server_moves_along() -> None:
    """Failure: a server or a connection that is dead after the loop moved to another thread."""
    loop = new_loop()

    async def begin() -> Any:
        accepted: "asyncio.Queue[Any]" = asyncio.Queue()
        server = await asyncio.start_server(
            lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0
        )
        ends = await asyncio.open_connection(*server.sockets[0].getsockname())
        return server, accepted, ends, await accepted.get()

    async def go_on() -> None:
        client_reader.feed_data(b"")
        writer.write(b"moved")
        assert await within(client_reader.readexactly(5)) == b"moved"
        more = await asyncio.open_connection(*server.sockets[0].getsockname())
        _, new = await within(accepted.get())
        for end in (more[1], new):
            end.close()
            await end.wait_closed()

    async def end() -> None:
        for each in (writer, client):
            each.close()
            await each.wait_closed()
        server.close()

    server, accepted, (client_reader, client), (_, writer) = in_thread(
        lambda: loop.run_until_complete(begin())
    )
    loop.run_until_complete(go_on())
    in_thread(lambda: loop.run_until_complete(go_on()))
    loop.run_until_complete(end())
    finish(loop)


def test_running_in_two_threads() -> None:
    """Failure: one loop that two threads run at once."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def again() -> str:
            with pytest.raises(RuntimeError) as caught:
                loop.run_forever()
            return str(caught.value)

        assert "already running" in await loop.run_in_executor(None, again)

    run(main())


def test_threadsafe_calls() -> None:
    """Failure: a wake from another thread that is lost, or comes only with the next event."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for step in range(300):
            future = loop.create_future()
            thread = threading.Thread(
                target=lambda: loop.call_soon_threadsafe(future.set_result, step)
            )
            thread.start()
            if step % 3 == 0:
                await asyncio.sleep(0)
            assert await within(future, 10) == step
            thread.join()

    run(main())


def test_threadsafe_flood() -> None:
    """Failure: of 40,000 calls from 4 threads, one lost, doubled or out of its thread's order."""
    loop = new_loop()
    got: List[Any] = []

    def flood(name: int) -> None:
        for step in range(10_000):
            loop.call_soon_threadsafe(got.append, (name, step))

    threads = [threading.Thread(target=flood, args=(name,)) for name in range(4)]

    async def main() -> None:
        for thread in threads:
            thread.start()
        while len(got) < 40_000:
            await asyncio.sleep(0.001)

    loop.run_until_complete(within(main()))
    for thread in threads:
        thread.join()
    for name in range(4):
        assert [step for who, step in got if who == name] == list(range(10_000))
    finish(loop)


INTERRUPTED = """
async def main():
    print("ready", flush=True)
    {wait}
loop = new_loop()
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    loop.run_until_complete(main())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("wait", ["await asyncio.sleep(20)", "await loop.create_future()"])
def test_interrupt(wait: str) -> None:
    """Failure: Ctrl-C that a waiting loop takes more than 100 ms to notice, or swallows."""
    text = PRELUDE + INTERRUPTED.format(wait=wait)
    times = []
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            while Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "S":
                time.sleep(0.001)
            begin = time.monotonic()
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == b"interrupted\n"
            times.append(time.monotonic() - begin)
            assert child.wait(20) == 0
    assert min(times) < 0.1, times  # The best of three: the machine may be busy.


def test_interrupt_of_a_runner() -> None:
    """Failure: asyncio's own treatment of Ctrl-C, a cancelled main task, does not work."""
    if sys.version_info < (3, 11):
        pytest.skip("asyncio.Runner came with 3.11")
    text = """
async def main():
    try:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(20)
    finally:
        print("cleaned up")
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    assert program(text, limit=10).stdout == "cleaned up\ninterrupted\n"


def test_interpreter_ends_with_a_live_loop() -> None:
    """Failure: a crash or a hang when nobody closes anything before the interpreter's end."""
    text = """
import gc
async def main():
    async def serve(reader, writer):
        await reader.read()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(bytes(1000000))
    task = asyncio.ensure_future(reader.read())
    pipe = os.pipe()
    loop.add_reader(pipe[0], print)
    await asyncio.sleep(0.01)
    return server, reader, writer, task, pipe
loop = new_loop()
kept = loop.run_until_complete(main())
print("end")
"""
    text = "import warnings; warnings.simplefilter('ignore')\n" + text
    thread = "threading.Thread(target=loop.stop).start()"
    for after in ("", "del loop, kept\ngc.collect()\n", thread):
        said = program(text + after, limit=20)
        assert (said.returncode, said.stdout) == (0, "end\n"), said.stderr


def test_many_loops() -> None:
    """Failure: loops that leave descriptors or memory behind."""
    small = {"ring_size": 8, "buffer_count": 2, "buffer_size": 4096} if KIND == "ringline" else {}

    def some(count: int) -> None:
        for step in range(count):
            loop = new_loop(**small)
            loop.run_until_complete(talk() if step % 10 == 0 else asyncio.sleep(0))
            loop.close()

    some(LOOPS // 5)
    files, memory = resources()
    some(LOOPS)
    gc.collect()
    more_files, more_memory = resources()
    assert more_files == files
    assert more_memory - memory < 3000 + LOOPS // 5, "KiB"


def test_close_twice() -> None:
    """Failure: a second close that fails, or a closed loop that works."""
    loop = new_loop()
    loop.close()
    loop.close()
    assert loop.is_closed()
    with pytest.raises(RuntimeError):
        loop.call_soon(print)
    with pytest.raises(RuntimeError):
        loop.call_soon_threadsafe(print)
    main = asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        loop.run_until_complete(main)
    main.close()


def test_close_with_work_left() -> None:
    """Failure: a close that hangs, or leaves descriptors, while receives and sends are running."""
    run(talk())
    files = resources()[0]
    for _ in range(20):
        loop = new_loop()

        async def main() -> Any:
            server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
            address = server.sockets[0].getsockname()
            transport, _ = await loop.create_connection(asyncio.Protocol, *address)
            transport.write(bytes(5_000_000))
            await asyncio.sleep(0)
            return server, transport

        server, transport = loop.run_until_complete(main())
        transport.abort()
        server.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            loop.close()
            del loop, main, server, transport
            gc.collect()
    assert resources()[0] <= files


def test_all_tasks() -> None:
    """Failure: tasks of this loop that asyncio does not list, or of another type."""

    async def main() -> None:
        tasks = {asyncio.ensure_future(asyncio.sleep(20)) for _ in range(5)}
        assert all(type(task) is asyncio.Task for task in tasks)
        assert asyncio.all_tasks() == tasks | {asyncio.current_task()}
        for task in tasks:
            task.cancel()

    run(main())


def test_nested() -> None:
    """Failure: nest_asyncio, which replaces parts of the loop's class, does not work."""
    pytest.importorskip("nest_asyncio")
    text = """
import nest_asyncio
loop = new_loop()
asyncio.set_event_loop(loop)
nest_asyncio.apply(loop)
async def inner(step):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"%d" % step)
    writer.write_eof()
    got = await reader.read()
    writer.close()
    return got
async def serve(reader, writer):
    writer.write(await reader.read())
    writer.close()
async def main():
    global address
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    for step in range(3):
        assert loop.run_until_complete(inner(step)) == b"%d" % step
        assert asyncio.run(asyncio.sleep(0.001, step)) == step
    server.close()
loop.run_until_complete(main())
print("nested")
"""
    said = program("import warnings; warnings.simplefilter('ignore')\n" + text, limit=20)
    assert said.stdout == "nested\n", said.stderr


def test_order_of_callbacks() -> None:
    """Failure: callbacks in another order than they were given, or timers before their time."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        got: List[Any] = []
        begin = loop.time()
        loop.call_later(0.03, got.append, "third")
        # By one look at the clock: a busy machine may pause between two.
        loop.call_at(begin + 0.01, got.append, "first")
        loop.call_at(begin + 0.02, lambda: got.append("second"))
        loop.call_later(0.015, got.append, "never").cancel()
        for step in range(100):
            loop.call_soon(got.append, step)
        await asyncio.sleep(0)
        assert got[:100] == list(range(100))
        await asyncio.sleep(0.05)
        assert got[100:] == ["first", "second", "third"]
        assert loop.time() - begin >= 0.05 - time.get_clock_info("monotonic").resolution

    run(main())
