"""Reads include/ringline.h, which cbindgen wrote from the Rust source, into plain lists.

Owns what the other writers here know of the ABI. The header says names, order, values and
documentation; the types of the constants, which a #define has not, are those of the Rust source.
Relies on cbindgen's shapes alone, and stops where it meets one that it does not know.
"""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple

ROOT = Path(__file__).resolve().parents[2]

# The scalars of records and constants, with their bytes.
SIZES = {"u8": 1, "i8": 1, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "u64": 8, "i64": 8}


class Constant(NamedTuple):
    name: str  # without RINGLINE_
    kind: str  # u8, i32, ...
    value: int
    doc: List[str]


class Field(NamedTuple):
    name: str
    kind: str
    count: int  # elements of an array, 0 = none
    offset: int
    doc: List[str]


class Record(NamedTuple):
    name: str  # without ringline_
    size: int
    fields: List[Field]
    doc: List[str]


class Argument(NamedTuple):
    name: str
    kind: str  # u32, ..., usize, or a pointer: "void *", "const char *", "ringline_callback"


class Function(NamedTuple):
    name: str  # without ringline_
    result: str
    arguments: List[Argument]
    doc: List[str]


class Handle(NamedTuple):
    name: str  # without ringline_
    doc: List[str]


class Header(NamedTuple):
    handles: List[Handle]
    constants: List[Constant]
    records: List[Record]
    callbacks: List[Function]
    functions: List[Function]


def scalar(kind: str) -> str:
    """u32 for uint32_t; anything else as it is, blanks put in order."""
    words = {"void": "void", "size_t": "usize", "char": "i8"}
    found = re.fullmatch(r"(u?)int(8|16|32|64)_t", kind)
    if found:
        return ("u" if found.group(1) else "i") + found.group(2)
    return words.get(kind, re.sub(r"\s*\*", " *", kind.replace("struct ", "")).strip())


def lines_of(comment: str) -> List[str]:
    lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in comment.strip().splitlines()]
    return [line for line in lines if line] if len(lines) == 1 else trim(lines)


def trim(lines: List[str]) -> List[str]:
    while lines and not lines[0]:
        lines = lines[1:]
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def arguments(text: str) -> List[Argument]:
    found = []
    for part in re.sub(r"\s+", " ", text).split(","):
        if part.strip() in ("", "void"):
            continue
        kind, name = re.fullmatch(r"\s*(.*?[ *])(\w+)\s*", part).groups()  # type: ignore
        found.append(Argument(name, scalar(kind.strip())))
    return found


def record(name: str, body: str, doc: List[str]) -> Record:
    fields: List[Field] = []
    offset = widest = 0
    for comment, declaration in re.findall(r"/\*\*(.*?)\*/\s*([^;/]+);", body, re.S):
        shape = r"((?:const )?(?:struct )?\w+ \*|\w+\s+)(\w+)(?:\[(\d+)\])?"
        kind, field, count = re.fullmatch(shape, declaration).groups()  # type: ignore
        # Addresses in records are numbers in every language, those of functions too.
        is_address = kind.endswith("*") or re.fullmatch(r"ringline_\w+_callback\s+", kind)
        kind = "u64" if is_address else scalar(kind.strip())
        size = SIZES[kind]
        widest = max(widest, size)
        offset = -(-offset // size) * size
        fields.append(Field(field, kind, int(count or 0), offset, lines_of(comment)))
        offset += size * int(count or 1)
    if len(fields) != re.sub(r"/\*.*?\*/", "", body, flags=re.S).count(";"):
        raise SystemExit(f"abi: a field of {name} has no doc comment, or an unknown shape")
    return Record(name, -(-offset // widest) * widest, fields, doc)


def read() -> Header:
    text = (ROOT / "include/ringline.h").read_text()
    rust = (ROOT / "src/ffi/constants.rs").read_text()
    kinds: Dict[str, str] = dict(re.findall(r"pub const RINGLINE_(\w+): (\w+) =", rust))
    header = Header([], [], [], [], [])
    item = re.compile(
        r"/\*\*(?P<doc>(?:(?!\*/).)*)\*/\s*(?:"
        r"#define RINGLINE_(?P<constant>\w+) (?P<value>-?\w+)\n"
        r"|typedef struct ringline_(?P<handle>\w+) ringline_(?P=handle);"
        r"|typedef struct ringline_(?P<record>\w+) \{(?P<body>[^}]*)\} \w+;"
        r"|typedef (?P<gives>[\w ]+?) ?\(\*ringline_(?P<callback>\w+)\)\((?P<takes>[^)]*)\);"
        r"|(?P<result>[\w ]+?[ *]+)ringline_(?P<function>\w+)\((?P<arguments>[^)]*)\);)",
        re.S,
    )
    for found in item.finditer(text):
        doc = lines_of(found["doc"])
        if found["constant"]:
            name = found["constant"]
            header.constants.append(Constant(name, kinds[name], int(found["value"], 0), doc))
        elif found["handle"]:
            header.handles.append(Handle(found["handle"], doc))
        elif found["record"]:
            header.records.append(record(found["record"], found["body"], doc))
        elif found["callback"]:
            takes = arguments(found["takes"])
            header.callbacks.append(Function(found["callback"], scalar(found["gives"]), takes, doc))
        else:
            takes = arguments(found["arguments"])
            result = scalar(found["result"].strip())
            header.functions.append(Function(found["function"], result, takes, doc))
    complete(header, text)
    return header


def complete(header: Header, text: str) -> None:
    """Nothing of the header may be left out in silence."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    expected = {
        "handles": len(re.findall(r"^typedef struct (ringline_\w+) \1;", bare, re.M)),
        "constants": len(re.findall(r"^#define RINGLINE_\w+ ", bare, re.M)),
        "records": len(re.findall(r"^typedef struct ringline_\w+ \{", bare, re.M)),
        "callbacks": len(re.findall(r"^typedef \w+ \(\*", bare, re.M)),
        "functions": len(re.findall(r"^\w[\w *]*ringline_\w+\(", bare, re.M)),
    }
    for name, count in expected.items():
        if len(getattr(header, name)) != count:
            raise SystemExit(f"abi: {len(getattr(header, name))} of {count} {name} understood")
