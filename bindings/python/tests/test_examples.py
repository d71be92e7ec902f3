"""The examples as programs: 100 connections echoed, a file copied; digests compared."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import List, Tuple

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CONNECTIONS = 100
BYTES = 300_000


def talk(port: int, seed: int, failures: List[str]) -> None:
    data = hashlib.shake_128(str(seed).encode()).digest(BYTES)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        digest, count = hashlib.sha256(), 0
        while count < BYTES:
            part = connection.recv(65536)
            if not part:
                break
            digest.update(part)
            count += len(part)
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        rest = connection.recv(1)
    if rest or digest.digest() != hashlib.sha256(data).digest():
        failures.append(f"connection {seed}: {count} bytes")


def echoed(example: str, *arguments: str, connections: int) -> Tuple[int, int, bytes]:
    """Plays against an example that echoes, and ends it by Ctrl-C. How many files it had open when
    the connections were over, its return code, and what it said at its end."""
    command = [sys.executable, str(EXAMPLES / example), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None and server.stderr is not None
            port = int(server.stdout.readline().split()[-1])
            failures: List[str] = []
            threads = [
                threading.Thread(target=talk, args=(port, seed, failures))
                for seed in range(connections)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert failures == []
            open_files = len(os.listdir(f"/proc/{server.pid}/fd"))
        finally:
            server.send_signal(signal.SIGINT)
            said = server.communicate(timeout=30)[1]
    return open_files, server.returncode, said


def test_echo() -> None:
    """Failure: one of 100 connections that gets back other bytes, or no end."""
    open_files, code, said = echoed("echo.py", connections=CONNECTIONS)
    assert open_files < 20, "connections were left open"
    assert (code, b"completions" in said) == (0, True), said


def test_readmes() -> None:
    """Failure: the first lines of Python that anybody sees do not run."""
    ours = EXAMPLES.parent
    for readme in (ours / "README.md", ours.parents[1] / "README.md"):
        program = readme.read_text().split("```python\n")[1].split("```")[0]
        said = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
        assert b"user_data='tick'" in said.stdout


def test_copy(tmp_path: Path) -> None:
    """Failure: a copy with another digest, also of an empty file."""
    for size in (0, 1, 5_000_001):
        data = hashlib.shake_128(b"file").digest(size)
        (tmp_path / "source").write_bytes(data)
        command = [sys.executable, str(EXAMPLES / "copy_file.py")]
        command += [str(tmp_path / "source"), str(tmp_path / "target")]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        assert said == f"{size} bytes\n".encode()
        copied = hashlib.sha256((tmp_path / "target").read_bytes()).digest()
        assert copied == hashlib.sha256(data).digest()
