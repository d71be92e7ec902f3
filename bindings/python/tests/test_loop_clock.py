"""The clock of a loop that a program or a test replaces."""

import asyncio
import time
from contextlib import closing
from typing import Any, List
from unittest import mock

import pytest
from loops import KIND, finish, new_loop, run

pytestmark = pytest.mark.skipif(KIND == "uvloop", reason="uvloop asks its own clock alone")


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_clock_put_on_a_running_loop() -> None:
    """Failure: timers go by another clock than the loop's."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        called: List[str] = []
        loop.call_later(1000, called.append, "far")
        with mock.patch.object(loop, "time", lambda: now + 1001):
            await turns()
            assert called == ["far"]
            assert loop.call_later(5, print).when() == now + 1006
        loop.call_later(1000, called.append, "not yet")
        await turns()
        assert called == ["far"]
        assert now <= loop.time() < now + 900

    run(main())


def test_a_clock_put_on_the_class_of_a_loop() -> None:
    """Failure: only a clock that the class had when the loop was made is asked."""
    loop = new_loop()
    try:
        called: List[str] = []
        now = loop.time()
        loop.call_later(1000, called.append, "far")
        kind: Any = type(loop)
        with mock.patch.object(kind, "time", lambda self: now + 1001):
            loop.run_until_complete(turns())
        assert called == ["far"]
        loop.call_later(1000, called.append, "not yet")
        loop.run_until_complete(turns())
        assert called == ["far"]
    finally:
        finish(loop)


def test_a_clock_put_in_the_place_of_time_monotonic() -> None:
    """Failure: a program that freezes or moves the time, as its tests do, is not heard by the loop
    where asyncio, which looks the function up at each call, hears it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        called: List[str] = []
        real = time.monotonic
        with mock.patch("time.monotonic", lambda: 1000.0):
            assert loop.time() == 1000.0
            assert loop.call_later(5, print).when() == 1005.0
            loop.call_at(999.5, called.append, "due")
            far = loop.call_at(1000.5, called.append, "not yet")
            await turns()
            assert called == ["due"]
        with mock.patch("time.monotonic", lambda: 1001.0):
            await turns()
            assert called == ["due", "not yet"]
        assert not far.cancelled()
        before = real()
        assert before <= loop.time() <= real()
        later = loop.call_later(5, print)
        assert before + 5 <= later.when() <= real() + 5
        later.cancel()

    run(main())


def test_a_clock_that_raises() -> None:
    """Failure: what a replaced clock raises is lost, or taken for a time."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def broken() -> float:
            raise ZeroDivisionError

        with mock.patch("time.monotonic", broken):
            for ask in (loop.time, lambda: loop.call_later(5, print)):
                with pytest.raises(ZeroDivisionError):
                    ask()
        assert loop.time() > 0

    run(main())


def test_when_tells_the_number_that_was_given() -> None:
    """Failure: a time that was given as an int is told as a float, as aiohttp's tests see."""
    with closing(new_loop()) as loop:
        for debug in (False, True):
            loop.set_debug(debug)
            for given in (12345, -1, 12345.0, 0.5):
                timer = loop.call_at(given, print)
                assert (timer.when(), type(timer.when())) == (given, type(given))
                timer.cancel()
            assert type(loop.call_later(1, print).when()) is float
