"""Drives the examples: 100 connections against the echo server, one that does not read, a copy."""

import hashlib
import os
import select
import selectors
import socket
import subprocess
import sys
import tempfile

CONNECTIONS, EACH = 100, 200_000


def echo(program: str) -> None:
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline().split()[-1])
        selector = selectors.DefaultSelector()
        states = []
        for at in range(CONNECTIONS):
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            client.setblocking(False)
            data = hashlib.shake_128(str(at).encode()).digest(EACH)
            state = [client, data, 0, hashlib.sha256(), 0]
            states.append(state)
            selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE, state)
        open_ones = CONNECTIONS
        while open_ones:
            for key, events in selector.select(20) or [sys.exit("no answer")]:
                state = key.data
                client, data = state[0], state[1]
                if events & selectors.EVENT_WRITE:
                    state[2] += client.send(data[state[2] : state[2] + 16384])
                    if state[2] == EACH:
                        client.shutdown(socket.SHUT_WR)
                        selector.modify(client, selectors.EVENT_READ, state)
                if events & selectors.EVENT_READ:
                    piece = client.recv(65536)
                    state[3].update(piece)
                    state[4] += len(piece)
                    if not piece:
                        selector.unregister(client)
                        client.close()
                        open_ones -= 1
        for state in states:
            assert state[4] == EACH, f"{state[4]} bytes came back"
            assert state[3].digest() == hashlib.sha256(state[1]).digest(), "other bytes came back"
    finally:
        server.kill()
        server.wait()


def deaf(program: str) -> None:
    """A client that sends and does not read: the server stops taking its bytes, serves others, and
    has lost none when the client reads after all."""
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline().split()[-1])
        client = socket.create_connection(("127.0.0.1", port), timeout=20)
        sent, most, piece = 0, 256 << 20, os.urandom(1 << 16)
        while sent < most and select.select([], [client], [], 1.0)[1]:
            sent += client.send(piece, socket.MSG_DONTWAIT)
        assert sent < most, "it takes without end"
        with socket.create_connection(("127.0.0.1", port), timeout=20) as other:
            other.sendall(b"hello")
            assert other.recv(5) == b"hello"
        client.shutdown(socket.SHUT_WR)
        back = 0
        while piece := client.recv(1 << 20):
            back += len(piece)
        assert back == sent, f"{back} of {sent} bytes came back"
    finally:
        server.kill()
        server.wait()


def copy(program: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "from"), os.path.join(folder, "to")
        data = os.urandom(9_000_001)
        with open(source, "wb") as file:
            file.write(data)
        subprocess.run([program, source, target], check=True, stdout=subprocess.DEVNULL)
        with open(target, "rb") as file:
            assert hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest()
        none = subprocess.run([program, source + "-none", target], capture_output=True, text=True)
        assert none.returncode != 0 and "ENOENT" in none.stderr + none.stdout


echo(sys.argv[1])
deaf(sys.argv[1])
copy(sys.argv[2])
