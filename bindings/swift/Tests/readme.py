"""The programs of the README, as printed and built for release: what they say, and whom they serve.

    readme.py FOLDER     where the built programs are

Failure: no tick; of 200 clients one whose bytes come back otherwise than they went, or not at all,
while more clients than the server's pool has buffers send and do not read.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = HERE.parents[2] / "scripts" / "swift.sh"
PORT, CLIENTS, ROUNDS, DEAF = 7000, 200, 20, 300


def bring_up_loopback() -> None:
    """In a network namespace of its own it is down at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(sock, 0x8913, request))[1]
        if not flags & 1:
            fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", flags | 1))
            # Ours alone: let little fit, so that who does not read is felt early.
            for name in ("tcp_wmem", "tcp_rmem"):
                Path(f"/proc/sys/net/ipv4/{name}").write_text("4096 16384 65536")


def connect(until: float) -> socket.socket:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", PORT), timeout=30)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def deafen(until: float) -> "list[socket.socket]":
    """Clients that send as much as is taken, and never read."""
    deaf = [connect(until) for _ in range(DEAF)]
    left = {sock: 1 << 20 for sock in deaf}
    for sock in deaf:
        sock.setblocking(False)
    while left:
        _, ready, _ = select.select([], list(left), [], 0.5)
        if not ready:
            break
        for sock in ready:
            try:
                left[sock] -= sock.send(bytes(min(left[sock], 65536)))
            except BlockingIOError:
                continue
            if not left[sock]:
                del left[sock]
    return deaf


def exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, f"the end after {len(data)} of {size} bytes"
        data += piece
    return data


def serve(program: Path) -> None:
    server = subprocess.Popen([RUN, program], start_new_session=True)
    try:
        until = time.monotonic() + 30
        deaf = deafen(until)
        clients = [connect(until) for _ in range(CLIENTS)]
        for turn in range(ROUNDS):
            texts = [f"{turn} of {at} ".encode() * (1 + at) for at in range(CLIENTS)]
            for sock, text in zip(clients, texts):
                sock.sendall(text)
            for sock, text in zip(clients, texts):
                assert exactly(sock, len(text)) == text, "other bytes came back"
        for sock in clients:
            sock.shutdown(socket.SHUT_WR)
        for sock in clients:
            assert sock.recv(1) == b""
        for sock in deaf + clients:
            sock.close()
        assert server.poll() is None, "the server has ended"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def main() -> None:
    bring_up_loopback()
    folder = Path(sys.argv[1])
    said = subprocess.run([RUN, folder / "app"], stdout=subprocess.PIPE, timeout=30, check=True)
    assert said.stdout == b"tick\n", said.stdout
    serve(folder / "readme-server")
    print("README: tick, and the server with 200 clients and 300 that do not read")


main()
