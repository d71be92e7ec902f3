"""Finds the CPythons that carry test.test_asyncio: on PATH, under pyenv, or installed at need."""

import glob
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List

VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
#: What this can install.
INSTALLER = Path(__file__).resolve().parents[3] / "scripts/toolchain-python.sh"
INSTALLED = ("3.14", "3.15")
ASK = (
    "import sys, importlib.util as u, pkgutil, test.test_asyncio as t;"
    "assert sys.implementation.name == 'cpython';"
    "print('%d.%d' % sys.version_info[:2], sys.executable,"
    " *sorted(m.name for m in pkgutil.iter_modules(t.__path__) if m.name.startswith('test_')))"
)


class Interpreter:
    def __init__(self, version: str, path: str, modules: List[str]) -> None:
        self.version = version
        self.path = path
        self.modules = [name for name in modules if not name.startswith("test_windows")]


def candidates(version: str) -> Iterator[str]:
    """Where this version may be. PATH may hold a shim of pyenv, which runs nothing."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python{version}"), reverse=True)
    yield from (f"/usr/bin/python{version}", f"/usr/local/bin/python{version}")
    if version in INSTALLED:
        # It says itself why it cannot.
        yield subprocess.run([INSTALLER, version], stdout=subprocess.PIPE).stdout.decode().strip()


def find(wanted: List[str]) -> Dict[str, Interpreter]:
    """One interpreter of each wanted version that is there with its tests."""
    found: Dict[str, Interpreter] = {}
    for version in wanted:
        for path in candidates(version):
            command = [path, "-c", ASK]
            try:
                asked = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except OSError:
                continue
            words = asked.stdout.decode().split()
            if asked.returncode == 0 and words[:1] == [version]:
                found[version] = Interpreter(version, words[1], words[2:])
                break
    return found
