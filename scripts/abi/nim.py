"""Writes the ABI for Nim: constants, objects and imported procs, under their names in C."""

import re
from typing import List

from header import SIZES, Argument, Header

KINDS = {kind: f"{'u' * (kind[0] == 'u')}int{kind[1:]}" for kind in SIZES}
KINDS.update({"usize": "csize_t", "const char *": "cstring", "void *": "pointer"})
KINDS.update({"const void *": "pointer", "char *": "cstring", "void": "void"})
# Words of the language that the ABI uses as names.
RESERVED = {"addr", "end", "from", "in", "method", "out", "ptr", "ref", "type", "mixin", "bind"}

HEAD = """## The ABI of libringline: constants, records and functions, under their names in C.
##
## Generated from the Rust source by `make abi`: change the source, not this file.

const ringlineLibrary* {.strdefine.} = "libringline.so.0"
  ## The library that is loaded; `-d:ringlineLibrary=PATH` names another one.

const loaded = ringlineLibrary & "" # Nim 1.6 takes the text before -d where the name stands alone.
"""


def kind_of(kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind]
    if kind.endswith(" *"):
        return f"ptr {kind_of(kind[:-2])}"
    kind = kind.replace("const ", "")
    return KINDS.get(scalar_of(kind), kind)


def scalar_of(name: str) -> str:
    found = re.fullmatch(r"(u?)int(\d+)_t", name)
    return ("u" if found.group(1) else "i") + found.group(2) if found else name


def name_of(name: str) -> str:
    return f"`{name}`" if name in RESERVED else name


def comment(doc: List[str], indent: str) -> List[str]:
    return [f"{indent}## {line}".rstrip() for line in doc]


def parameters(arguments: List[Argument]) -> str:
    return ", ".join(f"{name_of(a.name)}: {kind_of(a.kind)}" for a in arguments)


def wrapped(line: str) -> List[str]:
    """Broken after a comma where it is longer than a hundred columns."""
    out = []
    while len(line) > 100:
        at = line.rfind(", ", 0, 99)
        out.append(line[: at + 1])
        line = "    " + line[at + 2 :]
    return out + [line]


def write(header: Header) -> str:
    out = [HEAD, "const"]
    for constant in header.constants:
        value = f"{constant.value}'{constant.kind}"
        if constant.value < 0:
            value = f"({value})"
        out.append(f"  RINGLINE_{constant.name}*: {KINDS[constant.kind]} = {value}")
        out += comment(constant.doc, "    ")
    out += ["", "type"]
    for handle in header.handles:
        out += [f"  ringline_{handle.name}* {{.incompleteStruct.}} = object"]
        out += comment(handle.doc, "    ")
    for record in header.records:
        out += ["", f"  ringline_{record.name}* {{.bycopy.}} = object"]
        out += comment(record.doc, "    ")
        for field in record.fields:
            kind = KINDS[field.kind]
            kind = f"array[{field.count}, {kind}]" if field.count else kind
            out.append(f"    {name_of(field.name)}*: {kind}")
            out += comment(field.doc, "      ")
    for callback in header.callbacks:
        result = "" if callback.result == "void" else f": {kind_of(callback.result)}"
        text = f"proc ({parameters(callback.arguments)}){result} {{.cdecl, gcsafe, raises: [].}}"
        out += [""] + wrapped(f"  ringline_{callback.name}* = {text}")
        out += comment(callback.doc, "    ")
    out += ["", "{.push cdecl, importc, dynlib: loaded, gcsafe, raises: [].}"]
    for function in header.functions:
        result = "" if function.result == "void" else f": {kind_of(function.result)}"
        line = f"proc ringline_{function.name}*({parameters(function.arguments)}){result}"
        out += [""] + wrapped(line) + comment(function.doc, "  ")
    out += ["", "{.pop.}", "", ""]
    out[-1] = "iterator layoutRows*(): tuple[name: string, offset, size: int] ="
    out += ["  ## Name, offset and size of each record and field as Nim has them, to be compared"]
    out += ["  ## with ringline_abi_layout."]
    for record in header.records:
        kind = f"ringline_{record.name}"
        out.append(f'  yield ("{kind}", 0, sizeof({kind}))')
        for field in record.fields:
            name = name_of(field.name)
            out.append(f'  yield ("{kind}.{field.name}", offsetOf({kind}, {name}),')
            out.append(f"    sizeof(default({kind}).{name}))")
    return "\n".join(out + [""])
