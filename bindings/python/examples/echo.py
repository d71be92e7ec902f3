"""A TCP echo server on one ring: `python echo.py [port]`, Ctrl-C ends it.

Received bytes are sent from where the kernel put them: nothing is copied. Each connection sends in
order, one send at a time; a peer that reads slowly keeps its leases and runs out of them alone.
"""

import errno
import socket
import sys
from collections import deque
from typing import Deque, Set

import ringline


class Connection:
    """What waits to be sent on one connection."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.waiting: Deque[ringline.Lease] = deque()
        self.ended = False


class Echo:
    def __init__(self, ring: ringline.Ring, listener: socket.socket) -> None:
        self.ring = ring
        self.pool = ring.pool(64, 16384)
        self.listener = listener
        self.hungry: Set[Connection] = set()
        ring.accept_multishot(listener, user_data=self.accepted)

    def run(self) -> None:
        """Serve until a signal handler raises."""
        while True:
            for completion in self.ring.turn(wait=1):
                if completion.user_data is not None:
                    completion.user_data(completion)

    def accepted(self, completion: ringline.Completion) -> None:
        if completion.res >= 0:
            self.receive(Connection(completion.res))
        if completion.final:
            self.ring.batch.accept_multishot(self.listener, user_data=self.accepted)

    def receive(self, connection: Connection) -> None:
        def received(completion: ringline.Completion) -> None:
            if completion.lease is not None:
                connection.waiting.append(completion.lease)
                if len(connection.waiting) == 1:
                    self.send(connection)
            if not completion.final:
                return
            if completion.res > 0:
                self.receive(connection)
            elif completion.res == -errno.ENOBUFS:  # again when a lease was given back
                self.hungry.add(connection)
            else:
                connection.ended = True
                self.finish(connection)

        self.ring.batch.recv_multishot(connection.fd, self.pool, user_data=received)

    def send(self, connection: Connection) -> None:
        def sent(completion: ringline.Completion) -> None:
            connection.waiting.popleft().release()
            for other in list(self.hungry):
                self.receive(other)
            self.hungry.clear()
            if completion.res < 0:
                connection.waiting.clear()
            if connection.waiting:
                self.send(connection)
            else:
                self.finish(connection)

        lease = connection.waiting[0]
        self.ring.batch.send_all(connection.fd, lease.view, user_data=sent)

    def finish(self, connection: Connection) -> None:
        """Close a connection whose peer has ended, once everything is sent."""
        if connection.ended and not connection.waiting:
            self.ring.batch.close_file(connection.fd)


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with socket.create_server(("127.0.0.1", port), backlog=4096) as listener:
        print(f"listening on port {listener.getsockname()[1]}", flush=True)
        with ringline.Ring() as ring:
            try:
                Echo(ring, listener).run()
            except KeyboardInterrupt:
                print(f"{ring.stats().completed} completions", file=sys.stderr)


if __name__ == "__main__":
    main()
