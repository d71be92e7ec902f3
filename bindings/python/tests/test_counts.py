"""What a step of the loop costs in our own code, in instructions: exact, whatever else runs.

A failure here is an instruction too many on the hot path of the native layer: what callgrind
counts in it and in the library, not in the interpreter, whose share differs between its builds.
"""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Tuple

import pytest

from ringline import _layer

COUNT = 640
#: Instructions of each step of counted.py: what was reached, and a tenth more.
LIMITS = {"sleep": 868, "call_soon": 440, "future": 1890, "later": 828, "stream": 4450}

pytestmark = [
    pytest.mark.skipif(_layer.loaded is None, reason="the pure layer is the interpreter's work"),
    pytest.mark.skipif(not shutil.which("valgrind"), reason="without valgrind"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="asks valgrind as x86-64 does"),
]


def own(text: str) -> int:
    """Instructions within our two objects, of a file that callgrind wrote."""
    names: Dict[str, str] = {}
    total, ours, called = 0, False, False
    for line in text.splitlines():
        if line.startswith("ob="):
            number, _, name = line[3:].partition(" ")
            names.setdefault(number, name)
            ours = "_native.abi3.so" in names[number] or "libringline.so" in names[number]
        elif line.startswith("cob="):
            number, _, name = line[4:].partition(" ")
            names.setdefault(number, name)
        elif line.startswith("calls="):
            called = True  # The next line is what the callee cost.
        elif re.match(r"[+*\d-]", line):
            total += int(line.split()[-1]) if ours and not called else 0
            called = False
    return total


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Dict[Tuple[str, int], int]:
    folder = tmp_path_factory.mktemp("counts")
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-instr=no"]
    # The interpreter may be behind a script: scripts/toolchain-python.sh.
    command += ["--trace-children=yes"]
    command += [f"--callgrind-out-file={folder}/out", sys.executable]
    command += [str(Path(__file__).with_name("counted.py")), str(COUNT)]
    said = subprocess.run(command, stderr=subprocess.PIPE, timeout=300)
    assert said.returncode == 0, said.stderr.decode()[-2000:]
    found = {}
    for path in folder.iterdir():
        text = path.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (\w+)\.(\d+)$", text, re.M)
        if name:
            found[name[1], int(name[2])] = own(text)
    return found


@pytest.mark.parametrize("step", sorted(LIMITS))
def test_instructions(counted: Dict[Tuple[str, int], int], step: str) -> None:
    each = (counted[step, 3 * COUNT] - counted[step, COUNT]) / (2 * COUNT)
    print(f"{step}: {each:.1f}")
    assert 0 < each <= LIMITS[step], f"{each:.1f} instructions for each {step}"
