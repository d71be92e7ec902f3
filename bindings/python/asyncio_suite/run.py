"""CPython's own test.test_asyncio on ringline's loop, and on asyncio's loop what does not pass.

The rule: every test that stock asyncio passes passes here too, but for the few that exceptions.py
lists with their reasons; and asyncio and this package can call each other, as signatures.py sees
it. Each module runs in a process of its own; a test that hangs or crashes is
recorded as what it is. A test that fails only here is run again alone, three times: one that then
passes each time is called unsteady and counted as passed, and printed.
"""

import argparse
import fnmatch
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Dict, List, Set, Tuple

import module as runner
from exceptions import EXCEPTIONS
from interpreters import VERSIONS, Interpreter, find

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target/asyncio-suite"
MOST_EXCEPTIONS = 10
AGAIN = 3
RERUN = 20  # With more differences than this in a module, it is not the machine's load.
LONGEST_FIRST = ("test_ssl", "test_events", "test_tasks", "test_sock_lowlevel", "test_subprocess")

Results = Dict[Tuple[str, str], Tuple[runner.Outcomes, runner.Outcomes]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--python", action="append", metavar="3.N",
        help="a version to test; may be given more than once (default: each one found)",
    )
    parser.add_argument("--loop", default="ringline", choices=["ringline", "control", "uvloop"])
    parser.add_argument(
        "--any", action="store_true", help="the first of those versions that is found is enough"
    )
    parser.add_argument(
        "--engine", default="both", choices=["both", "native", "pure"],
        help="ringline with its native module, without it, or one after the other",
    )
    parser.add_argument("--debug", action="store_true", help="with asyncio's debug mode on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="modules at once")
    parser.add_argument("--timeout", type=float, default=60, help="seconds that a test may take")
    parser.add_argument("--show", action="store_true", help="print the text of each failure")
    parser.add_argument("modules", nargs="*", help="such as test_events (default: all)")
    return parser.parse_args()


def variants(options: argparse.Namespace) -> List[str]:
    """What is tested beside stock."""
    if options.loop != "ringline":
        return [options.loop]
    return ["native", "pure"] if options.engine == "both" else [options.engine]


def loop_of(variant: str) -> str:
    return "ringline" if variant in ("native", "pure") else variant


def environment(variant: str, options: argparse.Namespace) -> Dict[str, str]:
    """What the children get: nothing of ours that changes what asyncio's tests see."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["PYTHONPATH"] = str(HERE.parent / "src")
    env.setdefault("RINGLINE_LIBRARY", str(ROOT / "target/release/libringline.so"))
    env.pop("RINGLINE_PURE", None)
    if variant == "pure":
        env["RINGLINE_PURE"] = "1"
    if options.debug:
        env["PYTHONASYNCIODEBUG"] = "1"
    return env


def progress(done: int, total: int, name: str, started: float) -> None:
    if sys.stderr.isatty():
        line = f"\r{done}/{total} {time.monotonic() - started:.0f} s {name}"
        print(f"{line:<60}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def stock(
    python: Interpreter, name: str, ours: runner.Outcomes, variant: str,
    options: argparse.Namespace,
) -> runner.Outcomes:
    """What asyncio's own loop makes of the tests that did not pass; of all, where what went wrong
    belongs to no test."""
    left = [test for test, outcome in ours.tests.items() if outcome != "passed"]
    if ours.tests and not left:
        return runner.Outcomes()
    if not ours.tests or any("(" in test for test in left):
        left = []
    work, env = WORK / python.version / f"{variant}-stock", environment("stock", options)
    return runner.run(python.path, "stock", name, work, options.timeout, env, left)


def both(
    python: Interpreter, name: str, variant: str, options: argparse.Namespace
) -> Tuple[runner.Outcomes, runner.Outcomes]:
    """A module on the loop, and what stock makes of the rest."""
    work, env = WORK / python.version / variant, environment(variant, options)
    ours = runner.run(python.path, loop_of(variant), name, work, options.timeout, env)
    return ours, stock(python, name, ours, variant, options)


def run_all(python: Interpreter, modules: List[str], options: argparse.Namespace) -> Results:
    """Every module on the loop, the long ones first; then on stock what did not pass."""
    order = sorted(modules, key=lambda name: name not in LONGEST_FIRST)
    results: Results = {}
    started = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as threads:
        jobs = {}
        for name in order:
            for variant in variants(options):
                jobs[threads.submit(both, python, name, variant, options)] = (name, variant)
        for job in as_completed(jobs):
            name, variant = jobs[job]
            results[name, variant] = job.result()
            progress(len(results), len(jobs), f"{variant} {name}", started)
    return results


def short(test: str) -> str:
    return test.replace("test.test_asyncio.", "")


def gist(text: str) -> str:
    """The error; of a test that hung, where it was."""
    lines = text.strip().split("\n")
    for place, line in enumerate(lines):
        if line.startswith("Current thread") and place + 1 < len(lines):
            return " <".join(each.strip().split("/")[-1] for each in lines[place + 1 : place + 4])
    return lines[-1]


def excepted(test: str, used: Set[str]) -> bool:
    for pattern, _ in EXCEPTIONS:
        if fnmatch.fnmatchcase(short(test), pattern):
            used.add(pattern)
            return True
    return False


def again(
    python: Interpreter, name: str, test: str, variant: str, options: argparse.Namespace
) -> Tuple[bool, runner.Outcomes]:
    """Whether the test passes alone, each time."""
    env = environment(variant, options)
    work = WORK / python.version / "again"
    for _ in range(AGAIN):
        got = runner.run(
            python.path, loop_of(variant), name, work, options.timeout, env, [test]
        )
        if got.tests.get(test) != "passed":
            return False, got
    return True, got


def compare(
    python: Interpreter, modules: List[str], results: Results, variant: str,
    options: argparse.Namespace, used: Set[str],
) -> Tuple[int, int, int]:
    """Prints the table of one interpreter; counts what passed, failed and was excepted."""
    loops = sorted({results[name, variant][0].loop for name in modules} - {""})
    print(f"\nCPython {python.version}, {python.path}: {', '.join(loops)} beside asyncio")
    print(f"{'module':<26}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    total = [0, 0, 0]
    for name in modules:
        ours, stock = results[name, variant]
        print(
            f"{name:<26}{ours.count('passed'):>8}"
            f"{ours.count('failed', 'hung', 'crashed'):>8}{ours.count('skipped'):>9}"
            f"{ours.seconds:>9.1f}"
        )
        passed = [test for test, outcome in stock.tests.items() if outcome == "passed"]
        total[0] += ours.count("passed")
        differ = [test for test in passed if ours.tests.get(test) != "passed"]
        # A dead process at the end of a module belongs to no test.
        differ += [test for test in ours.tests if "(" in test and test not in stock.tests]
        for test in differ:
            outcome = ours.tests.get(test, "did not run")
            if excepted(test, used):
                total[2] += 1
                print(f"    excepted  {outcome:<12}{short(test)}")
                continue
            unsteady, text = False, ours.texts.get(test, "")
            if "(" not in test and len(differ) <= RERUN:
                unsteady, got = again(python, name, test, variant, options)
                text = got.texts.get(test, "") or text
            total[0 if unsteady else 1] += 1
            print(f"    {'unsteady' if unsteady else 'DIFFERS':<10}{outcome:<12}{short(test)}")
            print(text if options.show else f"{'':14}{gist(text)[:160]}")
        sys.stdout.flush()
    return total[0], total[1], total[2]


def signatures(python: Interpreter, options: argparse.Namespace) -> int:
    """Prints what asyncio and this package cannot call of each other; 0 where there is nothing."""
    command = [python.path, "-B", str(HERE / "signatures.py")]
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=environment(variants(options)[0], options)
    )
    print(f"\nCPython {python.version}, {python.path}: {ran.stdout.strip()}")
    return ran.returncode


def main() -> int:
    options = arguments()
    if len(EXCEPTIONS) > MOST_EXCEPTIONS:
        print(f"{len(EXCEPTIONS)} exceptions, {MOST_EXCEPTIONS} are allowed", file=sys.stderr)
        return 2
    wanted = options.python or list(VERSIONS)
    found = find(wanted)
    if options.any and found:
        found = dict(list(found.items())[:1])
        wanted = list(found)
    for version in wanted:
        if version not in found:
            print(f"CPython {version}: not found with its test package")
    if not found or (options.python and len(found) < len(wanted)):
        print("asyncio: 0 passed, 1 failed, 0 ignored")
        return 1
    used: Set[str] = set()
    total = [0, 0, 0]
    for python in found.values():
        modules = [name for name in python.modules if name in (options.modules or python.modules)]
        total[int(signatures(python, options) != 0)] += 1
        results = run_all(python, modules, options)
        for variant in variants(options):
            counts = compare(python, modules, results, variant, options, used)
            total = [sum(pair) for pair in zip(total, counts)]
    if not options.modules:
        for pattern, reason in EXCEPTIONS:
            version = reason.partition(":")[0]
            if pattern not in used and (version not in VERSIONS or version in found):
                print(f"exception not needed here: {pattern}")
    print(f"asyncio: {total[0]} passed, {total[1]} failed, {total[2]} ignored")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
