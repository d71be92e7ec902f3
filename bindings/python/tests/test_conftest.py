"""The tests' own ground: what one test does is not another's failure."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEAVES = """
import asyncio, gc, socket
import pytest, ringline

def test_fails():
    loop = ringline.new_event_loop()
    async def main():
        left, right = socket.socketpair()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        transport.write(bytes(10))
        assert right is None
    loop.run_until_complete(main())

@pytest.fixture
def leaves():
    left, right = socket.socketpair()
    yield left
    assert right is None

def test_fails_in_its_teardown(leaves):
    pass

@pytest.mark.parametrize("number", range(5))
def test_that_follows(number):
    gc.collect()

def test_leaves_a_socket_without_failing():
    left, right = socket.socketpair()
    del left
"""


def test_what_a_failed_test_left_fails_no_other(tmp_path: Path) -> None:
    """Failure: the sockets of a test that failed are warned of in the next, which fails by that; or
    a test that leaves a socket open without having failed is not told any more."""
    (tmp_path / "conftest.py").write_text((HERE / "conftest.py").read_text())
    (tmp_path / "certificates.py").write_text((HERE / "certificates.py").read_text())
    (tmp_path / "test_leaves.py").write_text(LEAVES)
    settings = ["-c", str(HERE.parent / "pyproject.toml"), "--rootdir", str(tmp_path), "-rA"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, str(tmp_path / "test_leaves.py")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
    )
    said = ran.stdout.partition("short test summary info")[2]
    assert said.count("PASSED") == 6, ran.stdout
    words = [line.split() for line in said.splitlines() if "::" in line]
    told = {(how, where.rpartition("::")[2]) for how, where, *_ in words if how != "PASSED"}
    assert told == {
        ("FAILED", "test_fails"),
        ("ERROR", "test_fails_in_its_teardown"),
        ("FAILED", "test_leaves_a_socket_without_failing"),
    }, ran.stdout
