"""Writes what Swift needs beside the header: it imports records and functions itself.

A #define has no type: Swift takes it as Int32 or Int, which fits no field of a record. So the
constants are written again with their types; and a list of what the importer made of the records.
"""

from typing import List

from header import SIZES, Header

KINDS = {kind: f"{'U' * (kind[0] == 'u')}Int{kind[1:]}" for kind in SIZES}
RESERVED = {"in", "is", "as", "self", "default", "import", "init"}
GENERATED = "Generated from the Rust source by `make abi`: change the source, not this file."


def camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    name = first + "".join(word.capitalize() for word in rest)
    return f"`{name}`" if name in RESERVED else name


def comment(doc: List[str], indent: str) -> List[str]:
    return [f"{indent}/// {line}".rstrip() for line in doc]


def constants(header: Header) -> str:
    out = ["// The constants of libringline, with the types of the fields that they go into.", "//"]
    out += [f"// {GENERATED}", "", "/// `RINGLINE_CF_FINAL` is `ABI.cfFinal`.", "public enum ABI {"]
    for constant in header.constants:
        out += comment(constant.doc, "  ")
        line = f"{camel(constant.name)}: {KINDS[constant.kind]} = {constant.value}"
        out.append(f"  public static let {line}")
    return "\n".join(out + ["}", ""])


def layout(header: Header) -> str:
    out = ["// Name, offset and size of each record and field as Swift imports them.", "//"]
    out += [f"// {GENERATED}", "", "import CRingline", ""]
    out += ["/// One row of the layout, to compare with `ringline_abi_layout`."]
    out += ["struct LayoutRow: Hashable {", "  var name: String", "  var offset: Int"]
    out += ["  var size: Int", "}", "", "private func row<R, F>(_ name: String, "]
    out[-1] += "_ path: KeyPath<R, F>) -> LayoutRow {"
    out += ["  let offset = MemoryLayout<R>.offset(of: path) ?? -1"]
    out += ["  return LayoutRow(name: name, offset: offset, size: MemoryLayout<F>.size)", "}", ""]
    out += ["private func row<R>(_ name: String, _ record: R.Type) -> LayoutRow {"]
    out += ["  LayoutRow(name: name, offset: 0, size: MemoryLayout<R>.size)", "}", ""]
    out += ["func layoutRows() -> [LayoutRow] {", "  var rows: [LayoutRow] = []"]
    for record in header.records:
        kind = f"ringline_{record.name}"
        out.append(f'  rows.append(row("{kind}", {kind}.self))')
        for field in record.fields:
            line = f'  rows.append(row("{kind}.{field.name}", \\{kind}.{field.name}))'
            at = line.index(" \\") if len(line) > 100 else len(line)
            out += [line[:at]] + [f"   {line[at:]}"] * (at < len(line))
    return "\n".join(out + ["  return rows", "}", ""])
