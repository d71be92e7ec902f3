"""How programs get the loop: a factory, a policy, `install` and `run`.

Owns the choice between the ring and, where `fallback` allows it, asyncio's own loop. It never falls
back unasked, and never in silence.
"""

import asyncio
import errno
import sys
import warnings
from typing import Any, Coroutine, Optional, TypeVar

from . import _abi
from ._config import configure
from ._error import Error
from ._event_loop import EventLoop

_T = TypeVar("_T")
#: Rings are forbidden, or may lock no memory.
_FORBIDDEN = (-errno.EPERM, -errno.EACCES, -errno.ENOSYS, -errno.ENOMEM, _abi.ENOTSUP_KERNEL)


def new_event_loop(**options: Any) -> asyncio.AbstractEventLoop:
    """Make an event loop.

    Parameters
    ----------
    **options : int, bool or str
        buffer_size, buffer_count, ring_size, sqpoll, spin_us, send, fallback. What is not given is
        taken from RINGLINE_BUFFER_SIZE and so on, else it has its default.

    Returns
    -------
    EventLoop
        Or asyncio's own loop, with a warning, where rings are forbidden and `fallback` is set.

    Raises
    ------
    Error
        Where rings are forbidden or memory is short; the text says by what, and the remedy.
    TypeError, ValueError
        An option that there is not, or a value that cannot be.
    """
    config = configure(options)
    try:
        return EventLoop(**config._asdict())
    except Error as error:
        if not config.fallback or error.code not in _FORBIDDEN:
            raise
        warnings.warn(
            f"no io_uring here, asyncio's own event loop is used: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return asyncio.SelectorEventLoop()


# Since 3.14 the name has an underscore and the old one warns; 3.16 shall have no policies.
_Default: Any = (
    asyncio.DefaultEventLoopPolicy
    if sys.version_info < (3, 14)
    else getattr(asyncio.unix_events, "_DefaultEventLoopPolicy", object)
)


class EventLoopPolicy(_Default):  # type: ignore[misc]
    """asyncio's policy, with loops on a ring.

    Parameters
    ----------
    **options : int, bool or str
        As of `new_event_loop`, checked at once.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        configure(options)
        self._options = options

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return new_event_loop(**self._options)


def install(**options: Any) -> None:
    """Have asyncio make its event loops on rings from now on.

    Warns where this thread has a loop already: that one stays what it is.

    Parameters
    ----------
    **options : int, bool or str
        As of `new_event_loop`.
    """
    policy = EventLoopPolicy(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        earlier = _loop_of_thread(asyncio.get_event_loop_policy())
        asyncio.set_event_loop_policy(policy)
    if earlier is not None:
        warnings.warn(
            "ringline.install() comes too late for the event loop that this thread has,"
            f" {earlier!r}: it stays what it is. Call it before a loop is made; where a server or"
            " framework made this one, tell it the loop by its own setting (see ringline's README),"
            " as `--loop ringline:new_event_loop` is for uvicorn",
            RuntimeWarning,
            stacklevel=2,
        )


def _loop_of_thread(policy: Any) -> Optional[asyncio.AbstractEventLoop]:
    """The loop of asyncio or of another package that runs in this thread, or was set for it."""
    loop = asyncio._get_running_loop()
    if loop is None and not isinstance(policy, EventLoopPolicy):
        # Where asyncio's policies keep it: `get_event_loop` may make one that is not there yet.
        loop = getattr(getattr(policy, "_local", None), "_loop", None)
    if loop is None or loop.is_closed() or isinstance(loop, EventLoop):
        return None
    return loop


def run(main: "Coroutine[Any, Any, _T]", *, debug: Optional[bool] = None, **options: Any) -> _T:
    """As `asyncio.run`, on a ring.

    Parameters
    ----------
    main : coroutine
        What to run until it is complete.
    debug : bool or None
        asyncio's debug mode; None = as the environment says.
    **options : int, bool or str
        As of `new_event_loop`.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("ringline.run() cannot be called from a running event loop")
    if sys.version_info >= (3, 11):

        def factory() -> asyncio.AbstractEventLoop:
            return new_event_loop(**options)

        with asyncio.Runner(debug=debug, loop_factory=factory) as runner:
            return runner.run(main)
    return _run_before_runners(main, debug, options)


def _run_before_runners(main: Any, debug: Optional[bool], options: Any) -> Any:
    """asyncio.run of 3.10, which takes no factory."""
    if not asyncio.iscoroutine(main):
        raise ValueError(f"a coroutine was expected, got {main!r}")
    from asyncio.runners import _cancel_all_tasks  # type: ignore[attr-defined]

    loop = new_event_loop(**options)
    try:
        asyncio.set_event_loop(loop)
        if debug is not None:
            loop.set_debug(debug)
        return loop.run_until_complete(main)
    finally:
        try:
            _cancel_all_tasks(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
