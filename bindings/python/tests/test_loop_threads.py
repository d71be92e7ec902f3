"""What other threads do to a loop that sleeps, and loops in threads that outlive the program."""

import asyncio
import socket
import sys
import threading
from typing import Callable, List

import pytest
from loops import KIND, finish, new_loop, only_ringline, poll, program

#: What a daemon thread's loop does while the program ends.
BUSY = {
    "callbacks": "while True: await asyncio.sleep(0)",
    "sleep": "while True: await asyncio.sleep(0.0001)",
    "receives": """
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    other, back = await asyncio.open_connection(sock=right)
    while True:
        writer.write(b"x" * 100)
        await other.read(1000)
    """,
}


@only_ringline
@pytest.mark.parametrize("kind", sorted(BUSY))
def test_a_daemon_thread_s_loop_at_the_end_of_the_program(kind: str) -> None:
    """Failure: the interpreter ends the thread, its stack is unwound through native frames, and
    the process is aborted."""
    body = BUSY[kind].replace("\n", "\n    ")
    text = f"""
def work():
    async def main():
        begun.set()
        {body}
    asyncio.set_event_loop(None)
    new_loop().run_until_complete(main())
begun = threading.Event()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
    begun.wait()
    begun.clear()
"""
    for _ in range(4):
        done = program(text)
        assert (done.returncode, done.stderr) == (0, ""), done


@pytest.mark.parametrize("how", ["reader", "poll"] if KIND == "ringline" else ["reader"])
@pytest.mark.parametrize("staged_before", [False, True])
def test_what_another_thread_stages_while_a_turn_sleeps(staged_before: bool, how: str) -> None:
    """Failure: the operation is forgotten by the turn that sleeps, or waits until it ends."""
    loop = new_loop()
    left, right = socket.socketpair()
    quiet, other = socket.socketpair()
    for sock in (left, right, quiet, other):
        sock.setblocking(False)
    begun = threading.Event()
    got: List[bytes] = []

    def readable() -> None:
        got.append(left.recv(10))
        loop.stop()

    def watch(sock: socket.socket, call: Callable[[], object]) -> None:
        if how == "reader":
            loop.add_reader(sock, call)
        else:
            poll(loop, sock, lambda *_: call())

    def stage() -> None:
        begun.wait()
        watch(left, readable)
        right.send(b"hello")

    def begin() -> None:
        if staged_before:
            watch(quiet, print)
        begun.set()

    thread = threading.Thread(target=stage)
    before = sys.getswitchinterval()
    thread.start()
    # The thread gets its turn only where the loop lets the interpreter go: while it sleeps.
    sys.setswitchinterval(100)
    try:
        loop.call_soon(begin)
        watchdog = loop.call_later(10, loop.stop)
        loop.run_forever()
        watchdog.cancel()
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert got == [b"hello"]
    if how == "reader":
        loop.remove_reader(left)
        loop.remove_reader(quiet)
    finish(loop)
    for sock in (left, right, quiet, other):
        sock.close()


@only_ringline
@pytest.mark.parametrize("debug", [False, True])
def test_a_time_that_is_no_number(debug: bool) -> None:
    """Failure: no timer of the loop is ever called again."""
    loop = new_loop()
    loop.set_debug(debug)
    nan = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        loop.call_later(nan, print)
    with pytest.raises(ValueError, match="NaN"):
        loop.call_at(nan, print)
    with pytest.raises(ValueError, match="NaN"):
        loop.run_until_complete(asyncio.wait_for(loop.create_future(), nan))
    never = loop.call_later(float("inf"), print)
    loop.run_until_complete(asyncio.sleep(0.001))
    never.cancel()
    finish(loop)
