## Defects that libraries of this kind had: each test fails where one of them is back.

import std/unittest
import helpers

const
  MSG_DONTWAIT = 0x40
  FIONREAD = 0x541b

proc churn() =
  ## Use the heap again, so that what was given back too early is overwritten.
  var junk: seq[string]
  for at in 0 ..< 2000: junk.add repeat(chr(ord('A') + at mod 26), 8 + at mod 64)
  GC_fullCollect()

suite "defects":
  test "memory orders under SQPOLL: every entry arrives as it was filled":
    # The kernel reads entries while the program goes on: a tail stored before its entry shows as
    # user data that is missing or comes twice.
    let q = newQueue(8, {SETUP_SQPOLL}, sqThreadIdle = 50)
    var next, seen = 0'u64
    var sum = 0'u64
    while seen < 50_000:
      while next < 50_000 and q.sqReady < q.params.sqEntries:
        inc next
        q.getSqe().nop().setUserData(next)
      q.submit()
      for cqe in q.copyCqes(1):
        check cqe.res == 0
        inc seen
        sum += cqe.userData
    check seen == 50_000
    check sum == 50_000'u64 * 50_001 div 2

  test "a full queue gives nil, and builders refuse it":
    let q = newQueue(4)
    for at in 0 ..< 4: q.nop(at)
    check q.getSqe() == nil
    expect NimuringError: q.nop(5)
    expect NimuringError: q.getSqe().nop()
    expect NimuringError: q.getSqe().write(stdout.getFileHandle, "never")
    expect NimuringError: q.getSqe().setUserData(1)
    expect NimuringError: q.getSqe().linkNext()
    check q.submit(4) == 4
    check q.copyCqes().len == 4

  test "nothing beyond the entries is ever written":
    # All entries filled with ones, around the ring several times: the library's own memory is
    # beside them, and its next answers would be wrong.
    let q = newQueue(2)
    for round in 0 ..< 64:
      var entries: seq[ptr Sqe]
      while true:
        let sqe = q.getSqe()
        if sqe == nil: break
        entries.add sqe
      check entries.len == 2
      for sqe in entries:
        check sqe[] == Sqe()
        sqe.setUserData(high(uint64))
      check q.submit(2) == 2
      for cqe in q.copyCqes(): check cqe.userData == high(uint64)

  test "poll_add is once, poll_multi is again and again":
    let q = newQueue(4)
    let pipe = pipePair()
    var byte = 'x'
    q.poll_add(1, pipe[0], POLLIN)
    q.poll_multi(2, pipe[0], POLLIN)
    q.submit()
    discard posix.write(pipe[1], addr byte, 1)
    for cqe in q.copyCqes(2):
      check (cqe.res and POLLIN) != 0
      check (CQE_F_MORE in cqe.flags) == (cqe.userData == 2)
      check (CQE_F_FINAL in cqe.flags) == (cqe.userData == 1)
    discard posix.write(pipe[1], addr byte, 1)
    check q.copyCqes(1)[0].userData == 2
    closeAll pipe

  test "openat takes permissions as bits of chmod":
    let q = newQueue(4)
    let folder = workFolder()
    let before = umask(0)
    for (mode, expected) in {{fpUserRead, fpUserWrite}: 0o600, {fpUserRead, fpGroupRead,
        fpOthersRead}: 0o444, {fpUserExec, fpGroupWrite, fpOthersExec}: 0o121}:
      let path = folder / $expected
      let fd = q.one(sqe.openat(AT_FDCWD, path, O_CREAT or O_WRONLY or O_CLOEXEC, mode)).res
      check fd >= 0
      var stat: posix.Stat
      check fstat(fd, stat) == 0
      check (int(stat.st_mode) and 0o777) == expected
      discard posix.close(fd)
    discard umask(before)
    removeDir(folder)

  test "a time, a path and a vector live until they were read":
    let q = newQueue(8)
    let folder = workFolder()
    var text = "0123456789"
    proc begin() =
      # Everything that these name is gone when the proc returns.
      q.timeout(1, span(20), 0)
      q.openat(2, AT_FDCWD, folder / "fi" & $1, O_CREAT or O_RDWR, {fpUserRead, fpUserWrite})
      q.mkdirat(3, AT_FDCWD, folder / "folder" & $2, 0o700)
      let fd = posix.open(cstring(folder / "out"), O_CREAT or O_RDWR, Mode(0o600))
      q.writev(4, fd, @[IOVec(iov_base: addr text[0], iov_len: 4),
        IOVec(iov_base: addr text[4], iov_len: 6)])
      q.write(5, fd, "ab" & $34, 10)
    begin()
    churn()
    q.submit()
    churn()
    let cqes = q.copyCqes(5)
    check cqes.len == 5
    for cqe in cqes:
      case cqe.userData
      of 1: check cqe.res == -ETIME
      of 2: check cqe.res > 0
      of 3: check cqe.res == 0
      of 4: check cqe.res == 10
      else: check cqe.res == 4
    check fileExists(folder / "fi1")
    check dirExists(folder / "folder2")
    check readFile(folder / "out") == "0123456789ab34"
    removeDir(folder)

  test "an entry without a queue does not take what would dangle":
    let own = new Sqe
    own.nop().setUserData(10)
    check own[].userData == 10
    expect NimuringError: own.openat(AT_FDCWD, "/tmp", O_RDONLY)
    expect NimuringError: own.write(stdout.getFileHandle, "text")

  test "flags are not dropped: set before the operation or after it":
    let q = newQueue(4)
    let pair = socketPair()
    let sqe = q.getSqe()
    sqe.linkNext().setUserData(9)
    sqe.send(pair[0], "abcd", uint32 MSG_DONTWAIT)
    check SQE_IO_LINK in sqe.flags
    check sqe.opFlags == uint32 MSG_DONTWAIT
    check sqe.userData == 9
    q.nop(10)
    q.submit(2)
    for cqe in q.copyCqes(): check cqe.res == (if cqe.userData == 9: 4 else: 0)
    var text: array[4, char]
    check q.one(sqe.recv(pair[1], addr text, 4, uint32 MSG_PEEK)).res == 4
    check q.one(sqe.recv(pair[1], addr text, 4, uint32 MSG_DONTWAIT)).res == 4
    check q.one(sqe.recv(pair[1], addr text, 4, uint32 MSG_DONTWAIT)).res == -EAGAIN
    let flags = q.getSqe()
    flags.fsync(FileHandle(0), {FSYNC_DATASYNC})
    check flags.opFlags == RINGLINE_FSYNC_DATASYNC
    flags.timeout(span(1), 0, {TIMEOUT_ABS, TIMEOUT_BOOTTIME})
    check flags.opFlags == (RINGLINE_TIMEOUT_ABS or RINGLINE_TIMEOUT_BOOTTIME)
    closeAll pair

  test "copyCqes writes as many as fit and keeps the rest":
    let q = newQueue(8)
    for at in 1 .. 8: q.nop(at)
    q.submit()
    var room: array[5, Cqe]
    room[4].userData = 4711 # Behind what is passed.
    check q.copyCqes(toOpenArray(room, 0, 3), 8) == 4
    check room[4].userData == 4711
    for at in 0 .. 3: check room[at].userData == uint64(at + 1)
    let other = newSeq[Cqe](3)
    check q.copyCqes(other) == 3
    check other[2].userData == 7
    var none: seq[Cqe]
    check q.copyCqes(none) == 0
    check q.copyCqes(room) == 1
    check room[0].userData == 8

  test "rings with entries of 128 bytes are refused, not run over":
    for flag in [SETUP_SQE128, SETUP_CQE32]:
      expect NimuringError: discard newQueue(4, {flag})

  test "memory in flight is not freed: not by the program's scope, not by the end of the queue":
    let folder = workFolder()
    for round in 0 ..< 20:
      let pipe = pipePair()
      proc begin(): Queue =
        let q = newQueue(8)
        let stays = new array[4096, char]
        stays[0] = 'k'
        q.getSqe().read(pipe[0], addr stays[0], 4096, -1).setUserData(stays)
        q.openat(2, AT_FDCWD, folder / "x" & $round, O_CREAT or O_CLOEXEC, {fpUserRead})
        q.submit()
        q
      var q = begin()
      churn()
      if round mod 2 == 0:
        q.close()
      q = nil # Cancels and drains before anything of it is given back.
      churn()
      var byte = 'x'
      discard posix.write(pipe[1], addr byte, 1)
      # Nobody reads it any more: the byte is still there.
      var ready: cint
      discard ioctl(pipe[0], FIONREAD, addr ready)
      check ready == 1
      closeAll pipe
    removeDir(folder)
