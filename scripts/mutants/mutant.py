"""What a mutant is: the text of tests/mutants/NAME.mutant, and what it does to a tree.

    guard: what the lines protect, in a sentence
    test: c:lib_close                      a test that has to fail; one line for each
    src/op/close.rs: watch                 a file and a function in it, or `-` for the whole file
    - self.driver.slab.get(close).len += 1;
    + slot.bits &= !bits::WATCHED;

The lines with `-` stand in that function, one after the other and nowhere else in it, and the lines
with `+` take their place (none: they are taken out). Indentation is that of the file: what is
written here is relative to the first line of the block. A block ends where the next `-` follows a
`+`, at the next file, or at the end. There is no context, so a change beside a guard leaves its
mutant alone.
"""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "mutants"
KINDS = ("c", "rust", "python", "native", "swift")
WHOLE_FILE = "-"


class Stale(Exception):
    """A mutant that does not fit the tree; the text says what to look at."""


@dataclasses.dataclass
class Block:
    """Lines of one function, and what takes their place."""

    path: str
    function: str
    old: list[str]
    new: list[str]


@dataclasses.dataclass
class Mutant:
    """One guard taken away."""

    name: str
    guard: str
    tests: list[str]
    blocks: list[Block]

    def paths(self) -> set[str]:
        return {block.path for block in self.blocks}

    def apply(self, read) -> dict[str, str]:
        """The texts of the files that it changes; `read(path)` gives those of the tree."""
        return {
            path: _replaced(read(path), [block for block in self.blocks if block.path == path])
            for path in self.paths()
        }


def parse(name: str, text: str) -> Mutant:
    """Read the text of a mutant; Stale where it is none."""
    found = Mutant(name, "", [], [])
    place = None
    for number, line in enumerate(text.splitlines(), 1):
        sign, rest = line[:1], line[2:]
        if line.startswith("guard: "):
            found.guard = line[7:]
        elif line.startswith("test: "):
            found.tests.append(line[6:].strip())
        elif sign == "-":
            if place is None:
                raise Stale(f"line {number}: a file and a function come first")
            if not found.blocks or found.blocks[-1].new or place != "open":
                found.blocks.append(Block(*at, [], []))
                place = "open"
            found.blocks[-1].old.append(rest)
        elif sign == "+":
            if place != "open":
                raise Stale(f"line {number}: a line with `-` comes before one with `+`")
            found.blocks[-1].new.append(rest)
        elif match := re.fullmatch(r"(\S+): (\S+)", line):
            at, place = match.groups(), "new"
        else:
            raise Stale(f"line {number} is none of guard, test, `file: function`, - and +")
    if not found.guard or not found.tests or not found.blocks:
        raise Stale("it needs `guard: `, `test: `, and a block of lines")
    for test in found.tests:
        if test.split(":")[0] not in KINDS:
            raise Stale(f"{test} is no test: it begins with one of {', '.join(KINDS)}")
    return found


def functions(lines: list[str], path: str) -> list[tuple[str, int, int]]:
    """Name, first line and the line behind the last one of every function. The formatters of all
    these languages end a function where it began: that indentation is all that is looked at."""
    return [
        (name, start, _end(lines, start, path))
        for start, line in enumerate(lines)
        if (name := _name(line, path))
    ]


def _name(line: str, path: str) -> str:
    if path.endswith(".py"):
        match = re.match(r"\s*(?:async )?def (\w+)", line)
    elif path.endswith(".swift"):
        match = re.match(r"\s*(?:[\w@():]+ )*(?:func (\w+)|(init|deinit)\b)", line)
    elif path.endswith(".nim"):
        match = re.match(r"\s*(?:proc|func|method|iterator|template|macro) `?(\w+)", line)
    else:
        match = re.match(r"\s*(?:[\w()]+ |\"[\w-]+\" )*fn (\w+)", line)
    return next((group for group in match.groups() if group), "") if match else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _end(lines: list[str], start: int, path: str) -> int:
    depth = _indent(lines[start])
    braces = not path.endswith((".py", ".nim"))
    if braces and lines[start].rstrip().endswith(("}", ";")):
        return start + 1
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if not line.strip() or _indent(line) > depth:
            continue
        if braces and line.strip().startswith("}"):
            return index + 1
        if _indent(line) < depth or not (braces or line.strip().startswith(")")):
            return index
    return len(lines)


def places(text: str, block: Block) -> list[int]:
    """The lines of the file at which the block's old lines begin, within its function."""
    lines = text.splitlines()
    wanted = [line.strip() for line in block.old]
    spans = [(0, len(lines))]
    if block.function != WHOLE_FILE:
        named = functions(lines, block.path)
        spans = [(start, end) for name, start, end in named if name == block.function]
        if not spans:
            raise Stale(f"no function {block.function} in {block.path}")
    stripped = [line.strip() for line in lines]
    return sorted(
        {
            at
            for start, end in spans
            for at in range(start, end - len(wanted) + 1)
            if stripped[at : at + len(wanted)] == wanted
        }
    )


def _replaced(text: str, blocks: list[Block]) -> str:
    lines = text.splitlines()
    # From the last one up, so that none moves another.
    for at, block in sorted(((_place(text, block), block) for block in blocks), key=_first)[::-1]:
        shift = _indent(lines[at]) - _indent(block.old[0])
        lines[at : at + len(block.old)] = [
            " " * max(0, _indent(line) + shift) + line.strip() for line in block.new
        ]
    return "\n".join(lines) + "\n"


def _first(pair: tuple[int, Block]) -> int:
    return pair[0]


def _place(text: str, block: Block) -> int:
    found = places(text, block)
    if len(found) != 1:
        where = f"{block.path}, {block.function}: `{block.old[0].strip()}`"
        raise Stale(f"{where} stands there {len(found)} times and not once")
    return found[0]


def load(file: pathlib.Path) -> Mutant:
    try:
        return parse(file.stem, file.read_text())
    except Stale as why:
        raise Stale(f"{file}: {why}") from None


def all_files() -> list[pathlib.Path]:
    return sorted(FOLDER.glob("*.mutant"))


def stale(files: list[pathlib.Path]) -> list[str]:
    """Those that do not fit the sources, a sentence for each."""

    def read(path: str) -> str:
        if not (ROOT / path).is_file():
            raise Stale(f"there is no {path} any more")
        return (ROOT / path).read_text()

    findings = []
    for file in files:
        try:
            parse(file.stem, file.read_text()).apply(read)
        except Stale as why:
            findings.append(f"{file}: {why}")
    return findings
