"""Files by line and as text: as Python's own files, in any sequence of calls."""

import asyncio
import io
import os
import random
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from loops import only_ringline, run, until, within

import ringline

pytestmark = only_ringline

BYTES = (b"", b"a", b"\n", b"some words\n", b"\r\n", b"x" * 5000, b"y" * 9000 + b"\nz\n")
TEXTS = ("", "a", "\n", "ä\r", "some words\n", "\r\n", "€uro\n", "x" * 5000, "\U0001f600" * 3000)
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "shift_jis", "utf-7")
NEWLINES = (None, "", "\n", "\r", "\r\n")


def steps(some: random.Random, texts: Any) -> List[Tuple[str, Any]]:
    """What to do, and with what."""
    sizes = (0, 1, 2, 7, 100, 4000, 70_000)
    made: List[Tuple[str, Any]] = []
    for _ in range(some.randrange(5, 40)):
        name = some.choice(
            ("read", "read", "readline", "readline", "lines", "write", "write", "tell", "seek")
            + ("end", "back", "truncate", "rest", "writelines", "readlines", "marked")
        )
        value: Any = some.choice(sizes)
        if name == "write":
            value = some.choice(texts)
        elif name == "writelines":
            value = some.choices(texts, k=3)
        made.append((name, value))
    return made


async def played(file: Any, plan: Any, text: bool) -> List[Any]:
    """What each step gives; on one of Python's own files, too."""
    seen: List[Any] = []
    marks = [0]
    own = isinstance(file, io.IOBase)

    async def do(call: Callable[..., Any], *arguments: Any) -> Any:
        result = call(*arguments)
        return result if own else await result

    async def settle() -> None:
        # Where Python's own text files write after a read that went ahead, nobody can tell.
        if own and text:
            file.seek(file.tell())

    async def step(name: str, value: Any) -> None:
        if name in ("read", "readline"):
            seen.append(await do(getattr(file, name), value or -1 if name != "read" else value))
        elif name == "lines":
            for _ in range(3):
                seen.append(await do(file.readline))
        elif name == "rest":
            seen.append(await do(file.read))
        elif name == "readlines" and not (own and text):
            seen.append(await do(file.readlines, value))
        elif name == "readlines":
            # Python's own one forbids `tell` from then on.
            lines, left = [], value or 1 << 60
            while left >= 0 and (line := file.readline()):
                lines.append(line)
                left -= len(line)
            seen.append(lines)
        elif name in ("write", "writelines"):
            await settle()
            seen.append(await do(getattr(file, name), value))
            await do(file.flush)
        elif name in ("tell", "marked"):
            marks.append(await do(file.tell))
            if not text:
                seen.append(marks[-1])
        elif name == "seek":
            await do(file.seek, marks[value % len(marks)] if text else value)
        elif name == "back":
            await do(file.seek, 0 if text else max(value - 3, 0), 0)
        elif name == "end":
            seen.append(await do(file.seek, 0, 2))
        elif name == "truncate" and not text:
            seen.append(await do(file.truncate))

    for name, value in plan:
        try:
            await step(name, value)
        except UnicodeError as error:
            # The middle of a file says no order of bytes.
            seen.append(str(error))
            break
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_bytes(seed: int, tmp_path: Path) -> None:
    """What is read, where it stands and what is in the file in the end, in each mode."""

    async def main() -> None:
        some = random.Random(seed)
        for _ in range(60):
            ours, theirs = tmp_path / "ours", tmp_path / "theirs"
            data = b"".join(some.choices(BYTES, k=some.randrange(20)))
            for path in (ours, theirs):
                path.write_bytes(data)
            mode = some.choice(("r+b", "r+b", "w+b", "a+b"))
            plan = steps(some, BYTES)
            with open(theirs, mode) as file:
                expected = await played(file, plan, False)
            async with ringline.open(ours, mode) as same:
                assert await played(same, plan, False) == expected, plan
            assert ours.read_bytes() == theirs.read_bytes()

    run(main())


@pytest.mark.parametrize("encoding", ENCODINGS[:-1])
def test_any_sequence_of_text(encoding: str, tmp_path: Path) -> None:
    """As above with each encoding and end of lines, going back to where `tell` said."""

    async def main() -> None:
        some = random.Random(encoding)
        for newline in NEWLINES * 8:
            ours, theirs = tmp_path / "ours", tmp_path / "theirs"
            text = "".join(some.choices(TEXTS, k=some.randrange(20)))
            data = text.encode(encoding, "replace")
            for path in (ours, theirs):
                path.write_bytes(data)
            how: Any = {"encoding": encoding, "errors": "replace", "newline": newline}
            mode = some.choice(("r+", "r+", "w+", "a+"))
            plan = steps(some, TEXTS)
            with open(theirs, mode, **how) as file:
                expected = await played(file, plan, True)
            async with ringline.open(ours, mode, **how) as same:
                assert await played(same, plan, True) == expected, (newline, mode, plan)
            assert ours.read_bytes() == theirs.read_bytes(), (newline, mode, plan)

    run(main())


def test_going_back_within_text(tmp_path: Path) -> None:
    """What `tell` says after each of some characters leads back there, in a file that is longer
    than one read, with Python's own numbers for the file and with ours for Python's."""
    path = tmp_path / "file"
    text = "ä\r\n€\r😀\n+-" * 9000

    async def main() -> None:
        for encoding in ENCODINGS:
            how: Any = {"encoding": encoding, "errors": "replace"}
            path.write_bytes(text.encode(encoding, "replace"))
            for newline in (None, ""):
                async with ringline.open(path, "r", newline=newline, **how) as file:
                    with open(path, newline=newline, **how) as own:
                        for size in (1, 1, 1, 2, 3, 5, 40_001, 1, 1, 1, 20_000):
                            assert await file.read(size) == own.read(size)
                            here, there = await file.tell(), own.tell()
                            following = await file.read(30)
                            assert await file.seek(there) == there
                            assert await file.read(30) == following == own.read(30)
                            own.seek(here)
                            assert own.read(30) == following
                            await file.seek(here)
                            own.seek(there)

    run(main())


def test_lines_of_text(tmp_path: Path) -> None:
    """Each end of a line, in each place of what is read at once, and lines longer than that."""
    path = tmp_path / "file"
    sizes, ends = (0, 65534, 65535, 200_000), ("\n", "\r\n", "\r")
    lines = ["a" * size + end for size in sizes for end in ends]

    async def main() -> None:
        path.write_bytes("".join(lines + ["end"]).encode())
        for newline in NEWLINES:
            with open(path, encoding="utf-8", newline=newline) as own:
                expected = list(own)
                seen = own.newlines
            async with ringline.open(path, "rt", encoding="utf-8", newline=newline) as file:
                assert [line async for line in file] == expected
                assert file.newlines == seen
                await file.seek(0)
                assert await file.readlines() == expected

    run(main())


def test_what_text_is_told(tmp_path: Path) -> None:
    """The encoding where none is given, and what Python's own says of wrong arguments."""
    path = tmp_path / "file"

    async def main() -> None:
        with open(path, "w") as own:
            async with ringline.open(path, "wt") as file:
                assert (file.encoding, file.errors) == (own.encoding, own.errors)
                assert (file.name, file.closed, file.fileno() >= 0) == (path, False, True)
                with pytest.raises(TypeError, match="must be str, not bytes"):
                    await file.write(b"")  # type: ignore[arg-type]
                assert await file.truncate(7) == (await file.stat()).st_size == 7
                await file.fsync()
        with pytest.raises(ValueError, match="closed file"):
            await file.read()
        rows: List[Any] = [
            ("r", {"encoding": "klingon"}),
            ("r", {"encoding": "hex"}),
            ("r", {"newline": "x"}),
            ("rb", {"encoding": "utf-8"}),
            ("rb", {"errors": "strict"}),
            ("rb", {"newline": ""}),
        ]
        for mode, how in rows:
            with pytest.raises((LookupError, ValueError)) as theirs:
                open(path, mode, **how).close()
            with pytest.raises((LookupError, ValueError)) as ours:
                ringline.open(path, mode, **how)
            assert ours.type is theirs.type
            assert str(ours.value) == str(theirs.value)
        path.write_bytes(b"\xff")
        async with ringline.open(path, "r", encoding="utf-8") as file:
            with pytest.raises(UnicodeDecodeError):
                await file.read()
            for call in (file.seek(1, os.SEEK_CUR), file.seek(1, os.SEEK_END)):
                with pytest.raises(io.UnsupportedOperation, match="nonzero"):
                    await call
            with pytest.raises(ValueError, match="negative"):
                await file.seek(-1)

    run(main())


def test_lines_of_a_pipe() -> None:
    """A line is there as soon as its end is; what a cancelled read waits behind comes next, and so
    does what came in the iteration in which it was cancelled."""
    reading, writing = os.pipe()

    async def main() -> None:
        async with ringline.open(f"/dev/fd/{reading}", "r", encoding="utf-8") as file:
            os.write(writing, "one\nzw".encode())
            assert await within(file.readline()) == "one\n"
            for late in ("e".encode(), "\xe4".encode()[:1], "\xe4".encode()[1:]):
                task = asyncio.ensure_future(file.readline())
                await asyncio.sleep(0.01)
                task.cancel()
                os.write(writing, late)
                with pytest.raises(asyncio.CancelledError):
                    await task
            os.write(writing, b"\n")
            assert await within(file.readline()) == "zweä\n"

    run(main())
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("call", ["read", "readline", "readinto", "readall", "pieces"])
def test_a_cancelled_read_loses_nothing(call: str) -> None:
    """Bytes that a read had taken when it was cancelled, at whatever moment, come next."""
    reading, writing = os.pipe()

    async def main() -> None:
        file = await ringline.open(f"/dev/fd/{reading}")
        calls: Any = {
            "read": lambda: file.read(1000),
            "readline": lambda: file.readline(),
            "readinto": lambda: file.readinto(bytearray(1000)),
            "readall": lambda: file.readall(),
            "pieces": lambda: file.read1(1000),
        }
        sent = b""
        got = b""
        for turn in range(40):
            task = asyncio.ensure_future(calls[call]())
            for _ in range(turn % 4):
                await asyncio.sleep(0)
            os.write(writing, b"%03d " % turn)
            sent += b"%03d " % turn
            for _ in range(turn // 4 % 5):
                await asyncio.sleep(0)
            task.cancel()
            try:
                got += await task
            except asyncio.CancelledError:
                pass
        os.close(writing)
        assert got + await within(file.readall()) == sent
        await file.close()

    run(main())
    os.close(reading)


def test_an_open_that_is_cancelled_late_leaves_no_descriptor(tmp_path: Path) -> None:
    """Also where it had succeeded, and only its task had not heard of it."""

    (tmp_path / "file").touch()

    async def main() -> None:
        before = len(os.listdir("/proc/self/fd"))
        for rounds in range(30):
            opening = ringline.open(tmp_path / "file", "rb")
            task = asyncio.ensure_future(opening.__aenter__())
            left = rounds % 6
            while left:
                await asyncio.sleep(0)
                left -= 1
            task.cancel()
            try:
                await (await task).close()
            except asyncio.CancelledError:
                pass
        await until(lambda: len(os.listdir("/proc/self/fd")) == before)

    run(main())


def test_tasks_take_turns(tmp_path: Path) -> None:
    """Lines that several tasks read and write are whole, and each is there once."""
    path = tmp_path / "file"
    lines = [b"%d %s\n" % (number, b"x" * (number * 37 % 900)) for number in range(2000)]

    async def main() -> None:
        async with ringline.open(path, "w+b") as file:
            await asyncio.gather(*[file.write(line) for line in lines])
            await file.seek(0)
            got: List[bytes] = []

            async def some() -> None:
                while line := await file.readline():
                    got.append(line)
                    await asyncio.sleep(0)

            await asyncio.gather(*[some() for _ in range(5)])
        assert sorted(got) == sorted(lines)

    run(main())


def test_what_is_ahead_in_what_has_no_position(tmp_path: Path) -> None:
    """A named pipe that is read and written: a write leaves what was read ahead to be read."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    async def main() -> None:
        async with ringline.open(path, "r+b") as file:
            await file.write(b"one\ntwo\nthr")
            assert await file.readline() == b"one\n"
            await file.write(b"ee\n")
            assert await within(file.readline()) == b"two\n"
            assert await within(file.readline()) == b"three\n"
        async with ringline.open(path, "r+", encoding="utf-8") as text:
            await text.write("one\ntwo\nthr")
            assert await text.readline() == "one\n"
            await text.write("ee\n")
            assert await within(text.readline()) == "two\n"
            assert await within(text.readline()) == "three\n"
            with pytest.raises(OSError, match="Illegal seek"):
                await text.tell()

    run(main())
