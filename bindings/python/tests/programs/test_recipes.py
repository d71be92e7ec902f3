"""The README's recipes for frameworks: each runs on a ring."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import List

import printed
import pytest
from loops import only_ringline
from served import HERE

pytestmark = only_ringline


def run(command: List[str], folder: Path, **more: str) -> str:
    """What a program printed that has to end well."""
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, **more}
    child = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, bad = child.communicate(timeout=50)
    except subprocess.TimeoutExpired:
        # With the processes that it started.
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise
    assert child.returncode == 0, said + bad
    return said


TORNADO = """
import asyncio
import ringline
from tornado import httpclient, httpserver, ioloop, netutil, web

class Hello(web.RequestHandler):
    async def get(self):
        await asyncio.sleep(0.001)
        self.write(type(asyncio.get_running_loop()).__module__)

async def main():
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    server = httpserver.HTTPServer(web.Application([("/", Hello)]))
    server.add_sockets(sockets)
    client = httpclient.AsyncHTTPClient()
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
    for answer in await asyncio.gather(*(client.fetch(url) for _ in range(20))):
        assert answer.body == b"ringline._event_loop", answer.body
    server.stop()
    await server.close_all_connections()
    print("served")
"""


@pytest.mark.parametrize("how", ["ringline.run(", "ringline.install("])
def test_tornado(how: str, tmp_path: Path) -> None:
    """Failure: a server and a client of tornado that are on another loop, or do not talk."""
    (line,) = printed.row("tornado", how)
    if "install" in how:
        line += "\nioloop.IOLoop.current().run_sync(main)"
    assert run(["-W", "ignore", "-c", TORNADO + line], tmp_path) == "served\n"


DISTRIBUTED = """
import subprocess, sys
from distributed import Client, LocalCluster
import ringline.distributed

def loop_of(dask_worker):
    return type(dask_worker.loop.asyncio_loop).__module__

with {cluster} as cluster, Client(cluster) as client:
    command = [word.replace("ADDRESS", cluster.scheduler_address) for word in {worker}]
    with subprocess.Popen([sys.executable, "-m", *command]) as other:
        try:
            client.wait_for_workers(3, timeout=30)
            squares = client.map(lambda number: number * number, range(200))
            assert client.submit(sum, squares).result(timeout=30) == sum(n * n for n in range(200))
            print([*client.run(loop_of).values(), type(client.loop.asyncio_loop).__module__])
        finally:
            other.terminate()
        assert other.wait(20) == 0
"""


SCHEDULER = """
import subprocess, sys
from distributed import Client

def loop_of(dask_scheduler):
    return type(dask_scheduler.loop.asyncio_loop).__module__

with subprocess.Popen([sys.executable, "-c", {code!r}, "--scheduler-file", "told", *{words}]) as it:
    try:
        with Client(scheduler_file="told") as client:
            print(client.run_on_scheduler(loop_of))
    finally:
        it.terminate()
    assert it.wait(20) == 0
"""


def test_distributed_scheduler(tmp_path: Path) -> None:
    """Failure: the command in the place of `dask scheduler` makes none, or one on another loop."""
    (command,) = printed.row("distributed", "dask_scheduler")
    code = command.split('"')[1]
    assert command == f'python -c "{code}"'
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    text = SCHEDULER.format(code=code, words=words)
    said = run(["-c", text], tmp_path, DASK_TEMPORARY_DIRECTORY=str(tmp_path))
    assert said.splitlines()[-1] == "ringline._event_loop"


def test_distributed(tmp_path: Path) -> None:
    """Failure: a cluster of two worker processes and one that joined by the command line that does
    not compute, or of which one is on another loop. As from a notebook: workers find no program."""
    (cluster,) = printed.row("distributed", "LocalCluster")
    words = printed.command("distributed", "--worker-class") + ["--no-dashboard", "--no-nanny"]
    options = "n_workers=2, threads_per_worker=1, dashboard_address=None"
    text = DISTRIBUTED.format(cluster=f"{cluster[:-1]}, {options})", worker=words)
    said = run(["-c", text], tmp_path, DASK_TEMPORARY_DIRECTORY=str(tmp_path))
    assert said.splitlines()[-1] == str(["ringline._event_loop"] * 4)


@pytest.mark.parametrize(("layer", "count"), [("native", 3), ("pure", 1)])
def test_ipykernel(layer: str, count: int, tmp_path: Path) -> None:
    """Failure: a kernel that does not answer, as what a thread of it stages while its loop sleeps
    is lost; three at once, as one may be lucky."""
    native = layer == "native" and sys.version_info >= (3, 11)
    code, path = printed.row("ipykernel")
    home = tmp_path / "home"
    config = Path(path.replace("~", str(home)))
    config.parent.mkdir(parents=True)
    config.write_text(code)
    said = run(
        [str(HERE / "kernels.py"), str(count)],
        tmp_path,
        HOME=str(home),
        JUPYTER_RUNTIME_DIR=str(tmp_path),
        RINGLINE_PURE=str(int(not native)),
    )
    assert json.loads(said) == [["ok", f"ringline._event_loop {native}\n"]] * count


def test_pytest_plugins(tmp_path: Path) -> None:
    """Failure: the recipes for pytest-asyncio and anyio's plugin leave tests on another loop."""
    (pair,) = printed.row("anyio", '("asyncio"')
    fixture = f"import pytest\n@pytest.fixture\ndef anyio_backend():\n    return {pair}\n"
    (tmp_path / "conftest.py").write_text(printed.block("pytest-asyncio") + fixture)
    (tmp_path / "test_it.py").write_text((HERE / "recipe_tests.py").read_text())
    settings = "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}")
    command = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    assert "2 passed" in run(command, tmp_path)


def test_anyio(tmp_path: Path) -> None:
    """Failure: anyio.run that is on another loop."""
    (line,) = printed.row("anyio", "anyio.run")
    text = f"""
import anyio, asyncio, ringline
async def main():
    await anyio.sleep(0.001)
    print(isinstance(asyncio.get_running_loop(), ringline.EventLoop))
{line}
"""
    assert run(["-c", text], tmp_path) == "True\n"
