"""The one exception of the package, with the library's own text."""

import os
from typing import Optional, Tuple

from ._library import quick


#: Beyond it are the library's own codes.
_LAST_ERRNO = 4095


class Error(OSError):
    """What the library or the kernel refused.

    Attributes
    ----------
    code : int
        As in C: -errno of the kernel, or a library code such as ``ringline.ESTALE``.
    name : str
        Its name, such as ``"RINGLINE_ESTALE"`` or ``"EAGAIN"``.
    errno : int
        The nearest errno of any code.
    strerror : str
        What it means and, where the library knows more, why and what to do.
    op : int or None
        The operation it is about, where `Ring.turn` raises it for one of a batch.
    """

    code: int
    name: str
    op: Optional[int]

    def __init__(self, code: int, detail: str = "", op: Optional[int] = None) -> None:
        text = quick.strerror(code).decode()
        super().__init__(quick.to_errno(code), f"{text}: {detail}" if detail else text)
        self.code = code
        self.name = quick.error_name(code).decode()
        self.op = op

    def __str__(self) -> str:
        return f"[{self.name}] {self.strerror}"

    def __reduce__(self) -> "Tuple[object, ...]":
        return _again, (self.code, self.strerror, self.op)


def _again(code: int, text: str, op: Optional[int]) -> Error:
    error = Error(code, "", op)
    error.strerror = text
    return error


def failure(res: int, *names: object) -> OSError:
    """The exception of a completion that failed: of -errno, the one that asyncio's own calls raise;
    of an operation that the library refused, with the library's text."""
    if res < -_LAST_ERRNO:
        return Error(res)
    return OSError(-res, os.strerror(-res), *names)


def failed(code: int, op: Optional[int] = None) -> Error:
    """The error of a call that has just answered `code` on this thread."""
    detail: str = quick.error_detail().decode(errors="replace")
    # The command of that name is not what pip installs.
    return Error(code, detail.replace("`ringline doctor`", "`python -m ringline doctor`"), op)


def check(code: int) -> int:
    """`code` itself when it is no error."""
    if code < 0:
        raise failed(code)
    return code
