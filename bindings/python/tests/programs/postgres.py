"""A PostgreSQL server of the tests' own: its own data, its own port, no privileges."""

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator, List, Optional


def programs() -> Optional[str]:
    """The folder with initdb and postgres, the newest one."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    found.sort(key=lambda path: (len(path), path))
    if found:
        return os.path.dirname(found[-1])
    on_path = shutil.which("initdb")
    return os.path.dirname(os.path.realpath(on_path)) if on_path else None


def unprivileged(command: List[str]) -> List[str]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


@contextlib.contextmanager
def running(port: int) -> Iterator[str]:
    """A server on 127.0.0.1:port while the block runs; the folder of its unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="ringline-pg-"))
    bin = programs()
    assert bin is not None
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    make = [f"{bin}/initdb", "-D", str(data), "-U", "tester", "-A", "trust", "--no-sync"]
    make += ["-E", "UTF8"]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    log = open(folder / "log.txt", "wb")
    child = None
    try:
        subprocess.run(unprivileged(make), check=True, stdout=log, stderr=log, env=env, cwd="/")
        serve = [f"{bin}/postgres", "-D", str(data), "-p", str(port), "-k", str(folder)]
        serve += ["-h", "127.0.0.1", "-F"]
        child = subprocess.Popen(unprivileged(serve), stdout=log, stderr=log, env=env, cwd="/")
        ready = [f"{bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        for _ in range(500):
            if subprocess.run(ready, env=env).returncode == 0:
                break
            assert child.poll() is None, (folder / "log.txt").read_text()
            time.sleep(0.02)
        yield str(folder)
    finally:
        if child is not None:
            child.terminate()
            child.wait(30)
        log.close()
        shutil.rmtree(folder)
