"""Operations on files: each family once, against what the system says."""

import os
import stat
import struct
from pathlib import Path

import pytest
from conftest import finals, one

import ringline


def test_read_and_write(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: bytes that are not those of the file."""
    with open(tmp_path / "file", "w+b") as file:
        ring.write(file, b"hello world", 0)
        assert one(ring).check() == 11
        buffer = bytearray(5)
        number = ring.read(file, buffer, 6, user_data="mine")
        completion = one(ring)
    assert (completion.op, completion.user_data, completion.res) == (number, "mine", 5)
    assert buffer == b"world"


def test_vectors(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: the pieces in another order, or one lost."""
    with open(tmp_path / "file", "w+b") as file:
        ring.writev(file, [b"abc", bytearray(b"defg"), memoryview(b"hi")], 0)
        assert one(ring).check() == 9
        parts = bytearray(2), bytearray(7)
        ring.readv(file, parts, 0)
        assert one(ring).check() == 9
    assert parts == (bytearray(b"ab"), bytearray(b"cdefghi"))


def test_names(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: a file system operation that did something else."""
    ring.mkdir(tmp_path / "folder", 0o700)
    assert one(ring).check() == 0
    ring.open(tmp_path / "folder/a", os.O_CREAT | os.O_RDWR, 0o600)
    fd = one(ring).check()
    ring.fallocate(fd, 0, 0, 4096)
    ring.fsync(fd, datasync=True)
    assert [c.check() for c in finals(ring, 2)] == [0, 0]
    if ringline.op_supported(ringline.OP_FTRUNCATE):
        ring.ftruncate(fd, 100)
        assert one(ring).check() == 0
    else:
        os.ftruncate(fd, 100)
    info = bytearray(256)
    ring.statx(tmp_path / "folder/a", info)
    assert one(ring).check() == 0
    (mode,) = struct.unpack_from("=H", info, 28)
    (size,) = struct.unpack_from("=Q", info, 40)
    assert (stat.S_ISREG(mode), size) == (True, 100)
    ring.close_file(fd)
    assert one(ring).check() == 0
    with pytest.raises(OSError):
        os.fstat(fd)
    ring.rename(tmp_path / "folder/a", tmp_path / "folder/b")
    assert one(ring).check() == 0
    ring.unlink(os.fsencode(tmp_path / "folder/b"))
    assert one(ring).check() == 0
    ring.rmdir(tmp_path / "folder")
    assert one(ring).check() == 0
    assert list(tmp_path.iterdir()) == []


def test_splice(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: bytes lost between a file and a pipe."""
    (tmp_path / "file").write_bytes(b"0123456789")
    source, target = os.pipe()
    with open(tmp_path / "file", "rb") as file:
        ring.splice(file.fileno(), 2, target, -1, 5)
        assert one(ring).check() == 5
    assert os.read(source, 100) == b"23456"
    os.close(source)
    os.close(target)


def test_region(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: other bytes than those of the region, or a part outside of it accepted."""
    region = ring.region(8192)
    region.view[100:105] = b"fixed"
    with open(tmp_path / "file", "w+b") as file:
        ring.write_fixed(file, region, 0, start=100, size=5)
        assert one(ring).check() == 5
        ring.read_fixed(file, region, 0, start=8187)
        assert one(ring).check() == 5
        assert bytes(region.view[8187:]) == b"fixed"
        with pytest.raises(ValueError):
            ring.read_fixed(file, region, 0, start=8000, size=193)
        with pytest.raises(ValueError):
            ring.read_fixed(file, region, 0, start=-1)
    region.close()
    assert len(region.view) == 8192, "the bytes stay readable"


def test_region_outlives_its_ring() -> None:
    """Failure: a view of a region that shows freed memory, or crashes, after the ring is gone."""
    with ringline.Ring() as ring:
        view = ring.region(4096).view
        view[:4] = b"kept"
    assert bytes(view[:5]) == b"kept\0"


def test_region_in_use(ring: ringline.Ring) -> None:
    """Failure: a region unregistered although the kernel writes into it."""
    memory = bytearray(4096)
    region = ring.region(buffer=memory)
    source, target = os.pipe()
    ring.read_fixed(source, region)
    ring.flush()
    with pytest.raises(ringline.Error) as caught:
        region.close()
    assert caught.value.name == "EBUSY"
    os.write(target, b"now")
    assert one(ring).check() == 3
    region.close()
    assert memory[:3] == b"now"
    os.close(source)
    os.close(target)


def test_registered_files(ring: ringline.Ring, tmp_path: Path) -> None:
    """Failure: a slot that is not the file, or a slot in use emptied."""
    ring.files_reserve(4)
    with open(tmp_path / "file", "w+b") as file:
        slot = ring.file_add(file)
    ring.write(slot, b"registered", 0)
    assert one(ring).check() == 10
    assert (tmp_path / "file").read_bytes() == b"registered"
    source, target = os.pipe()
    ring.file_replace(slot, source)
    buffer = bytearray(8)
    ring.read(slot, buffer)
    ring.flush()
    with pytest.raises(ringline.Error) as caught:
        ring.file_remove(slot)
    assert caught.value.name == "EBUSY"
    os.write(target, b"x")
    assert one(ring).check() == 1
    ring.file_remove(slot)
    os.close(source)
    os.close(target)
