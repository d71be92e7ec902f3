"""The numbers of `loop.ring_info()` that are flags, with their names.

Each is an int, and its repr() has the names of what is set in it.
"""

import enum
from typing import Any

from . import _abi

_flags: Any = enum.IntFlag
_PREFIX = "FEATURE_"
#: IORING_SETUP_* of the kernel, from bit 0 on.
_SETUP = (
    "IOPOLL", "SQPOLL", "SQ_AFF", "CQSIZE", "CLAMP", "ATTACH_WQ", "R_DISABLED", "SUBMIT_ALL",
    "COOP_TASKRUN", "TASKRUN_FLAG", "SQE128", "CQE32", "SINGLE_ISSUER", "DEFER_TASKRUN", "NO_MMAP",
    "REGISTERED_FD_ONLY", "NO_SQARRAY", "HYBRID_IOPOLL", "CQE_MIXED", "SQE_MIXED",
)  # fmt: skip

#: ``ringline.FEATURE_*``: `features` and `disabled`.
Features = _flags(
    "Features",
    {
        name[len(_PREFIX) :]: value
        for name, value in vars(_abi).items()
        if name.startswith(_PREFIX)
    },
)
#: `setup_flags`.
Setup = _flags("Setup", {name: 1 << bit for bit, name in enumerate(_SETUP)})
#: What the members of `Info` that are flags are made of.
FLAGS = {"features": Features, "disabled": Features, "setup_flags": Setup}
