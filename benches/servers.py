#!/usr/bin/env python3
"""`make bench-server`: the server runtime beside its peers, the same load, one thread each.

Ratios of runs that follow one another, never an absolute: below 1 is better than the peer, and
what is above stays in the table. Servers stay on the first processor and the load on the second.
CPU time is what the scheduler counts for all threads of a server (schedstat), system calls what the
kernel's tracepoint counts. Needs libuv1-dev and perf (scripts/setup.sh peers); the peers in Rust
are built in benches/peers. Words on the command line select parts: cpu, large, latency, accept,
calls, idle, fair.
"""

import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "benches"
PEERS = ROOT / "benches" / "peers" / "target" / "release"
LIBRARY = ROOT / "target" / "release"
ROUNDS = int(os.environ.get("RINGLINE_ROUNDS", "5"))
SMALL, LARGE = ["16384"], ["65536"]


def build(name, *flags):
    WORK.mkdir(parents=True, exist_ok=True)
    source = ROOT / "benches" / f"{name}.c"
    subprocess.run(["cc", "-O2", "-std=gnu11", "-o", WORK / name, source, *flags], check=True)
    return WORK / name


def build_all():
    ring = [f"-I{ROOT}/include", f"-L{LIBRARY}", "-lringline", f"-Wl,-rpath,{LIBRARY}"]
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT / "benches/peers",
                   check=True, env={**os.environ, "CARGO_TARGET_DIR": str(PEERS.parent)})
    build("load"), build("load_connections"), build("load_quiet", "-pthread")
    return {
        "ringline": build("runtime_echo", *ring),
        "R": build("raw_echo", "-luring"),
        "epoll": build("epoll_echo"),
        "libuv": build("uv_echo", "-luv"),
        "tokio": PEERS / "echo_tokio",
        "monoio": PEERS / "echo_monoio",
        "the crate": PEERS / "echo_crate",
    }


def on_processor(number):
    def begin():
        os.sched_setaffinity(0, {sorted(ALLOWED)[number % len(ALLOWED)]})
        resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    return begin


class Server:
    """A peer for the time of a `with`."""

    def __init__(self, command, arguments=(), processor=0):
        self.process = subprocess.Popen([str(command), *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=on_processor(processor))
        self.port = re.search(r"port (\d+)", self.process.stdout.readline())[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=20)

    def tasks(self):
        return list(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir())

    def cpu_ns(self):
        """Of all its threads; those that end meanwhile count for nothing."""
        total = 0
        for task in self.tasks():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                pass
        return total

    def settled_cpu_ns(self):
        """When it has nothing left to do: what sleeps most of the time counts as idle."""
        before = self.cpu_ns()
        for _ in range(100):
            time.sleep(0.02)
            after = self.cpu_ns()
            if after - before < 1_000_000:
                return after
            before = after
        return before

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text)[1])

    def load(self, connections, size, messages):
        done = subprocess.run([WORK / "load", self.port, str(connections), str(size),
                               str(messages)], check=True, capture_output=True, text=True,
                              timeout=120, preexec_fn=on_processor(1))
        return {key: float(value) for key, value in re.findall(r"(p\d+)=([\d.]+)", done.stdout)}

    def connections(self, what, count, **options):
        return subprocess.Popen([WORK / "load_connections", self.port, what, str(count)],
                                preexec_fn=on_processor(1), text=True, **options)


def compared(title, goals, measured):
    """A row of ratios: the median over rounds of ours against each peer's of the same round."""
    cells = []
    for peer in measured[0]:
        if peer == "ringline":
            continue
        ratio = statistics.median(each["ringline"] / each[peer] for each in measured)
        goal = goals.get(peer)
        verdict = "" if goal is None else " ok" if ratio <= goal else f" MISSES {goal}"
        cells.append(f"{peer} {ratio:.2f}{verdict}")
    print(f"{title:<34} " + "  ".join(cells), flush=True)


def rounds(programs, measure):
    """The order turns with each round, so that no server always runs behind the same one."""
    names, all_rounds = list(programs), []
    for at in range(ROUNDS):
        turned = names[at % len(names):] + names[:at % len(names)]
        by_name = {name: measure(name, programs[name]) for name in turned}
        all_rounds.append({name: by_name[name] for name in names})
    return all_rounds


def cpu_per_message(program, arguments, connections, size, messages):
    with Server(program, arguments) as server:
        server.load(connections, size, messages // 10)
        before = server.settled_cpu_ns()
        server.load(connections, size, messages)
        return (server.settled_cpu_ns() - before) / messages


def arguments_of(name, large=False):
    if name == "R":
        return ["64", "65536"] if large else []
    if name in ("tokio", "monoio", "libuv", "epoll"):
        return LARGE if large else SMALL
    return []


def part_cpu(programs):
    goals = {"R": 1.05, "tokio": 0.97, "libuv": 0.97}
    for connections, size, depth, bursts in ((128, 64, 1, 200_000), (128, 64, 16, 100_000),
                                             (1024, 64, 16, 100_000)):
        measured = rounds(programs, lambda name, program: cpu_per_message(
            program, arguments_of(name), connections, size * depth, bursts))
        compared(f"5, 6  CPU, {connections} x {size} B, pipelined {depth}", goals, measured)


def part_large(programs):
    measured = rounds(programs, lambda name, program: cpu_per_message(
        program, arguments_of(name, True), 16, 65536, 10_000))
    compared("8     CPU, 16 x 64 KiB", {"epoll": 1.15}, measured)


def latency(program, arguments):
    with Server(program, arguments) as server:
        return server.load(1, 64, 20_000)["p50"]


def part_latency(programs):
    measured = rounds(programs, lambda name, program: latency(program, arguments_of(name)))
    compared("9     p50 of 1 connection", {}, measured)
    if not has_spin():
        return
    measured = rounds({"ringline": programs["ringline"], "tokio": programs["tokio"]},
                      lambda name, program: latency(
                          program, ["200"] if name == "ringline" else SMALL))
    compared("9     the same, ringline spinning", {"tokio": 0.65}, measured)


def has_spin():
    header = (ROOT / "include/ringline.h").read_text()
    config = re.search(r"typedef struct ringline_runtime_config \{.*?\}", header, re.S)[0]
    return "spin_us" in config


def cpu_per_accept(program, arguments, count=8000):
    with Server(program, arguments) as server:
        server.connections("churn", 800).wait()
        before = server.settled_cpu_ns()
        assert server.connections("churn", count).wait() == 0
        return (server.settled_cpu_ns() - before) / count


def part_accept(programs):
    measured = rounds(programs, lambda name, program: cpu_per_accept(program, arguments_of(name)))
    compared("11    CPU per accepted connection", {"R": 1.10}, measured)


def calls_per_message(program, arguments, connections, messages):
    with Server(program, arguments) as server:
        server.load(connections, 64, messages // 10)
        counter = subprocess.Popen(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p",
                                    str(server.process.pid)], stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)  # perf says nowhere that it counts; too late would only count less
        server.load(connections, 64, messages)
        counter.send_signal(2)
        counted = counter.communicate(timeout=20)[1]
        return int(re.search(r"^(\d+),", counted, re.M)[1]) / messages


def part_calls(programs):
    for connections in (16, 128):
        cells = []
        for name, program in programs.items():
            calls = calls_per_message(program, arguments_of(name), connections, 100_000)
            cells.append(f"{name} {calls:.3f}")
        title = f"7     calls/message, {connections} x 64 B"
        print(f"{title:<34} " + "  ".join(cells), flush=True)


def resident(server):
    """KiB of its own: what is shared with other processes is not counted."""
    text = pathlib.Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"Private_\w+:\s+(\d+)", text))


def idle(program, arguments, count=5000):
    """KiB at rest, bytes per idle connection, CPU milliseconds per second of rest, threads."""
    with Server(program, arguments) as server:
        time.sleep(0.2)
        base, rss, threads = resident(server), server.status("VmRSS"), len(server.tasks())
        before, began = server.cpu_ns(), time.perf_counter()
        time.sleep(2)
        rest = (server.cpu_ns() - before) / 1e6 / (time.perf_counter() - began)
        holder = server.connections("hold", count, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdout.readline() == "held\n"
        per = (resident(server) - base) * 1024 / count
        holder.communicate()
        return per, rss, rest, threads


def part_idle(programs):
    print("10    bytes per idle connection of 5,000 / RSS in MB / idle ms of CPU per s / threads")
    for name, program in programs.items():
        per, rss, rest, threads = idle(program, arguments_of(name))
        print(f"      {name:<12} {per:>8.0f} {rss / 1024:>8.1f} {rest:>8.2f} {threads:>4}",
              flush=True)


def quiet_waits(program, arguments, firehoses, rounds=500):
    """Microseconds: median, p99 and worst of a quiet client's round trips beside others."""
    with Server(program, arguments) as server:
        done = subprocess.run([WORK / "load_quiet", server.port, str(firehoses), str(rounds)],
                              check=True, capture_output=True, text=True, timeout=120,
                              preexec_fn=on_processor(1))
        return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", done.stdout)}


def part_fair(programs):
    both = {name: programs[name] for name in ("ringline", "epoll")}
    for firehoses in (1, 4, 16, 64):
        measured = rounds(both, lambda name, program: quiet_waits(
            program, arguments_of(name, True), firehoses))
        for what, goals in (("median", {"epoll": 2.0} if firehoses > 1 else {}), ("p99", {}),
                            ("worst", {})):
            compared(f"12    {what} wait beside {firehoses} firehoses", goals,
                     [{name: each[name][what] for name in each} for each in measured])


ALLOWED = os.sched_getaffinity(0)
PARTS = {"cpu": part_cpu, "large": part_large, "latency": part_latency, "accept": part_accept,
         "calls": part_calls, "idle": part_idle, "fair": part_fair}

if __name__ == "__main__":
    built = build_all()
    print(f"line  ringline against each peer, median of {ROUNDS} rounds")
    for word in sys.argv[1:] or PARTS:
        PARTS[word](built)
