"""Writes the ABI for Python: ctypes structures, struct formats, typed functions."""

from typing import List

from header import SIZES, Argument, Function, Header, Record

CTYPES = {"void": "None", "usize": "ctypes.c_size_t", "const char *": "ctypes.c_char_p"}
CTYPES.update({kind: f"ctypes.c_{'u' * (kind[0] == 'u')}int{kind[1:]}" for kind in SIZES})
FORMATS = dict(zip(("u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"), "BbHhIiQq"))

HEAD = '''"""The ABI of libringline for ctypes: constants, records and functions.

Generated from the Rust source by `make abi`: change the source, not this file.
"""

import ctypes
from typing import Any, Callable, Dict, List, Optional, Tuple

#: What stands for a C pointer: an address, ctypes.byref(...), an array, or None.
Pointer = Any
'''


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def comment(doc: List[str], indent: str) -> List[str]:
    return [f"{indent}#: {line}".rstrip() for line in doc]


def ctype(kind: str) -> str:
    if kind in CTYPES:
        return CTYPES[kind]
    if kind.startswith("ringline_") and "*" not in kind:
        return camel(kind[len("ringline_") :])
    return "ctypes.c_void_p"


def hint(kind: str) -> str:
    if kind in SIZES or kind == "usize":
        return "int"
    return {"void": "None", "const char *": "bytes"}.get(kind, "Pointer")


def format_of(record: Record) -> str:
    """For the struct module: standard sizes, padding written out."""
    text, at = "<", 0
    for field in record.fields:
        text += "x" * (field.offset - at)
        text += (str(field.count) if field.count else "") + FORMATS[field.kind]
        at = field.offset + SIZES[field.kind] * max(field.count, 1)
    return text + "x" * (record.size - at)


def structure(record: Record) -> List[str]:
    name = camel(record.name)
    out = ["", "", f"class {name}(ctypes.Structure):", f'    """{record.doc[0]}']
    out += [f"    {line}".rstrip() for line in record.doc[1:]]
    out += ['    """', ""]
    for field in record.fields:
        out += comment(field.doc, "    ")
        out.append(f"    {field.name}: {'List[int]' if field.count else 'int'}")
    out += ["", "    _fields_ = ["]
    for field in record.fields:
        kind = CTYPES[field.kind] + (f" * {field.count}" if field.count else "")
        out.append(f'        ("{field.name}", {kind}),')
    out += ["    ]", "", "", f"#: The same for the struct module: {record.size} bytes."]
    return out + [f'{record.name.upper()}_FORMAT = "{format_of(record)}"']


def signature(arguments: List[Argument]) -> str:
    inner = ", ".join(ctype(a.kind) for a in arguments)
    return f"({inner},)" if len(arguments) == 1 else f"({inner})"


def method(function: Function) -> List[str]:
    takes = ", ".join(hint(a.kind) for a in function.arguments)
    names = ", ".join(a.name for a in function.arguments)
    out = ["", f"    #: {function.name}({names})"] + comment(function.doc, "    ")
    line = f"    {function.name}: Callable[[{takes}], {hint(function.result)}]"
    if len(line) <= 100:
        return out + [line]
    return out + [f"    {function.name}: Callable[", f"        [{takes}],"] + [
        f"        {hint(function.result)},",
        "    ]",
    ]


def row(function: Function) -> List[str]:
    inner = [ctype(a.kind) for a in function.arguments]
    line = f'    "{function.name}": ({ctype(function.result)}, {signature(function.arguments)}),'
    if len(line) <= 100:
        return [line]
    out = [f'    "{function.name}": (', f"        {ctype(function.result)},", "        ("]
    return out + [f"            {kind}," for kind in inner] + ["        ),", "    ),"]


def write(header: Header) -> str:
    out = [HEAD.rstrip(), ""]
    for constant in header.constants:
        out += comment(constant.doc, "")
        out.append(f"{constant.name} = {constant.value}")
    for record in header.records:
        out += structure(record)
    out.append("")
    for callback in header.callbacks:
        kinds = ", ".join([ctype(callback.result)] + [ctype(a.kind) for a in callback.arguments])
        out += comment(callback.doc, "")
        out.append(f"{camel(callback.name)} = ctypes.CFUNCTYPE({kinds})")
    out += ["", "#: The records by their names in C."]
    out.append("RECORDS: Dict[str, Tuple[Any, str]] = {")
    for record in header.records:
        value = f"({camel(record.name)}, {record.name.upper()}_FORMAT)"
        out.append(f'    "ringline_{record.name}": {value},')
    out += ["}", "", "", "class Functions:"]
    out.append('    """The functions of the library, without their prefix."""')
    for function in header.functions:
        out += method(function)
    out += ["", "    def __init__(self, library: ctypes.CDLL) -> None:"]
    out += ["        for name, (result, arguments) in SIGNATURES.items():"]
    out += ['            function = library["ringline_" + name]']
    out += ["            function.restype = result", "            function.argtypes = arguments"]
    out += ["            setattr(self, name, function)", "", ""]
    out += ["#: Result and arguments of each function."]
    out.append("SIGNATURES: Dict[str, Tuple[Optional[Any], Tuple[Any, ...]]] = {")
    for function in header.functions:
        out += row(function)
    names = [constant.name for constant in header.constants]
    hidden = ("message", "completion", "lease", "shared", "abi_field")
    names += [camel(record.name) for record in header.records if record.name not in hidden]
    out += ["}", "", "#: What the package shows: the constants, and the records that it hands out."]
    out += ["__all__ = ["] + [f'    "{name}",' for name in names]
    return "\n".join(out + ["]", ""])
