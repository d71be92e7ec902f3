"""The recipes of the README, as they are printed there."""

import re
from typing import List

from served import HERE

_TEXT = (HERE.parents[1] / "README.md").read_text()


def row(name: str, part: str = "") -> List[str]:
    """The pieces of code in the row of the table of recipes that begins with `name`, in order;
    of those that `part` is in."""
    (line,) = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", _TEXT, re.MULTILINE)
    found = [code for code in re.findall(r"`([^`]+)`", line) if part in code]
    assert found, f"no code with {part!r} beside {name}"
    return found


def command(name: str, part: str = "") -> List[str]:
    """The first such piece as a program to start by `python -m`."""
    return row(name, part)[0].split()


def block(name: str) -> str:
    """The program whose first line is a comment with that name."""
    printed = rf"^```py\n# {re.escape(name)}\n(.*?)^```$"
    (text,) = re.findall(printed, _TEXT, re.DOTALL | re.MULTILINE)
    return str(text)
