"""uvicorn under ten thousand connections of wrk, on one loop and on another: `make bench-many`.

Each round starts a server of one worker anew on each loop. wrk opens its connections and holds the
first requests back for some seconds, until the server has accepted them all (`--settle 0`: does
not). That matters: libuv accepts one connection in each iteration, so that with requests coming at
once most of uvloop's connections wait for longer than the round, and wrk counts no request that
was not answered. The table tells p50, p99 and the longest latency in milliseconds, requests for a
second, the server's microseconds of CPU for a request, how many connections it had accepted in the
end, and what failed. The verdict is by the medians over the rounds, on a quiet machine.
"""

import argparse
import fcntl
import os
import re
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple

import run

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Round(NamedTuple):
    p50: float
    p99: float
    longest: float
    each_second: float
    processor: float
    accepted: int
    errors: int


def milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    assert found, text
    return float(found.group(1)) * UNITS[found.group(2)]


def understood(text: str, processor: float, seconds: int, accepted: int) -> Round:
    """The numbers of what wrk said."""
    percent = dict(re.findall(r" (\d\d)%\s+(\S+)\s", text))
    longest = re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", text)
    found = re.search(r"(\d+) requests in", text)
    assert found and longest, text
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(int(number) for number in errors.groups()) if errors else 0
    failed += int(bad.group(1)) if bad else 0
    requests = int(found.group(1))
    return Round(
        milliseconds(percent["50"]),
        milliseconds(percent["99"]),
        milliseconds(longest.group(1)),
        requests / seconds,
        processor / max(requests, 1) * 1e6,
        accepted,
        failed,
    )


def sockets(pid: int) -> int:
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def measured(loop: str, options: argparse.Namespace) -> Round:
    import served

    name, env = run.environment(loop)
    port = served.free_port()
    factory = served.LOOPS.get(name, f"{name}:new_event_loop")
    command = [sys.executable, "-m", "uvicorn", "--loop", factory, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--http", "httptools"]
    command += ["--backlog", str(options.connections), f"apps:{options.app}"]
    child = subprocess.Popen(command, cwd=run.PROGRAMS, env=env)
    try:
        served.await_port(port, child)
        before = run.cpu(child.pid)
        seconds = options.seconds + options.settle
        load = ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}s", "--latency"]
        load += ["--timeout", "60s"]
        if options.settle:
            load += ["-s", str(run.HERE / "settled.lua")]
            env.update(SETTLE=str(options.settle), CONNECTIONS=str(options.connections))
        load.append(f"http://127.0.0.1:{port}/")
        idle = sockets(child.pid)
        with subprocess.Popen(load, stdout=subprocess.PIPE, text=True, env=env) as wrk:
            try:
                wrk.wait(seconds - 0.5)
            except subprocess.TimeoutExpired:
                pass
            accepted = sockets(child.pid) - idle
            said, _ = wrk.communicate(timeout=120)
        used = run.cpu(child.pid) - before
        return understood(said, used, options.seconds, accepted)
    finally:
        child.terminate()
        child.wait(60)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", nargs=2, default=["uvloop", "ringline"])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=20, help="of each round")
    parser.add_argument("--settle", type=int, default=5, help="seconds before the first request")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--app", default="fast", choices=["fast", "plain", "star"])
    return parser.parse_args()


def alone() -> None:
    """Go on in a network of its own, where one may: there the backlog can be as long as wrk's
    rush, and no connection waits for its SYN to be sent again."""
    if "RINGLINE_ALONE" not in os.environ:
        apart = ["unshare", "--net", sys.executable, "-B", *sys.argv]
        if shutil.which("unshare") and not subprocess.run(["unshare", "--net", "true"]).returncode:
            os.execvpe(apart[0], apart, {**os.environ, "RINGLINE_ALONE": "1"})
        print("without a network of its own: the backlog is what net.core.somaxconn allows")
        return
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    for name in ("core/somaxconn", "ipv4/tcp_max_syn_backlog"):
        Path("/proc/sys/net", name).write_text("65535")


def main() -> None:
    options = arguments()
    alone()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < options.connections + 100:
        raise SystemExit(f"needs more open files than the {hard} allowed here")
    rounds: Dict[str, List[Round]] = {loop: [] for loop in options.loops}
    print(f"{'':<20}" + "".join(f"{name:>13}" for name in Round._fields))
    for turn in range(options.rounds):
        # Who goes first changes, as the machine does.
        for loop in options.loops if turn % 2 == 0 else options.loops[::-1]:
            found = measured(loop, options)
            rounds[loop].append(found)
            print(f"{loop:<20}" + "".join(f"{value:>13.1f}" for value in found), flush=True)
    middle = {}
    for loop, found in rounds.items():
        middle[loop] = Round(*(statistics.median(values) for values in zip(*found)))
        print(f"median of {loop:<10}" + "".join(f"{value:>13.1f}" for value in middle[loop]))
    peer, own = options.loops
    ratio = middle[own].p99 / middle[peer].p99
    word = "no worse" if ratio <= 1 else "WORSE"
    print(f"p99 of {own} is {ratio:.2f} of {peer}'s: {word}")
    raise SystemExit(int(ratio > 1))


if __name__ == "__main__":
    main()
