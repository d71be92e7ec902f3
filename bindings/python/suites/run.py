"""Other projects' own test suites on ringline's loop, beside the same tests on asyncio's loop.

The rule: what passes on stock asyncio passes here. A test that passes there and fails here is run
again alone, three times: one that then passes each time is called unsteady and counted as passed,
and printed. The loop stands in asyncio's place in the process of the tests and in each Python that
they start; the number of loops that a run made is printed. See docs/PYTHON-SUITES.md.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Tuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target/suites"
sys.path.append(str(HERE.parent / "asyncio_suite"))

import interpreters  # noqa: E402
import module as runner  # noqa: E402
from projects import PROJECTS, Project  # noqa: E402
from services import started  # noqa: E402
from sources import Unavailable, prepare  # noqa: E402

AGAIN = 3
VARIANTS = ("stock", "native", "pure")
BAD = ("failed", "hung", "crashed")


class Run:
    """What one project gave on one loop."""

    def __init__(self, outcomes: runner.Outcomes, loops: int) -> None:
        self.outcomes = outcomes
        self.loops = loops

    def passed(self) -> List[str]:
        return [test for test, outcome in self.outcomes.tests.items() if outcome == "passed"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="PROJECT", help="may be repeated")
    parser.add_argument("--python", default="3.11", metavar="3.N")
    parser.add_argument("--loop", action="append", choices=VARIANTS[1:], help="default: both")
    parser.add_argument("--fresh", action="store_true", help="run what is kept of stock anew")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--show", action="store_true", help="print the text of each failure")
    return parser.parse_args()


def environment(
    project: Project, variant: str, folder: Path, count: Path, ports: Dict[str, str]
) -> Dict[str, str]:
    """What the tests get: the loop, and the ports of the servers where the project names them."""
    dropped = ("PYTHON", "RINGLINE_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    default = str(ROOT / "target/release/libringline.so")
    env["RINGLINE_LIBRARY"] = os.environ.get("RINGLINE_LIBRARY", default)
    env["PYTHONPATH"] = f"{HERE / 'site'}:{HERE.parent / 'src'}"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["RINGLINE_SUITES_LOOP"] = "stock" if variant == "stock" else "ringline"
    env["RINGLINE_SUITES_COUNT"] = str(count)
    if variant == "pure":
        env["RINGLINE_PURE"] = "1"
    given = [each.format(**ports) for each in (*project.arguments, *project.tests)]
    env["RINGLINE_SUITES_RUN"] = json.dumps(
        {"folder": str(folder), "arguments": given, "setup": project.setup}
    )
    env.update({key: value.format(**ports) for key, value in project.environment.items()})
    return env


def run(
    project: Project, variant: str, python: Path, folder: Path, work: Path, only: Tuple[str, ...]
) -> Run:
    work.mkdir(parents=True, exist_ok=True)
    count = work / f"{project.name}.loops"
    count.write_bytes(b"")
    with started(project.services) as ports:
        env = environment(project, variant, folder, count, ports)
        outcomes = runner.run(
            str(python), variant, project.name, work, project.seconds, env, only,
            child=HERE / "child.py",
        )
    made = count.stat().st_size
    print(
        f"{project.name} on {outcomes.loop} ({variant}): {outcomes.count('passed')} passed,"
        f" {outcomes.count(*BAD)} failed, {outcomes.count('skipped')} skipped,"
        f" {made} loops, {outcomes.seconds:.0f} s",
        file=sys.stderr, flush=True,
    )
    return Run(outcomes, made)


def stock(project: Project, python: Path, folder: Path, work: Path, fresh: bool) -> Run:
    """What asyncio's own loop passes; it is kept until the project changes."""
    kept = work / f"{project.name}.kept.json"
    if kept.exists() and not fresh:
        found = json.loads(kept.read_text())
        if found["project"] == str(project):
            outcomes = runner.Outcomes()
            outcomes.tests, outcomes.loop = found["tests"], found["loop"]
            return Run(outcomes, found["loops"])
    got = run(project, "stock", python, folder, work, ())
    tests, loop = got.outcomes.tests, got.outcomes.loop
    kept.write_text(
        json.dumps({"project": str(project), "tests": tests, "loop": loop, "loops": got.loops})
    )
    return got


def again(
    project: Project, variant: str, tests: Tuple[str, ...], python: Path, folder: Path, work: Path
) -> Dict[str, str]:
    """Those that do not pass each time when they run with nothing beside them, with their texts."""
    failed: Dict[str, str] = {}
    for _ in range(AGAIN if tests else 0):
        got = run(project, variant, python, folder, work, tests).outcomes
        for test in tests:
            if got.tests.get(test) != "passed":
                failed[test] = got.texts.get(test, "it did not run")
    return failed


def gist(text: str) -> str:
    """The line that names the error."""
    lines = [line for line in text.strip().split("\n") if line.startswith("E ")]
    return (lines or text.strip().split("\n")[-1:])[0][:160]


def differing(project: Project, there: Run, here: Run) -> List[str]:
    """What passes there and not here; a process that died belongs to no test."""
    named = [test for test in there.passed() if here.outcomes.tests.get(test) != "passed"]
    died = [
        test for test, outcome in here.outcomes.tests.items()
        if outcome in BAD and test.endswith(")") and test not in there.outcomes.tests
    ]
    return named + died


def compare(
    project: Project, runs: Dict[str, Run], python: Path, folder: Path, work: Path, show: bool
) -> Tuple[List[str], Dict[str, List[str]]]:
    """The lines to print of each difference, and the tests of each loop that fail only on it."""
    lines: List[str] = []
    failed: Dict[str, List[str]] = {}
    for variant, got in runs.items():
        if variant == "stock":
            continue
        tests = tuple(differing(project, runs["stock"], got))
        texts = again(project, variant, tests, python, folder, work / "again")
        failed[variant] = list(texts)
        for test in tests:
            outcome = got.outcomes.tests.get(test, "did not run")
            text = texts.get(test) or got.outcomes.texts.get(test, "")
            said = "DIFFERS" if test in texts else "unsteady"
            reason = next((why for name, why in project.explained if fnmatchcase(test, name)), "")
            if reason and test in texts:
                failed[variant].remove(test)
                said = "explained"
            lines.append(f"{said} {variant} {outcome} {test}")
            lines.append(text if show else f"    {reason or gist(text)}")
    return lines, failed


def whole(project: Project, python: interpreters.Interpreter, options: argparse.Namespace) -> bool:
    """One project on each loop, and its lines of the table; whether nothing fails only here."""
    work = WORK / python.version
    try:
        program, folder = prepare(project, python.path, work / "projects" / project.name)
        variants = tuple(options.loop or VARIANTS[1:])
        with ThreadPoolExecutor(1 if project.apart else options.jobs) as threads:
            jobs: Dict[str, "Future[Run]"] = {
                "stock": threads.submit(
                    stock, project, program, folder, work / "stock", options.fresh
                )
            }
            for each in variants:
                jobs[each] = threads.submit(run, project, each, program, folder, work / each, ())
            runs = {variant: job.result() for variant, job in jobs.items()}
        lines, failed = compare(project, runs, program, folder, work, options.show)
    except Unavailable as reason:
        print(f"{project.name} {project.version}: left out: {reason}")
        return True
    if not all(got.passed() and got.loops for got in runs.values()):
        print(f"{project.name} {project.version}: a run passed no test or made no loop: {work}")
        return False
    cells = " ".join(f"{len(got.passed()):>7} ({got.loops})" for got in runs.values())
    counts = " ".join(f"{variant} {len(tests)}" for variant, tests in failed.items())
    print(f"{project.name:<12} {project.version:<10} {cells}   only here: {counts}")
    for line in lines:
        print(f"    {line}")
    sys.stdout.flush()
    return not any(failed.values())


def main() -> int:
    options = arguments()
    found = interpreters.find([options.python])
    if options.python not in found:
        print(f"CPython {options.python}: not found with its test package")
        return 1
    python = found[options.python]
    names = [project.name for project in PROJECTS]
    unknown = set(options.only or ()) - set(names)
    if unknown:
        print(f"no such project: {', '.join(unknown)}; there are {', '.join(names)}")
        return 2
    started_at = time.monotonic()
    good = 0
    chosen = [project for project in PROJECTS if project.name in (options.only or names)]
    print(f"CPython {options.python}: passed (loops made) on stock, then ringline's layers")
    for project in chosen:
        good += whole(project, python, options)
    minutes = (time.monotonic() - started_at) / 60
    print(f"suites: {good} passed, {len(chosen) - good} failed in {minutes:.1f} minutes")
    return 0 if good == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
