"""Starts a web server as its users do, and gives its port when it answers."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, List

HERE = Path(__file__).resolve().parent
#: How uvicorn names the loop under test.
LOOPS = {"ringline": "ringline:new_event_loop", "uvloop": "uvloop", "asyncio": "asyncio"}


def free_port() -> int:
    """A port that was free a moment ago, for programs that cannot say which one they took."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def await_port(port: int, child: "subprocess.Popen[bytes]", limit: float = 20) -> None:
    end = time.monotonic() + limit
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if child.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextlib.contextmanager
def serving(
    command: List[str],
    port: int,
    end: signal.Signals = signal.SIGINT,
    cwd: Path = HERE,
    ending: Callable[[], None] = lambda: None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """The program while it serves; it must end well at the signal, and say nothing bad.

    `ending` is called when it has the signal.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=cwd, stderr=subprocess.PIPE, env=os.environ
    )
    try:
        await_port(port, child)
        yield child
    finally:
        child.send_signal(end)
        try:
            ending()
            said = child.communicate(timeout=20)[1]
        except BaseException:
            child.kill()
            raise
    assert b"Traceback" not in said, said.decode()
    # uvicorn raises the signal again once it has ended.
    assert child.returncode in (0, -end), said.decode()


@contextlib.contextmanager
def uvicorn(app: str, loop: str, *options: str) -> Iterator[int]:
    port = free_port()
    command = ["uvicorn", "--loop", LOOPS[loop], "--port", str(port), "--log-level", "warning"]
    with serving([*command, "--no-access-log", *options, f"apps:{app}"], port):
        yield port


class Load:
    """What wrk said."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = re.search(r"(\d+) requests in", text)
        self.requests = int(found.group(1)) if found else 0
        self.bad = "Non-2xx" in text or "Socket errors" in text


def wrk(url: str, seconds: float = 1, connections: int = 32) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    return Load(said.stdout)
