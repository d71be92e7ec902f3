"""When what was written goes: at once, or with what the others write in the iteration."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Callable, List, Tuple

import certificates
import pytest
from loops import finish, new_loop, noise, only_ringline, program, run, until, within
from test_loop_ends import Log, logged, tcp_pair

Paths = Tuple[Any, Any]
#: Writes, and is gone before the loop goes on.
EXITS = {
    "streams": """
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    writer.write(b"la")
    await writer.drain()
    writer.write(bytearray(b"st"))
    os._exit(0)
""",
    "answer": """
    class Answers(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
            transport.write(b"l")
        def data_received(self, data):
            self.transport.writelines([b"a", b"st"])
            os._exit(0)
    await asyncio.get_running_loop().create_connection(Answers, "127.0.0.1", int(sys.argv[1]))
    await asyncio.sleep(10)
""",
    "later handles": """
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    asyncio.get_running_loop().call_soon(print)
    writer.write(b"last")
    os._exit(0)
""",
    "tls": """
    import ssl
    context = ssl.create_default_context(cafile=sys.argv[2])
    reader, writer = await asyncio.open_connection("localhost", int(sys.argv[1]), ssl=context)
    writer.write(b"la")
    await reader.readexactly(5)
    writer.write(b"st")
    await writer.drain()
    os._exit(0)
""",
    "datagram": """
    loop = asyncio.get_running_loop()
    peer = ("127.0.0.1", int(sys.argv[1]))
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=peer
    )
    transport.sendto(b"last")
    os._exit(0)
""",
    "pipe": """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, sys.stdout)
    transport.write(b"last")
    os._exit(0)
""",
}


def taken(server: socket.socket, answers: bool) -> bytes:
    """What a client sends until it goes."""
    client, _ = server.accept()
    client.settimeout(20)
    got = b""
    with client:
        while data := client.recv(100):
            got += data
            if answers:
                client.sendall(b"go on")
                answers = False
    return got


@pytest.mark.parametrize("what", list(EXITS))
def test_exit_right_behind_a_write(what: str, certificate: Paths) -> None:
    """Failure: what was written is lost, as the loop did not turn any more."""
    kind = socket.SOCK_DGRAM if what == "datagram" else socket.SOCK_STREAM
    with socket.socket(type=kind) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        if kind == socket.SOCK_STREAM:
            server.listen()
        ours: Any = server
        port = str(server.getsockname()[1])
        if what == "tls":
            # In the accept, as the client's process does not go on without.
            ours = certificates.contexts(certificate)[0].wrap_socket(server, server_side=True)
        got: List[bytes] = []
        call: Callable[[], bytes] = lambda: taken(ours, what in ("answer", "tls"))  # noqa: E731
        if what == "datagram":
            call = lambda: server.recv(100)  # noqa: E731
        thread = threading.Thread(target=lambda: got.append(call()))
        if what != "pipe":
            thread.start()
        text = f"async def main():{EXITS[what]}\nnew_loop().run_until_complete(main())"
        ended = program(text, port, str(certificate[0]))
        if what == "pipe":
            got.append(ended.stdout.encode())
        else:
            thread.join(20)
        if ours is not server:
            ours.close()
    assert (ended.returncode, got) == (0, [b"last"]), ended.stderr


class Computes(Log):
    """Writes an answer in two parts and then computes, until its peer has both."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.found = threading.Event(), [False]

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"head")
        self.transport.write(memoryview(b"body"))
        self.found[0] = self.arrived.wait(10)


def test_peer_has_it_while_the_callback_computes() -> None:
    """Failure: an answer that is written is on its way only when the callback is over."""

    def peer(sock: socket.socket, arrived: threading.Event) -> bytes:
        sock.settimeout(20)
        sock.sendall(b"ask")
        got = b""
        while len(got) < 8:
            got += sock.recv(100)
        arrived.set()
        return got

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = tcp_pair()
        transport, log = await loop.create_connection(Computes, sock=left)
        await asyncio.sleep(0.01)
        assert await loop.run_in_executor(None, peer, right, log.arrived) == b"headbody"
        await until(lambda: log.found[0])
        transport.close()
        await until(lambda: log.lost)
        right.close()

    run(main())


def test_reader_that_is_alone_sends_at_once() -> None:
    """Failure: what a reader writes is on its way only when the reader is over, as what the loop
    has to do itself stands behind it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        log, right = await logged()
        right.setblocking(False)
        found: List[bool] = []

        def ready() -> None:
            ours.recv(1)
            log.transport.write(b"x")
            found.append(comes(right))

        loop.add_reader(ours, ready)
        await asyncio.sleep(0.01)
        theirs.send(b"y")
        await until(lambda: bool(found))
        loop.remove_reader(ours)
        assert found == [True]
        log.transport.close()
        await until(lambda: log.lost)
        for sock in (right, ours, theirs):
            sock.close()

    run(main())


def has_come(sock: socket.socket) -> bool:
    """Whether something has come on a socket that does not block; it stays there."""
    with suppress(BlockingIOError):
        return bool(sock.recv(1, socket.MSG_PEEK))
    return False


def comes(sock: socket.socket) -> bool:
    """As `has_come`, for what is sent already: it is told within a while."""
    end = time.monotonic() + 10
    while not has_come(sock) and time.monotonic() < end:
        pass
    return has_come(sock)


@only_ringline
def test_answers_of_one_iteration_are_collected() -> None:
    """Failure: a system call for each of many connections that are ready at once. (How many there
    are is counted by test_system_calls.)"""

    class Looks(Log):
        def data_received(self, data: bytes) -> None:
            self.transport.write(b"answer")
            waiting.append(self.transport.get_write_buffer_size())

    async def connect() -> Tuple[Any, socket.socket]:
        left, right = tcp_pair()
        _, log = await loop.create_connection(Looks, sock=left)
        return log, right

    waiting: List[int] = []
    loop = new_loop()
    pairs = [loop.run_until_complete(connect()) for _ in range(3)]
    loop.run_until_complete(asyncio.sleep(0.01))
    # While the loop does not run nothing is received: all are ready in its next turn.
    for log, peer in pairs:
        peer.sendall(b"x")
        assert comes(log.transport.get_extra_info("socket")._sock)
    loop.run_until_complete(until(lambda: len(waiting) == 3))
    assert waiting[0] == 6
    for log, peer in pairs:
        assert comes(peer)
        log.transport.abort()
        peer.close()
    loop.run_until_complete(until(lambda: all(log.lost for log, _ in pairs)))
    finish(loop)


@only_ringline
def test_what_was_collected_does_not_wait_for_who_computes() -> None:
    """Failure: where many callbacks compute, the first answer goes when the last is over."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        pairs = [await logged() for _ in range(3)]
        await asyncio.sleep(0.01)
        found: List[Any] = []

        def write(at: int) -> None:
            pairs[at][0].transport.write(b"x")

        def second() -> None:
            end = time.monotonic() + 0.002
            while time.monotonic() < end:
                pass
            write(1)

        def third() -> None:
            found.extend(comes(peer) for _, peer in pairs[:2])
            found.append(has_come(pairs[2][1]))
            write(2)
            found.append(has_come(pairs[2][1]))

        for call in (lambda: write(0), second, third, lambda: None):
            loop.call_soon(call)
        await until(lambda: len(found) == 4)
        assert found == [True, True, False, False]
        assert await within(loop.sock_recv(pairs[2][1], 10)) == b"x"
        for log, peer in pairs:
            log.transport.close()
            peer.close()
        await until(lambda: all(log.lost for log, _ in pairs))

    run(main())


@only_ringline
def test_ways_to_send() -> None:
    """Failure: an option that changes nothing."""

    async def main(others: bool) -> bool:
        loop = asyncio.get_running_loop()
        log, peer = await logged()
        done = loop.create_future()

        def write() -> None:
            log.transport.write(b"x")
            done.set_result(log.transport.get_write_buffer_size() == 0)

        due = loop.time() + 0.01
        loop.call_at(due, write)
        if others:
            loop.call_at(due, lambda: None)
        at_once: bool = await done
        assert await within(loop.sock_recv(peer, 10)) == b"x"
        log.transport.close()
        await until(lambda: log.lost)
        peer.close()
        return at_once

    for way, alone, among in (
        ("auto", True, False), ("now", True, True), ("turn", False, False)
    ):  # fmt: skip
        assert (run(main(False), send=way), run(main(True), send=way)) == (alone, among), way


def test_write_while_the_loop_does_not_run() -> None:
    """Failure: it waits for a loop that may never run again."""
    loop = new_loop()
    log, peer = loop.run_until_complete(logged())
    loop.call_soon(lambda: None)
    log.transport.write(b"x")
    assert comes(peer)
    log.transport.close()
    loop.run_until_complete(until(lambda: log.lost))
    peer.close()
    finish(loop)


def test_end_in_the_turn_of_the_last_bytes() -> None:
    """Failure: the end is told before what the bytes brought about has run; who awaits a connection
    whose peer answers and closes at once never sees it open."""

    class Counts(Log):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            asyncio.get_running_loop().call_soon(self.calls.append, "next")

    loop = new_loop()
    left, right = tcp_pair()
    made: Any = loop.create_connection(Counts, sock=left)
    _, log = loop.run_until_complete(made)
    loop.run_until_complete(asyncio.sleep(0.01))
    right.sendall(b"last")
    right.close()
    loop.run_until_complete(until(lambda: log.lost))
    assert log.calls == ["made", b"last", "next", "eof", ("lost", type(None))]
    finish(loop)


@only_ringline
def test_large_write_behind_a_close() -> None:
    """Failure: a connection that never ends, as what it waited for was sent by a call."""

    async def main() -> None:
        log, peer = await logged()
        await asyncio.sleep(0.01)
        log.transport.write(b"x")
        log.transport.close()
        log.transport.write(bytes(20_000))
        await within(until(lambda: log.lost), 10)
        assert peer.recv(1) == b"x"
        peer.close()

    run(main(), send="turn")



class Greets(asyncio.Protocol):
    """Writes as it is made, and has to be heard before it goes on."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer, self.heard = peer, b""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"hello")
        self.peer.settimeout(10)
        try:
            self.heard = self.peer.recv(10)
        except OSError:
            pass


def test_a_greeting_is_out() -> None:
    """Failure: what connection_made() writes waits for what stands behind it, as its own read."""

    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(lambda: Greets(theirs), sock=ours)
        assert protocol.heard == b"hello"
        transport.close()
        theirs.close()

    run(main())


@only_ringline
@pytest.mark.parametrize("send", ["auto", "now", "turn"])
def test_answers_to_single_receives_stay_in_order(send: str) -> None:
    """Failure: where each receive is one of its own (a kernel without multishot), an answer goes
    past what was collected before it, waits, or is lost as the peer's buffers fill."""
    data, got = noise(400_000), bytearray()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)

    class Echo(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            half = len(data) // 2
            # What else is ready, so that more is collected than sent at once.
            asyncio.get_running_loop().call_soon(int)
            self.transport.write(data[:half])
            self.transport.write(data[half:])

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop._engine.recv_ioprio = 0
        transport, _ = await loop.create_connection(Echo, sock=ours)
        sent = 0
        while len(got) < len(data):
            with suppress(BlockingIOError):
                sent += theirs.send(data[sent : sent + 4000 + sent % 30_000])
            with suppress(BlockingIOError):
                got.extend(theirs.recv(5000))
            await asyncio.sleep(0)
        transport.close()
        await asyncio.sleep(0.01)

    run(within(main()), send=send)
    theirs.close()
    assert bytes(got) == data
