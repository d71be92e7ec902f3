"""The event loop, put together from its mix-ins."""

from importlib import import_module
from typing import Any, List

from ._engine import Engine
from ._loop import CoreLoop


def _mixins() -> List[Any]:
    found: List[Any] = []
    for name, kind in (
        ("_sock", "SockMixin"),
        ("_connect", "ConnectMixin"),
        ("_datagram", "DatagramMixin"),
        ("_pipe", "PipeMixin"),
        ("_process", "ProcessMixin"),
        ("_signals", "SignalMixin"),
        ("_files", "FilesMixin"),
    ):
        try:
            found.append(getattr(import_module(f"ringline.{name}"), kind))
        except ModuleNotFoundError:
            pass
    return found


_Base: Any = type("_Base", (*_mixins(), CoreLoop), {})


class EventLoop(_Base):  # type: ignore[misc]
    """An asyncio event loop on a ring."""

    def __init__(self, selector: object = None, **config: Any) -> None:
        super().__init__(Engine(**config))
