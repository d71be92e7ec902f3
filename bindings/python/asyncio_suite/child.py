"""Runs one module of CPython's test.test_asyncio, with the named loop in place of the stock one.

Started by run.py, one process for each module. Says in a file, line by line, which test starts and
how it ended, so that whoever reads it knows which test a dead process was in.
"""

import argparse
import ctypes
import faulthandler
import json
import os
import signal
import sys
import unittest
from typing import Any, Dict, Iterator, List, Optional, Tuple


def put_loop(name: str) -> str:
    """Puts the loop where the tests take the selector loop from, and says which it is."""
    import asyncio
    from asyncio import events, unix_events

    if name == "stock":
        return "asyncio"
    said = name
    if name == "control":  # Stock by another way: shows what the runner itself changes.
        base: Any = unix_events.SelectorEventLoop
    elif name == "uvloop":
        import uvloop

        base = uvloop.Loop
    else:
        import ringline

        base = ringline.EventLoop
        native = "ringline._native" in sys.modules
        said = "ringline " + ("native" if native else "pure")

    class SelectorEventLoop(base):  # type: ignore[misc]
        """Takes the selector that a test may bring, and has no use for it."""

        def __init__(self, selector: Any = None) -> None:
            if selector is not None:
                selector.close()
            super().__init__()

    SelectorEventLoop.__name__ = SelectorEventLoop.__qualname__ = base.__name__
    places: List[Tuple[Any, str]] = [
        (asyncio, "SelectorEventLoop"),
        (unix_events, "SelectorEventLoop"),
        (unix_events._UnixDefaultEventLoopPolicy, "_loop_factory"),
    ]
    # The name without alias stays: test_unix_events checks the selector class by it. 3.13 has one
    # more alias.
    if sys.version_info >= (3, 13):
        places += [(asyncio, "EventLoop"), (unix_events, "EventLoop")]
    for place, attribute in places:
        setattr(place, attribute, SelectorEventLoop)
    events.set_event_loop_policy(None)
    return said


class Report:
    """The file that the parent reads. A line is written whole, or not at all."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self.process = os.getpid()

    def say(self, **line: Any) -> None:
        if os.getpid() == self.process:  # Tests fork, and a child's results are not ours.
            os.write(self.file, (json.dumps(line) + "\n").encode())


class Result(unittest.TestResult):
    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.outcome: Optional[Tuple[str, str]] = None

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.outcome = None
        self.report.say(start=test.id())

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        outcome, text = self.outcome or ("passed", "")
        self.report.say(end=test.id(), outcome=outcome, text=text)

    def failed(self, test: unittest.TestCase, error: Any) -> None:
        text = self._exc_info_to_string(error, test)  # type: ignore[attr-defined]
        print(f"FAILED {test.id()}\n{text}", file=sys.stderr, flush=True)
        self.outcome = ("failed", text)
        if not isinstance(test, unittest.TestCase):  # setUpClass or setUpModule
            self.report.say(end=test.id(), outcome="failed", text=text)

    def addError(self, test: Any, error: Any) -> None:
        self.failed(test, error)

    def addFailure(self, test: Any, error: Any) -> None:
        self.failed(test, error)

    def addSubTest(self, test: Any, subtest: Any, error: Any) -> None:
        if error is not None:
            self.failed(test, error)

    def addSkip(self, test: Any, reason: str) -> None:
        if isinstance(test, unittest.TestCase):
            self.outcome = self.outcome or ("skipped", reason)
        else:
            self.report.say(end=test.id(), outcome="skipped", text=reason)

    def addExpectedFailure(self, test: Any, error: Any) -> None:
        self.outcome = ("passed", "")

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.outcome = ("failed", "a failure was expected")


def every(suite: Any) -> Iterator[unittest.TestCase]:
    for part in suite:
        if isinstance(part, unittest.TestCase):
            yield part
        else:
            yield from every(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", choices=["stock", "control", "uvloop", "ringline"], required=True)
    parser.add_argument("--report", required=True, help="the file to write to")
    parser.add_argument("--without", help="a file with names of tests not to run")
    parser.add_argument("--only", action="append", default=[], help="the name of a test to run")
    parser.add_argument("module", help="such as test_events")
    options = parser.parse_args()
    faulthandler.enable()
    # A shell's background jobs ignore SIGINT, and so would the tests of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # It ends with whoever started it, also where a test spins (1 = PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    report = Report(options.report)
    report.say(loop=put_loop(options.loop))
    name = f"test.test_asyncio.{options.module}"
    without: Dict[str, bool] = {}
    if options.without:
        with open(options.without) as file:
            without = dict.fromkeys(file.read().split("\n"), True)
    try:
        found = unittest.defaultTestLoader.loadTestsFromName(name)
    except unittest.SkipTest as reason:
        report.say(done=True, skipped=str(reason))
        return
    tests = [test for test in every(found) if test.id() not in without]
    if options.only:
        tests = [test for test in tests if test.id() in options.only]
    unittest.TestSuite(tests).run(Result(report))
    report.say(done=True)
    sys.stderr.flush()
    os._exit(0)  # What a test left running is not waited for.


if __name__ == "__main__":
    main()
