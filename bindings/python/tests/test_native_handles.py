"""Handles that are used again, and methods that are found once: what a program may see of it.

A failure here is a handle that somebody has and that is given to somebody else as well, one that
is never collected, or a patch of the loop that has no effect.
"""

import asyncio
import contextvars
import gc
import weakref
from typing import Any, Callable, Iterator, List

import pytest

import ringline
from ringline import _layer

if _layer.loaded is None:
    pytest.skip(f"pure: {_layer.reason}", allow_module_level=True)

variable: "contextvars.ContextVar[object]" = contextvars.ContextVar("variable")


class Token:
    """Something whose end can be seen."""

    def __call__(self, *args: object) -> None:
        pass


@pytest.fixture
def loop() -> Iterator[Any]:
    made = ringline.new_event_loop()
    yield made
    made.close()


Make = Callable[[Any, Any], Any]
MAKERS: List[Make] = [
    lambda loop, call: loop.call_soon(call),
    lambda loop, call: loop.call_later(0, call),
]


@pytest.mark.parametrize("make", MAKERS)
def test_kept_handle_stays_its_owner_s(loop: Any, make: Make) -> None:
    async def main() -> None:
        first, second = Token(), Token()
        kept = make(loop, first)
        await asyncio.sleep(0.01)
        others = [make(loop, second) for _ in range(1000)]
        assert all(other is not kept for other in others)
        assert kept._callback is first and kept._loop is loop
        await asyncio.sleep(0.01)

    loop.run_until_complete(main())


@pytest.mark.parametrize("make", MAKERS)
def test_weak_reference_ends_with_its_handle(loop: Any, make: Make) -> None:
    async def main() -> None:
        seen: List[object] = []
        weak = [weakref.ref(make(loop, Token()), seen.append) for _ in range(10)]
        assert all(one() is not None for one in weak)
        await asyncio.sleep(0.01)
        handles = [make(loop, Token()) for _ in range(1000)]
        assert all(one() is None for one in weak) and len(seen) == 10
        await asyncio.sleep(0.01)
        del handles

    loop.run_until_complete(main())


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("cancel", [False, True])
def test_cycle_through_a_kept_handle_is_collected(loop: Any, make: Make, cancel: bool) -> None:
    async def main() -> "weakref.ref[Token]":
        token = Token()
        handle = make(loop, token)
        # A cycle of its own: the handle, its context, the token, the handle.
        handle.get_context().run(variable.set, token)
        vars(token)["handle"] = handle
        if cancel:
            handle.cancel()
        await asyncio.sleep(0.01)
        return weakref.ref(token)

    weak = loop.run_until_complete(main())
    gc.collect()
    assert weak() is None


@pytest.mark.parametrize("make", MAKERS)
def test_abandoned_loop_is_collected_with_what_waits(make: Make) -> None:
    def life() -> "weakref.ref[Token]":
        loop = ringline.new_event_loop()
        token = Token()

        async def main() -> None:
            vars(token)["handle"] = make(loop, token)
            vars(token)["later"] = loop.call_later(1000, token)
            loop.call_later(1000, token)
            vars(loop)["token"] = token

        loop.run_until_complete(main())
        return weakref.ref(token)

    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        weak = life()
        gc.collect()
    # The warning named the loop, which lived on by that.
    gc.collect()
    assert weak() is None


def test_arguments_are_a_tuple(loop: Any) -> None:
    handles = [loop.call_soon(Token(), *range(count)) for count in range(4)]
    assert [handle._args for handle in handles] == [(), (0,), (0, 1), (0, 1, 2)]
    for handle in handles:
        handle.cancel()
    assert [handle._args for handle in handles] == [None] * 4


def test_callback_may_cancel_itself(loop: Any) -> None:
    seen: List[object] = []

    async def main() -> None:
        def call(token: Token) -> None:
            handle.cancel()
            gc.collect()
            seen.append(token)

        handle = loop.call_soon(call, Token())
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    assert isinstance(seen[0], Token)


@pytest.mark.parametrize("name", ["call_soon", "call_later", "create_future", "get_debug"])
def test_patched_method_is_used(loop: Any, name: str) -> None:
    calls: List[str] = []
    arguments = {"call_soon": (print,), "call_later": (1000, print)}.get(name, ())

    async def main() -> None:
        usual = getattr(loop, name)
        usual(*arguments)

        def patch(*args: Any, **named: Any) -> Any:
            calls.append(name)
            return usual(*args, **named)

        setattr(loop, name, patch)
        getattr(loop, name)(*arguments)
        assert calls
        delattr(loop, name)
        calls.clear()
        getattr(loop, name)(*arguments)
        assert not calls

    loop.run_until_complete(main())


def test_patched_class_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loop(ringline.EventLoop):
        pass

    loop = Loop()
    calls: List[object] = []

    def call_soon(self: Any, *args: Any, **named: Any) -> Any:
        calls.append(args)
        return ringline.EventLoop.call_soon(self, *args, **named)

    async def main() -> None:
        loop.call_soon(print)
        monkeypatch.setattr(Loop, "call_soon", call_soon)
        await asyncio.sleep(0.001)
        calls.clear()
        await asyncio.sleep(0)
        loop.call_soon(Token())
        assert len(calls) == 2

    loop.run_until_complete(main())
    loop.close()


def test_what_a_subclass_has_in_a_method_s_place_is_asked_each_time() -> None:
    """Failure: it is kept as if it were the loop's own method."""
    asked: List[int] = []

    class Loop(ringline.EventLoop):
        @property
        def get_debug(self) -> Any:
            asked.append(len(asked))
            return lambda: False

    loop = Loop()

    async def main() -> None:
        before = len(asked)
        for _ in range(3):
            loop.get_debug()
        assert len(asked) == before + 3

    loop.run_until_complete(main())
    loop.close()
