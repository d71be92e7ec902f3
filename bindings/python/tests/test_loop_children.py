"""Child processes, pipes and signals: every byte arrives, every end is told, nothing is left."""

import asyncio
import os
import pty
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest
from loops import KIND, MIB, noise, only_ringline, program, run, until, within

PIPE = asyncio.subprocess.PIPE


def open_files() -> List[str]:
    return sorted(os.listdir("/proc/self/fd"))


async def child(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*arguments, **options)


def test_much_through_a_child() -> None:
    data = noise(5 * MIB)

    async def main() -> None:
        process = await child("cat", stdin=PIPE, stdout=PIPE)
        out, _ = await within(process.communicate(data))
        assert out == data and process.returncode == 0
        shell = await asyncio.create_subprocess_shell(
            "cat; echo error >&2; exit 7", stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        assert await within(shell.communicate(data)) == (data, b"error\n")
        assert shell.returncode == 7

    run(main())


def test_ends_of_children() -> None:
    """Signals, statuses, a program that is not there; many at once leave nothing behind."""

    async def main() -> None:
        for call, number in (("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)):
            process = await child("sleep", "60")
            getattr(process, call)()
            assert await within(process.wait()) == -number
        process = await child("sleep", "60")
        process.send_signal(signal.SIGUSR1)
        assert await within(process.wait()) == -signal.SIGUSR1
        with pytest.raises(ProcessLookupError):
            process.kill()
        with pytest.raises(FileNotFoundError):
            await child("/no/such/program")
        before = open_files()
        many = [await child("sh", "-c", f"exit {n}", stdout=PIPE) for n in range(30)]
        assert await within(asyncio.gather(*(p.wait() for p in many))) == list(range(30))
        del many, process
        await until(lambda: len(open_files()) <= len(before))

    run(main())


def test_exit_before_the_pipes_end() -> None:
    """A grandchild holds the pipe: the exit is told at once, the end when the pipe is closed."""

    async def main() -> None:
        process = await child("sh", "-c", "(sleep 0.5; echo late) & echo now", stdout=PIPE)
        assert process.stdout is not None
        assert await within(process.stdout.readline()) == b"now\n"
        # Process.wait() of a streams' process waits for its pipes too; its code comes before.
        await until(lambda: process.returncode == 0)
        assert await within(process.stdout.read()) == b"late\n"
        assert await within(process.wait()) == 0

    run(main())


def test_reader_is_gone() -> None:
    async def main() -> None:
        process = await child("true", stdin=PIPE)
        assert process.stdin is not None
        await within(process.wait())
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(100):
                process.stdin.write(b"x" * 65536)
                await process.stdin.drain()

    run(main())


@only_ringline  # and asyncio of 3.15
def test_no_signal_to_a_child_that_was_waited_for() -> None:
    """Failure: a child is waited for before it is told of, and its number may be another process's
    when a signal is sent to it."""

    async def main() -> None:
        process = await child("sleep", "1000")
        process.kill()
        while process.returncode is None:
            os.kill(process.pid, 0)
            await asyncio.sleep(0)
        assert await process.wait() == -signal.SIGKILL

    run(main())


def test_cancelled_wait_and_kill() -> None:
    async def main() -> None:
        process = await child("sleep", "60", stdout=PIPE)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(process.communicate(), 0.05)
        process.kill()
        assert await within(process.wait()) == -signal.SIGKILL

    run(main())


@only_ringline
def test_child_that_somebody_else_waited_for() -> None:
    async def main() -> None:
        process = await child("sleep", "60")
        process.kill()
        os.waitpid(process.pid, 0)
        assert await within(process.wait()) == 255

    run(main())


@only_ringline
def test_child_that_somebody_waits_for_as_it_ends() -> None:
    """Failure: the status is lost where a handler of SIGCHLD, as asyncio's FastChildWatcher, waits
    for any child that ended."""

    def reap() -> None:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, reap)
        for _ in range(10):
            process = await child("/bin/sh", "-c", "exit 7")
            assert await within(process.wait()) == 7
            process = await child("sleep", "60")
            process.kill()
            assert await within(process.wait()) == -signal.SIGKILL
        loop.remove_signal_handler(signal.SIGCHLD)

    run(main())


@only_ringline
def test_child_outlives_its_loop() -> None:
    """A loop that is closed over a running child lets go of it, and leaves no descriptor."""
    result = program("""
async def main():
    process = await asyncio.create_subprocess_exec("sleep", "60")
    return process
before = len(os.listdir("/proc/self/fd"))
loop = new_loop()
process = loop.run_until_complete(main())
loop.close()
print(len(os.listdir("/proc/self/fd")) - before)
os.kill(process.pid, signal.SIGKILL)
""")
    assert result.stdout.split() == ["0"], result


class Ends(asyncio.Protocol):
    """What a pipe's protocol hears."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.said: List[str] = []
        self.error: Any = "none"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> None:
        self.said.append("eof")

    def pause_writing(self) -> None:
        self.said.append("pause")

    def resume_writing(self) -> None:
        self.said.append("resume")

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self.said.append("lost")
        self.error = exc


async def pipes(kind: str) -> Tuple[Ends, Ends]:
    """A reader and a writer of one pipe."""
    loop = asyncio.get_running_loop()
    if kind == "pipe":
        reading, writing = os.pipe()
        files: Any = os.fdopen(reading, "rb", 0), os.fdopen(writing, "wb", 0)
    elif kind == "socket":
        files = socket.socketpair()
    else:
        leader, follower = pty.openpty()
        subprocess.run(["stty", "raw", "-echo"], stdin=follower, check=True)
        files = os.fdopen(leader, "rb", 0), os.fdopen(follower, "wb", 0)
    _, reader = await loop.connect_read_pipe(Ends, files[0])
    _, writer = await loop.connect_write_pipe(Ends, files[1])
    return reader, writer


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
def test_much_through_a_pipe(kind: str) -> None:
    data = noise(MIB if kind != "terminal" else 30_000)

    async def main() -> None:
        reader, writer = await pipes(kind)
        writer.transport.write(data)
        # All that has no room waits, and goes out although the writer closes.
        if kind != "terminal":
            assert writer.said == ["pause"]
            assert writer.transport.get_write_buffer_size() > 0
        await until(lambda: len(reader.data) >= len(data) // 2)
        writer.transport.close()
        await until(lambda: "lost" in reader.said and "lost" in writer.said)
        assert reader.data == data
        assert reader.said.count("lost") == writer.said.count("lost") == 1

    run(main())


@pytest.mark.skipif(KIND == "uvloop", reason="takes away more than was read")
def test_paused_reader() -> None:
    async def main() -> None:
        reader, writer = await pipes("pipe")
        for number in range(30):
            writer.transport.write(b"a")
            await until(lambda: len(reader.data) == 3 * number + 1)
            writer.transport.write(b"b")
            reader.transport.pause_reading()
            writer.transport.write(b"c")
            for _ in range(10):
                await asyncio.sleep(0)
            assert len(reader.data) == 3 * number + 1
            reader.transport.resume_reading()
            await until(lambda: len(reader.data) == 3 * number + 3)
        reader.transport.pause_reading()
        writer.transport.write(b"end")
        writer.transport.close()
        for _ in range(10):
            await asyncio.sleep(0)
        assert reader.said == []
        reader.transport.resume_reading()
        await until(lambda: "lost" in reader.said)
        assert reader.data == b"abc" * 30 + b"end" and reader.said == ["eof", "lost"]

    run(main())


def test_writer_hears_that_its_reader_went() -> None:
    async def main() -> None:
        for full in (False, True):
            reader, writer = await pipes("pipe")
            if full:
                writer.transport.write(bytes(MIB))
            reader.transport.close()
            await until(lambda: "lost" in writer.said)
            assert isinstance(writer.error, BrokenPipeError) == full
            assert writer.said.count("lost") == 1
            await until(lambda: "lost" in reader.said)

    run(main())


def test_what_was_written_is_in_the_pipe_when_the_program_ends() -> None:
    result = program("""
async def main():
    loop = asyncio.get_running_loop()
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
    out.write(b"said")
    os._exit(0)
new_loop().run_until_complete(main())
""")
    assert result.stdout == "said", result


def test_regular_files_are_refused(tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with open(tmp_path / "file", "wb") as file:
            with pytest.raises(ValueError, match="Pipe transport"):
                await loop.connect_write_pipe(asyncio.BaseProtocol, file)
            with pytest.raises(ValueError, match="Pipe transport"):
                await loop.connect_read_pipe(asyncio.BaseProtocol, file)

    if KIND != "uvloop":
        run(main())


def test_signal_handlers() -> None:
    """Each signal is heard while the loop waits and while it works; the handlers go with it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: List[int] = []
        numbers = [signal.SIGUSR1, signal.SIGUSR2]
        for number in numbers:
            loop.add_signal_handler(number, heard.append, int(number))
        for _ in range(20):
            heard.clear()
            for number in numbers:
                os.kill(os.getpid(), number)
            await until(lambda: sorted(heard) == sorted(map(int, numbers)))
        assert loop.remove_signal_handler(signal.SIGUSR1)
        assert not loop.remove_signal_handler(signal.SIGUSR1)
        assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
        process = await child(
            sys.executable, "-c", f"import os; os.kill({os.getpid()}, {int(signal.SIGUSR2)})"
        )
        heard.clear()
        await within(process.wait())
        await until(lambda: heard)
        for wrong in (signal.SIGKILL, 0, 10_000):
            with pytest.raises((RuntimeError, ValueError)):
                loop.add_signal_handler(wrong, print)

    run(main())
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL
    assert signal.set_wakeup_fd(-1) == -1


def test_wakeup_descriptor_of_the_program_stays() -> None:
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    with left, right:
        signal.set_wakeup_fd(left.fileno())
        try:
            run(asyncio.sleep(0))
            assert signal.set_wakeup_fd(-1) == left.fileno()
        finally:
            signal.set_wakeup_fd(-1)


class Told(asyncio.SubprocessProtocol):
    """Notes what a protocol is told of its child."""

    def __init__(self) -> None:
        self.told: List[str] = []
        self.over = asyncio.get_running_loop().create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.told.append("data")

    def process_exited(self) -> None:
        self.told.append("exit")

    def connection_lost(self, error: Optional[Exception]) -> None:
        self.over.set_result(None)


def wait_for(pid: Optional[int]) -> None:
    """Block until a child is over; its status is left to others."""
    assert pid is not None
    with suppress(ChildProcessError):  # A thread of asyncio's may have been there.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("command", ["echo word", "echo word; echo another >&2"])
def test_exit_comes_behind_what_the_child_wrote(command: str) -> None:
    """Failure: the protocol is told of the exit before it has the last output, although both were
    there when the loop looked."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(50):
            transport, protocol = await loop.subprocess_exec(
                Told, "/bin/sh", "-c", "read line; " + command
            )
            stdin: Any = transport.get_pipe_transport(0)
            # The loop does not look until all has happened.
            os.write(stdin.get_extra_info("pipe").fileno(), b"begin\n")
            wait_for(transport.get_pid())
            await protocol.over
            transport.close()
            assert protocol.told == [*["data"] * command.count("echo"), "exit"]

    run(main())


@only_ringline
def test_exit_comes_behind_what_a_short_child_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: of a child that is over before its pipes are read, the protocol is told of the exit
    first. (asyncio's watcher may be so much ahead of its pipes.)"""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            wait_for(self.pid)

    monkeypatch.setattr(subprocess, "Popen", Popen)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(20):
            transport, protocol = await loop.subprocess_exec(Told, "/bin/sh", "-c", "echo word")
            await protocol.over
            transport.close()
            assert protocol.told == ["data", "exit"]

    run(main())
