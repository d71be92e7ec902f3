"""Which layer serves: the native one where it can be loaded, or the pure one.

``RINGLINE_PURE=1`` keeps the native one away. Both have the same semantics. A free-threaded CPython
cannot load the native one, and is refused unless the pure one was asked for: nobody shall find out
by the speed, nor run without the interpreter's lock by chance what was made with it.
"""

import os
import sys
from typing import Any

from ._config import truth

loaded: Any = None
#: Why the pure layer serves; empty where the native one does.
reason = ""

if truth("RINGLINE_PURE", os.environ.get("RINGLINE_PURE") or "0"):
    reason = "RINGLINE_PURE is set"
elif "t" in sys.abiflags:
    raise ImportError(
        "ringline's native layer does not load into a free-threaded CPython: use the usual build, "
        "or set RINGLINE_PURE=1 for the layer in Python, which is not tested there: each loop, "
        "with its sockets, in one thread of its own"
    )
elif sys.version_info < (3, 11):
    reason = "the native layer is for Python 3.11 and later"
else:
    try:
        from . import _native

        loaded = _native
    except ImportError as error:
        reason = str(error)
