"""How long a loop was busy and idle, and how long what was ready had to wait."""

import asyncio
import time
from typing import Any, Dict, Tuple

import pytest
from loops import new_loop, only_ringline, run

pytestmark = only_ringline

MS = 1_000_000


def asked(loop: Any) -> Tuple[int, Dict[str, int], int]:
    """What the loop says, and the time before and after."""
    before = time.monotonic_ns()
    found = loop.stats()
    return before, found, time.monotonic_ns()


def test_busy_and_idle_are_the_time_that_the_loop_ran() -> None:
    """Failure: time that is counted twice, or not at all."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(3):
            begun, first, before = asked(loop)
            time.sleep(0.02)
            await asyncio.sleep(0.02)
            for _ in range(100):
                await asyncio.sleep(0)
            await loop.run_in_executor(None, time.sleep, 0.02)
            after, last, ended = asked(loop)
            busy, idle = (last[name] - first[name] for name in ("busy_ns", "idle_ns"))
            assert after - before <= busy + idle <= ended - begun
            assert busy >= 20 * MS and idle > 0

    run(main())


def test_a_callback_that_keeps_others_waiting_is_seen() -> None:
    """Failure: a lag that is not the time a callback held the loop up, or that is forgotten."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        await asyncio.sleep(0.001)
        before = loop.stats()
        loop.call_soon(time.sleep, 0.05)
        await asyncio.sleep(0)
        # While it is awake still.
        assert loop.stats()["lag_max_ns"] >= 50 * MS / 3
        await asyncio.sleep(0.001)
        longest = loop.stats()["lag_max_ns"]
        assert max(50 * MS / 3, before["lag_max_ns"]) <= longest <= time.monotonic_ns() - begun
        loop.call_later(0.001, time.sleep, 0.05)
        await asyncio.sleep(0.002)
        await asyncio.sleep(0.001)
        assert loop.stats()["lag_max_ns"] >= 50 * MS / 3
        for _ in range(3):
            await asyncio.sleep(0.001)
        assert loop.stats()["lag_max_ns"] >= loop.stats()["lag_ns"] > 0

    begun = time.monotonic_ns()
    run(main())


@pytest.mark.parametrize("stops", [1, 3])
def test_a_loop_that_does_not_run_is_neither_busy_nor_idle(stops: int) -> None:
    """Failure: the time between two runs is counted."""
    loop: Any = new_loop()
    try:
        for _ in range(stops):
            loop.run_until_complete(asyncio.sleep(0.001))
            first = loop.stats()
            time.sleep(0.05)
            assert loop.stats() == first
    finally:
        loop.close()
