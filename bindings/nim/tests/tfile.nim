## Every operation on files and memory, by the result that only it can have.

import std/unittest
import helpers

type Statx = array[256, byte]

proc vector(text: var string; first, len: int): IOVec =
  IOVec(iov_base: addr text[first], iov_len: csize_t len)

suite "files":
  setup:
    let q = newQueue(8)
    let folder = workFolder()
    let path = folder / "file"
    let fd = posix.open(cstring(path), O_RDWR or O_CREAT, Mode(0o600))
  teardown:
    discard posix.close(fd)
    removeDir(folder)

  test "read and write, with offsets and the file position":
    var text = newString(8)
    check q.one(sqe.write(fd, "abcdefgh", 2)).res == 8
    check q.one(sqe.write(fd, cstring"xy", 2, 0)).res == 2
    check q.one(sqe.read(fd, addr text[0], 4, 1)).res == 4
    check text[0 .. 3] == "yabc"
    discard lseek(fd, 8, SEEK_SET)
    check q.one(sqe.read(fd, addr text[0], 8, -1)).res == 2
    check text[0 .. 1] == "gh"

  test "readv, writev":
    var (input, output) = ("0123456789", newString(10))
    check q.one(sqe.writev(fd, @[vector(input, 5, 5), vector(input, 0, 5)])).res == 10
    check q.one(sqe.readv(fd, @[vector(output, 0, 3), vector(output, 3, 7)])).res == 10
    check output == "5678901234"
    var single = vector(input, 1, 2)
    check q.one(sqe.writev(fd, addr single, 0)).res == 2
    single = vector(output, 0, 2)
    check q.one(sqe.readv(fd, addr single, 0)).res == 2
    check output[0 .. 1] == "12"

  test "read from a pool, once and again and again":
    let group = q.newBufferGroup(4, 64)
    let pipe = pipePair()
    var text = "hello"
    discard posix.write(pipe[1], addr text[0], 5)
    let cqe = q.one(sqe.read(pipe[0], group, 64, -1))
    check cqe.res == 5 and CQE_F_LEASE in cqe.flags
    check cast[ptr char](cqe.data)[] == 'h'
    q.release(cqe)
    expect NimuringError: q.release(cqe)
    q.read_multishot(5, pipe[0], group)
    q.submit()
    for round in 0 .. 1:
      discard posix.write(pipe[1], addr text[0], 5)
      let piece = q.copyCqes(1)[0]
      check piece.res == 5 and CQE_F_MORE in piece.flags
      q.release(piece)
    discard posix.close(pipe[1])
    check CQE_F_FINAL in q.copyCqes(1)[0].flags
    q.closeBufferGroup(group)
    discard posix.close(pipe[0])

  test "fsync, sync_file_range, fallocate, ftruncate, fadvise, madvise":
    check q.one(sqe.fsync(fd)).res == 0
    check q.one(sqe.fsync(fd, {FSYNC_DATASYNC})).res == 0
    check q.one(sqe.sync_file_range(fd, 4096, 2, 0)).res == 0
    check q.one(sqe.fallocate(fd, 0, 0, 8192)).res == 0
    check getFileSize(path) == 8192
    check q.one(sqe.ftruncate(fd, 100)).res == 0
    check getFileSize(path) == 100
    check q.one(sqe.fadvise(fd, 100, 1)).res == 0
    check q.one(sqe.fadvice(fd, 100, 77)).res == -EINVAL
    let page = mmap(nil, 4096, PROT_READ or PROT_WRITE, MAP_PRIVATE or MAP_ANONYMOUS, -1, 0)
    cast[ptr int](page)[] = 5
    check q.one(sqe.madvise(page, 4096, 4)).res == 0 # MADV_DONTNEED
    check cast[ptr int](page)[] == 0
    check q.one(sqe.madvice(page, 4096, 4)).res == 0
    discard munmap(page, 4096)

  test "openat, openat2, close, statx":
    var how = OpenHow(flags: uint64 O_RDONLY)
    let second = q.one(sqe.openat2(AT_FDCWD, path, how)).res
    check second >= 0
    check q.one(sqe.close(FileHandle(second))).res == 0
    check q.one(sqe.close(FileHandle(second))).res == -EBADF
    let third = q.one(sqe.openat(AT_FDCWD, path, O_RDONLY, Mode(0))).res
    check q.one(sqe.close_all(FileHandle(third))).res == 0
    check q.one(sqe.openat(AT_FDCWD, folder / "none", O_RDONLY)).res == -ENOENT
    check q.one(sqe.ftruncate(fd, 12345)).res == 0
    var statx: Statx
    check q.one(sqe.statx(AT_FDCWD, path, 0, 0x7ff, addr statx)).res == 0
    check cast[ptr uint64](addr statx[40])[] == 12345 # stx_size
    expect NimuringError: discard q.one(sqe.openat(AT_FDCWD, "a\0b", O_RDONLY))
    discard q.copyCqes(1)

  test "renameat, unlinkat, mkdirat, symlinkat, linkat":
    check q.one(sqe.mkdirat(AT_FDCWD, folder / "d", 0o700)).res == 0
    check q.one(sqe.renameat(AT_FDCWD, path, AT_FDCWD, folder / "d" / "g")).res == 0
    check q.one(sqe.symlinkat("d/g", AT_FDCWD, folder / "soft")).res == 0
    check expandSymlink(folder / "soft") == "d/g"
    check q.one(sqe.linkat(AT_FDCWD, folder / "d" / "g", AT_FDCWD, folder / "hard")).res == 0
    check sameFile(folder / "hard", folder / "soft")
    check q.one(sqe.unlinkat(AT_FDCWD, folder / "hard")).res == 0
    check not fileExists(folder / "hard")
    check q.one(sqe.unlinkat(AT_FDCWD, folder / "d", 0)).res == -EISDIR

  test "extended attributes":
    var value = newString(16)
    check q.one(sqe.setxattr("user.a", "one", path)).res == 0
    check q.one(sqe.fsetxattr(fd, "user.b", "three")).res == 0
    check q.one(sqe.fgetxattr(fd, "user.a", addr value[0], 16)).res == 3
    check value[0 .. 2] == "one"
    check q.one(sqe.getxattr("user.b", addr value[0], 16, path)).res == 5
    check value[0 .. 4] == "three"

  test "pipe, splice, tee":
    var first, second: array[2, cint]
    check q.one(sqe.pipe(addr first, uint32 O_CLOEXEC)).res == 0
    check q.one(sqe.pipe(addr second, uint32 O_CLOEXEC)).res == 0
    discard q.one(sqe.write(fd, "spliced", 0))
    check q.one(sqe.splice(fd, 0, first[1], -1, 7)).res == 7
    check q.one(sqe.tee(first[0], second[1], 7)).res == 7
    check q.one(sqe.splice(second[0], -1, fd, 7, 7)).res == 7
    check readFile(path) == "splicedspliced"
    var text = newString(7)
    check posix.read(first[0], addr text[0], 7) == 7
    q.registerFiles([FileHandle(fd)])
    check q.one(sqe.splice(FileHandle(0), 0, first[1], -1, 7, 0, true)).res == 7
    closeAll first
    closeAll second

  test "files_update, fixed_fd_install":
    q.registerFiles([fd, FileHandle(-1)])
    let other = q.one(sqe.fixed_fd_install(0)).res
    check other >= 0
    check posix.fcntl(other, F_GETFD) == FD_CLOEXEC
    discard posix.close(other)
    check q.one(sqe.files_update(@[FileHandle(-1)], 0)).res == 1

  test "what the library has in another way is refused with its name":
    expect NimuringError: discard q.one(sqe.provide_buffers(nil, 1, 1, 0, 0))
    expect NimuringError: discard q.one(sqe.remove_buffers(1, 0))
