"""The loop where something runs out: memory, stack, buffers, or the interpreter itself."""

import asyncio
import sys
import threading
from typing import List

import pytest
from loops import finish, new_loop, only_ringline, program, within

from ringline import _engine

pytestmark = only_ringline

NO_MEMORY = """
import asyncio, ctypes, gc, logging
import _testcapi
logging.disable(logging.CRITICAL)
sys.unraisablehook = lambda *_: None
ends = []
MANY = int(sys.argv[1])
# So much that the last of it is received by calls.
LARGE = b"again" * 20000
TEXT = b"hello" + 4 * LARGE
class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.got = []
    def data_received(self, data):
        self.got.append(data)
        self.transport.write(data)
    def connection_lost(self, exc):
        ends.append(self)
class Client(Echo):
    def data_received(self, data):
        pass
async def main(ours, udp):
    ours.write(b"hello")
    udp.sendto(b"x", udp.get_extra_info("sockname"))
    await asyncio.sleep(0.001)
    for _ in range(4):
        ours.write(LARGE)
        await asyncio.sleep(0.001)
def once(start):
    loop = ringline.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    pair = socket.socketpair()
    made = [
        loop.run_until_complete(loop.create_connection(kind, sock=sock))
        for kind, sock in zip((Client, Echo), pair)
    ]
    udp, _ = loop.run_until_complete(loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", 0)))
    task = loop.create_task(main(made[0][0], udp))
    # What wakes a task may have failed.
    stop = loop.call_later(0.05, loop.stop)
    _testcapi.set_nomemory(start, start + MANY)
    try:
        loop.run_until_complete(task)
    except (MemoryError, RuntimeError, SystemError, ctypes.ArgumentError):
        pass
    finally:
        _testcapi.remove_mem_hooks()
        stop.cancel()
    # asyncio itself may have failed to say that no loop runs.
    asyncio._set_running_loop(None)
    for transport in (made[0][0], made[1][0], udp):
        transport.abort()
    # A task that ended in the iteration of the stop has asked for another.
    loop.call_soon(loop.stop)
    loop.run_forever()
    protocols = [protocol for _, protocol in made]
    # Python code cannot end in order what it has no memory to call.
    for _ in range(1000 if ringline._layer.loaded else 1):
        loop.run_until_complete(asyncio.sleep(0.002))
        if loop.stats()["leases_out"] == 0 and all(one in ends for one in protocols):
            break
    if ringline._layer.loaded:
        assert loop.stats()["leases_out"] == 0, start
        for protocol in protocols:
            assert ends.count(protocol) == 1, (start, protocol)
        assert TEXT.startswith(b"".join(made[1][1].got)), start
    loop.close()
before = None
for start in range(0, 240, MANY + 1):
    once(start)
    gc.collect()
    count = len(os.listdir("/proc/self/fd"))
    before = before or count
    assert count == before, start
print("through")
"""


@pytest.mark.parametrize("many", [1, 2])
def test_without_memory(many: int) -> None:
    """Each allocation of some iterations fails. Failure: a crash, a hang, a descriptor that is
    left; of the native layer also a lease that is left, not exactly one end, or bytes behind those
    that were lost."""
    pytest.importorskip("_testcapi")
    if sys.version_info >= (3, 12):
        pytest.skip("the interpreter's own frames need memory there")
    ended = program(NO_MEMORY, str(many))
    assert (ended.returncode, ended.stdout) == (0, "through\n"), ended.stderr[-2000:]


def test_another_interpreter() -> None:
    """Failure: a crash, or a loop that does not run in an interpreter beside the main one."""
    pytest.importorskip("_xxsubinterpreters")
    if sys.version_info >= (3, 12):
        pytest.skip("the interpreter's own ctypes does not load there")
    ended = program("""
import _xxsubinterpreters
for _ in range(2):
    other = _xxsubinterpreters.create()
    _xxsubinterpreters.run_string(other, '''if True:
        import asyncio, ringline
        assert ringline.run(asyncio.sleep(0.01, "ran")) == "ran"
    ''')
    _xxsubinterpreters.destroy(other)
print(ringline.run(asyncio.sleep(0.01, "ran")))
""", limit=20)
    assert (ended.returncode, ended.stdout) == (0, "ran\n"), ended.stderr[-2000:]


def test_stack_that_is_used_up() -> None:
    """Failure: a loop that could not be made, or not run, for want of stack leaves its ring."""
    ended = program("""
import warnings
warnings.simplefilter("ignore")
def deep(count):
    if count:
        return deep(count - 1)
    ringline.run(asyncio.sleep(0))
before = len(os.listdir("/proc/self/fd"))
for count in range(700, 990, 7):
    try:
        deep(count)
    except Exception:
        pass
print(len(os.listdir("/proc/self/fd")) - before)
""")
    assert (ended.returncode, ended.stdout) == (0, "0\n"), ended.stderr[-2000:]


@pytest.mark.parametrize("ring_size", [8, 256])
def test_one_buffer_for_many(ring_size: int) -> None:
    """Failure: connections that get no buffer when their bytes come wait for ever, or end."""
    loop = new_loop(ring_size=ring_size, buffer_count=1, buffer_size=1024)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=500)
        address = server.sockets[0].getsockname()

        async def one(number: int) -> None:
            reader, writer = await asyncio.open_connection(*address)
            for _ in range(3):
                text = b"%06d" % number * 100
                writer.write(text)
                assert await reader.readexactly(len(text)) == text
            writer.close()
            await writer.wait_closed()

        await within(asyncio.gather(*[one(number) for number in range(200)]))
        server.close()
        await server.wait_closed()

    loop.run_until_complete(main())
    finish(loop)


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_new_ring_that_is_made_in_part(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: after a move that failed the loop works on memory that is gone."""
    made: List[int] = []
    real = _engine._bytes_at

    def failing(address: int, size: int) -> memoryview:
        made.append(size)
        if len(made) == place:
            raise MemoryError
        return real(address, size)

    def elsewhere() -> None:
        monkeypatch.setattr(_engine, "_bytes_at", failing)
        try:
            loop.run_until_complete(asyncio.sleep(0))
        except MemoryError:
            pass
        monkeypatch.undo()

    loop = new_loop()
    loop.run_until_complete(asyncio.sleep(0))
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    loop.run_until_complete(asyncio.sleep(0.01))
    finish(loop)
