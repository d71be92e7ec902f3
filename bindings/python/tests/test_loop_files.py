"""Files as awaitables: what is read and written, who owns buffers, what failures say."""

import asyncio
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Awaitable, Callable, List, Tuple

import pytest
from loops import MIB, noise, only_ringline, run, until, within

import ringline

pytestmark = only_ringline


def test_written_and_read(tmp_path: Path) -> None:
    """Every way of writing ends up in the file, every way of reading gives it back."""
    path = tmp_path / "file"

    async def main() -> None:
        async with ringline.open(path, "w") as file:
            assert await file.write(b"one\ntwo\n") == 8
            assert await file.write(bytearray(b"three")) == 5
            assert await file.pwrite(memoryview(b"T"), 4) == 1
            await file.fsync()
            await file.fsync(datasync=True)
        assert path.read_bytes() == b"one\nTwo\nthree"
        file = await ringline.open(path, "r+b")
        assert await file.read(2) == b"on"
        assert await file.pread(3, 4) == b"Two"
        assert await file.pread(1, 0) == b"o"
        assert await file.pread(9, 100) == b""
        assert await file.readall() == b"e\nTwo\nthree"
        assert await file.read() == b"" and await file.read(5) == b""
        await file.truncate(3)
        assert (await file.statx()).st_size == 3
        await file.close()
        await file.close()
        assert file.closed
        async with ringline.open(path, "a") as file:
            await file.write(b"!")
        assert path.read_bytes() == b"one!"

    run(main())


def test_much(tmp_path: Path) -> None:
    data = noise(10 * MIB)
    path = tmp_path / "file"

    async def main() -> None:
        async with ringline.open(path, "w+") as file:
            assert await file.write(data) == len(data)
            assert await file.pread(1 << 28, 0) == data
            pieces = [file.pread(MIB, at) for at in range(0, len(data), MIB)]
            assert b"".join(await asyncio.gather(*pieces)) == data
        async with ringline.open(path) as file:
            assert await file.readall() == data
        async with ringline.open(path) as file:
            assert b"".join([piece async for piece in file.chunks(100_000)]) == data

    run(main())


def test_lines(tmp_path: Path) -> None:
    """Lines longer than what is read at once, the last without an end; writing after a line goes
    where the line ended, not where the read ahead did."""
    lines = [b"a\n", b"b" * 200_000 + b"\n", b"\n", b"end"]
    path = tmp_path / "file"
    path.write_bytes(b"".join(lines))

    async def main() -> None:
        async with ringline.open(path) as file:
            assert [line async for line in file] == lines
        async with ringline.open(path, "r+") as file:
            assert await file.readline() == b"a\n"
            await file.write(b"BB")
            assert await file.read(1) == b"b"
        assert path.read_bytes()[:5] == b"a\nBBb"

    run(main())


def test_stat(tmp_path: Path) -> None:
    """As os.stat tells it, field by field."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"abc")
    link.symlink_to(path)

    async def main() -> None:
        for expected, got in (
            (os.stat(path), await ringline.stat(path)),
            (os.stat(link), await ringline.stat(link)),
            (os.lstat(link), await ringline.stat(link, follow_symlinks=False)),
        ):
            for name in dir(expected):
                if name.startswith("st_"):
                    assert getattr(got, name) == pytest.approx(getattr(expected, name)), name

    run(main())


def test_names(tmp_path: Path) -> None:
    path, other, directory = tmp_path / "file", tmp_path / "other", tmp_path / "directory"
    path.write_bytes(b"")

    async def main() -> None:
        await ringline.rename(path, other)
        assert not path.exists() and other.exists()
        await ringline.mkdir(directory, 0o700)
        assert directory.stat().st_mode & 0o777 == 0o700
        await ringline.rmdir(directory)
        await ringline.unlink(os.fsencode(other))
        assert os.listdir(tmp_path) == []

    run(main())


def test_failures_are_those_of_os(tmp_path: Path) -> None:
    """The same exception with the same filenames as the blocking call's."""
    gone, other = str(tmp_path / "gone"), str(tmp_path / "other")
    here = str(tmp_path)

    async def opened(path: str, mode: str) -> None:
        await ringline.open(path, mode)

    rows: List[Any] = [
        (lambda: opened(gone, "r"), lambda: open(gone, "rb")),
        (lambda: opened(here, "w"), lambda: open(here, "wb")),
        (lambda: ringline.stat(gone), lambda: os.stat(gone)),
        (lambda: ringline.unlink(gone), lambda: os.unlink(gone)),
        (lambda: ringline.rename(gone, other), lambda: os.rename(gone, other)),
        (lambda: ringline.mkdir(here), lambda: os.mkdir(here)),
        (lambda: ringline.stat("a\0b"), lambda: os.stat("a\0b")),
    ]

    def failure(call: Callable[[], Any]) -> Any:
        with pytest.raises((OSError, ValueError)) as caught:
            call()
        error = caught.value
        return type(error), str(error), getattr(error, "filename2", None)

    async def failed(call: Callable[[], Awaitable[Any]]) -> Any:
        with pytest.raises((OSError, ValueError)) as caught:
            await call()
        error = caught.value
        return type(error), str(error), getattr(error, "filename2", None)

    async def main() -> None:
        for ours, theirs in rows:
            expected = failure(theirs)
            if expected[0] is ValueError:
                assert (await failed(ours))[0] is ValueError
            else:
                assert await failed(ours) == expected
        async with ringline.open("/dev/full", "w") as file:
            with pytest.raises(OSError, match="No space left.*/dev/full"):
                await file.write(b"x")
        with pytest.raises(ValueError, match="closed file"):
            await file.read(1)
        for mode in ("", "b", "t", "rbt", "rbb", "rw", "q", "++r"):
            with pytest.raises(ValueError, match="invalid mode"):
                ringline.open(gone, mode)

    run(main())


def test_other_loops_are_told(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="ringline's event loop"):
            await ringline.stat(tmp_path)

    loop = asyncio.SelectorEventLoop()
    loop.run_until_complete(main())
    loop.close()


def test_cancelled(tmp_path: Path) -> None:
    """After a cancelled readinto the buffer is the caller's: it can be resized, and nothing is
    written to it any more. A cancelled open leaves no descriptor."""
    reading, writing = os.pipe()

    async def main() -> None:
        file = await ringline.open(f"/dev/fd/{reading}")
        buffer = bytearray(4)
        task = asyncio.ensure_future(file.readinto(buffer))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        buffer += b"more"
        os.write(writing, b"late")
        assert await within(file.read(4)) == b"late"
        assert buffer == b"\0\0\0\0more"
        await file.close()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            opening = asyncio.ensure_future(_opened(tmp_path / "file"))
            await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
        await until(lambda: len(os.listdir("/proc/self/fd")) == before)

    run(main())
    os.close(reading)
    os.close(writing)


async def _opened(path: Path) -> None:
    await ringline.open(path, "w")


READS: List[Callable[[Any], Awaitable[Any]]] = [
    lambda file: file.read(),
    lambda file: file.read(1),
    lambda file: file.read1(),
    lambda file: file.readall(),
    lambda file: file.readline(),
    lambda file: file.readlines(),
    lambda file: file.readinto(bytearray(1)),
    lambda file: file.readinto(bytearray(1), 0),
    lambda file: file.pread(1, 0),
    lambda file: file.pread(0, 0),
    lambda file: anext(file.chunks()),
    lambda file: anext(file),
]
WRITES: List[Callable[[Any], Awaitable[Any]]] = [
    lambda file: file.write(b"x"),
    lambda file: file.write(b""),
    lambda file: file.writelines([b"x"]),
    lambda file: file.pwrite(b"x", 0),
    lambda file: file.truncate(),
    lambda file: file.truncate(1),
]
TEXT_READS = [READS[at] for at in (0, 1, 4, 5, 11)]
TEXT_WRITES: List[Callable[[Any], Awaitable[Any]]] = [
    lambda file: file.write("x"),
    lambda file: file.writelines(["x"]),
    *WRITES[-2:],
]


@pytest.mark.parametrize(
    ("modes", "calls", "word"),
    [
        (("wb", "ab", "xb"), READS, "readable"),
        (("rb",), WRITES, "writable"),
        (("wt", "at", "xt"), TEXT_READS, "readable"),
        (("rt",), TEXT_WRITES, "writable"),
    ],
)
def test_what_the_mode_leaves_out(
    modes: Tuple[str, ...], calls: Any, word: str, tmp_path: Path
) -> None:
    """Failure: a call that the mode does not allow is EBADF, as of a broken descriptor, where
    Python says what is wrong; or it is an error in a mode that allows both."""
    path = tmp_path / "file"

    async def main() -> None:
        for mode in modes:
            path.write_text("some text")
            if mode[0] == "x":
                path.unlink()
            async with ringline.open(path, mode) as file:
                for call in calls:
                    with pytest.raises(io.UnsupportedOperation, match=f"not {word}"):
                        await call(file)
                assert await file.tell() == (9 if mode[0] == "a" else 0)
        for mode in ("r+", "w+", "a+"):
            async with ringline.open(path, mode + modes[0][1]) as file:
                for call in calls:
                    with suppress(StopAsyncIteration):
                        await call(file)

    run(main())
