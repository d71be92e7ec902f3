"""What the tests share: a ring that must end clean, a pair of sockets, a time limit."""

import faulthandler
import gc
import importlib.util
import os
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Any, Generator, Iterator, List, Tuple

import certificates
import pytest

import ringline

# The real programs are in an environment of their own: scripts/programs.sh.
collect_ignore = [] if importlib.util.find_spec("fastapi") else ["programs"]

failures: List[str] = []
Pair = Tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """A test that hangs says where, and ends. A shell's background jobs ignore SIGINT: not here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        failures.append(report.nodeid)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a failed test leaves behind (the traceback keeps its variables) goes with it: a warning
    about an open socket would be the next tests' failure."""
    before = len(failures)
    result = yield
    if len(failures) > before:
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            vars(sys).pop(name, None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return result


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
