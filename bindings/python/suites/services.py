"""The servers that a suite needs, each run's own: own data, own port, gone with the run."""

import contextlib
import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

from sources import Unavailable


def port() -> int:
    """A port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def redis() -> Iterator[Dict[str, str]]:
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("redis-server is missing: install the package redis-server")
    number = port()
    folder = tempfile.mkdtemp(prefix="ringline-redis-")
    command = [program, "--port", str(number), "--dir", folder, "--save", "", "--daemonize", "no"]
    command += ["--unixsocket", f"{folder}/socket", "--enable-debug-command", "yes"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number)):
                break
            time.sleep(0.02)
        yield {"redis": str(number)}
    finally:
        child.terminate()
        child.wait(30)
        shutil.rmtree(folder)


@contextlib.contextmanager
def postgresql() -> Iterator[Dict[str, str]]:
    place = Path(__file__).resolve().parents[1] / "tests/programs/postgres.py"
    spec = importlib.util.spec_from_file_location("ringline_postgres", place)
    assert spec is not None and spec.loader is not None
    postgres: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(postgres)
    if postgres.programs() is None:
        raise Unavailable("PostgreSQL is missing: install the package postgresql")
    number = port()
    with postgres.running(number):
        yield {"postgresql": str(number)}


SERVICES: Dict[str, Callable[[], Any]] = {"redis": redis, "postgresql": postgresql}


@contextlib.contextmanager
def started(names: "tuple[str, ...]") -> Iterator[Dict[str, str]]:
    """All of them; gives the port of each."""
    ports: Dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            ports.update(stack.enter_context(SERVICES[name]()))
        yield ports
