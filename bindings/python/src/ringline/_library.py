"""Finds libringline.so, checks that it is the one these files were made for, and loads it.

Owns the two ways to call it: `waiting` releases the interpreter's lock during a call, `quick` keeps
it, which is cheaper and for calls that never sleep. A library of another ABI is never called.
"""

import ctypes
import os
from pathlib import Path
from typing import List

from . import _abi


def _candidates() -> List[str]:
    """Where it may be: what RINGLINE_LIBRARY names, beside this file, where the system looks."""
    named = os.environ.get("RINGLINE_LIBRARY")
    if named:
        return [named]
    beside = Path(__file__).with_name("libringline.so")
    soname = f"libringline.so.{_abi.VERSION_MAJOR}"
    return [str(beside), soname] if beside.exists() else [soname]


def _load() -> str:
    failures = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
            continue
        try:
            check = library.ringline_check_abi
        except AttributeError:
            failures.append(f"{path} is not libringline")
            continue
        sizes = [ctypes.sizeof(kind) for kind in (_abi.Op, _abi.Completion, _abi.Shared)]
        if check(_abi.ABI, *sizes) == 0:
            return path
        failures.append(f"{path} has another ABI than this package ({_abi.ABI})")
    raise ImportError("libringline.so cannot be used: " + "; ".join(failures))


path = _load()
waiting = _abi.Functions(ctypes.CDLL(path))
quick = _abi.Functions(ctypes.PyDLL(path))
