## What one operation's trouble does to the others: nothing.

import std/[monotimes, times, unittest]
import helpers
import ringline

type Itimerval {.importc: "struct itimerval", header: "<sys/time.h>", bycopy.} = object
  it_interval, it_value: Timeval

const ITIMER_REAL = cint(0)

proc signal(number: cint; handler: pointer): pointer {.importc, header: "<signal.h>".}

proc setitimer(which: cint; value, before: ptr Itimerval): cint
  {.importc, header: "<sys/time.h>".}

template message(body: untyped): string =
  ## The text of the error that the body raises.
  block:
    var text = "nothing was raised"
    try:
      when typeof(body) is void: body
      else: discard body
    except CatchableError as error: text = error.msg
    text

proc small(pair: array[2, SocketHandle]) =
  ## Let little fit into the kernel's buffers, whatever this machine's defaults are.
  for sock in pair:
    sock.setSockOptInt(posix.SOL_SOCKET, posix.SO_SNDBUF, 4096)
    sock.setSockOptInt(posix.SOL_SOCKET, posix.SO_RCVBUF, 4096)

proc readAll(ring: Ring; sock: SocketHandle; len: int): string =
  while result.len < len:
    let piece = ring.recv(sock, len - result.len)
    doAssert ring.wait(piece) > 0
    result.add piece.data

suite "sends":
  setup:
    let ring = newRing(8)
    let pair = socketPair()
    small pair
  teardown:
    closeAll pair

  test "several on one socket go out in order, and stop nothing else":
    # A second one was refused inside, and every later entry of the ring waited behind it.
    var texts = ""
    var over: seq[int]
    for at in 0 ..< 20:
      let text = repeat(chr(ord('a') + at), 10_000)
      texts.add text
      ring.send(pair[0], text).onComplete do (done: Completion):
        check done.res == 10_000
        over.add ord(done.op.data[0]) - ord('a')
    ring.shutdown(pair[0])
    for _ in 0 ..< 100: ring.wait ring.nop()
    check over.len < 20
    check ring.readAll(pair[1], texts.len) == texts
    check ring.wait(ring.recv(pair[1], 1)) == 0
    ring.run()
    check over.len == 20 and over[19] == 19

  test "a client that never reads is refused more, and others go on":
    ring.sendLimit = 1 shl 20
    let other = socketPair()
    var taken = 0
    var text = ""
    while text.len == 0:
      try:
        ring.send(pair[0], repeat("x", 100_000))
        inc taken
      except RinglineError as error:
        check error.code == -int32(EAGAIN)
        text = error.msg
    check taken == 11 # One with the kernel, a MiB behind it.
    check "does not read" in text
    for _ in 0 ..< 10:
      ring.send(other[0], "hello")
      check ring.readAll(other[1], 5) == "hello"
    ring.wait ring.close(pair[0])
    ring.run()
    check ring.inflight == 0
    closeAll other

  test "one that fails ends those behind it, and a new one begins anew":
    var results: seq[int]
    for _ in 0 ..< 3:
      ring.send(pair[0], repeat("x", 100_000)).onComplete do (done: Completion):
        results.add done.res
    ring.turn()
    discard posix.close(cint pair[1])
    ring.run()
    check results.len == 3
    check results[0] == -EPIPE or results[0] == -ECONNRESET
    check results[1] == -ECANCELED and results[2] == -ECANCELED
    check "EPIPE" in message(ring.wait ring.send(pair[0], "more"))
    check ring.inflight == 0

  test "one that waits is cancelled, and its neighbours are not":
    let first = ring.send(pair[0], repeat("a", 100_000))
    let second = ring.send(pair[0], repeat("b", 100_000))
    let third = ring.send(pair[0], "c")
    ring.turn()
    check ring.wait(ring.cancel(second)) == 0
    check "ECANCELED" in message(ring.wait second)
    check ring.readAll(pair[1], 100_001) == repeat("a", 100_000) & "c"
    check ring.wait(first) == 100_000 and ring.wait(third) == 1

  test "what waits for a socket that was closed does not go to its successor":
    ring.send(pair[0], repeat("x", 100_000))
    let behind = ring.send(pair[0], "secret")
    ring.wait ring.close(pair[0])
    check "ECANCELED" in message(ring.wait behind)
    let next = socketPair()
    check pair[0] in next
    ring.run()
    for sock in next:
      var byte: char
      check posix.recv(sock, addr byte, 1, posix.MSG_PEEK or 0x40) == -1
    closeAll next

  test "what the library refuses is that operation's end, and nobody else's":
    let sock = pair[0]
    let busy = repeat("x", 100_000)
    discard ring.start("first", proc (sqe: ptr Sqe) =
      sqe.send_all(sock, busy.cstring, busy.len))
    let second = ring.start("second", proc (sqe: ptr Sqe) = sqe.send_all(sock, busy.cstring, 5))
    var told = 0
    second.onComplete do (done: Completion): told = done.res
    ring.wait ring.nop()
    check told == -EBUSY
    check "SEND_ALL runs" in message(ring.wait second)
    # In the raw queue it is raised, once.
    let q = newQueue(4)
    let other = socketPair()
    small other
    q.send_all(1, other[0], busy.cstring, busy.len)
    q.send_all(2, other[0], busy.cstring, 5)
    q.nop(3)
    check "SEND_ALL runs" in message(q.submit())
    q.submit()
    check q.copyCqes(1)[0].userData == 3
    q.close()
    closeAll other

suite "handlers that raise":
  test "the other completions of the turn come, and each error once":
    let ring = newRing(16)
    var seen: seq[int]
    proc begin(at: int) =
      ring.nop().onComplete do (done: Completion):
        seen.add at
        if at mod 2 == 1: raise newException(ValueError, "handler " & $at)
    for at in 0 ..< 6: begin at
    for at in [1, 3, 5]:
      check message(ring.turn()) == "handler " & $at
      check seen.len == at + 1
    check ring.turn() == 0
    check ring.inflight == 0
    # `run` and `wait` let it out too, and go on when they are called again.
    proc fail(at: int) =
      ring.nop().onComplete do (done: Completion): raise newException(ValueError, "n" & $at)
    for at in 0 ..< 2: fail at
    let waited = ring.timer(initDuration(milliseconds = 20))
    check message(ring.wait waited) == "n0"
    check message(ring.run()) == "n1"
    check ring.wait(waited) >= 0

  test "a lease behind it is not lost":
    let ring = newRing(16)
    let pair = socketPair()
    let pool = ring.newPool(4, 64)
    var got = ""
    ring.nop().onComplete do (done: Completion): raise newException(ValueError, "first")
    discard posix.send(pair[0], cstring"bytes", 5, 0)
    ring.recvAll(pair[1], pool) do (piece: Completion):
      if piece.lease != nil: got.add $piece.lease
    check message(ring.turn(2)) == "first"
    ring.turn()
    check got == "bytes"
    check ringline_lease_count(ring.queue.core.handle) == 0
    closeAll pair

suite "what raises leaves nothing behind":
  test "an operation of a ring":
    # An entry without an operation stayed in the queue, and the next wait was a crash.
    let ring = newRing(4)
    let sock = createNativeSocket()
    for _ in 0 ..< 10:
      check "zero byte" in message(ring.open("a\0b", O_RDONLY))
      check "zero byte" in message(ring.unlink("a\0b"))
      check "IP" in message(ring.connect(sock, "no address", Port(1)))
      check "IP" in message(ring.connect(sock, "127.0.0.1\0", Port(1)))
      check "cannot be" in message(ring.read(FileHandle(0), -1))
      check "cannot be" in message(ring.recv(sock, -1))
      check "mine" in message(ring.start("mine", proc (sqe: ptr Sqe) =
        raise newException(ValueError, "mine")))
      check ring.inflight == 0
      ring.wait ring.nop()
    check ring.turn() == 0
    discard posix.close(cint sock)

  test "every text with a zero byte":
    const bad = "a\0b"
    let q = newQueue(4)
    let here = AT_FDCWD
    var room: array[256, char]
    template refuses(build: untyped) =
      block:
        let sqe {.inject.} = q.getSqe()
        check "zero byte" in message(build)
        check q.sqReady == 1
        check q.submit() == 1
        check q.copyCqes(1).len == 0 # Nobody asked for a NOP.
    refuses sqe.openat(here, bad)
    refuses sqe.openat(here, bad, O_RDONLY, Mode(0))
    refuses sqe.openat2(here, bad, OpenHow())
    refuses sqe.statx(here, bad, 0, 0, addr room)
    refuses sqe.renameat(here, bad, here, "x")
    refuses sqe.renameat(here, "x", here, bad)
    refuses sqe.unlinkat(here, bad)
    refuses sqe.mkdirat(here, bad, 0)
    refuses sqe.symlinkat(bad, here, "x")
    refuses sqe.symlinkat("x", here, bad)
    refuses sqe.linkat(here, bad, here, "x")
    refuses sqe.linkat(here, "x", here, bad)
    refuses sqe.setxattr(bad, "v", "x")
    refuses sqe.setxattr("user.x", "v", bad)
    refuses sqe.fsetxattr(FileHandle(0), bad, "v")
    refuses sqe.getxattr(bad, addr room, 1, "x")
    refuses sqe.getxattr("user.x", addr room, 1, bad)
    refuses sqe.fgetxattr(FileHandle(0), bad, addr room, 1)

  test "a builder of the raw queue, and an entry that is filled anew":
    let q = newQueue(2)
    for _ in 0 ..< 5:
      check "zero byte" in message(q.mkdirat(1, AT_FDCWD, "a\0b", 0o700))
      check q.sqReady == 0
    let sqe = q.getSqe()
    check "cannot be" in message(sqe.read(FileHandle(0), nil, -1))
    sqe.nop().setUserData(5)
    q.nop(6)
    q.submit(2)
    let cqes = q.copyCqes()
    check cqes.len == 2 and cqes[0].userData == 5 and cqes[1].userData == 6

  test "entries of the queue below a ring":
    let ring = newRing(4)
    var seen: seq[uint64]
    ring.queue.nop(1)
    ring.turn(1)
    ring.onOther proc (cqe: Cqe) =
      seen.add cqe.userData
      if cqe.userData == 2: raise newException(ValueError, "two")
    ring.queue.nop(2)
    ring.queue.nop(3)
    check message(ring.turn(2)) == "two"
    ring.turn()
    check seen == @[2'u64, 3]

  test "registrations":
    let q = newQueue(4)
    let pipe = pipePair()
    check "EBADF" in message(q.registerFiles([pipe[0], FileHandle(999)]))
    q.registerFiles([FileHandle(-1), pipe[1]])
    check q.one(sqe.write(FileHandle(1), "x", -1).fixedFile()).res == 1
    var memory: array[4096, char]
    let good = IOVec(iov_base: addr memory, iov_len: 4096)
    discard message(q.registerBuffers([good, IOVec(iov_base: nil, iov_len: 4096)]))
    q.registerBuffers([good])
    discard message(q.registerBuffersUpdate(0, [IOVec(iov_base: nil, iov_len: 4096)]))
    check q.one(sqe.read_fixed(pipe[0], IOVec(iov_base: addr memory, iov_len: 1), -1, 0)).res == 1
    check memory[0] == 'x'
    q.unregisterBuffers()
    closeAll pipe

  test "a signal does not end a wait":
    let ring = newRing(4)
    proc ignore(signal: cint) {.noconv.} = discard
    discard signal(posix.SIGALRM, cast[pointer](ignore))
    var timer: Itimerval
    timer.it_value.tv_usec = posix.Suseconds(5_000)
    timer.it_interval.tv_usec = posix.Suseconds(5_000)
    discard setitimer(ITIMER_REAL, addr timer, nil)
    let start = getMonoTime()
    ring.wait ring.timer(initDuration(milliseconds = 30))
    check getMonoTime() - start >= initDuration(milliseconds = 30)
    var none: Itimerval
    discard setitimer(ITIMER_REAL, addr none, nil)
