"""`make mutants`: takes each guard away in turn and expects a test to fail.

    python3 scripts/mutants              all; what the same sources killed before is not run again
    python3 scripts/mutants NAME...      these, in any case
    python3 scripts/mutants --sample N   N that C programs and Rust tests kill, others each day
    python3 scripts/mutants --check [FILE...]   only look whether each still fits the sources

The format is told in mutant.py. First every test named runs without a mutant and has to pass, or
its failure would say nothing. A mutant that does not fit, does not build, or that its test survives
fails the run.
"""

import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import judge
import mutant as text

VERDICTS = judge.WORK / "verdicts.json"


def sources() -> str:
    """A digest of everything but the mutants themselves."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=text.ROOT, check=True, capture_output=True).stdout
    digest = hashlib.sha256()
    for name in sorted(listed.split(b"\0")):
        path = os.path.join(os.fsencode(text.ROOT), name)
        if name and not name.startswith(b"tests/mutants/") and os.path.isfile(path):
            digest.update(name + b"\0")
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


class Verdicts:
    """What was killed, and which tests pass, for one state of the sources: where a run ended, the
    next one goes on."""

    def __init__(self) -> None:
        self._state = sources()
        self._good: list[str] = []
        if VERDICTS.exists():
            known = json.loads(VERDICTS.read_text())
            if known["sources"] == self._state:
                self._good = known["good"]

    def has(self, what: str) -> bool:
        return what in self._good

    def add(self, what: str) -> None:
        self._good.append(what)
        VERDICTS.write_text(json.dumps({"sources": self._state, "good": self._good}))


def sampled(files: list, count: int) -> list:
    """Some, others each day; those that need neither Python nor Swift."""
    quick = [file for file in files if "\ntest: c:" in file.read_text()]
    quick += [file for file in files if "\ntest: rust:" in file.read_text()]
    every = max(1, len(quick) // count)
    day = datetime.date.today().timetuple().tm_yday
    return quick[day % every :: every][:count]


def chosen(words: list[str]) -> list:
    files = text.all_files()
    if words[:1] == ["--sample"]:
        return sampled(files, int(words[1]))
    unknown = set(words) - {file.stem for file in files}
    if unknown:
        sys.exit(f"mutants: no file tests/mutants/{unknown.pop()}.mutant")
    return [file for file in files if not words or file.stem in words]


def without_mutants(mutants: list, verdicts: Verdicts) -> None:
    """Every test has to pass before a guard is taken away."""
    tests = sorted({test for one in mutants for test in one.tests})
    tests = [test for test in tests if not verdicts.has(test)]
    print(f"mutants: {len(tests)} tests have to pass without one first", flush=True)
    judge.make_environment(tests)
    log = judge.WORK / "none.log"
    build = judge.Build(log)
    if not build.library():
        sys.exit(f"mutants: the library does not build without a mutant either ({log})")
    for test in tests:
        if not build.test(test) or not build.ran_and_passed():
            sys.exit(f"mutants: {test} does not pass without a mutant either ({log})")
        verdicts.add(test)


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["--check"]:
        files = [pathlib.Path(word) for word in words[1:]] or text.all_files()
        findings = text.stale(files)
        print("\n".join(findings) or f"{len(files)} mutants fit the sources")
        return 1 if findings else 0
    mutants = [text.load(file) for file in chosen(words)]
    judge.WORK.mkdir(parents=True, exist_ok=True)
    verdicts = Verdicts()
    names = {one.name: f"{one.name} {hash_of(one)}" for one in mutants}
    known = {name for name, key in names.items() if not words and verdicts.has(key)}
    if known:
        print(f"mutants: {len(known)} were killed before, on the same sources")
    left = [one for one in mutants if one.name not in known]
    judge.fresh_tree()
    without_mutants(left, verdicts)
    failed = 0
    for number, one in enumerate(left, 1):
        verdict = judge.judge(one)
        print(f"mutant {number}/{len(left)} {one.name} ... {verdict}", flush=True)
        if verdict.startswith("killed"):
            verdicts.add(names[one.name])
        else:
            failed += 1
    print(f"mutants: {len(mutants) - failed} passed, {failed} failed")
    return 0 if mutants and not failed else 1


def hash_of(one) -> str:
    return hashlib.sha256(repr(one).encode()).hexdigest()[:16]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except text.Stale as why:
        sys.exit(f"mutants: {why}")
