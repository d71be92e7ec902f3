"""A kernel that is short of something for a while: it is asked again, but not without rest."""

import asyncio
import errno
import os
import socket
from typing import Any, Callable, List, Tuple

import pytest
from loops import only_ringline, until
from test_loop_ends import Log, logged, tcp_pair
from test_loop_fair import Heard
from test_loop_faults import Below, below, receive

from ringline import _abi, _layer

__all__ = ["below"]
pytestmark = only_ringline


async def hears_late(after: Callable[[], object] = lambda: True) -> None:
    """A connection that hears what is sent to it, whatever the kernel is short of."""
    log, peer = await logged()
    await until(after)
    peer.sendall(b"late")
    await until(lambda: len(log.calls) > 1)
    assert log.calls == ["made", b"late"]
    log.transport.close()
    await until(lambda: log.lost)
    peer.close()


@pytest.mark.parametrize("error", [errno.ENOBUFS, errno.EAGAIN])
def test_receive_outlives_a_shortage(below: Below, error: int) -> None:
    """Failure: a connection ends as the kernel is asked at once, as often as it ever is."""

    async def main() -> None:
        below.faults.fail(_abi.OP_RECV, error, times=1_000_000)
        below.loop.call_later(0.2, below.faults.heal)
        await hears_late()

    below.run(main())
    assert below.said == []


def test_receive_waits_for_buffers_of_others(
    below: Below, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure: a connection ends whose receive found no buffer, as others had them all, or it asks
    on and on for one."""
    monkeypatch.setattr(type(below.loop._engine), "has_buffers", lambda *_: False)

    async def main() -> None:
        below.faults.fail(_abi.OP_RECV, errno.ENOBUFS, times=200)
        await hears_late(lambda: below.faults.made == 1)

    below.run(main())
    assert below.faults.made == 1


def test_pipe_waits_for_buffers_of_others(below: Below, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: a pipe ends whose reads found no buffer, as others had them all."""
    monkeypatch.setattr(type(below.loop._engine), "has_buffers", lambda *_: False)

    async def main() -> None:
        below.faults.fail(_abi.OP_READ_MULTISHOT, errno.ENOBUFS, times=200)
        read, write = os.pipe()
        log = Heard()
        transport, _ = await below.loop.connect_read_pipe(lambda: log, os.fdopen(read, "rb", 0))
        await until(lambda: below.faults.made == 200)
        os.write(write, b"late")
        await until(lambda: b"late" in log.calls)
        transport.close()
        await until(lambda: log.lost)
        os.close(write)

    below.run(main())


def test_poll_that_fails_rests(below: Below) -> None:
    """Failure: a reader whose poll fails makes a busy loop, or is called no more."""

    async def main() -> None:
        left, right = tcp_pair()
        called: List[int] = []
        below.loop.add_reader(left, called.append, 1)
        await asyncio.sleep(0.2)
        assert 2 <= below.faults.made < 100 and not called
        right.sendall(b"x")
        await until(lambda: called)
        left.recv(1)
        below.faults.heal()
        await asyncio.sleep(0.05)
        called.clear()
        right.sendall(b"x")
        await until(lambda: called)
        below.loop.remove_reader(left)
        left.close()
        right.close()

    below.faults.fail(_abi.OP_POLL_ADD, errno.ENOMEM, times=1_000_000)
    below.run(main())


def test_poll_that_is_refused_is_tried_again(below: Below) -> None:
    """Failure: a reader is called no more, as it could not be armed once."""
    left, right = tcp_pair()
    called: List[bytes] = []
    below.loop.add_reader(left, lambda: called.append(left.recv(1)))
    below.run(asyncio.sleep(0.01))
    engine = below.loop._engine
    real = engine.submit

    def refuse(opcode: int, *values: Any, **named: Any) -> Any:
        if opcode == _abi.OP_POLL_ADD and called:
            engine.submit = real
            raise MemoryError
        return real(opcode, *values, **named)

    engine.submit = refuse
    right.send(b"ab")
    task = below.loop.create_task(until(lambda: len(called) == 2, 5))
    with pytest.raises(MemoryError):
        below.run(task)
    del engine.submit
    below.run(task)
    below.loop.remove_reader(left)
    left.close()
    right.close()


# The native layer calls nothing of Python for it.
setattr(test_poll_that_is_refused_is_tried_again, "__test__", _layer.loaded is None)


@pytest.mark.parametrize("lacks", ["_process_events", "call_soon"])
def test_reader_outlives_a_lack_of_memory(
    below: Below, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    """Failure: a look at what is ready that found no memory is the last."""
    left, right = tcp_pair()
    called: List[bytes] = []
    below.loop.add_reader(left, lambda: called.append(left.recv(1)))
    real = getattr(below.loop, lacks)

    def lacking(what: Any, *arguments: Any, **named: Any) -> Any:
        if lacks == "call_soon" and getattr(what, "__name__", "") != "_again":
            return real(what, *arguments, **named)
        monkeypatch.setattr(below.loop, lacks, real)
        raise MemoryError

    monkeypatch.setattr(below.loop, lacks, lacking)
    right.send(b"x")
    task = below.loop.create_task(until(lambda: called, 5))
    with pytest.raises(MemoryError):
        below.run(task)
    below.run(task)
    below.loop.remove_reader(left)
    left.close()
    right.close()


class Told(Log):
    """Hears of the water marks too, and then does what `then` says."""

    then = ""

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")
        if self.then == "write":
            self.transport.write(b"last")
        elif self.then == "raise":
            raise KeyboardInterrupt


async def held_up(below: Below) -> Tuple[Told, socket.socket]:
    """A transport that is paused over a send which the kernel has not taken, and its peer."""
    left, right = tcp_pair()
    _, log = await below.loop.create_connection(Told, sock=left)
    await asyncio.sleep(0.01)
    below.faults.refuse(errno.EAGAIN, times=3)
    log.transport.write(bytes(100))
    await asyncio.sleep(0)
    log.transport.set_write_buffer_limits(high=10)
    assert log.calls == ["made", "pause"]
    return log, right


def test_writer_is_resumed_by_the_send(below: Below) -> None:
    """Failure: who was paused while the kernel took nothing waits for ever."""

    async def main() -> None:
        log, peer = await held_up(below)
        await until(lambda: "resume" in log.calls, 5)
        assert await receive(peer, 100) == bytes(100)
        log.transport.close()
        await until(lambda: log.lost)
        peer.close()

    below.run(main())
    assert below.faults.made == 3


@pytest.mark.parametrize("then", ["write", "raise"])
def test_close_while_the_kernel_takes_nothing(below: Below, then: str) -> None:
    """Failure: what resume_writing writes is lost, or who raises there has no end."""
    log, peer = below.run(held_up(below))
    log.then = then
    log.transport.close()
    data = bytes(100) + (b"last" if then == "write" else b"")
    task = below.loop.create_task(receive(peer, len(data)))
    if then == "raise":
        with pytest.raises(KeyboardInterrupt):
            below.run(task)
    assert below.run(task) == data
    below.run(until(lambda: log.lost))
    assert log.calls == ["made", "pause", "resume", ("lost", type(None))]
    peer.close()


def test_accepting_rests(below: Below) -> None:
    """Failure: clients that give up, one after the other, make a busy loop."""

    async def main() -> None:
        below.faults.fail(_abi.OP_ACCEPT, errno.ECONNABORTED, times=1_000_000)
        server = await below.loop.create_server(Log, "127.0.0.1", 0)
        await asyncio.sleep(0.2)
        assert below.faults.made < 100
        below.faults.heal()
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        server.close()
        writer.close()
        await server.wait_closed()

    below.run(main())
    assert below.said == []
