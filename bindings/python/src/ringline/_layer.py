"""Which layer serves: the native one where it can be loaded, or the pure one.

``RINGLINE_PURE=1`` keeps the native one away. Both have the same semantics.
"""

import os
import sys
from typing import Any

loaded: Any = None
#: Why the pure layer serves; empty where the native one does.
reason = ""

if os.environ.get("RINGLINE_PURE", "0") not in ("", "0"):
    reason = "RINGLINE_PURE is set"
elif sys.version_info < (3, 11):
    reason = "the native layer is for Python 3.11 and later"
else:
    try:
        from . import _native

        loaded = _native
    except ImportError as error:
        reason = str(error)
