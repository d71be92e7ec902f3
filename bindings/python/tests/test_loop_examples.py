"""The examples of the event loop as programs."""

import hashlib
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Tuple

import pytest
from certificates import contexts
from loops import only_ringline
from test_examples import EXAMPLES, echoed

pytestmark = only_ringline


@pytest.mark.parametrize("kind", ["protocol", "streams"])
def test_echo(kind: str) -> None:
    """Failure: one of 20 connections that gets back other bytes, or no end."""
    _, code, said = echoed("loop_echo.py", kind, connections=20)
    assert (code, said) == (0, b"ended\n")


def test_copy(tmp_path: Path) -> None:
    """Failure: a copy with other bytes, also of an empty file."""
    for size in (0, 5_000_001):
        data = hashlib.shake_128(b"file").digest(size)
        (tmp_path / "source").write_bytes(data)
        command = [sys.executable, str(EXAMPLES / "loop_copy.py")]
        command += [str(tmp_path / "source"), str(tmp_path / "target")]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        assert said == f"{size} bytes\n".encode()
        assert (tmp_path / "target").read_bytes() == data


def test_processes() -> None:
    """Failure: a line or an exit code of a process that is lost."""
    command = [sys.executable, str(EXAMPLES / "processes.py")]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    lines = said.split("\n")
    wanted = [f"process {name} {step}" for name in "abc" for step in range(3)]
    assert sorted(lines[:9]) == wanted
    assert lines[9] == "exit codes [0, 0, 0]"


def test_tls_client(certificate: Tuple[Path, Path]) -> None:
    """Failure: an answer over TLS that is not printed."""
    import socket

    for_server, _ = contexts(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with for_server.wrap_socket(sock, server_side=True) as peer:
                assert peer.recv(1000).startswith(b"HEAD / HTTP/1.1\r\n")
                peer.sendall(b"HTTP/1.1 204 No Content\r\nServer: test\r\n\r\n")
                try:
                    peer.unwrap()
                except (ssl.SSLError, OSError):
                    pass  # The client may be gone already.

        thread = threading.Thread(target=serve)
        thread.start()
        command = [sys.executable, str(EXAMPLES / "tls_client.py"), "localhost"]
        command += [str(listener.getsockname()[1]), str(certificate[0])]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        thread.join()
    assert said == b"HTTP/1.1 204 No Content\nServer: test\n"
