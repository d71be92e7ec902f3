"""The part of `ringline._native` that need not be fast: errors and debug mode.

Called by the native module alone. Debug mode uses asyncio's own handles, so that what they show
(where a callback was set, how long it took) is what asyncio shows.
"""

import asyncio
import sys
from asyncio import base_futures, events, format_helpers
from asyncio.base_events import _format_handle  # type: ignore[attr-defined]
from asyncio.log import logger
from contextvars import Context
from typing import Any, Callable, Optional, Tuple

_Call = Callable[..., object]


def callback_failed(handle: Any, error: BaseException) -> None:
    """Tell the loop's exception handler what a callback raised."""
    loop = handle._loop
    source = format_helpers._format_callback_source(handle._callback, handle._args)
    loop.call_exception_handler(
        {"message": f"Exception in callback {source}", "exception": error, "handle": handle}
    )


def handle(loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]) -> Any:
    """A handle in debug mode, of a call made by native code."""
    made = asyncio.Handle(callback, args, loop, context)
    if made._source_traceback:  # type: ignore[attr-defined]
        del made._source_traceback[-1]  # type: ignore[attr-defined]
    return made


def call_soon(loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]) -> Any:
    """A handle for call_soon in debug mode."""
    loop._check_thread()
    loop._check_callback(callback, "call_soon")
    return handle(loop, callback, args, context)


def call_soon_threadsafe(
    loop: Any, callback: _Call, args: Tuple[Any, ...], context: Optional[Context]
) -> Any:
    """A handle for call_soon_threadsafe in debug mode."""
    loop._check_callback(callback, "call_soon_threadsafe")
    return handle(loop, callback, args, context)


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
            logger.warning("Executing %s took %.3f seconds", _format_handle(handle), taken)
    finally:
        loop._current_handle = None


def stack() -> Any:
    """Where a future was made, in debug mode."""
    return format_helpers.extract_stack(sys._getframe(1))


def exception_of(error: Any) -> BaseException:
    """What Future.set_exception was given, as an exception it can hold."""
    if isinstance(error, type):
        error = error()
    if isinstance(error, StopIteration):
        text = "StopIteration interacts badly with generators and cannot be raised into a Future"
        if sys.version_info < (3, 12):
            raise TypeError(text)
        new = RuntimeError(text)
        new.__cause__ = error
        new.__context__ = error
        error = new
    if not isinstance(error, BaseException):
        raise TypeError("invalid exception object")
    return error


def error_of(kind: Any, value: Any = None, trace: Any = None) -> BaseException:
    """What was thrown into an iterator, as an exception."""
    if isinstance(kind, BaseException):
        if value is not None:
            raise TypeError("instance exception may not have a separate value")
        error = kind
    elif isinstance(kind, type) and issubclass(kind, BaseException):
        if isinstance(value, kind):
            error = value
        elif value is None:
            error = kind()
        else:
            error = kind(*value) if isinstance(value, tuple) else kind(value)
    else:
        raise TypeError("exceptions must be classes or instances deriving from BaseException")
    return error if trace is None else error.with_traceback(trace)


def future_repr(future: Any) -> str:
    """What a future shows of itself."""
    return base_futures._future_repr(future)  # type: ignore[no-any-return]


def never_retrieved(future: Any) -> None:
    """A future is dropped with an exception that nobody asked for."""
    context = {
        "message": f"{type(future).__name__} exception was never retrieved",
        "exception": future._exception,
        "future": future,
    }
    if future._source_traceback:
        context["source_traceback"] = future._source_traceback
    future._loop.call_exception_handler(context)
