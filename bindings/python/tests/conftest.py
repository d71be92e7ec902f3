"""What the tests share: a ring that must end clean, a pair of sockets, a time limit."""

import faulthandler
import gc
import importlib.util
import os
import signal
import socket
from pathlib import Path
from typing import Iterator, List, Tuple

import certificates
import pytest

import ringline

# The real programs are in an environment of their own: scripts/programs.sh.
collect_ignore = [] if importlib.util.find_spec("fastapi") else ["programs"]

Pair = Tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """A test that hangs says where, and ends. A shell's background jobs ignore SIGINT: not here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def ring() -> Iterator[ringline.Ring]:
    made = ringline.Ring(64)
    yield made
    assert made.close() == 0, "operations were abandoned"


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, Path]:
    return certificates.make(tmp_path_factory.mktemp("tls"))


def descriptors() -> List[str]:
    gc.collect()
    return sorted(os.listdir("/proc/self/fd"))


def finals(ring: ringline.Ring, count: int) -> List[ringline.Completion]:
    """The next `count` final completions, and with them whatever came before."""
    found: List[ringline.Completion] = []
    while sum(c.final for c in found) < count:
        found += ring.turn(wait=1, timeout=20)
    return found


def one(ring: ringline.Ring) -> ringline.Completion:
    """The only completion that is due."""
    (completion,) = finals(ring, 1)
    return completion
