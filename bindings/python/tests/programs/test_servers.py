"""The README's recipes for web servers: each serves, on a ring, and ends well."""

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import printed
import pytest
from loops import only_ringline
from served import HERE, free_port, serving
from test_loop_config import FORBID

pytestmark = only_ringline
#: What starts each, and the signal that it is asked to end by.
RECIPES: Dict[str, Tuple[List[str], signal.Signals]] = {
    "uvicorn": (printed.command("uvicorn", "--loop"), signal.SIGINT),
    "gunicorn": (printed.command("gunicorn", "ringline.gunicorn"), signal.SIGTERM),
    "gunicorn with uvicorn": (printed.command("gunicorn", "ringline.uvicorn"), signal.SIGTERM),
    "hypercorn": (printed.command("hypercorn", "hypercorn"), signal.SIGINT),
    "granian": (["granian_program"], signal.SIGTERM),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the servers start: with their application `app:app`, and the program for granian."""
    text = (HERE / "app.py").read_text()
    (tmp_path / "late.py").write_text(f"import ringline\nringline.install()\n{text}")
    (tmp_path / "app.py").write_text(text)
    return tmp_path


def prepared(name: str, folder: Path, port: int) -> List[str]:
    """The recipe as its user carries it out, on that port."""
    command, _ = RECIPES[name]
    if name == "hypercorn":
        shutil.copy(folder / "late.py", folder / "app.py")
        assert printed.row(name)[0] in (folder / "app.py").read_text()
    if name == "granian":
        text = printed.block(name).replace("interface=", f"port={port}, interface=")
        (folder / "granian_program.py").write_text(text)
        return command
    if name == "uvicorn":
        return [*command, "--port", str(port)]
    # gunicorn's socket for commands would be in the user's home.
    more = ["--no-control-socket"] if command[0] == "gunicorn" else []
    return [*command, "-b", f"127.0.0.1:{port}", *more]


def half_asked(port: int) -> socket.socket:
    """A connection whose request is answered up to the place where the server awaits its end."""
    client = socket.create_connection(("127.0.0.1", port), 20)
    client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n1")
    said = b""
    while b"loop" not in said:
        part = client.recv(65536)
        assert part, said
        said += part
    assert b"ringline._event_loop" in said
    return client


@pytest.mark.parametrize("name", RECIPES)
def test_server(name: str, folder: Path) -> None:
    """Failure: a server that is on another loop, that says what it should not, or that drops a
    request which it has begun to answer when it is asked to end."""
    port = free_port()
    clients: List[socket.socket] = []

    def ending() -> None:
        for client in clients:
            client.sendall(b"2")
            with client, client.makefile("rb") as rest:
                assert rest.read() == b" end"

    end = RECIPES[name][1]
    with serving(prepared(name, folder, port), port, end, cwd=folder, ending=ending):
        clients.append(half_asked(port))


@pytest.mark.parametrize("name", ["gunicorn", "gunicorn with uvicorn"])
def test_gunicorn_where_rings_are_forbidden(name: str, folder: Path) -> None:
    """Failure: workers that are made anew for ever, or an end that does not say why."""
    program = f"import os, sys\n{FORBID}\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", program, "-m", *prepared(name, folder, free_port())]
    said = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, timeout=30)
    assert said.returncode == 3, said.stderr
    assert "python -m ringline doctor" in said.stderr
    assert said.stderr.count("Booting worker") == 1


def test_gunicorn_s_own_loop_is_not_changed_by_its_application(folder: Path) -> None:
    """Failure: an application that `-k asgi` serves and that installs too late hears nothing."""
    port = free_port()
    command = ["gunicorn", "-k", "asgi", "--asgi-loop", "asyncio", "--no-control-socket"]
    command = [sys.executable, "-m", *command, "-b", f"127.0.0.1:{port}", "late:app"]
    child = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        said = ""
        while "listening" not in said:
            line = child.stderr.readline()
            assert line, said
            said += line
        assert "too late" in said and "late.py:2: RuntimeWarning" in said
    finally:
        child.terminate()
        child.communicate(timeout=20)
