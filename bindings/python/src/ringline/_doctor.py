"""What this machine allows."""

import ctypes

from ._address import c_text
from ._error import check
from ._library import waiting


def doctor() -> str:
    """A report of what this machine allows and, where it does not, why and the remedy."""
    size = 1 << 14
    while True:
        text = ctypes.create_string_buffer(size)
        length = check(waiting.doctor(text, size))
        if length < size:
            return text.value.decode(errors="replace")
        size = length + 1


def has(feature: str) -> bool:
    """Whether the kernel has a feature, by its name ("recv_multishot")."""
    return check(waiting.has(c_text(feature))) == 1


def op_supported(opcode: int) -> bool:
    """Whether an operation (OP_* or LIB_*) can be used here."""
    return check(waiting.op_supported(opcode)) == 1
