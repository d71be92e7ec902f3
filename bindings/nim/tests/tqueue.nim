## The queue: counts, order, modifiers, what is submitted when.

import std/unittest
import helpers

type Thing = ref object
  value: int

suite "queue":
  test "entries have to be a power of two":
    for entries in [0, 3, -4, 65536]:
      expect NimuringError: discard newQueue(entries)
    for entries in [1, 2, 8, 4096]:
      let q = newQueue(entries)
      check q.params.sqEntries.int == entries
      check q.params.cqEntries.int == entries * 2
    check newQueue(4, cqEntries = 64).params.cqEntries == 64

  test "a fresh entry is a NOP, and counts are right":
    let q = newQueue(4)
    check q.copyCqes().len == 0
    check q.sqReady == 0
    q.getSqe().setUserData(41)
    q.nop(42)
    check q.sqReady == 2
    check q.submit() == 2
    check q.sqReady == 0
    check q.cqReady == 2
    let cqes = q.copyCqes(2)
    check cqes.len == 2
    check cqes[0].userData == 41 and cqes[1].userData == 42
    check cqes[0].res == 0
    check q.cqReady == 0
    check q.submit() == 0

  test "waiting for more than can come returns what came":
    let q = newQueue(4)
    q.nop(1)
    q.submit(3)
    check q.copyCqes(8).len == 1
    check q.copyCqes(1).len == 0

  test "more completions than the queue holds are all there":
    let q = newQueue(4)
    for round in 0 ..< 5:
      for at in 0 ..< 4: q.nop(round * 4 + at)
      check q.submit() == 4
    var seen: seq[uint64]
    while seen.len < 20:
      let cqes = q.copyCqes(1)
      check cqes.len > 0
      for cqe in cqes: seen.add cqe.userData
    for at in 0 ..< 20: check seen[at] == uint64 at

  test "several queues do not disturb each other":
    let queues = [newQueue(2), newQueue(2), newQueue(2)]
    for at, q in queues: q.nop(at)
    for at, q in queues:
      q.submit(1)
      check q.copyCqes()[0].userData == uint64 at

  test "user data is a number, a pointer, an enum or an object":
    let q = newQueue(8)
    var number = 5
    let thing = Thing(value: 9)
    q.getSqe().userData(41)
    q.getSqe().userData(addr number)
    q.getSqe().userData(cast[pointer](0xffff_ffff_ffff_ffff'u64))
    q.getSqe().userData(high(uint64))
    q.getSqe().userData(-1)
    q.getSqe().userData(thing)
    q.getSqe().setUserData(OP_READ)
    q.submit(7)
    let cqes = q.copyCqes()
    check cqes[0].userData == 41
    check cast[ptr int](cqes[1].userData)[] == 5
    check cqes[2].userData == high(uint64)
    check cqes[3].userData == high(uint64)
    check cast[int64](cqes[4].userData) == -1
    check cast[Thing](cqes[5].userData).value == 9
    check cqes[6].userData == uint64 ord(OP_READ)

  test "an object in the user data lives until it was copied out":
    let q = newQueue(2)
    proc begin() = q.getSqe().nop().setUserData(Thing(value: 1234))
    begin()
    q.submit()
    GC_fullCollect()
    let cqes = q.copyCqes(1)
    check cast[Thing](cqes[0].userData).value == 1234

  test "a broken chain cancels what follows, a hard one does not":
    let q = newQueue(8)
    var byte: char
    q.read(1, FileHandle(-1), addr byte, 1).linkNext()
    q.nop(2)
    q.submit(2)
    for cqe in q.copyCqes(2):
      check cqe.res == (if cqe.userData == 1: -EBADF else: -ECANCELED)
    q.read(3, FileHandle(-1), addr byte, 1).hardLinkNext()
    q.nop(4)
    q.submit(2)
    for cqe in q.copyCqes(2):
      check cqe.res == (if cqe.userData == 3: -EBADF else: 0)

  test "a chain ends where the submission ends":
    let q = newQueue(4)
    q.nop(1).linkNext()
    check q.submit(1) == 1
    check q.copyCqes()[0].res == 0

  test "drainPrevious waits for what came before and holds back what follows":
    let q = newQueue(8)
    let pipe = pipePair()
    var byte: char
    q.read(1, pipe[0], addr byte, 1, -1)
    q.nop(2).drainPrevious()
    q.nop(3)
    check q.submit() == 3
    check q.copyCqes().len == 0
    check q.sqReady == 2
    discard posix.write(pipe[1], addr byte, 1)
    let cqes = q.copyCqes(3)
    check cqes.len == 3
    for at, cqe in cqes: check cqe.userData == uint64(at + 1)
    closeAll pipe

  test "skipSuccess tells failures only":
    let q = newQueue(4)
    var byte: char
    q.nop(1).skipSuccess()
    q.read(2, FileHandle(-1), addr byte, 1).skipSuccess()
    q.nop(3)
    q.submit()
    let cqes = q.copyCqes(2)
    check cqes.len == 2
    for cqe in cqes: check cqe.userData in [2'u64, 3]

  test "async changes nothing but where it is done":
    let q = newQueue(4)
    check q.one(sqe.nop().async()).res == 0

  test "a rejected entry is told, and what follows stays":
    let q = newQueue(8)
    q.nop(1)
    q.getSqe().provide_buffers(nil, 1, 1, 0, 0).setUserData(2)
    q.nop(3)
    try:
      q.submit()
      check false
    except NimuringError as error:
      check "PROVIDE_BUFFERS" in error.msg or "pool" in error.msg
    check q.sqReady == 1
    q.submit(2)
    let cqes = q.copyCqes()
    check cqes.len == 2
    check cqes[0].userData == 1 and cqes[1].userData == 3

  test "a completion says what it is":
    let q = newQueue(2)
    check $q.one(sqe.nop()) == "(userData: 77, res: 0, flags: {CQE_F_FINAL})"

  test "registered files: by the program's index":
    let q = newQueue(4)
    let (first, second) = (pipePair(), pipePair())
    q.registerFiles([first[0], FileHandle(-1), second[1]])
    check q.one(sqe.write(FileHandle(2), "ab", -1).fixedFile()).res == 2
    var text: array[2, char]
    check posix.read(second[0], addr text, 2) == 2
    check q.registerFilesUpdate(1, [first[1]]) == 1
    check q.one(sqe.write(FileHandle(1), "c", -1).fixedFile()).res == 1
    check q.one(sqe.read(FileHandle(0), addr text, 1, -1).fixedFile()).res == 1
    check text[0] == 'c'
    expect NimuringError: q.registerFilesUpdate(2, [first[1], first[1]])
    q.unregisterFiles()
    expect NimuringError:
      discard q.one(sqe.read(FileHandle(0), addr text, 1, -1).fixedFile())
    closeAll first
    closeAll second

  test "registered buffers: by the program's index, and not beside them":
    let q = newQueue(4)
    let folder = workFolder()
    let fd = posix.open(cstring(folder / "f"), O_RDWR or O_CREAT, Mode(0o600))
    let memory = cast[ptr UncheckedArray[char]](alloc0(8192))
    memory[0] = 'x'
    let vectors = @[IOVec(iov_base: memory, iov_len: 4096),
      IOVec(iov_base: addr memory[4096], iov_len: 4096)]
    q.registerBuffers(vectors)
    check q.one(sqe.write_fixed(fd, vectors[0], 0, 0)).res == 4096
    check q.one(sqe.readv_fixed(fd, vectors[1], 0, 1)).res == 4096
    check memory[4096] == 'x'
    expect NimuringError: discard q.one(sqe.read_fixed(fd, vectors[1], 0, 0))
    memory[4096] = 'y'
    check q.one(sqe.writev_fixed(fd, @[vectors[1]], 0, 1)).res == 4096
    check q.one(sqe.readv_fixed(fd, @[vectors[0]], 0, 0)).res == 4096
    check memory[0] == 'y'
    check q.registerBuffersUpdate(0, [vectors[1]]) == 1
    check q.one(sqe.read_fixed(fd, vectors[1], 0, 0)).res == 4096
    q.unregisterBuffers()
    expect NimuringError: discard q.one(sqe.read_fixed(fd, vectors[1], 0, 0))
    dealloc(memory)
    discard posix.close(fd)
    removeDir(folder)
