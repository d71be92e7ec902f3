"""Runs a project's tests with pytest, and says in a file which test starts and how it ended.

Started by run.py by way of asyncio_suite/module.py, with its arguments. The loop was put in by
site/sitecustomize.py before this file began.
"""

import argparse
import ctypes
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Dict, Set

HERE = Path(__file__).resolve().parent


def report_of(path: str) -> Any:
    """The file that the parent reads, as asyncio's suite writes it."""
    place = HERE.parent / "asyncio_suite/child.py"
    spec = importlib.util.spec_from_file_location("ringline_suites_report", place)
    assert spec is not None and spec.loader is not None
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    return child.Report(path)


class Plugin:
    """Leaves out what is known, and reports the rest."""

    def __init__(self, report: Any, without: Set[str], only: Set[str]) -> None:
        self.report = report
        self.without = without
        self.only = only
        self.outcomes: Dict[str, "tuple[str, str]"] = {}

    def pytest_collection_modifyitems(self, config: Any, items: Any) -> None:
        left = [item for item in items if item.nodeid in self.without]
        if self.only:
            left += [item for item in items if item.nodeid not in self.only]
        config.hook.pytest_deselected(items=left)
        gone = set(map(id, left))
        items[:] = [item for item in items if id(item) not in gone]

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.report.say(start=f"{report.nodeid} (collection)")
            self.report.say(
                end=f"{report.nodeid} (collection)", outcome="failed", text=report.longreprtext
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.outcomes[nodeid] = ("skipped", "")
        self.report.say(start=nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        outcome, text = self.outcomes[report.nodeid]
        if report.failed:
            outcome, text = "failed", report.longreprtext
        elif report.when == "call" and outcome != "failed":
            outcome = "passed" if report.passed or hasattr(report, "wasxfail") else report.outcome
        self.outcomes[report.nodeid] = (outcome, text)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome, text = self.outcomes[nodeid]
        self.report.say(end=nodeid, outcome=outcome, text=text[-4000:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--without", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("project", help="what to call the run")
    options = parser.parse_args()
    told = json.loads(os.environ["RINGLINE_SUITES_RUN"])
    # A shell's background jobs ignore SIGINT, and so would the tests of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # It ends with whoever started it, also where a test spins (1 = PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    os.chdir(told["folder"])
    sys.path[0] = told["folder"]
    import pytest

    exec(told["setup"], {})
    report = report_of(options.report)
    report.say(loop=os.environ["RINGLINE_SUITES_SAID"])
    without = set(Path(options.without).read_text().split("\n"))
    plugin = Plugin(report, without, set(options.only))
    code = pytest.main(["-p", "no:cacheprovider", "-q", *told["arguments"]], plugins=[plugin])
    # 0 and 1: all ran; 5: none was left to run.
    if code in (0, 1, 5):
        report.say(done=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
