"""An echo server without asyncio: a protocol of a few methods. Ctrl-C ends it.

`python protocol_echo.py`, and a port if one is wanted.
"""

import sys

import ringline


class Echo:
    """Sends back what comes; a client that does not take it has to wait."""

    def start(self, server: ringline.Server) -> None:
        print(f"listening on port {server.ports[0]}", flush=True)

    def data(self, conn: ringline.Connection, data: bytes) -> int:
        if conn.send(data):
            return len(data)
        conn.pause()
        return 0

    def writable(self, conn: ringline.Connection) -> None:
        # What was left is shown again.
        conn.resume()

    def close(self, conn: ringline.Connection, reason: int) -> None:
        if reason:
            print(f"connection {conn.id}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    try:
        ringline.serve(Echo(), f"127.0.0.1:{port}")
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)
