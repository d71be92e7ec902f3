"""An echo server on the event loop, twice: as a protocol and as streams. Ctrl-C ends it.

`python loop_echo.py protocol` or `python loop_echo.py streams`, and a port if one is wanted.
"""

import asyncio
import sys
from typing import Any

import ringline


class Echo(asyncio.Protocol):
    """Sends back what comes; stops reading while the peer does not take it."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()


async def streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def main(kind: str, port: int) -> None:
    server: asyncio.Server
    if kind == "protocol":
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", port, backlog=4096)
    else:
        server = await asyncio.start_server(streamed, "127.0.0.1", port, backlog=4096)
    print(f"listening on port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    kind = sys.argv[1] if len(sys.argv) > 1 else "protocol"
    try:
        ringline.run(main(kind, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)
