"""The part of `ringline._native` that need not be fast: errors and debug mode.

Called by the native module alone. Debug mode uses asyncio's own handles, so that what they show
(where a callback was set, how long it took) is what asyncio shows.
"""

import asyncio
import warnings
from asyncio import base_events, events, format_helpers
from asyncio.base_events import _format_handle  # type: ignore[attr-defined]
from contextvars import Context
from typing import Any, Callable, Dict, Optional, Tuple

from . import _buffers
from ._loop import CoreLoop

_Call = Callable[..., object]
#: What call_soon_threadsafe gives since 3.14: other threads may cancel it. None before.
threadsafe_handle: Any = getattr(events, "_ThreadSafeHandle", None)


def callback_failed(handle: Any, error: BaseException) -> None:
    """Tell the loop's exception handler what a callback raised."""
    loop = handle._loop
    source = format_helpers._format_callback_source(handle._callback, handle._args)
    loop.call_exception_handler(
        {"message": f"Exception in callback {source}", "exception": error, "handle": handle}
    )


def _handle(
    kind: Any, loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]
) -> Any:
    made = kind(callback, args, loop, context)
    if made._source_traceback:
        # The frame of this function and of who called it, and of a class between.
        del made._source_traceback[-3 if kind is threadsafe_handle else -2 :]
    return made


def call_soon(loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]) -> Any:
    """A handle for call_soon in debug mode."""
    loop._check_thread()
    loop._check_callback(callback, "call_soon")
    return _handle(asyncio.Handle, loop, callback, args, context)


def call_soon_threadsafe(
    loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]
) -> Any:
    """A handle for call_soon_threadsafe in debug mode."""
    loop._check_callback(callback, "call_soon_threadsafe")
    return _handle(threadsafe_handle or asyncio.Handle, loop, callback, args, context)


def call_at(
    loop: Any, when: float, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]
) -> Any:
    """A handle for call_later and call_at in debug mode."""
    loop._check_thread()
    loop._check_callback(callback, "call_at")
    timer: Any = events.TimerHandle(when, callback, args, loop, context)
    if timer._source_traceback:
        del timer._source_traceback[-1]
    timer._scheduled = True
    return timer


def run_timed(loop: Any, handle: Any) -> None:
    """Run a handle in debug mode, and log it where it is slow."""
    if handle._cancelled:
        return
    try:
        loop._current_handle = handle
        start = loop.time()
        handle._run()
        taken = loop.time() - start
        if taken >= loop.slow_callback_duration:
            base_events.logger.warning(  # type: ignore[attr-defined]
                "Executing %s took %.3f seconds", _format_handle(handle), taken
            )
    finally:
        loop._current_handle = None
        # Tracebacks of what it raised hold this frame.
        handle = None


def create_future(loop: Any) -> "asyncio.Future[Any]":
    """A future in debug mode."""
    made: "asyncio.Future[Any]" = asyncio.Future(loop=loop)
    if made._source_traceback:  # type: ignore[attr-defined]
        del made._source_traceback[-1]  # type: ignore[attr-defined]
    return made


def create_task(loop: Any, args: Tuple[Any, ...], named: Dict[str, Any]) -> Any:
    """A task with a name, a context, a factory, or in debug mode."""
    task = asyncio.BaseEventLoop.create_task(loop, *args, **named)
    traceback = getattr(task, "_source_traceback", None)
    if traceback and loop.get_debug():
        del traceback[-1]
    return task


def abandoned(keep: object) -> None:
    """The kernel still has this memory: it is kept for ever."""
    _buffers.abandoned.append(keep)


def completion_failed(engine: Any, error: BaseException) -> None:
    """What a completion's callback raised."""
    if engine.on_error is None:
        raise error
    engine.on_error(error)


def turn(loop: Any, timeout: Optional[float]) -> bool:
    """A turn before which Python has something to do; whether there is something to dispatch."""
    return CoreLoop._turn(loop, timeout)


def look(loop: Any) -> None:
    """What the poll of the loop's selector has told goes before the other completions."""
    loop._epoll.look()


def look_untold(loop: Any) -> None:
    """Readers and writers that are ready, though the kernel has not told yet."""
    loop._epoll.look_untold()


def flush_failed(transport: Any, error: BaseException) -> None:
    """What a transport's flush raised."""
    if not isinstance(error, Exception):
        raise error
    transport._fatal_error(error, "Fatal write error on socket transport")


def stream_class(base: type) -> type:
    """A subclass of asyncio's StreamReader or StreamWriter that looks like it, to be given methods
    of the native layer."""
    shown = {name: getattr(base, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(base.__name__, (base,), {"__slots__": (), **shown})


def never_awaited(name: str) -> None:
    """What the interpreter says of a coroutine that nobody awaited."""
    warnings.warn(f"coroutine '{name}' was never awaited", RuntimeWarning, 2)


def take(reader: Any, count: Any) -> bytes:
    """The second half of StreamReader.read."""
    data = bytes(reader._buffer[:count])
    del reader._buffer[:count]
    reader._maybe_resume_transport()
    return data
