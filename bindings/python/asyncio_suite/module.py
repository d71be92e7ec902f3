"""Runs one module of the suite in child processes until each of its tests has an outcome.

A test that hangs or that kills its process is recorded, and the rest of the module goes on in a
new process. The outcome of a test is one of passed, failed, skipped, hung, crashed.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional

CHILD = Path(__file__).with_name("child.py")
RESTARTS = 12


class Outcomes:
    """What a run of a module gave: the outcome of each test by name, and the loop it ran on."""

    def __init__(self) -> None:
        self.tests: Dict[str, str] = {}
        self.texts: Dict[str, str] = {}
        self.loop = ""
        self.seconds = 0.0

    def count(self, *kinds: str) -> int:
        return sum(outcome in kinds for outcome in self.tests.values())


class Reader:
    """Follows the file that a child writes."""

    def __init__(self, path: Path, outcomes: Outcomes) -> None:
        path.write_bytes(b"")
        self.file = path.open("rb")
        self.outcomes = outcomes
        self.running: Optional[str] = None
        self.done = False

    def read(self) -> bool:
        """Take what is new; whether there was something."""
        found = False
        while True:
            place = self.file.tell()
            line = self.file.readline()
            if not line.endswith(b"\n"):
                self.file.seek(place)
                return found
            found = True
            self.take(json.loads(line))

    def take(self, said: Dict[str, Any]) -> None:
        self.outcomes.loop = said.get("loop", self.outcomes.loop)
        if "start" in said:
            self.running = said["start"]
        elif "end" in said:
            self.outcomes.tests[said["end"]] = said["outcome"]
            self.outcomes.texts[said["end"]] = said["text"]
            self.running = None
        self.done = self.done or bool(said.get("done"))


def end(child: "subprocess.Popen[bytes]", dump: bool) -> None:
    """Ends a child and what it started. With a dump, it first writes where its threads are."""
    if dump and child.poll() is None:
        child.send_signal(signal.SIGABRT)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def once(command: List[str], log: Path, reader: Reader, limit: float, env: Dict[str, str]) -> str:
    """One child process; says 'done', 'hung' or 'crashed'."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=env,
        )
    last = time.monotonic()
    hung = False
    try:
        while child.poll() is None and not hung:
            if reader.read():
                last = time.monotonic()
            hung = time.monotonic() - last > limit
            time.sleep(0.02)
    finally:
        end(child, hung)
    reader.read()
    # Past the last test a child may still hang, or die, in what the tests left behind.
    if reader.done:
        return "done"
    return "hung" if hung else "crashed"


def run(
    python: str, loop: str, module: str, work: Path, limit: float, env: Dict[str, str],
    only: Iterable[str] = (), stopped: Callable[[], bool] = lambda: False, child: Path = CHILD,
) -> Outcomes:
    """All tests of `module`, or those that `only` names, by the program `child`."""
    outcomes = Outcomes()
    started = time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    log, report, known = (work / f"{module}.{kind}" for kind in ("log", "report", "known"))
    log.write_bytes(b"")
    command = [python, "-B", str(child), "--loop", loop, "--report", str(report)]
    command += ["--without", str(known)]
    for name in only:
        command += ["--only", name]
    for _ in range(RESTARTS):
        known.write_text("\n".join(outcomes.tests))
        reader = Reader(report, outcomes)
        how = once([*command, module], log, reader, limit, env)
        if how == "done" or stopped():
            break
        name = reader.running or f"{module} (after its last test)"
        outcomes.tests[name] = how
        outcomes.texts[name] = log.read_text(errors="replace")[-2000:]
        if reader.running is None:
            break
    else:
        outcomes.tests[f"{module} (given up, the rest did not run)"] = "hung"
    outcomes.seconds = time.monotonic() - started
    return outcomes
