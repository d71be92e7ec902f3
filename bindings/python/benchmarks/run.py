"""The loop beside asyncio, uvloop, rloop and rsloop, in one run: `make bench-python`.

Each cell is measured in processes of its own, the loops in turn, several times; the best of each
counts. Messages and requests are CPU of the server's process, which other load hardly changes.
The last column is how much better than uvloop (TLS: than asyncio) it is, and the goal; where the
goal or the peer is missed, the line says so.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE.parent / "tests/programs"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(PROGRAMS)]
#: The loops in the order of their columns. Those of others take part where they are installed.
LOOPS = ("asyncio", "uvloop", "rloop", "rsloop", "pure", "ringline")
#: How many times better than uvloop each cell shall be; TLS than asyncio, whose kind it is.
GOALS: Dict[str, float] = {
    "sleep0": 3, "call_soon_chained": 6, "call_soon_batched": 1.8, "future": 2.2, "task": 1.5,
    "gather": 1.1, "lock": 1.5, "later_cancel": 3.5, "later_fired": 1.2, "tcp_64_1": 1.0,
    "tcp_64_10": 1.3, "tcp_64_100": 1.2, "tcp_16k_10": 1.25, "tcp_100k_10": 1.1,
    "streams_64_10": 1.4, "unix_64_10": 1.25, "udp_64_10": 1.3, "tls_64_10": 1.3,
    "tls_16k_10": 1.3, "uvicorn_plain": 1.35, "uvicorn_fastapi": 1.2, "sock": 1.0,
    "subprocess": 3,
}
BESIDE_ASYNCIO = ("tls_64_10", "tls_16k_10")
WEB = {
    "uvicorn_plain": ("uvicorn, plain", "plain"),
    "uvicorn_fastapi": ("uvicorn, FastAPI", "fast"),
}


def environment(loop: str) -> Tuple[str, Dict[str, str]]:
    """The loop's name and the variables of its process."""
    env = dict(os.environ)
    env.pop("RINGLINE_PURE", None)
    if loop == "pure":
        env["RINGLINE_PURE"] = "1"
        loop = "ringline"
    return loop, env


def measured(cell: str, loop: str, seconds: float) -> float:
    name, env = environment(loop)
    command = [sys.executable, str(HERE / "measure.py"), cell, name, f"--seconds={seconds}"]
    said = subprocess.run(command, capture_output=True, env=env, timeout=120)
    if said.returncode:
        # Not every loop has everything.
        raise ValueError(said.stderr.decode().strip().rpartition("\n")[2])
    return float(json.loads(said.stdout))


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def requested(cell: str, loop: str, seconds: float) -> float:
    """CPU of uvicorn for each request of wrk."""
    import served

    name, env = environment(loop)
    port = served.free_port()
    loop = served.LOOPS.get(name, f"{name}:new_event_loop")
    command = [sys.executable, "-m", "uvicorn", "--loop", loop, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--http", "httptools"]
    child = subprocess.Popen([*command, f"apps:{WEB[cell][1]}"], cwd=PROGRAMS, env=env)
    try:
        served.await_port(port, child)
        url = f"http://127.0.0.1:{port}/"
        served.wrk(url, 1)
        before = cpu(child.pid)
        load = served.wrk(url, max(2, round(seconds * 4)))
        assert load.requests and not load.bad, load.text
        return (cpu(child.pid) - before) / load.requests * 1e6
    finally:
        child.terminate()
        child.wait(20)


def one(cell: str, loop: str, seconds: float) -> Optional[float]:
    try:
        return (requested if cell in WEB else measured)(cell, loop, seconds)
    except (subprocess.SubprocessError, OSError, AssertionError, ValueError) as error:
        print(f"\n{cell} on {loop}: {str(error)[-300:]}", file=sys.stderr)
        return None


def verdict(cell: str, best: Dict[str, float]) -> str:
    peer = "asyncio" if cell in BESIDE_ASYNCIO else "uvloop"
    if peer not in best or "ringline" not in best:
        return "not measured"
    ratio = best[peer] / best["ringline"]
    lost = "below the goal" if ratio >= 1 else f"LOSES to {peer}"
    word = "" if ratio >= GOALS[cell] else lost
    beside = " of asyncio" if peer == "asyncio" else ""
    return f"{ratio:5.2f}x of {GOALS[cell]:.2f}x{beside}  {word}".rstrip()


def installed() -> List[str]:
    """The loops there are."""
    own = ("asyncio", "pure", "ringline")
    return [loop for loop in LOOPS if loop in own or importlib.util.find_spec(loop)]


def show(cell: str, title: str, loops: List[str], times: Dict[str, List[float]]) -> None:
    best = {loop: min(found) for loop, found in times.items() if found}
    numbers = ""
    for loop in loops:
        if loop not in best:
            numbers += f"{'-':>15}"
            continue
        spread = statistics.median(times[loop]) / best[loop] - 1
        numbers += f"{best[loop]:>9.3g} +{spread * 100:3.0f}%"
    print(f"{title:<34}{numbers}   {verdict(cell, best)}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each cell on each loop")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each run")
    parser.add_argument("--loops", nargs="+", choices=LOOPS, default=installed())
    parser.add_argument("--json", type=Path, help="a file for all numbers")
    parser.add_argument("cells", nargs="*", help="such as sleep0 (default: all)")
    return parser.parse_args()


def main() -> None:
    from measure import CELLS

    options = arguments()
    titles = {name: title for name, (title, _) in CELLS.items()}
    if shutil.which("wrk"):
        titles.update({name: title for name, (title, _) in WEB.items()})
    cells = [name for name in titles if name in (options.cells or titles)]
    print(f"CPython {sys.version.split()[0]}, microseconds, the best of {options.runs} runs")
    missing = [loop for loop in options.loops if loop not in installed()]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    print(" " * 34 + "".join(f"{loop:>15}" for loop in options.loops) + "   beside uvloop")
    everything = {}
    started = time.monotonic()
    for place, cell in enumerate(cells):
        times: Dict[str, List[float]] = {loop: [] for loop in options.loops}
        for turn in range(options.runs):
            for loop in options.loops:
                if sys.stderr.isatty():
                    passed = time.monotonic() - started
                    line = f"{place + 1}/{len(cells)} {cell} {turn + 1} {passed:.0f} s"
                    print(f"\r{line:<50}\r", end="", file=sys.stderr, flush=True)
                found = one(cell, loop, options.seconds)
                if found is not None:
                    times[loop].append(found)
        show(cell, titles[cell], options.loops, times)
        everything[cell] = times
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
