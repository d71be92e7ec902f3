"""Servers without asyncio: what handlers are told, in which order, and what they may answer."""

import contextlib
import errno
import fcntl
import hashlib
import os
import socket
import struct
import sys
import termios
import threading
from typing import Any, Iterator, List, Tuple

import pytest
import ringline
from test_examples import echoed


@contextlib.contextmanager
def served(handler: Any, grace: float = 0.0) -> "Iterator[Tuple[ringline.Server, int]]":
    """A server in a thread of its own, and its port."""
    listens = threading.Event()
    handler.start = lambda server: listens.set()
    server = ringline.Server(handler, "127.0.0.1:0")
    thread = threading.Thread(target=server.run)
    port = server.ports[0]
    thread.start()
    try:
        assert listens.wait(30)
        yield server, port
    finally:
        server.stop(grace)
        thread.join(30)
        assert not thread.is_alive()


def client(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def whole(sock: socket.socket) -> bytes:
    """Everything up to the end."""
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_example() -> None:
    """Failure: one of 50 connections that gets back other bytes, or no end; no end by Ctrl-C."""
    _, code, said = echoed("protocol_echo.py", connections=50)
    assert (code, said) == (0, b"ended\n")


class Stopped:
    """Has a crowd connect and write, and stops its server, in one call."""

    def __init__(self) -> None:
        self.clients: List[socket.socket] = []
        self.told: List[Any] = []
        self.server: Any = None

    def data(self, conn: ringline.Connection, data: bytes) -> None:
        if data == b"stop":
            for at in range(40):
                sock = client(self.server.ports[0])
                sock.sendall(b"client %d" % at)
                self.clients.append(sock)
            self.server.stop(20)
        conn.send(b"answer to " + data)

    def stopping(self, server: ringline.Server) -> None:
        assert server is self.server
        self.told.append("stopping")

    def close(self, conn: ringline.Connection, reason: int) -> None:
        self.told.append(reason)


def test_stop_serves_who_had_connected() -> None:
    """Failure: a client that had connected and written before the stop is reset, or cut off."""
    handler = Stopped()
    with served(handler, 20) as (server, port), client(port) as sock:
        handler.server = server
        sock.sendall(b"stop")
        assert whole(sock) == b"answer to stop"
        for at, other in enumerate(handler.clients):
            with other:
                assert whole(other) == b"answer to client %d" % at
    assert handler.told == ["stopping"] + 41 * [0]


class Lines:
    """Answers each line with its length; what is no whole line is left."""

    def __init__(self) -> None:
        self.told: List[Any] = []

    def accept(self, conn: ringline.Connection) -> None:
        conn.state = 0
        self.told.append(conn.peer)

    def data(self, conn: ringline.Connection, data: bytes) -> int:
        end = data.rfind(b"\n") + 1
        for line in data[:end].splitlines():
            conn.state += 1
            assert conn.send(b"%d\n" % len(line))
        return end

    def end(self, conn: ringline.Connection) -> None:
        conn.send(b"%d lines\n" % conn.state)

    def close(self, conn: ringline.Connection, reason: int) -> None:
        self.told.append(reason)


def test_lines_in_pieces() -> None:
    """Failure: bytes that were left are not shown again, or out of order; an end without a word."""
    handler = Lines()
    with served(handler) as (server, port), client(port) as sock:
        text = b"".join(b"x" * (7 * at % 3000) + b"\n" for at in range(500))
        for start in range(0, len(text), 1013):
            sock.sendall(text[start : start + 1013])
        sock.shutdown(socket.SHUT_WR)
        wanted = "".join(f"{7 * at % 3000}\n" for at in range(500)) + "500 lines\n"
        assert whole(sock).decode() == wanted
        name = sock.getsockname()
    assert handler.told == [name, 0]
    assert len(server) == 0


class Keeps:
    """Sends back what comes, as long as the client takes it."""

    def __init__(self) -> None:
        self.refused = threading.Event()

    def data(self, conn: ringline.Connection, data: bytes) -> int:
        if conn.send(data):
            return len(data)
        self.refused.set()
        conn.pause()
        return 0

    def writable(self, conn: ringline.Connection) -> None:
        conn.resume()


def test_slow_client() -> None:
    """Failure: a client that does not read makes the server keep all, or it loses bytes."""
    handler = Keeps()
    data = hashlib.shake_128(b"slow").digest(24 << 20)
    with served(handler) as (_, port), client(port) as sock:

        def send() -> None:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        # Nobody reads until a send was refused.
        assert handler.refused.wait(30)
        assert whole(sock) == data
        sender.join()


class Faulty:
    def __init__(self) -> None:
        self.reasons: List[int] = []

    def data(self, conn: ringline.Connection, data: bytes) -> int:
        if data == b"raise":
            raise RuntimeError("in data")
        return len(data) + 1

    def close(self, conn: ringline.Connection, reason: int) -> None:
        self.reasons.append(reason)


def test_a_fault_ends_its_connection_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: the server dies of a handler's exception or of the hook that shows it, hides it, or
    goes on with bytes lost."""
    shown: List[str] = []

    def hook(kind: object, error: BaseException, trace: object) -> None:
        shown.append(str(error))
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "excepthook", hook)
    handler = Faulty()
    with served(handler) as (_, port):
        for word in (b"raise", b"more"):
            with client(port) as sock:
                sock.sendall(word)
                with contextlib.suppress(ConnectionResetError):
                    assert sock.recv(1) == b""
    assert shown == ["in data", "data() returned 5 of 4 bytes"]
    assert handler.reasons == [-103, -103]


class Posts:
    """Hands its connections out, and goes on sending behind the client's end."""

    def __init__(self) -> None:
        self.found: List[ringline.Connection] = []
        self.ended = threading.Event()

    def accept(self, conn: ringline.Connection) -> None:
        self.found.append(conn)

    def end(self, conn: ringline.Connection) -> bool:
        self.ended.set()
        return True


class Pauses:
    """Wants no data, at once or after the first."""

    def __init__(self, at_once: bool) -> None:
        self.at_once = at_once
        self.accepted, self.closed = threading.Event(), threading.Event()
        self.got, self.reason = b"", 0

    def accept(self, conn: ringline.Connection) -> None:
        if self.at_once:
            conn.pause()
        self.accepted.set()

    def data(self, conn: ringline.Connection, data: bytes) -> None:
        conn.pause()
        self.got += data

    def close(self, conn: ringline.Connection, reason: int) -> None:
        self.reason = reason
        self.closed.set()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_client_that_is_gone_ends_a_pause(at_once: bool) -> None:
    """Failure: the reset of a client is not noticed by a handler that pauses, or the bytes that it
    sent before are never shown."""
    handler = Pauses(at_once)
    sent = bytes(range(256)) * 8
    with served(handler) as (_, port):
        sock = client(port)
        assert handler.accepted.wait(30)
        for at in range(0, len(sent), 256):
            sock.sendall(sent[at : at + 256])
            # So that all of it is there before the reset is.
            while fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)) != bytes(4):
                pass
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        assert handler.closed.wait(30)
    assert len(handler.got) == len(sent)
    assert handler.got == sent
    assert handler.reason == -errno.ECONNRESET


def test_other_threads() -> None:
    """Failure: a post is lost; `send` of another thread is taken; a stop drops what waits."""
    handler = Posts()
    with client_of_posts(handler) as sock:
        assert whole(sock) == b"posted" * 1000


@contextlib.contextmanager
def client_of_posts(handler: Posts) -> Iterator[socket.socket]:
    with served(handler, grace=20) as (server, port):
        sock = client(port)
        sock.shutdown(socket.SHUT_WR)
        assert handler.ended.wait(30)
        (conn,) = handler.found
        with pytest.raises(ringline.Error, match="EWRONGTHREAD"):
            conn.send(b"no")
        with pytest.raises(RuntimeError, match="stop"):
            server.close()
        for _ in range(1000):
            while not conn.post(b"posted"):
                pass
    with sock:
        yield sock


def test_refusals() -> None:
    """Failure: a bad address without its reason; a closed server that still serves."""
    for address in ("nowhere", "127.0.0.1:99999"):
        with pytest.raises(ringline.Error, match="EINVAL"):
            ringline.Server(Keeps(), address)
    for address, words in (
        ("localhost:80", "names are not looked up"),
        ("127.0.0.1:99999", "65535 at most"),
        ("127.0.0.1:80\n", "a line's end"),
    ):
        with pytest.raises(ringline.Error, match=words):
            ringline.Server(Keeps(), address)
    with pytest.raises(ValueError, match="address"):
        ringline.Server(Keeps())
    with ringline.Server(Keeps(), "127.0.0.1:0", "unix:@ringline-test") as server:
        assert server.ports[1] == 0
        with pytest.raises(ringline.Error, match="EADDRINUSE"):
            ringline.Server(Keeps(), "unix:@ringline-test")
    server.close()
    server.stop()
    with pytest.raises(ringline.Error, match="ESTALE"):
        server.run()


def test_addresses_that_would_be_others() -> None:
    """Failure: an address that ends at a zero byte; a Server of datagrams that nobody hears of."""
    for address in ("127.0.0.1:0\0 and more", "unix:@ringline\0", "\0ringline"):
        with pytest.raises(ValueError, match="no zero byte"):
            ringline.Server(Keeps(), address)
    for address in ("udp:127.0.0.1:0", "unixgram:@ringline-datagrams"):
        with pytest.raises(ValueError, match="they are datagrams"):
            ringline.Server(Keeps(), address)


def test_nothing_is_left() -> None:
    """Failure: descriptors or threads of servers that ended."""
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        with served(Keeps()) as (_, port), client(port) as sock:
            sock.sendall(b"word")
            assert sock.recv(4) == b"word"
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
