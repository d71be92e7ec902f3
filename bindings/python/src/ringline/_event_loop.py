"""The event loop, put together from its mix-ins."""

import logging
from importlib import import_module
from typing import Any, Dict, List

from . import _abi
from . import _layer as native
from ._config import configure
from ._engine import Engine
from ._loop import CoreLoop

_SQPOLL = 2


def _borrowed() -> Any:
    from asyncio import selector_events, unix_events

    selecting = vars(selector_events.BaseSelectorEventLoop)
    names = [name for name in selecting if "sock_" in name and "socket" not in name]
    return type("SockMixin", (), {name: selecting[name] for name in names})


def _mixins() -> List[Any]:
    found: List[Any] = []
    for name, kind in (
        ("_sock", "SockMixin"),
        ("_connect", "ConnectMixin"),
        ("_datagram", "DatagramMixin"),
        ("_pipe", "PipeMixin"),
        ("_process", "ProcessMixin"),
        ("_signals", "SignalMixin"),
    ):
        try:
            found.append(getattr(import_module(f"ringline.{name}"), kind))
        except ModuleNotFoundError:
            if name == "_sock":
                found.append(_borrowed())
    return found


_engine: Any = Engine
_cores: List[Any] = []
if native.loaded is not None:
    _engine = import_module("ringline._native_engine").NativeEngine
    _cores.append(native.loaded.LoopCore)
_Base: Any = type("_Base", (*_mixins(), *_cores, CoreLoop), {})


class EventLoop(_Base):  # type: ignore[misc]
    """An asyncio event loop on a ring.

    Parameters
    ----------
    **options : int or bool
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
        if config.sqpoll and not engine.info().setup_flags & _SQPOLL:
            logging.getLogger("ringline").warning("sqpoll is not allowed here: going on without")
        super().__init__(engine)

    def ring_info(self) -> Dict[str, int]:
        """What the ring and its receive pool are like.

        Returns
        -------
        dict
            The members of `Info`, and buffer_size, buffer_count, buffers_free.
        """
        self._check_closed()
        engine = self._engine
        found = _members(engine.info())
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
            leases_out (received bytes not given back yet), inflight.
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
        )
        return found


def _members(record: Any) -> Dict[str, int]:
    names = [name for name, *_ in record._fields_ if name not in ("size", "resv")]
    return {name: getattr(record, name) for name in names}
