"""ringline.Path: each method beside the one of pathlib.Path, and where its calls go."""

import asyncio
import os
import pathlib
import pickle
import subprocess
import sys
from typing import Any, Awaitable, Callable, Dict, List, Tuple

import pytest
from loops import PRELUDE, only_ringline, run

import ringline

pytestmark = only_ringline

Call = Callable[[Any], Any]
#: What to do in a directory with a file, a link to it, a broken one and a directory. Each row is
#: done in a directory of its own, by pathlib and by ours.
ROWS: Dict[str, Call] = {
    "stat": lambda d: (d / "file").stat(),
    "stat_gone": lambda d: (d / "gone").stat(),
    "stat_link": lambda d: (d / "link").stat(),
    "lstat": lambda d: (d / "link").lstat(),
    "lstat_gone": lambda d: (d / "gone").lstat(),
    "exists": lambda d: (d / "file").exists(),
    "exists_gone": lambda d: (d / "gone").exists(),
    "exists_below_a_file": lambda d: (d / "file" / "x").exists(),
    "exists_broken": lambda d: (d / "broken").exists(),
    "exists_circle": lambda d: (d / "circle").exists(),
    "exists_zero": lambda d: (d / "a\0b").exists(),
    "is_file": lambda d: (d / "link").is_file(),
    "is_file_dir": lambda d: (d / "inner").is_file(),
    "is_dir": lambda d: (d / "inner").is_dir(),
    "is_dir_gone": lambda d: (d / "gone").is_dir(),
    "is_symlink": lambda d: (d / "broken").is_symlink(),
    "is_symlink_file": lambda d: (d / "file").is_symlink(),
    "is_fifo": lambda d: (d / "fifo").is_fifo(),
    "is_socket": lambda d: (d / "fifo").is_socket(),
    "is_char_device": lambda d: type(d)("/dev/null").is_char_device(),
    "is_block_device": lambda d: type(d)("/dev/null").is_block_device(),
    "samefile": lambda d: (d / "file").samefile(d / "link"),
    "samefile_other": lambda d: (d / "file").samefile(d / "inner"),
    "rename": lambda d: (d / "file").rename(d / "other"),
    "rename_gone": lambda d: (d / "gone").rename(d / "other"),
    "replace": lambda d: (d / "link").replace(d / "file"),
    "unlink": lambda d: (d / "file").unlink(),
    "unlink_gone": lambda d: (d / "gone").unlink(),
    "unlink_missing": lambda d: (d / "gone").unlink(missing_ok=True),
    "unlink_dir": lambda d: (d / "inner").unlink(),
    "symlink_to": lambda d: (d / "new").symlink_to("file"),
    "symlink_to_there": lambda d: (d / "file").symlink_to("target"),
    "hardlink_to": lambda d: (d / "new").hardlink_to(d / "file"),
    "hardlink_to_gone": lambda d: (d / "new").hardlink_to(d / "gone"),
    "readlink": lambda d: (d / "link").readlink(),
    "readlink_file": lambda d: (d / "file").readlink(),
    "mkdir": lambda d: (d / "new").mkdir(0o700),
    "mkdir_there": lambda d: (d / "inner").mkdir(),
    "mkdir_exist_ok": lambda d: (d / "inner").mkdir(exist_ok=True),
    "mkdir_exist_file": lambda d: (d / "file").mkdir(exist_ok=True),
    "mkdir_parents": lambda d: (d / "a" / "b" / "c").mkdir(parents=True),
    "mkdir_no_parents": lambda d: (d / "a" / "b").mkdir(),
    "rmdir": lambda d: (d / "inner" / "empty").rmdir(),
    "rmdir_full": lambda d: (d / "inner").rmdir(),
    "rmdir_file": lambda d: (d / "file").rmdir(),
    "iterdir": lambda d: d.iterdir(),
    "iterdir_gone": lambda d: (d / "gone").iterdir(),
    "iterdir_file": lambda d: (d / "file").iterdir(),
    "glob": lambda d: d.glob("*i*"),
    "rglob": lambda d: d.rglob("empty"),
    "read_bytes": lambda d: (d / "file").read_bytes(),
    "read_bytes_gone": lambda d: (d / "gone").read_bytes(),
    "read_bytes_dir": lambda d: (d / "inner").read_bytes(),
    "read_text": lambda d: (d / "file").read_text("utf-8"),
    "read_text_wrong": lambda d: (d / "file").read_text("ascii"),
    "read_text_replace": lambda d: (d / "file").read_text("ascii", "replace"),
    "write_bytes": lambda d: (d / "file").write_bytes(b"few"),
    "write_bytes_text": lambda d: (d / "file").write_bytes("few"),
    "write_text": lambda d: (d / "new").write_text("ä\n", "utf-8", newline="\r\n"),
    "write_text_bytes": lambda d: (d / "new").write_text(b"few"),
    "touch": lambda d: (d / "new").touch(0o600),
    "touch_there": lambda d: (d / "file").touch(),
    "touch_only": lambda d: (d / "file").touch(exist_ok=False),
    "touch_below_a_file": lambda d: (d / "file" / "x").touch(),
    "chmod": lambda d: (d / "file").chmod(0o600),
    "chmod_gone": lambda d: (d / "gone").chmod(0o600),
    "owner": lambda d: (d / "file").owner(),
    "group": lambda d: (d / "file").group(),
    "resolve": lambda d: (d / "link").resolve(),
    "resolve_strict": lambda d: (d / "gone").resolve(strict=True),
    "absolute": lambda d: type(d)("x").absolute(),
    "expanduser": lambda d: type(d)("~/x").expanduser(),
    "cwd": lambda d: type(d).cwd(),
    "home": lambda d: type(d).home(),
}


def prepare(folder: pathlib.Path) -> pathlib.Path:
    (folder / "inner" / "empty").mkdir(parents=True)
    (folder / "file").write_text("ä\r\nend", "utf-8")
    (folder / "link").symlink_to("file")
    (folder / "broken").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "fifo")
    return folder


def shown(result: Any, folder: pathlib.Path) -> Any:
    """A result without what differs from folder to folder."""
    if isinstance(result, pathlib.PurePath):
        return "path " + str(result).replace(str(folder), "FOLDER")
    if isinstance(result, os.stat_result):
        return result.st_mode, result.st_size, result.st_nlink, result.st_uid
    return result


def failed(error: Exception, folder: pathlib.Path) -> Any:
    text = str(error).replace(str(folder), "FOLDER")
    names = getattr(error, "filename", None), getattr(error, "filename2", None)
    return type(error), text, [str(name).replace(str(folder), "FOLDER") for name in names]


def state(folder: pathlib.Path) -> List[Tuple[str, int, bytes]]:
    """What is in a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        found.append((str(path.relative_to(folder)), path.lstat().st_mode, data))
    return found


def by_pathlib(call: Call, folder: pathlib.Path) -> Any:
    try:
        result = call(folder)
        if hasattr(result, "__next__"):
            return sorted(shown(path, folder) for path in result)
        return shown(result, folder)
    except (OSError, ValueError, TypeError) as error:
        return failed(error, folder)


async def by_ours(call: Call, folder: pathlib.Path) -> Any:
    try:
        result = call(ringline.Path(folder))
        if hasattr(result, "__anext__"):
            paths = [path async for path in result]
            assert all(type(path) is ringline.Path for path in paths)
            return sorted(shown(path, folder) for path in paths)
        result = await result
        if isinstance(result, pathlib.PurePath):
            assert type(result) is ringline.Path
        return shown(result, folder)
    except (OSError, ValueError, TypeError) as error:
        return failed(error, folder)


@pytest.mark.parametrize("name", list(ROWS))
def test_as_pathlib(name: str, tmp_path: pathlib.Path) -> None:
    """The same result or error, and the same folder after it."""
    theirs, ours = prepare(tmp_path / "theirs"), prepare(tmp_path / "ours")
    expected = by_pathlib(ROWS[name], theirs)
    assert run(by_ours(ROWS[name], ours)) == expected
    assert state(ours) == state(theirs)


def test_every_method_of_pathlib() -> None:
    """What of pathlib.Path is missing is written here."""
    own = {name for name in dir(pathlib.Path) if not name.startswith("_")}
    missing = own - set(dir(ringline.Path))
    beside = {"lchmod", "link_to", "is_mount", "is_junction", "walk", "from_uri"}
    newer = {"copy", "copy_into", "move", "move_into", "info"}
    assert missing <= beside | newer, missing


def test_pure_paths() -> None:
    """The text of a path is pathlib's matter, and stays in our class."""
    path = ringline.Path("/a") / "b.txt"
    assert isinstance(path, pathlib.PurePosixPath) and os.fspath(path) == "/a/b.txt"
    for other in (path.parent, path.with_suffix(".c"), path.relative_to("/a"), "x" / path):
        assert type(other) is ringline.Path
    assert path == ringline.Path("/a/b.txt") and len({path, ringline.Path("/a/b.txt")}) == 1
    again = pickle.loads(pickle.dumps(path))
    assert type(again) is ringline.Path and again == path
    assert repr(path) == "Path('/a/b.txt')"


def test_opened(tmp_path: pathlib.Path) -> None:
    """For text unless it says otherwise, as with pathlib."""
    path = ringline.Path(tmp_path) / "file"

    async def main() -> None:
        async with path.open("w", encoding="utf-8") as file:
            await file.write("ä\n")
        async with path.open("ab") as more:
            await more.write(b"end")
        async with path.open(encoding="utf-8") as file:
            assert [line async for line in file] == ["ä\n", "end"]
        async with path.open("rb") as more:
            assert await more.readlines() == ["ä\n".encode(), b"end"]

    run(main())


def test_other_names(tmp_path: pathlib.Path) -> None:
    """The functions of the package that a path has as methods, with paths of bytes."""

    async def main() -> None:
        here = os.fsencode(tmp_path)
        await ringline.mkdir(here + b"/d")
        await ringline.symlink(b"nowhere", here + b"/d/s")
        assert await ringline.readlink(here + b"/d/s") == b"nowhere"
        async with ringline.open(here + b"/d/f", "wb"):
            pass
        await ringline.link(here + b"/d/f", here + b"/d/g")
        assert sorted(await ringline.listdir(here + b"/d")) == [b"f", b"g", b"s"]
        assert (await ringline.stat(here + b"/d/g")).st_nlink == 2

    run(main())


def test_what_has_an_operation_goes_to_the_ring(tmp_path: pathlib.Path) -> None:
    """No thread is started for it."""
    root = ringline.Path(tmp_path)

    async def main() -> None:
        def refuse(*_: Any) -> Any:
            raise AssertionError("went to the executor")

        loop: Any = asyncio.get_running_loop()
        loop.run_in_executor = refuse
        await (root / "a" / "b").mkdir(parents=True)
        await (root / "a" / "f").write_text("text")
        assert await (root / "a" / "f").read_text() == "text"
        await (root / "a" / "l").symlink_to("f")
        await (root / "a" / "h").hardlink_to(root / "a" / "f")
        await (root / "a" / "h").rename(root / "a" / "i")
        assert await (root / "a" / "i").is_file() and await (root / "a" / "l").exists()
        assert await (root / "a" / "l").is_symlink()
        for name in ("f", "l", "i"):
            await (root / "a" / name).unlink()
        await (root / "a" / "b").rmdir()
        await (root / "new").touch(exist_ok=False)

    run(main())


def test_other_loops_are_told(tmp_path: pathlib.Path) -> None:
    path = ringline.Path(tmp_path)

    async def main() -> None:
        calls: List[Callable[[], Awaitable[Any]]] = [
            path.exists, path.read_bytes, path.resolve, path.touch, path.iterdir().__anext__,
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(RuntimeError, match="ringline's event loop"):
                await call()

    loop = asyncio.SelectorEventLoop()
    loop.run_until_complete(main())
    loop.close()


def test_the_readmes_example(tmp_path: pathlib.Path) -> None:
    """Failure: the README's program about files does not run, or says something else."""
    readme = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
    program = readme.split("## Files")[1].split("```py\n")[1].split("```")[0]
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "app.log").write_text("fine\nERROR one\nERROR two\n")
    code = PRELUDE + program
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert said == "log/app.log: ERROR one\nlog/app.log: ERROR two\n"
    assert (tmp_path / "out" / "errors.txt").read_text() == "2 errors\n"
    assert not (tmp_path / "out" / "errors.new").exists()
