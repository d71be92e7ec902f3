"""Brings a project's package into an environment of its own, and its tests into a folder.

Nothing of it is kept in the tree: all is made below target/suites, once for each version.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import List, Tuple

from projects import Project

COMMON = ("pytest", "setuptools")
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """What a project needs cannot be had here; the text says what."""


def run(command: List[str], cwd: Path, log: Path) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:6])} ... failed: {log}")


def mirror() -> str:
    """The address of Debian as this machine's apt knows it."""
    files = ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]
    for file in filter(os.path.isfile, files):
        text = Path(file).read_text()
        found = re.search(r"^(?:deb|URIs:)\s.*?(\S+/debian)/?(?:\s|$)", text, re.M)
        if found:
            return found[1]
    raise Unavailable("apt of this machine names no Debian mirror")


def debian(suite: str, source: str, folder: Path, log: Path) -> None:
    """Downloads the upstream archive of a source package; apt of the system never hears of it."""
    apt = folder.parent / f"apt-{suite}"
    (apt / "lists/partial").mkdir(parents=True, exist_ok=True)
    (apt / "parts").mkdir(exist_ok=True)
    (apt / "sources.list").write_text(f"deb-src [signed-by={KEYS}] {mirror()} {suite} main\n")
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    for key, value in (
        ("Dir::Etc::SourceList", apt / "sources.list"), ("Dir::Etc::SourceParts", apt / "parts"),
        ("Dir::State::Lists", apt / "lists"),
    ):
        command += ["-o", f"{key}={value}"]
    run([*command, "update"], folder, log)
    run([*command, "source", "--download-only", "--tar-only", source], folder, log)


def unpacked(project: Project, python: Path, folder: Path, log: Path) -> Path:
    """The folder of the project's source."""
    kind, *where = project.origin.split()
    if kind == "own":
        return Path(__file__).resolve().parent / project.name
    folder.mkdir(parents=True)
    if kind == "debian":
        debian(where[0], where[1], folder, log)
    else:
        run(
            [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
             project.name, f"{project.name}=={project.version}"],
            folder, log,
        )
    archive = next(path for path in folder.iterdir() if ".tar." in path.name)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    source = next(path for path in folder.iterdir() if path.is_dir())
    if project.version not in source.name:
        raise Unavailable(f"{project.origin} is {source.name}, not {project.version}")
    return source


def lay(project: Project, source: Path, into: Path) -> None:
    """Copies what the tests need of the source."""
    for pattern in project.take:
        for path in sorted(source.glob(pattern)):
            place = into / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, place, dirs_exist_ok=True)
            else:
                shutil.copy2(path, place)


def prepare(project: Project, interpreter: str, work: Path) -> Tuple[Path, Path]:
    """The interpreter of the project's environment, and the folder to run its tests in."""
    python, tests, stamp = work / "venv/bin/python", work / "tests", work / "stamp"
    wanted = f"{interpreter} {(project.version, project.origin, project.take, project.packages)}"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"{project.name} {project.version}: installing", file=sys.stderr, flush=True)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        log = work / "install.log"
        run([interpreter, "-m", "venv", str(work / "venv")], work, log)
        run(
            [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *COMMON,
             f"{project.name}=={project.version}", *project.packages],
            work, log,
        )
        tests.mkdir()
        if project.inside:
            tests.rmdir()
            tests.symlink_to(next(work.glob("venv/lib/python3*/site-packages")))
        if project.take:
            lay(project, unpacked(project, python, work / "source", log), tests)
            shutil.rmtree(work / "source", ignore_errors=True)
        stamp.write_text(wanted)
    elif project.origin == "own":
        lay(project, unpacked(project, python, work / "source", work), tests)
    return python, tests.resolve()
