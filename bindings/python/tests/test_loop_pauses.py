"""What a transport holds while its reading is paused: no more than asyncio reads at once."""

import asyncio
import os
import socket
import threading
from contextlib import suppress
from typing import Any, List, Tuple

import pytest
from loops import MIB, only_ringline, run, until, within
from test_loop_ends import tcp_pair

#: What asyncio's transports read at once.
MOST = 256 * 1024


class Sips(asyncio.Protocol, asyncio.DatagramProtocol):
    """Pauses reading whenever it gets something."""

    def __init__(self) -> None:
        self.got = 0
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.got += len(data)
        self.transport.pause_reading()

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.data_received(data)

    def connection_lost(self, error: Any) -> None:
        self.lost = True


def held(transport: Any) -> int:
    """The bytes that a transport of ours holds; asyncio's hold none."""
    parts = list(getattr(transport, "_held", ()))
    return sum(len(part[0] if isinstance(part, tuple) else part) for part in parts if part)


def flood(number: int) -> None:
    """Send until nobody takes it any more."""
    data = bytes(MIB)
    with suppress(OSError):
        while True:
            os.write(number, data)


async def connected(kind: str) -> Tuple[Any, Any]:
    """A transport that reads, and what to write to at its other end."""
    loop = asyncio.get_running_loop()
    if kind == "pipe":
        back, front = os.pipe()
        _, sips = await loop.connect_read_pipe(Sips, os.fdopen(back, "rb", 0))
        return sips, os.fdopen(front, "wb", 0)
    left, right = tcp_pair()
    right.setblocking(True)
    _, sips = await loop.create_connection(Sips, sock=left)
    return sips, right


@pytest.mark.parametrize("kind", ["stream", "pipe"])
def test_paused_again_and_again(kind: str) -> None:
    """Failure: each resume receives more than is told, and what is held grows without end."""

    async def main() -> None:
        sips, peer = await connected(kind)
        thread = threading.Thread(target=flood, args=(peer.fileno(),))
        thread.start()
        found: List[int] = []
        for _ in range(40):
            before = sips.got
            sips.transport.resume_reading()
            await until(lambda before=before: sips.got > before)  # type: ignore[misc]
            # What was under way when it paused has come.
            await asyncio.sleep(0.002)
            found.append(held(sips.transport))
        sips.transport.abort() if kind == "stream" else sips.transport.close()
        await until(lambda: sips.lost)
        await asyncio.get_running_loop().run_in_executor(None, thread.join)
        peer.close()
        assert max(found) <= MOST, found

    run(within(main(), 50))


def test_first_pause_of_many() -> None:
    """Failure: who pauses at the first bytes holds as much as all buffers of the loop."""

    async def main() -> None:
        pairs = []
        for _ in range(10):
            left, right = tcp_pair()
            # There before the first receive.
            with suppress(BlockingIOError):
                for _ in range(16):
                    right.send(bytes(MIB))
            pairs.append((left, right))
        loop = asyncio.get_running_loop()
        made: List[Any] = []
        for left, _ in pairs:
            _, sips = await loop.create_connection(Sips, sock=left)
            made.append(sips)
        await until(lambda: all(sips.got for sips in made))
        await asyncio.sleep(0.01)
        assert max(held(sips.transport) for sips in made) <= MOST
        for sips, (_, right) in zip(made, pairs):
            sips.transport.abort()
            right.close()
        await until(lambda: all(sips.lost for sips in made))

    run(within(main(), 30))


@only_ringline
def test_paused_datagrams() -> None:
    """Failure: datagrams are received while older ones are held."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        made: Any = loop.create_datagram_endpoint(Sips, local_addr=("127.0.0.1", 0))
        transport, sips = await made
        found: List[int] = []
        with socket.socket(type=socket.SOCK_DGRAM) as peer:
            peer.connect(transport.get_extra_info("sockname"))
            peer.setblocking(False)
            for _ in range(40):
                with suppress(BlockingIOError):
                    for _ in range(20):
                        peer.send(bytes(1000))
                before = sips.got
                transport.resume_reading()
                await until(lambda before=before: sips.got > before)  # type: ignore[misc]
                await asyncio.sleep(0.002)
                found.append(held(transport))
        transport.abort()
        await until(lambda: sips.lost)
        # A turn brings no more than there are buffers.
        assert max(found) <= 20_000, found

    run(within(main(), 30))
