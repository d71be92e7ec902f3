"""What the native layer spares the transports: calls of Python, and pieces."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from certificates import contexts
from loops import run, until

from ringline import _layer

pytestmark = pytest.mark.skipif(_layer.loaded is None, reason="about the native layer")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind", ["protocol", "streams"])
def test_no_python_of_the_transport_runs_for_a_message(
    kind: str, tls: bool, certificate: Tuple[Path, Path]
) -> None:
    """A reply that comes with the end of the send it answers finds nothing in its way."""
    called: List[str] = []
    for_server, for_client = contexts(certificate) if tls else (None, None)

    def watch(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        # Whether a transport closes is asked by each drain().
        asked = code.co_name in ("is_closing", "_is_transport_closing")
        theirs = "sslproto" in code.co_filename and not asked
        # A write is a call of the transport's, whatever is done about it.
        theirs |= "asyncio/streams" in code.co_filename and code.co_name != "write"
        if event == "call" and (theirs or "ringline/_" in code.co_filename):
            called.append(code.co_name)

    def play(plain: socket.socket) -> None:
        name = "localhost" if for_client else None
        with for_client.wrap_socket(plain, server_hostname=name) if for_client else plain as sock:
            for _ in range(40):
                sock.sendall(b"x" * 64)
                assert sock.recv(64) == b"x" * 64
            sock.shutdown(socket.SHUT_WR)

    class Echo(asyncio.Protocol):
        count = 0

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.count += 1
            sys.setprofile(watch if 10 < self.count < 30 else None)
            self.transport.write(data)

    async def streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        while data := await reader.read(64):
            count += 1
            sys.setprofile(watch if 10 < count < 30 else None)
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        if kind == "streams":
            server: Any = await asyncio.start_server(streamed, "127.0.0.1", 0, ssl=for_server)
        else:
            server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=for_server)
        with socket.create_connection(server.sockets[0].getsockname()) as sock:
            await loop.run_in_executor(None, play, sock)
        server.close()
        await server.wait_closed()

    run(main())
    assert not called


def test_what_came_together_goes_to_the_protocol_as_one() -> None:
    class Sizes(asyncio.Protocol):
        def __init__(self) -> None:
            self.sizes: List[int] = []

        def data_received(self, data: bytes) -> None:
            self.sizes.append(len(data))

    async def main() -> None:
        left, right = socket.socketpair()
        left.setblocking(False)
        right.sendall(b"x" * 100_000)
        loop = asyncio.get_running_loop()
        transport, sizes = await loop.create_connection(Sizes, sock=left)
        await until(lambda: sum(sizes.sizes) == 100_000)
        # Buffers have 65536 bytes.
        assert max(sizes.sizes) > 65536
        transport.abort()
        await until(lambda: left.fileno() < 0)
        right.close()

    run(main())
