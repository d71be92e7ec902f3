"""Mistakes are errors and never crashes; and nothing is left behind."""

import copy
import errno
import gc
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any, Callable, List

import pytest
from conftest import Pair, descriptors, finals, one

import ringline


def test_error_has_code_errno_and_text(ring: ringline.Ring) -> None:
    """Failure: an error without the library's own text, or lost in a copy."""
    with pytest.raises(OSError) as caught:
        ring.op(ringline.Op(opcode=200))
    error = caught.value
    assert isinstance(error, ringline.Error)
    assert (error.errno, error.code, error.name) == (errno.EINVAL, -errno.EINVAL, "EINVAL")
    assert "opcode" in str(error)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(again), again.code) == (str(error), error.code)


def test_bad_descriptor(ring: ringline.Ring) -> None:
    """Failure: no error, or one without errno."""
    ring.read(987654, bytearray(4))
    completion = one(ring)
    with pytest.raises(ringline.Error) as caught:
        completion.check()
    assert caught.value.errno == errno.EBADF
    for wrong in ("name", None, 1.5, object()):
        with pytest.raises((TypeError, AttributeError)):
            ring.read(wrong, bytearray(4))
    assert len(ring) == 0


def test_bad_buffers(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: memory that cannot be written, or is not in one piece, accepted."""
    left = pair[0]
    for wrong in (b"bytes", memoryview(b"bytes"), "text", 5, None, memoryview(bytearray(8))[::2]):
        with pytest.raises((BufferError, TypeError)):
            ring.recv(left, wrong)
    with pytest.raises((BufferError, TypeError)):
        ring.send(left, memoryview(b"12345678")[::2])
    with pytest.raises(ringline.Error):
        ring.recv(left, bytearray())
    assert len(ring) == 0


def test_buffer_cannot_be_resized_in_flight(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a bytearray that moves under the kernel."""
    left, right = pair
    buffer = bytearray(64)
    ring.recv(right, buffer)
    ring.flush()
    for change in (buffer.clear, lambda: buffer.extend(bytes(1 << 20)), buffer.pop):
        with pytest.raises(BufferError):
            change()
    left.send(b"in time")
    assert one(ring).check() == 7
    buffer.clear()


def test_buffer_that_nobody_else_holds(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: the kernel reads or writes memory that was freed."""
    left, right = pair
    for _ in range(20):
        ring.recv(right, bytearray(b"?" * 65536))
        ring.send(left, bytes(65536))
        ring.flush()
        gc.collect()
        assert [c.check() for c in finals(ring, 2)] == [65536, 65536]


USES: List[Callable[[ringline.Ring], Any]] = [
    lambda ring: ring.nop(),
    lambda ring: ring.batch.nop(),
    lambda ring: ring.turn(),
    lambda ring: ring.turn_raw(),
    lambda ring: ring.flush(),
    lambda ring: ring.cancel(1),
    lambda ring: ring.cancel_all(),
    lambda ring: ring.cancel_file(0),
    lambda ring: ring.pool(2, 64),
    lambda ring: ring.region(4096),
    lambda ring: ring.files_reserve(1),
    lambda ring: ring.file_add(0),
    lambda ring: ring.file_remove(ringline.Slot(0)),
    lambda ring: ring.info(),
    lambda ring: ring.dump(2),
    lambda ring: ring.detach(),
    lambda ring: ring.recv(0, bytearray(4)),
    lambda ring: ring.attach(),
]


@pytest.mark.parametrize("use", USES)
def test_after_close(use: Callable[[ringline.Ring], Any]) -> None:
    """Failure: anything but ESTALE from a ring that was closed."""
    ring = ringline.Ring()
    ring.batch.nop()
    ring.close()
    with pytest.raises(ringline.Error) as caught:
        use(ring)
    assert caught.value.code == ringline.ESTALE
    for tell in (ring.stats, ring.stop):
        with pytest.raises(ringline.Error):
            tell()


def in_thread(use: Callable[[], Any]) -> Any:
    """What `use` returns or raises in another thread."""
    found: List[Any] = []

    def run() -> None:
        try:
            found.append(use())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("use", USES)
def test_wrong_thread(ring: ringline.Ring, use: Callable[[ringline.Ring], Any]) -> None:
    """Failure: anything but EWRONGTHREAD from another thread, or a state that changed."""
    ring.batch.nop()
    ring.attach()
    error = in_thread(lambda: use(ring))
    assert isinstance(error, ringline.Error), error
    assert error.code == ringline.EWRONGTHREAD
    assert isinstance(in_thread(ring.close), ringline.Error)
    assert in_thread(lambda: ring.stats().submitted) == 0
    assert one(ring).res == 0


def test_owner_thread_is_over(pair: Pair) -> None:
    """Failure: a ring that nobody can close when its thread has ended, or memory given back that
    the kernel may still write."""
    for _ in range(30):
        ring = ringline.Ring(8)
        in_thread(ring.attach)
        assert ring.close() == 0
    buffer = bytearray(16)
    ring = ringline.Ring(8)
    in_thread(lambda: (ring.recv(pair[0], buffer), ring.flush()))
    assert ring.close() == 1
    with pytest.raises(BufferError):
        buffer.clear()


def test_lease_of_another_thread(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a lease that only the owner can release."""
    pool = ring.pool(2, 64)
    ring.recv_multishot(pair[0], pool)
    pair[1].send(b"x")
    (completion,) = ring.turn(wait=1)
    assert completion.lease is not None
    in_thread(completion.lease.release)
    assert pool.info().leases == 0


# The thread beside this one is that of the tests' time limit.
@pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")
def test_after_fork(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a child that submits, crashes, or frees what is the parent's."""
    pool = ring.pool(2, 64)
    ring.recv_multishot(pair[0], pool)
    pair[1].send(b"before")
    (completion,) = ring.turn(wait=1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            uses: List[Callable[[], Any]] = [ring.nop, ring.turn, ring.close, ring.stats]
            codes = []
            for use in uses:
                try:
                    use()
                except ringline.Error as error:
                    codes.append(error.code)
            del completion
            code = 0 if codes == [ringline.EFORKED] * 4 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    pair[1].send(b"after")
    (more,) = ring.turn(wait=1)
    assert (bytes(completion.lease or b""), bytes(more.lease or b"")) == (b"before", b"after")


def test_interrupt_while_waiting(ring: ringline.Ring) -> None:
    """Failure: Ctrl-C that waits for a completion, for more than 100 ms."""
    sent: List[float] = []

    def interrupt() -> None:
        # Not before the main thread sleeps in io_uring_enter(2), which is 426 on every machine.
        while not Path(f"/proc/self/task/{os.getpid()}/syscall").read_text().startswith("426 "):
            os.sched_yield()
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    ring.batch.timer(1000, user_data="timer")
    with pytest.raises(KeyboardInterrupt):
        thread.start()
        ring.turn(wait=2)
    took = time.monotonic() - sent[0]
    thread.join()
    assert took < 0.1
    assert (len(ring), len(ring.batch)) == (1, 1), "to be settled by the next turn"
    assert ring.turn() == []
    assert (len(ring), len(ring.batch)) == (1, 0)
    assert ring.stats().submitted == 1, "not submitted twice"


def test_signals_do_not_end_a_turn(ring: ringline.Ring) -> None:
    """Failure: a turn that returns without its completion because a handler ran (PEP 475)."""
    seen: List[int] = []
    old = signal.signal(signal.SIGALRM, lambda number, _: seen.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    try:
        ring.timer(0.05)
        assert one(ring).res == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert len(seen) >= 3


def test_interpreter_ends_with_a_ring() -> None:
    """Failure: a crash or a hang when the interpreter ends with operations in flight."""
    program = """
import ringline, socket
left, right = socket.socketpair()
ring = ringline.Ring()
pool = ring.pool(2, 64)
ring.recv_multishot(right, pool)
left.send(b"x")
completion = ring.turn(wait=1)[0]
ring.recv(left, bytearray(100))
ring.flush()
print(bytes(completion.lease))
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=30)
    assert (done.returncode, done.stdout) == (0, b"b'x'\n")


def test_nothing_leaks(pair: Pair) -> None:
    """Failure: memory or descriptors that grow with the number of operations."""
    left, right = pair
    before = descriptors()

    def work(ring: ringline.Ring, pool: ringline.Pool, turns: int) -> None:
        for _ in range(turns):
            for _ in range(12):
                ring.batch.send(left, b"x" * 32)
                ring.batch.recv(right, bytearray(32))
                ring.batch.nop(user_data=object())
            ring.timer(0)
            ring.recv_multishot(right, pool)
            for completion in finals(ring, 37):
                assert completion.res >= 0
            left.send(b"leased")
            (completion,) = ring.turn(wait=1)
            ring.cancel(completion.op)
            one(ring)

    with ringline.Ring() as ring:
        pool = ring.pool(4, 64)
        work(ring, pool, 300)
        gc.collect()
        tracemalloc.start()
        work(ring, pool, 10)
        gc.collect()
        first, rss = tracemalloc.get_traced_memory()[0], resident()
        work(ring, pool, 100)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - first < 20_000
        tracemalloc.stop()
        work(ring, pool, 2300)
        assert ring.stats().submitted > 100_000
        assert resident() - rss < 4 << 20
        assert pool.info().leases == 0
    assert descriptors() == before


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_texts_with_a_zero_byte(tmp_path: Any) -> None:
    """Failure: a text that C reads up to its zero byte: another file, socket or host."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    bad, other = f"{file}\0more", str(tmp_path / "other")
    with ringline.Ring() as ring, ring.mailbox() as mailbox, socket.socket() as sock:
        for way in (ring, ring.batch, mailbox):
            calls: List[Callable[[], object]] = [
                lambda: way.open(bad),
                lambda: way.open(os.fsencode(bad)),
                lambda: way.statx(bad, bytearray(256)),
                lambda: way.rename(bad, other),
                lambda: way.rename(str(file), bad),
                lambda: way.unlink(bad),
                lambda: way.rmdir(bad),
                lambda: way.mkdir(f"{other}\0more"),
                lambda: way.bind(sock, bad),
                lambda: way.connect(sock, bad),
                lambda: way.connect(sock, ("127.0.0.1\0", 80)),
                lambda: way.sendmsg(sock, ringline.Message(b"x", bad)),
            ]
            for call in calls:
                with pytest.raises(ValueError):
                    call()
        # Nothing of it was begun.
        assert len(ring) == len(ring.batch) == 0
        assert ring.turn() == []
    assert os.listdir(tmp_path) == ["file"]
    for address in (f"unix:{bad}", "127.0.0.1:0\0", "unix:@name\0"):
        with pytest.raises(ValueError):
            ringline.Server(object(), address)
    with pytest.raises(ValueError):
        ringline.has("fsync\0")


def test_rings_leave_no_descriptors() -> None:
    """Failure: a ring that leaves a descriptor, closed or dropped."""
    before = descriptors()
    for _ in range(50):
        with ringline.Ring(8) as ring:
            ring.socket()
            socket.socket(fileno=one(ring).check()).close()
    assert descriptors() == before
