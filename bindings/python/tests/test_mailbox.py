"""The mailbox: messages and operations from other threads."""

import threading
import time
from typing import List, Tuple

import pytest
from conftest import Pair

import ringline


def test_posts_wake_and_keep_their_order(ring: ringline.Ring) -> None:
    """Failure: a post that is lost, out of order, or does not wake the ring."""
    with ring.mailbox() as mailbox:

        def send() -> None:
            for number in range(500):
                mailbox.post(number, -number)

        sender = threading.Thread(target=send)
        sender.start()
        seen: List[Tuple[int, int]] = []
        while len(seen) < 500:
            found = ring.turn(wait=1, timeout=5)
            assert found and all(c.flags == ringline.CF_MSG for c in found)
            seen += [(c.op, c.res) for c in found]
        sender.join()
    assert seen == [(number, -number) for number in range(500)]


def test_operations_of_another_thread(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: an op lost or run on the wrong thread, its buffer let go before FINAL."""
    buffer = bytearray(4)
    asked = []
    with ring.mailbox() as mailbox:

        def ask() -> None:
            asked.append(mailbox.recv(pair[0], buffer, user_data="mine"))

        other = threading.Thread(target=ask)
        other.start()
        other.join()
        assert ring.turn() == []
        with pytest.raises(BufferError):
            buffer.clear()
        pair[1].send(b"abcd")
        (completion,) = ring.turn(wait=1, timeout=5)
    assert (completion.op, completion.user_data, completion.res) == (asked[0], "mine", 4)
    assert completion.final and completion.flags & ringline.CF_MSG
    assert buffer == b"abcd"
    buffer.clear()
    assert len(ring) == 0


def test_cancel_from_another_thread(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: an op that cannot be cancelled, or a cancel of what is gone that is no False."""
    with ring.mailbox() as mailbox:
        op = mailbox.recv(pair[0], bytearray(4))
        ring.turn()
        assert mailbox.cancel(op) and not mailbox.cancel(10**9)
        (completion,) = ring.turn(wait=1, timeout=5)
        assert (completion.op, completion.res) == (op, -125)
        assert not mailbox.cancel(op)
        again = mailbox.recv(pair[0], bytearray(4))
        ring.turn()
        assert ring.cancel(again)
        (completion,) = ring.turn(wait=1, timeout=5)
        assert completion.op == again


def test_wake_full_and_closed(ring: ringline.Ring) -> None:
    """Failure: a wake that is lost, more than fits taken, another error than the library's."""
    mailbox = ring.mailbox()
    sleeper = threading.Timer(0.05, mailbox.wake)
    sleeper.start()
    start = time.monotonic()
    assert ring.turn(wait=1, timeout=5) == []
    assert time.monotonic() - start < 4
    sleeper.join()
    posted = 0
    with pytest.raises(ringline.Error) as caught:
        while True:
            mailbox.post(posted)
            posted += 1
    assert (caught.value.name, posted) == ("EAGAIN", 1024)
    seen = 0
    while seen < posted:
        seen += len(ring.turn())
    ring.close()
    for call in (mailbox.wake, lambda: mailbox.post(1), mailbox.nop):
        with pytest.raises(ringline.Error) as caught:
            call()
        assert caught.value.name == "RINGLINE_ECLOSED"
    mailbox.release()
    mailbox.release()
    with pytest.raises(ringline.Error) as caught:
        mailbox.post(1)
    assert caught.value.name == "RINGLINE_ESTALE"
    with pytest.raises(ValueError):
        mailbox.post(-1)
