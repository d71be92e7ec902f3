"""A copy of the project in which guards are taken away and tests run.

Owns target/mutants: `tree` (the copy), `native` (its Python module), a log for each mutant. The
rest is built in target/fast, where what the crate needs is there.
"""

import contextlib
import os
import re
import subprocess

from mutant import ROOT, Mutant, Stale

WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
BUILD = ROOT / "target"
LIBRARY = BUILD / "fast" / "libringline.so"
PACKAGE = TREE / "bindings" / "python"
VENV = ROOT / "target" / "python" / "venv"
# LTO changes no guard, and without it a mutant builds in a fraction of the time. What the crate
# needs is built already, for the tests.
FAST = ["--profile", "fast", "--features"]
FAILED = "test result: FAILED"


def fresh_tree() -> None:
    """The project as it is. Times are kept, so that only what a mutant touches is compiled."""
    subprocess.run(["rm", "-rf", TREE], check=True)
    TREE.mkdir(parents=True)
    leave_out = ["--exclude=./target", "--exclude=./.git", "--exclude=_native.abi3.so"]
    packed = subprocess.Popen(["tar", "-C", ROOT, *leave_out, "-cf", "-", "."], stdout=-1)
    subprocess.run(["tar", "-C", TREE, "-xf", "-"], stdin=packed.stdout, check=True)
    # What the last run's last mutant touched has its old time again: cargo would take its build
    # for a fresh one.
    for path in ("src/lib.rs", "bindings/python/native/src/lib.rs"):
        (TREE / path).touch()


def make_environment(tests: list[str]) -> None:
    """The environment of scripts/python.sh, where a test needs it."""
    if any(test.startswith(("python:", "native:")) for test in tests):
        if not (VENV / "stamp").exists():
            subprocess.run([ROOT / "scripts/python.sh", "-k", "nothing"], stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def applied(mutant: Mutant):
    """The tree with the guard taken away, and put back after."""
    old = {path: (TREE / path).read_text() for path in mutant.paths()}
    new = mutant.apply(old.__getitem__)
    try:
        for path, text in new.items():
            (TREE / path).write_text(text)
        yield
    finally:
        # Its time is new once more, so that the next build takes nothing from this one.
        for path, text in old.items():
            (TREE / path).write_text(text)


class Build:
    """What is built of the tree, and the one log of what is done with it."""

    def __init__(self, log) -> None:
        self._log = log

    def library(self) -> bool:
        kind = ["--lib", "--crate-type", "cdylib"]
        good = self._run(["cargo", "rustc", "--quiet", *FAST, "capi,tls", *kind], RINGLINE_SO="1")
        link = LIBRARY.with_name("libringline.so.0")
        if good and not link.is_symlink():
            link.symlink_to(LIBRARY.name)
        return good

    def native(self) -> bool:
        # With the last build at hand a mutant takes half the time.
        target = str(WORK / "native")
        command = ["scripts/build-native.sh"]
        return self._run(command, CARGO_INCREMENTAL="1", RINGLINE_NATIVE_TARGET=target)

    def test(self, test: str) -> bool:
        """Whether the test passes; what it printed says whether it ran at all."""
        kind, _, name = test.partition(":")
        features = "capi,cli,tls" if kind == "c" or name.startswith("abi:") else "capi,tls"
        if name.startswith("sim:"):
            features = "sim"
        cargo = ["cargo", "test", "--quiet", *FAST, features]
        if kind == "c":
            # Who runs the programs knows nothing of the crate: the project's own, on this tree.
            manifest = ["--manifest-path", str(ROOT / "Cargo.toml")]
            command = [*cargo, *manifest, "--test", "c_programs", "--", name]
            values = {"RINGLINE_LIB_DIR": str(LIBRARY.parent), "RINGLINE_ROOT": str(TREE)}
            return self._run(command, **values)
        if kind == "rust":
            file, _, function = name.partition(":")
            where = ["--lib"] if file == "lib" else ["--test", file]
            return self._run([*cargo, *where, function])
        if kind == "swift":
            return self._swift(name)
        return (kind == "python" or self.native()) and self._python(name, pure=kind == "python")

    def ran_and_failed(self) -> bool:
        return FAILED in self._log.read_text()

    def ran_and_passed(self) -> bool:
        return re.search(r"[1-9][0-9]* passed", self._log.read_text()) is not None

    def _python(self, name: str, pure: bool) -> bool:
        command = [VENV / "bin/python", "-m", "pytest", "--rootdir", PACKAGE]
        command += ["-c", PACKAGE / "pyproject.toml", PACKAGE / "tests", "-k", name]
        return self._run(
            command,
            # 5 is pytest's word for no test of that name.
            no_test=5,
            RINGLINE_LIBRARY=str(LIBRARY),
            RINGLINE_PURE=str(int(pure)),
            PYTHONPATH=str(PACKAGE / "src"),
            PYTHONDONTWRITEBYTECODE="1",
        )

    def _swift(self, name: str) -> bool:
        (TREE / "target").mkdir(exist_ok=True)
        link = TREE / "target" / "release"
        if not link.is_symlink():
            link.symlink_to(ROOT / "target" / "release")
        good = self._run(
            ["scripts/swift.sh", "--filter", name],
            no_test=None,
            RINGLINE_SWIFT_WORK=str(WORK / "swift"),
        )
        if not good and "\nTest Case" in self._log.read_text():
            self._say(FAILED)
        return good

    def _run(self, command: list, no_test: int | None = 0, **environment: str) -> bool:
        values = os.environ | {"CARGO_TARGET_DIR": str(BUILD)} | environment
        with open(self._log, "w") as log:
            done = subprocess.run(command, cwd=TREE, env=values, stdout=log, stderr=log)
        if no_test and done.returncode not in (0, no_test):
            self._say(FAILED)
        return done.returncode == 0

    def _say(self, text: str) -> None:
        with open(self._log, "a") as log:
            log.write(f"\n{text}\n")


def judge(mutant: Mutant) -> str:
    """Take the guard away and say what its tests do: `killed by ...`, or what is wrong."""
    log = WORK / f"{mutant.name}.log"
    build = Build(log)
    try:
        with applied(mutant):
            if any(path.startswith("src/") for path in mutant.paths()) and not build.library():
                return f"FAILED: it does not build ({log.relative_to(ROOT)})"
            for test in mutant.tests:
                if build.test(test):
                    return f"SURVIVED {test}"
                if not build.ran_and_failed():
                    return f"FAILED: {test} did not run ({log.relative_to(ROOT)})"
    except Stale as why:
        return f"FAILED: {why}"
    return f"killed by {' '.join(mutant.tests)}"
