"""Builds libringline.so and the native module by cargo and puts them into the wheel.

The wheel is for any CPython 3 of this platform: the native module keeps to the stable ABI of 3.11
and later, and where it cannot load, the loop in Python does the same. A source distribution
carries the Rust sources in rust/.
"""

import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
CARRIED = HERE / "rust"
ROOT = CARRIED if CARRIED.exists() else HERE.parents[1]
# Beside the sources nothing is left: what the build makes lies where cargo's things lie.
WORK = ROOT / "target/python"
#: What cargo needs of the repository: the library's crate, the native module's, their scripts.
NEEDED = ["Cargo.toml", "Cargo.lock", "build.rs", "src", "tests/c_programs.rs", "README.md"]
NEEDED += ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE", "scripts/build-lib.sh"]
NEEDED += ["scripts/build-native.sh", "bindings/python/native"]
NATIVE = "_native.abi3.so"


def version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    assert found, "Cargo.toml has no version"
    return found.group(1)


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        subprocess.run([str(ROOT / "scripts/build-lib.sh")], check=True)
        # An editable install is read from the sources; git ignores the libraries there.
        place = (HERE / "src" if self.editable_mode else Path(self.build_lib)) / "ringline"
        shutil.copy(ROOT / "target/release/libringline.so", place)
        built = ROOT / "bindings/python/src/ringline" / NATIVE
        built.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(ROOT / "scripts/build-native.sh")], check=True)
        if built.parent != place:
            shutil.copy(built, place)


class SourcesWithRust(sdist):
    def make_release_tree(self, base_dir: str, files: "list[str]") -> None:
        super().make_release_tree(base_dir, files)
        for name in NEEDED:
            source, target = ROOT / name, Path(base_dir) / "rust" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("target"))
            else:
                shutil.copy(source, target)


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
    cmdclass={
        "build_py": BuildWithLibrary,
        "bdist_wheel": AnyPython,
        "sdist": SourcesWithRust,
    },
)
