"""uvicorn on one loop for ten minutes under wrk and rude clients: `make soak`.

Beside wrk, clients reset, stall in the middle of a request, send a byte at a time, close their
half, read a large answer with pauses or not at all (soak_clients.py). Each second the memory (RSS),
descriptors, threads and tasks of the server are looked at. The verdict, after a warm-up of a third
of the time:

- memory: what the least-squares line gains over the rest is at most 3 % of the median and 2 MiB,
  and the most of the second half at most 5 % over that of the first;
- descriptors: the line gains at most a tenth of the median, and when the clients are gone there are
  no more than before they came; likewise tasks, threads (but the executor's) and leases;
- every honest request was answered, wrk's too, and the longest wait of a probe that asks all the
  time is at most `--worst` seconds.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import run
from soak_clients import Clients, ask

MIB = 1 << 20


class Sample(NamedTuple):
    seconds: float
    rss: float
    descriptors: int
    threads: int


def sample(pid: int, begin: float) -> Sample:
    status = dict(
        line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    rss = int(status["VmRSS"].split()[0]) * 1024
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(time.monotonic() - begin, rss, descriptors, int(status["Threads"]))


def gain(samples: List[Sample], values: List[float]) -> float:
    """What the least-squares line through the values gains from the first to the last."""
    times = [one.seconds for one in samples]
    middle, mean = statistics.fmean(times), statistics.fmean(values)
    square = sum((at - middle) ** 2 for at in times)
    slope = sum((at - middle) * (value - mean) for at, value in zip(times, values)) / square
    return slope * (times[-1] - times[0])


def flat(samples: List[Sample]) -> List[str]:
    """What is not flat, of the samples after the warm-up."""
    wrong = []
    memory = [one.rss for one in samples]
    allowed = statistics.median(memory) * 0.03 + 2 * MIB
    found = gain(samples, memory)
    half = len(memory) // 2
    ratio = max(memory[half:]) / max(memory[:half])
    print(f"memory: line {found / MIB:+.1f} MiB of {allowed / MIB:.1f}, most x{ratio:.3f} of 1.05")
    if found > allowed or ratio > 1.05:
        wrong.append("memory grows")
    descriptors = [float(one.descriptors) for one in samples]
    found, allowed = gain(samples, descriptors), statistics.median(descriptors) / 10
    print(f"descriptors: line {found:+.1f} of {allowed:.1f}")
    if found > allowed:
        wrong.append("descriptors grow")
    return wrong


async def inside(port: int, pid: int, settled: int = 0) -> Dict[str, Any]:
    """What the server says of itself, and its descriptors; once they are as many as `settled`, or
    after some seconds."""
    end = time.monotonic() + 15
    while True:
        told: Dict[str, Any] = json.loads(await ask(port, b"/inside"))
        told["descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
        if not settled or told["descriptors"] <= settled or time.monotonic() > end:
            return told
        await asyncio.sleep(0.5)


async def soak(pid: int, port: int, options: argparse.Namespace) -> List[str]:
    import served

    length = options.minutes * 60
    idle = await inside(port, pid)
    await inside(port, pid)
    clients = Clients(port, options.seed)
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{int(length)}s"]
    command += ["--timeout", "30s", f"http://127.0.0.1:{port}/"]
    wrk = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    clients.start()
    begin = time.monotonic()
    samples: List[Sample] = []
    told = begin
    while time.monotonic() < begin + length:
        await asyncio.sleep(1)
        samples.append(sample(pid, begin))
        if time.monotonic() - told > options.tell:
            told = time.monotonic()
            show(samples[-1], clients)
    assert wrk.stdout is not None
    load = served.Load((await wrk.stdout.read()).decode())
    await wrk.wait()
    await clients.stop()
    after = await inside(port, pid, idle["descriptors"])
    print(load.text.strip(), f"\nbefore: {idle}\nafter:  {after}")
    wrong = flat([one for one in samples if one.seconds > length / 3])
    for name, count in idle.items():
        # The executor's threads stay, once there was something for them to do.
        if name != "threads" and after[name] > count:
            wrong.append(f"{after[name]} {name} where {count} were")
    if load.bad or not load.requests:
        wrong.append("requests of wrk failed")
    wrong += clients.failures[:5]
    waits = sorted(clients.waits)
    probe = f"median {waits[len(waits) // 2] * 1e3:.1f} ms, longest {waits[-1] * 1e3:.0f} ms"
    print(f"{clients.answered} honest answers, {clients.rude} rude clients, probe: {probe}")
    if waits[-1] > options.worst:
        wrong.append(f"a probe waited {waits[-1]:.2f} s")
    return wrong


def show(last: Sample, clients: Clients) -> None:
    recent = clients.waits[-200:]
    print(
        f"{last.seconds:5.0f} s  {last.rss / MIB:6.1f} MiB  {last.descriptors:4} descriptors"
        f"  {last.threads} threads  {clients.answered} honest  {clients.rude} rude"
        f"  {len(clients.failures)} failed  longest of late {max(recent, default=0) * 1e3:.0f} ms",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loop", nargs="?", default="ringline", help=f"of {', '.join(run.LOOPS)}")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=32, help="of wrk")
    parser.add_argument("--worst", type=float, default=1.0, help="seconds a probe may wait")
    parser.add_argument("--tell", type=float, default=10, help="seconds between lines")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    import served

    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    name, env = run.environment(options.loop)
    port = served.free_port()
    factory = served.LOOPS.get(name, f"{name}:new_event_loop")
    command = [sys.executable, "-m", "uvicorn", "--loop", factory, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "critical", "--http", "httptools"]
    command += ["--app-dir", str(run.HERE), "soak_app:star"]
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(run.PROGRAMS), env.get("PYTHONPATH"))))
    said = run.HERE.parents[2] / "target/python/soak.txt"
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("wb") as log:
        # It tells of each client that went, which is what they are for.
        server = subprocess.Popen(command, env=env, stderr=log, stdout=log)
    print(f"what the server says goes to {said}", flush=True)
    loop = asyncio.SelectorEventLoop()
    try:
        served.await_port(port, server)
        wrong = loop.run_until_complete(soak(server.pid, port, options))
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            # It waits for connections that it does not know to be over.
            server.kill()
            print("the server had to be killed")
        loop.close()
    print(f"soak of {options.loop}:", "; ".join(wrong) or "flat, and nobody was forgotten")
    raise SystemExit(int(bool(wrong)))


if __name__ == "__main__":
    main()
