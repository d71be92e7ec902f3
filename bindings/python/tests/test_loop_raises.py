"""What protocols and programs do to a loop: they raise, and close what is not theirs."""

import asyncio
import os
import socket
from typing import Any, List

import pytest
from loops import noise, only_ringline, program, until, within
from test_loop_ends import Log, logged, tcp_pair
from test_loop_faults import Below, below, receive

from ringline import _abi

__all__ = ["below"]
pytestmark = only_ringline


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("place", ["get_buffer", "buffer_updated", "eof_received"])
def test_who_goes_on_after_an_interrupt_has_lost_nothing(
    below: Below, kind: type, place: str
) -> None:
    """Failure: a method raises what is to end the program, the loop runs again, and bytes, the end
    or a lease are lost."""

    class Raises(asyncio.BufferedProtocol):
        got, calls, ends, armed = b"", 0, 0, True

        def hit(self, name: str) -> None:
            if name == place and self.armed:
                self.armed = False
                raise kind

        def get_buffer(self, sizehint: int) -> bytearray:
            self.hit("get_buffer")
            self.buffer = bytearray(3)
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.got += self.buffer[:nbytes]
            self.hit("buffer_updated")

        def eof_received(self) -> None:
            self.hit("eof_received")

        def connection_lost(self, exc: Any) -> None:
            self.ends += 1

    left, right = tcp_pair()
    _, protocol = below.run(below.loop.create_connection(Raises, sock=left))
    right.sendall(b"abcdefgh")
    right.shutdown(socket.SHUT_WR)
    task = below.loop.create_task(until(lambda: protocol.ends))
    with pytest.raises(kind):
        below.run(task)
    below.run(task)
    assert (protocol.got, protocol.ends) == (b"abcdefgh", 1)
    right.close()


def test_resume_writing_may_write(below: Below) -> None:
    """Failure: what resume_writing writes to a transport that closes is lost."""

    class Writes(Log):
        def resume_writing(self) -> None:
            self.transport.write(b"last")

    data = noise(4_000_000)

    async def main() -> None:
        left, right = tcp_pair(room=65536)
        _, log = await below.loop.create_connection(Writes, sock=left)
        log.transport.set_write_buffer_limits(0)
        log.transport.write(data)
        # It goes by itself, whole, when the large one has gone.
        log.transport.write(b"then ")
        log.transport.close()
        assert await receive(right, len(data) + 9) == data + b"then last"
        await until(lambda: log.lost)
        right.close()

    below.run(main())


def test_descriptor_that_was_closed_below_a_transport(below: Below) -> None:
    """Failure: a server waits for ever for a connection whose descriptor the program closed."""

    async def main() -> None:
        logs: List[Log] = []

        def factory() -> Log:
            logs.append(Log())
            return logs[-1]

        server = await below.loop.create_server(factory, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await until(lambda: logs and logs[0].calls)
        os.close(logs[0].transport.get_extra_info("socket").fileno())
        logs[0].transport.abort()
        await until(lambda: logs[0].lost)
        writer.close()
        server.close()
        await within(server.wait_closed(), 5)
        assert [call for call in logs[0].calls if call[0] == "lost"] == [("lost", type(None))]

    below.run(main())
    assert [type(context["exception"]) for context in below.said] == [OSError]


def test_close_after_every_descriptor_was_closed() -> None:
    """Failure: a crash, a hang, or a loop that cannot be closed any more."""
    ended = program("""
import warnings
warnings.simplefilter("ignore")
loop = ringline.new_event_loop()
left, right = socket.socketpair()
connect = loop.create_connection(asyncio.Protocol, sock=left)
transport, _ = loop.run_until_complete(connect)
server = loop.run_until_complete(loop.create_server(asyncio.Protocol, "127.0.0.1", 0))
child = loop.run_until_complete(loop.subprocess_exec(asyncio.SubprocessProtocol, "cat"))
transport.close()
os.closerange(3, 200)
loop.close()
loop.close()
print(loop.is_closed())
again = ringline.new_event_loop()
print(again.run_until_complete(asyncio.sleep(0.01, "ran")), flush=True)
again.close()
os._exit(0)
""")
    assert (ended.returncode, ended.stdout) == (0, "True\nran\n"), ended.stderr


@pytest.mark.parametrize("exits", [False, True])
def test_flush_that_fails_keeps_no_other_from_sending(below: Below, exits: bool) -> None:
    """Failure: what other transports wrote in the same iteration is never sent, or not by who goes
    on after a handler that ends the program."""

    def handle(_: Any, context: Any) -> None:
        below.said.append(context)
        if exits:
            raise SystemExit

    engine = below.loop._engine
    real, quiet, count = engine.submit, engine.quiet, [0]

    def refusing(opcode: int, *values: Any, **named: Any) -> Any:
        count[0] += opcode == _abi.OP_SEND
        if opcode == _abi.OP_SEND and count[0] == 1:
            raise MemoryError
        return real(opcode, *values, **named)

    pairs = [below.run(logged()) for _ in range(3)]

    async def main() -> None:
        for log, _ in pairs:
            log.transport.write(b"sent")
        # A send that is not QUIET is the pure layer's in both.
        engine.quiet, engine.submit = False, refusing
        await until(lambda: pairs[0][0].lost)

    below.loop.set_exception_handler(handle)
    task = below.loop.create_task(main())
    if exits:
        with pytest.raises(SystemExit):
            below.run(task)
    below.run(task)
    del engine.submit
    engine.quiet = quiet
    for log, peer in pairs[1:]:
        assert below.run(receive(peer, 4)) == b"sent"
        log.transport.close()
        below.run(until(lambda log=log: log.lost))  # type: ignore[misc]
    for _, peer in pairs:
        peer.close()
    assert [type(context["exception"]) for context in below.said] == [MemoryError]


def test_receive_of_one_piece_goes_on_after_an_interrupt(below: Below) -> None:
    """Failure: where receives are single, the one behind an interrupt is never made."""

    class Interrupts(Log):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if data == b"first":
                raise KeyboardInterrupt

    below.loop._engine.recv_ioprio = 0
    left, right = tcp_pair()
    _, log = below.run(below.loop.create_connection(Interrupts, sock=left))
    right.sendall(b"first")
    task = below.loop.create_task(until(lambda: b"then" in log.calls))
    with pytest.raises(KeyboardInterrupt):
        below.run(task)
    right.sendall(b"then")
    below.run(task)
    log.transport.close()
    below.run(until(lambda: log.lost))
    right.close()


def test_end_comes_after_an_interrupt_in_resume_writing(below: Below) -> None:
    """Failure: a transport that closes has no end, as resume_writing raised what ends a program."""

    class Interrupts(Log):
        def resume_writing(self) -> None:
            raise KeyboardInterrupt

    data = noise(4_000_000)
    left, right = tcp_pair(room=65536)
    _, log = below.run(below.loop.create_connection(Interrupts, sock=left))
    log.transport.set_write_buffer_limits(0)
    log.transport.write(data)
    log.transport.write(b"then")
    log.transport.close()
    task = below.loop.create_task(receive(right, len(data) + 4))
    with pytest.raises(KeyboardInterrupt):
        below.run(task)
    assert below.run(task) == data + b"then"
    below.run(until(lambda: log.lost))
    right.close()
