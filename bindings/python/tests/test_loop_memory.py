"""What making a loop takes: system calls, and memory that is locked."""

import asyncio
import errno
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from loops import PRELUDE, only_ringline, program, run

import ringline
from ringline._library import quick

pytestmark = only_ringline


@pytest.mark.skipif(not shutil.which("strace"), reason="without strace")
def test_a_loop_is_one_ring(tmp_path: Path) -> None:
    """Failure: rings beside the loop's own, made to learn what the kernel can do."""
    text = "for _ in range(3):\n    loop = new_loop()\n"
    text += "    loop.run_until_complete(asyncio.sleep(0))\n    loop.close()\n"
    told = tmp_path / "calls"
    command = ["strace", "-f", "-o", str(told), "-e", "trace=io_uring_setup"]
    command += [sys.executable, "-c", PRELUDE + text]
    said = subprocess.run(command, stderr=subprocess.PIPE, timeout=60)
    if b"PTRACE" in said.stderr:
        pytest.skip("nothing may be traced here")
    assert said.returncode == 0, said.stderr
    calls = [line for line in told.read_text().splitlines() if "io_uring_setup(" in line]
    assert len(calls) == 3, calls


@pytest.mark.parametrize(("serves", "least"), [(False, 6), (True, 4)])
def test_loops_within_64_kib(serves: bool, least: int) -> None:
    """Failure: a user's usual limit of locked memory, as it was for long, is too little for a few
    loops; or one too many is not told what is short."""
    text = f"""
import resource
async def main():
    if {serves}:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()
        server.close()
    await asyncio.sleep(0)
resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
if os.getuid() == 0:
    # Nobody else is this user: what others lock counts for them.
    os.setresuid(*3 * [100_000 + os.getpid()])
loops = []
try:
    while len(loops) < {least}:
        loops.append(new_loop())
        loops[-1].run_until_complete(main())
finally:
    print(len(loops))
"""
    said = program(text)
    assert (said.stdout, said.returncode) == (f"{least}\n", 0), said.stderr


def test_memory_that_is_too_little_is_told() -> None:
    """Failure: a loop, or a server, for which there is no locked memory fails without a word of
    it, or takes the loop with it."""
    text = """
import resource, warnings
resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
if os.getuid() == 0:
    os.setresuid(*3 * [200_000 + os.getpid()])
first = new_loop()
loops = [first]
try:
    while len(loops) < 1000:
        loops.append(new_loop())
except ringline.Error as error:
    assert "RLIMIT_MEMLOCK" in str(error), error
    async def main():
        try:
            await asyncio.start_server(print, "127.0.0.1", 0)
        except ringline.Error as error:
            return str(error)
    print(first.run_until_complete(main()))
    for loop in loops[1:]:
        loop.close()
    print(first.run_until_complete(asyncio.sleep(0, "goes on")))
    # Where it is wanted, asyncio's loop takes the place of one that there is no memory for.
    loops = [first]
    with warnings.catch_warnings(record=True) as said:
        while not said and len(loops) < 1000:
            loops.append(ringline.new_event_loop(fallback=True))
    print(type(loops[-1]).__module__, "RLIMIT_MEMLOCK" in str(said[0].message))
"""
    said = program(text)
    if not said.stdout and said.returncode == 0:
        pytest.skip("this kernel does not count the memory of rings")
    lines = said.stdout.splitlines()
    assert lines[1:] == ["goes on", "asyncio.unix_events True"], (lines, said.stderr)
    assert "RLIMIT_MEMLOCK" in lines[0]


def test_without_a_pool_servers_and_connections_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: a server that closes each client for want of the receive pool, a connection that
    hears nothing; or the want is not over when memory is there again."""

    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        listener = socket.create_server(("127.0.0.1", 0))
        with monkeypatch.context() as patch:
            patch.setattr(quick, "pool_create", lambda *_: -errno.ENOMEM)
            for what in (
                asyncio.start_server(lambda reader, writer: writer.close(), sock=listener),
                asyncio.open_connection(sock=ours),
            ):
                with pytest.raises(ringline.Error) as raised:
                    await what
                assert raised.value.errno == errno.ENOMEM
        for sock in (ours, theirs, listener):
            sock.close()
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        assert await reader.read() == b""
        writer.close()
        server.close()

    run(main())
