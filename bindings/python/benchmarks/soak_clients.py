"""The clients of the soak: honest ones, whose every answer must be right, and rude ones.

They run on asyncio's own loop, so that no mistake of ours is on both sides.
"""

import asyncio
import random
import socket
import struct
import time
from typing import Any, Awaitable, Callable, Dict, List, Tuple

GET = b"GET %s HTTP/1.1\r\nhost: soak\r\nconnection: close\r\n\r\n"
POST = b"POST /upload HTTP/1.1\r\nhost: soak\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
#: Bytes of /download.
LARGE = 5_000_000
#: An answer that takes longer has failed.
PATIENCE = 60
Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """All clients of one server.

    Attributes
    ----------
    answered, rude : int
        Honest requests that were answered, and rude connections so far.
    failures : list of str
        What went wrong with honest requests.
    waits : list of float
        Seconds that the probe waited for each answer.
    """

    def __init__(self, port: int, seed: int) -> None:
        self.port, self._some = port, random.Random(seed)
        self.answered = self.rude = 0
        self.failures: List[str] = []
        self.waits: List[float] = []
        self.over = False
        #: What each client has open, which is closed with it.
        self._opened: Dict[Any, asyncio.StreamWriter] = {}
        self._tasks: List["asyncio.Task[None]"] = []

    def start(self) -> None:
        honest = {self.trickle: 8, self.slow_reader: 4, self.upload: 4, self.probe: 1}
        rude: Dict[Callable[[], Awaitable[None]], int] = {
            self.reset: 6, self.reset_in_answer: 4, self.reset_upload: 4, self.stall: 12,
            self.half_close: 4, self.never_reads: 4,
        }  # fmt: skip
        for kinds, run in ((honest, self._honest), (rude, self._rude)):
            for kind, count in kinds.items():
                self._tasks += [asyncio.ensure_future(run(kind)) for _ in range(count)]

    async def stop(self) -> None:
        self.over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _honest(self, client: Callable[[], Awaitable[None]]) -> None:
        while not self.over:
            try:
                await asyncio.wait_for(self._closed(client), PATIENCE)
                self.answered += 1
            except (OSError, AssertionError, EOFError, asyncio.TimeoutError) as error:
                self.failures.append(f"{client.__name__}: {error!r}")
                await asyncio.sleep(0.1)

    async def _closed(self, client: Callable[[], Awaitable[None]]) -> None:
        """Play a client; what it leaves open is closed."""
        try:
            await client()
        finally:
            writer = self._opened.pop(asyncio.current_task(), None)
            if writer is not None:
                writer.close()

    async def _rude(self, client: Callable[[], Awaitable[None]]) -> None:
        while not self.over:
            try:
                await self._closed(client)
            except (OSError, EOFError):
                pass  # They asked for it.
            self.rude += 1
            await asyncio.sleep(0.01)

    async def _open(self, window: int = 0) -> Streams:
        sock = socket.socket()
        sock.setblocking(False)
        try:
            if window:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
            streams = await asyncio.open_connection(sock=sock, limit=4096)
        except BaseException:
            sock.close()
            raise
        self._opened[asyncio.current_task()] = streams[1]
        return streams

    # Honest.

    async def _answer(self, streams: Streams) -> bytes:
        """The body of an answer that ends with its connection."""
        data = await streams[0].read(-1)
        streams[1].close()
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), data[:100]
        return body

    async def probe(self) -> None:
        begin = time.monotonic()
        streams = await self._open()
        streams[1].write(GET % b"/")
        assert await self._answer(streams) == b"hello, world"
        self.waits.append(time.monotonic() - begin)
        await asyncio.sleep(0.05)

    async def trickle(self) -> None:
        """A byte at a time."""
        streams = await self._open()
        streams[1].transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        for byte in GET % b"/":
            streams[1].write(bytes([byte]))
            await asyncio.sleep(0.01)
        assert await self._answer(streams) == b"hello, world"

    async def slow_reader(self) -> None:
        """A large answer that is taken with pauses."""
        reader, writer = await self._open(window=65536)
        writer.write(GET % b"/download")
        count = 0
        while data := await reader.read(100_000):
            count += len(data)
            if self._some.random() < 0.05:
                await asyncio.sleep(self._some.random() / 2)
        assert count > LARGE, count

    async def upload(self) -> None:
        streams = await self._open()
        size = self._some.randrange(1, 1_000_000)
        streams[1].write(POST % size)
        for at in range(0, size, 50_000):
            streams[1].write(bytes(min(50_000, size - at)))
            await streams[1].drain()
            if self._some.random() < 0.2:
                await asyncio.sleep(0.02)
        assert await self._answer(streams) == b'{"bytes":%d}' % size

    # Rude.

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        sock = writer.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async def reset(self) -> None:
        """Before the answer, in the middle of the request, or with nothing said."""
        _, writer = await self._open()
        request = GET % b"/"
        writer.write(request[: self._some.choice((0, 10, len(request), len(request)))])
        if self._some.random() < 0.5:
            await asyncio.sleep(self._some.random() / 50)
        self._reset(writer)

    async def reset_in_answer(self) -> None:
        reader, writer = await self._open()
        writer.write(GET % b"/download")
        await reader.read(self._some.randrange(1, 500_000))
        self._reset(writer)

    async def reset_upload(self) -> None:
        _, writer = await self._open()
        writer.write(POST % 1_000_000 + bytes(self._some.randrange(900_000)))
        await asyncio.sleep(self._some.random() / 10)
        self._reset(writer)

    async def stall(self) -> None:
        """Half a request, and then nothing for a long time."""
        _, writer = await self._open()
        writer.write((GET % b"/")[: self._some.randrange(1, 30)])
        try:
            await asyncio.sleep(self._some.random() * 10)
        finally:
            self._some.choice((writer.close, lambda: self._reset(writer)))()

    async def half_close(self) -> None:
        """It says all it has to say, and waits for what comes."""
        reader, writer = await self._open()
        writer.write(GET % self._some.choice((b"/", b"/download")))
        writer.write_eof()
        try:
            await asyncio.wait_for(reader.read(-1), PATIENCE)
        except asyncio.TimeoutError:
            self.failures.append("half_close: no end")

    async def never_reads(self) -> None:
        """A large answer is asked for and not taken."""
        _, writer = await self._open(window=4096)
        try:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write((GET % b"/download").replace(b"close", b"keep-alive"))
            await asyncio.sleep(self._some.random() * 5)
        finally:
            self._some.choice((writer.close, lambda: self._reset(writer)))()


async def ask(port: int, path: bytes) -> bytes:
    """One honest request."""
    client: Any = Clients(port, 0)
    streams = await client._open()
    streams[1].write(GET % path)
    answer: bytes = await client._answer(streams)
    return answer
