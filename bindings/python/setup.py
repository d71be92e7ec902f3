"""Builds libringline.so by cargo and puts it into the wheel, beside the package's files.

The wheel is for any CPython 3 of this platform: nothing in it is compiled against Python.
"""

import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Beside the sources nothing is left: what the build makes lies where cargo's things lie.
WORK = ROOT / "target/python"


def version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    assert found, "Cargo.toml has no version"
    return found.group(1)


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        subprocess.run([str(ROOT / "scripts/build-lib.sh")], check=True)
        # An editable install is read from the sources; git ignores the library there.
        place = HERE / "src" if self.editable_mode else Path(self.build_lib)
        shutil.copy(ROOT / "target/release/libringline.so", place / "ringline")


class AnyPython(bdist_wheel):
    def get_tag(self) -> "tuple[str, str, str]":
        return "py3", "none", super().get_tag()[2]


class PlatformDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


WORK.mkdir(parents=True, exist_ok=True)
setup(
    options={
        "build": {"build_base": str(WORK / "build")},
        "egg_info": {"egg_base": str(WORK)},
    },
    version=version(),
    distclass=PlatformDistribution,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": AnyPython},
)
