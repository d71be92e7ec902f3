"""The other side of the benchmark's TLS: connections that send a message and wait for it.

No event loop of anybody's: it does the same work whatever serves it. Says `ready`, waits for a
line, plays for the given time, and prints how many messages came back. As clients.c, which does
what is not TLS.
"""

import argparse
import selectors
import socket
import ssl
import sys
import time
from typing import Any


def connect(options: argparse.Namespace) -> Any:
    sock = socket.create_connection(("127.0.0.1", options.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    context = ssl.create_default_context(cafile=options.tls)
    return context.wrap_socket(sock, server_hostname="localhost")


class Peer:
    def __init__(self, sock: Any, size: int) -> None:
        self.sock = sock
        self.message = bytes(size)
        self.left = size

    def send(self) -> None:
        self.left = len(self.message)
        self.sock.sendall(self.message)

    def ready(self) -> bool:
        """Take what came; whether the message is whole."""
        while True:
            got = len(self.sock.recv(262144))
            if got == 0:
                raise ConnectionError("the server has ended")
            self.left -= got
            if not self.sock.pending():
                return self.left == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--tls", required=True, help="a certificate to trust")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    peers = [Peer(connect(options), options.size) for _ in range(options.connections)]
    selector = selectors.DefaultSelector()
    for peer in peers:
        selector.register(peer.sock, selectors.EVENT_READ, peer)
        peer.send()
        while not peer.ready():
            pass
    print("ready", flush=True)
    sys.stdin.readline()
    count = 0
    end = time.monotonic() + options.seconds
    for peer in peers:
        peer.send()
    running = len(peers)
    while running:
        for key, _ in selector.select():
            if key.data.ready():
                count += 1
                if time.monotonic() < end:
                    key.data.send()
                else:
                    running -= 1
    print(count, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
