"""The event loop, put together from its mix-ins."""

import logging
from importlib import import_module
from typing import Any, Dict

from . import _abi
from . import _layer as native
from ._config import SENDS, configure
from ._connect import ConnectMixin
from ._datagram import DatagramMixin
from ._engine import Engine
from ._flags import FLAGS
from ._loop import CoreLoop
from ._pipe import PipeMixin
from ._process import ProcessMixin
from ._signals import SignalMixin
from ._sock import SockMixin


class _Nothing:
    """The place of the native part where there is none."""


_engine: Any = Engine
_Core: Any = CoreLoop
_Native: Any = _Nothing
if native.loaded is not None:
    _engine = import_module("ringline._native_engine").NativeEngine
    _Native = native.loaded.LoopCore


# The native part comes first: at each call of a method of its own the interpreter goes along the
# bases up to it.
class EventLoop(
    _Native,  # type: ignore[misc]
    SockMixin,
    ConnectMixin,
    DatagramMixin,
    PipeMixin,
    ProcessMixin,
    SignalMixin,
    _Core,  # type: ignore[misc]
):
    """An asyncio event loop on a ring.

    Parameters
    ----------
    **options : int, bool or str
        As of `new_event_loop`; `fallback` means nothing here.

    Raises
    ------
    Error
        Where rings are forbidden or memory is short; the text says by what, and the remedy.
    """

    def __init__(self, **options: Any) -> None:
        config = configure(options)
        engine = _engine(
            config.ring_size,
            _abi.CONFIG_SQPOLL if config.sqpoll else 0,
            config.spin_us,
            config.buffer_size,
            config.buffer_count,
        )
        try:
            if config.sqpoll and not engine.sqpoll:
                logger = logging.getLogger("ringline")
                logger.warning("sqpoll is not allowed here: going on without")
            super().__init__(engine)
            self._sends = SENDS.index(config.send)
        except BaseException:
            # Nobody else knows the ring.
            engine.close()
            raise

    def ring_info(self) -> Dict[str, int]:
        """What the ring and its receive pool are like.

        Returns
        -------
        dict
            The members of `Info`, and buffer_size, buffer_count, buffers_free. Flags are
            ints whose repr() has their names: features and disabled ``ringline.FEATURE_*``,
            setup_flags the kernel's ``IORING_SETUP_*``.
        """
        self._check_closed()
        engine = self._engine
        found = _members(engine.info())
        for name, names in FLAGS.items():
            found[name] = names(found[name])
        pool = engine.pool_info()
        found.update(
            buffer_size=pool.buffer_size, buffer_count=pool.count, buffers_free=pool.free
        )
        return found

    def stats(self) -> Dict[str, int]:
        """What the ring did so far.

        Returns
        -------
        dict
            The members of `Stats`; syscalls (of the ring: `enters` by another name), turns,
            leases_out (received bytes not given back yet), inflight; and in nanoseconds, for the
            time that the loop ran so far: idle_ns (it slept, as there was nothing to do), busy_ns
            (all the rest), lag_ns (how long an iteration took, on the average of those between
            its last two sleeps: so long had to wait what came meanwhile) and lag_max_ns (the
            longest lag so far, the present one included).
        """
        self._check_closed()
        engine = self._engine
        found = _members(engine.stats())
        pool = engine.pool_info()
        found.update(
            syscalls=found["enters"],
            turns=engine.turns,
            leases_out=pool.leases,
            inflight=len(engine),
            **engine.times(),
        )
        return found


def _members(record: Any) -> Dict[str, int]:
    names = [name for name, *_ in record._fields_ if name not in ("size", "resv")]
    return {name: getattr(record, name) for name in names}
