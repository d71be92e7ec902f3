"""Memory that an operation in flight names: addresses of Python objects, held while it lasts.

A `Pin` is an export of the object's buffer. As long as it lives the object cannot be freed, and
what could move (a bytearray, an array) refuses to be resized with BufferError. The ring drops it at
the operation's FINAL completion and not before.
"""

import ctypes
from typing import Any, List, Sequence, Union

#: Anything with a buffer: bytes, bytearray, memoryview, mmap, array, numpy arrays.
Buffer = Any

_get = ctypes.pythonapi.PyObject_GetBuffer
_get.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
_get.restype = ctypes.c_int
_release = ctypes.pythonapi.PyBuffer_Release
_release.argtypes = (ctypes.c_void_p,)
_release.restype = None
_WRITABLE = 1


class Pin(ctypes.Structure):
    """Py_buffer, which CPython has had in this shape since 3.3."""

    buf: int
    len: int

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]

    def release(self) -> None:
        """Let the buffer go before the pin itself goes; the caller knows of the FINAL."""
        _release(ctypes.byref(self))

    def __del__(self, release: Any = _release, byref: Any = ctypes.byref) -> None:
        release(byref(self))


def pinned(buffer: Buffer, writable: bool) -> Pin:
    """Hold `buffer`; BufferError or TypeError when it cannot be had in one piece, or not for
    writing."""
    pin = Pin()
    _get(buffer, ctypes.byref(pin), _WRITABLE if writable else 0)
    if pin.len > 0x7FFFFFFF:
        raise ValueError("a buffer of 2 GiB or more: take it in pieces")
    return pin


class Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Vectors:
    """An array of iovec and what it names, held together."""

    def __init__(self, buffers: Sequence[Buffer], writable: bool) -> None:
        self.pins = [pinned(buffer, writable) for buffer in buffers]
        self.count = len(self.pins)
        self.array = (Vector * max(self.count, 1))()
        for vector, pin in zip(self.array, self.pins):
            vector.base, vector.len = pin.buf, pin.len
        self.address = ctypes.addressof(self.array)


#: What the kernel may still write although its ring is gone: never given back (C2, ABANDONED).
abandoned: List[Union[Pin, object]] = []
