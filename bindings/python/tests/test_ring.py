"""The ring itself: batches, chains, timers, cancel, close, what is asked of it."""

import gc
import os
import select
import subprocess
import sys
import time
import weakref
from pathlib import Path

import pytest
from conftest import Pair, finals, one

import ringline


def test_batch_goes_with_the_turn(ring: ringline.Ring) -> None:
    """Failure: an op of the batch lost, sent twice, or a call for each of them."""
    before = ring.stats().enters
    numbers = [ring.batch.nop(user_data=("nop", i)) for i in range(50)]
    assert (len(ring.batch), len(ring)) == (50, 50)
    with pytest.raises(ringline.Error):
        ring.cancel(numbers[0])
    found = ring.turn(wait=50)
    assert [c.op for c in found] == numbers
    assert [c.user_data for c in found] == [("nop", i) for i in range(50)]
    assert ring.stats().enters - before == 1
    assert (len(ring.batch), len(ring)) == (0, 0)


def test_full_batch(ring: ringline.Ring) -> None:
    """Failure: an op written beyond the shared block."""
    room = 0
    with pytest.raises(ringline.Error) as caught:
        while True:
            ring.batch.nop()
            room += 1
    assert caught.value.name == "EAGAIN"
    assert (room, len(finals(ring, room))) == (64, 64)


def test_refused_op_of_a_batch(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: the ops behind a refused one lost, its buffer kept, or no word of which it was."""
    buffer = bytearray(8)
    ring.batch.nop(user_data="before")
    bad = ring.batch.recv(pair[0], buffer, flags=ringline.SQE_IO_DRAIN)
    ring.batch.nop(user_data="behind")
    found = []
    with pytest.raises(ringline.Error) as caught:
        while True:
            found += ring.turn()
    assert (caught.value.op, caught.value.name) == (bad, "EINVAL")
    buffer.clear()
    while len(found) < 2:
        found += ring.turn(wait=1)
    assert [c.user_data for c in found] == ["before", "behind"]
    assert len(ring) == 0


def test_chain(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: a link that starts although the one before failed."""
    link = ringline.SQE_IO_LINK
    with open(tmp_path / "file", "w+b") as file:
        room = bytearray(4)
        ring.batch.write(file, b"data", 0, flags=link)
        ring.batch.read(file, room, 0)
        ring.batch.read(-1, bytearray(4), flags=link, user_data="fails")
        ring.batch.nop(user_data="behind")
        found = finals(ring, 4)
    assert room == b"data"
    names = {c.user_data: c.error.name for c in found if c.error}
    assert names == {"fails": "EBADF", "behind": "ECANCELED"}


def test_link_timeout(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a receive that outlasts its time limit."""
    ring.batch.recv(pair[0], bytearray(1), flags=ringline.SQE_IO_LINK, user_data="recv")
    ring.batch.link_timeout(0.01, user_data="limit")
    names = {c.user_data: c.error.name for c in finals(ring, 2) if c.error}
    assert names == {"recv": "ECANCELED", "limit": "ETIME"}


def test_timers(ring: ringline.Ring) -> None:
    """Failure: a timer that fires early, in another order, or never ends."""
    begin = time.monotonic()
    ring.timer(0.02, user_data="late")
    ring.timer(0.01, user_data="early")
    assert [c.user_data for c in finals(ring, 2)] == ["early", "late"]
    assert time.monotonic() - begin >= 0.02
    number = ring.timer(0.001, 0.001, user_data="tick")
    ticks = 0
    while ticks < 3:
        ticks += len(ring.turn(wait=1))
    ring.cancel(number)
    assert finals(ring, 1)[-1].final
    for wrong in (-1.0, 1e30):
        with pytest.raises(ValueError):
            ring.timer(wrong)


def test_time_limit_of_a_turn(ring: ringline.Ring) -> None:
    """Failure: a turn that returns early, or not at all."""
    begin = time.monotonic()
    assert ring.turn(wait=1, timeout=0.02) == []
    assert 0.02 <= time.monotonic() - begin < 5
    assert ring.turn() == []


def test_raw_records(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: other values than those of the completions, or a pin kept."""
    pool = ring.pool(2, 64)
    buffer = bytearray(b"bytes")
    sent = ring.send(pair[0], buffer)
    received = ring.recv_multishot(pair[1], pool)
    records = {r[0]: r for r in ring.turn_raw(wait=2)}
    assert records[sent][1:4] == (5, ringline.CF_FINAL, 0)
    buffer.clear()
    _, res, flags, address, lease = records[received]
    assert (res, flags & ringline.CF_LEASE, address != 0) == (5, ringline.CF_LEASE, True)
    ring.lease_release(lease)
    with pytest.raises(ringline.Error) as caught:
        ring.lease_release(lease)
    assert caught.value.code == ringline.ESTALE


def test_any_op(ring: ringline.Ring) -> None:
    """Failure: an op filled by hand that is not done as it is."""
    ring.op(ringline.Op(opcode=ringline.OP_NOP, op_flags=1, len=42), user_data="by hand")
    completion = one(ring)
    assert (completion.user_data, completion.res) == ("by hand", 42)


def test_cancel_all(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a buffer let go at the cancel and not at the FINAL."""
    buffer = bytearray(4)
    ring.recv(pair[0], buffer)
    ring.timer(1000)
    assert ring.cancel_all() == 2
    with pytest.raises(BufferError):
        buffer.clear()
    assert {c.error.name for c in finals(ring, 2) if c.error} == {"ECANCELED"}
    buffer.clear()


def test_close_with_everything_in_flight(pair: Pair) -> None:
    """Failure: a close that hangs, or leaves a buffer held."""
    buffers = [bytearray(16) for _ in range(1000)]
    with ringline.Ring() as ring:
        for buffer in buffers:
            ring.recv(pair[0], buffer)
        ring.flush()
        assert len(ring) == 1000
    assert (len(ring), ring.closed, ring.close()) == (0, True, 0)
    pair[1].send(b"x" * 100)
    for buffer in buffers:
        assert not any(buffer)
        buffer.clear()
    assert pair[0].recv(200) == b"x" * 100


def test_dropped_ring_says_so(pair: Pair) -> None:
    """Failure: a ring that the collector takes in silence, or whose buffers stay held."""
    buffer = bytearray(16)
    ring = ringline.Ring()
    ring.recv(pair[0], buffer)
    ring.flush()
    with pytest.warns(ResourceWarning, match="unclosed"):
        del ring
    buffer.clear()


def test_detach(ring: ringline.Ring) -> None:
    """Failure: a ring that cannot be used again after it was let go."""
    ring.nop()
    one(ring)
    ring.detach()
    ring.nop()
    assert one(ring).res == 0


def test_what_a_ring_tells(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: an answer that is not about this ring."""
    info = ring.info()
    assert (info.sq_entries, info.ring_fd >= 0) == (64, True)
    ring.timer(100, user_data="waits")
    with open(tmp_path / "dump", "w+b") as file:
        assert ring.dump(file) == 1
        file.seek(0)
        assert b"TIMER" in file.read().upper()
    assert ring.stats().submitted == 1
    assert "1 in flight" in repr(ring)
    ring.stop()
    assert ring.turn(wait=1, timeout=20) == []


def test_options() -> None:
    """Failure: an option that does nothing, or an unknown one that is no error."""
    with ringline.Ring(8, max_inflight=4, disable=ringline.FEATURE_DEFER_TASKRUN) as ring:
        assert ring.info().disabled & ringline.FEATURE_DEFER_TASKRUN
        for _ in range(4):
            ring.timer(100)
        with pytest.raises(ringline.Error) as caught:
            ring.timer(100)
        assert caught.value.code == ringline.ENOSLOT
        assert len(ring) == 4
    with ringline.Ring(2048) as ring:
        assert (ring.info().sq_entries, ring.info().cq_entries) == (2048, 8192)
    with pytest.raises(TypeError):
        ringline.Ring(no_such_option=1)
    with pytest.raises(ringline.Error):
        ringline.Ring(flags=0x4000)


def test_doctor() -> None:
    """Failure: a report without the kernel, or another one on the command line."""
    assert os.uname().release.split(".")[0] in ringline.doctor()
    command = [sys.executable, "-m", "ringline"]
    said = subprocess.run(command + ["doctor"], stdout=subprocess.PIPE, check=True)
    assert said.stdout.decode().splitlines()[0] == ringline.doctor().splitlines()[0]
    assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 2
    assert ringline.has("recv_multishot") in (True, False)
    with pytest.raises(ringline.Error):
        ringline.has("no such feature")


class Held:
    """Something with a descriptor, whose end can be seen."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def fileno(self) -> int:
        return self.fd


def test_file_objects_are_held(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a socket that the collector closes under its operation, or never."""
    held = Held(pair[1].fileno())
    seen = weakref.ref(held)
    ring.recv(held, bytearray(4))
    ring.flush()
    del held
    gc.collect()
    assert seen() is not None
    pair[0].send(b"end")
    assert one(ring).res == 3
    gc.collect()
    assert seen() is None


def test_multishot_holds_until_final(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: what an op names let go at its first completion, while it goes on."""
    held = Held(pair[1].fileno())
    seen = weakref.ref(held)
    number = ring.poll(held, select.POLLIN, multishot=True, user_data="mine")
    del held
    for _ in range(3):
        pair[0].send(b"x")
        (completion,) = ring.turn(wait=1)
        assert (completion.user_data, completion.more) == ("mine", True)
        gc.collect()
        assert seen() is not None
    ring.cancel(number)
    assert one(ring).user_data == "mine"
    gc.collect()
    assert seen() is None
