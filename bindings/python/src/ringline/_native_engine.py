"""The engine with its hot path in native code.

Owns nothing of its own: `ringline._native.EngineCore` has the table of operations and fills the
shared block, `Engine` makes the ring and asks it. The invariant: the native part knows a ring only
as long as it is not freed.
"""

import ctypes
from typing import Any, List, Tuple

from . import _buffers
from ._engine import Engine
from ._library import quick
from ._native import EngineCore  # type: ignore[import-not-found,unused-ignore]


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class NativeEngine(EngineCore, Engine):  # type: ignore[misc,unused-ignore]
    """An engine whose submit, turn and completions are native."""

    def _look(self) -> None:
        super()._look()
        shared = quick.shared_block(self._handle)
        functions = (quick.turn, quick.cancel, quick.lease_release)
        self._bind(shared, self._handle, *map(_address, functions))

    def close(self) -> int:
        if self.closed:
            return 0
        left = super().close()
        self._unbind()
        held: List[Tuple[object, object]] = self._drain()
        if left:
            _buffers.abandoned.append(held)
        return left
