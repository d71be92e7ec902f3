"""The clock of a loop that a program or a test replaces."""

import asyncio
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
