"""The generated file against the library: sizes, offsets, values, functions."""

import ctypes
import struct
from pathlib import Path

from ringline import _abi
from ringline._library import quick


def test_records_lie_as_in_the_library() -> None:
    """Failure: a record or field of the library that ctypes puts elsewhere, or does not know."""
    rows = (_abi.AbiField * 2048)()
    count = quick.abi_layout(rows, len(rows))
    told = {
        (ctypes.string_at(row.name).decode(), row.offset, row.size) for row in rows[:count]
    }
    mine = set()
    for name, (record, text) in _abi.RECORDS.items():
        mine.add((name, 0, ctypes.sizeof(record)))
        assert struct.calcsize(text) == ctypes.sizeof(record)
        for field, *_ in record._fields_:
            place = getattr(record, field)
            mine.add((f"{name}.{field}", place.offset, place.size))
    assert count > 100
    assert told == mine


def test_formats_agree_with_the_structures() -> None:
    """Failure: struct.pack puts a value elsewhere than ctypes does."""
    for name, (record, text) in _abi.RECORDS.items():
        count = len(struct.unpack(text, bytes(ctypes.sizeof(record))))
        # They fit into bytes with a sign.
        values = [at % 120 + 1 for at in range(count)]
        image = record.from_buffer_copy(struct.pack(text, *values))
        seen = []
        for field, *_ in record._fields_:
            value = getattr(image, field)
            seen += list(value) if hasattr(value, "__len__") else [value]
        assert seen == values, name


def test_values_are_those_of_the_library() -> None:
    """Failure: a code with another name, or another version."""
    for name in dir(_abi):
        code = getattr(_abi, name)
        if name.startswith("E") and isinstance(code, int) and -65536 < code <= -4096:
            assert quick.error_name(code) == f"RINGLINE_{name}".encode()
    assert quick.abi() == _abi.ABI
    version = _abi.VERSION_MAJOR << 16 | _abi.VERSION_MINOR << 8 | _abi.VERSION_PATCH
    assert quick.version() == version


def test_operations_are_those_of_the_helpers() -> None:
    """Failure: an OP_ constant that is not what the prep helper of that name fills in."""
    op = _abi.Op()
    checked = 0
    for name, (_, arguments) in _abi.SIGNATURES.items():
        opcode = getattr(_abi, "OP_" + name[len("prep_") :].upper(), None)
        if name.startswith("prep_") and opcode is not None:
            nothing = [None if a in (ctypes.c_void_p, ctypes.c_char_p) else 0 for a in arguments]
            getattr(quick, name)(ctypes.byref(op), *nothing[1:])
            assert op.opcode == opcode, name
            checked += 1
    assert checked > 40


def test_all_functions_of_the_list_are_known() -> None:
    """Failure: a function that the library exports and this file does not declare."""
    symbols = Path(__file__).resolve().parents[3] / "abi/symbols.txt"
    names = {"ringline_" + name for name in _abi.SIGNATURES}
    assert names == set(symbols.read_text().split())
