## The ring in Nim's own style, and what it says to mistakes.

import std/[monotimes, times, unittest]
import helpers
import ringline

template message(body: untyped): string =
  ## The text of the error that the body raises.
  block:
    var text = "nothing was raised"
    try:
      when typeof(body) is void: body
      else: discard body
    except RinglineError as error: text = error.msg
    text

suite "ring":
  setup:
    let ring = newRing(8)
    let pair = socketPair()
  teardown:
    closeAll pair

  test "files":
    let folder = workFolder()
    let fd = FileHandle(ring.wait ring.open(folder / "f", O_RDWR or O_CREAT))
    check ring.wait(ring.write(fd, "hello world", 0)) == 11
    ring.wait ring.fsync(fd)
    let reading = ring.read(fd, 100, 6)
    check ring.wait(reading) == 5
    check reading.data == "world"
    let early = ring.read(fd, 5)
    let late = ring.read(fd, 5, 0)
    ring.wait late
    ring.wait early
    check late.data == "hello"
    ring.wait ring.close(fd)
    ring.wait ring.unlink(folder / "f")
    check not fileExists(folder / "f")
    removeDir(folder)

  test "sockets: accept, connect, send, receive":
    let server = createNativeSocket()
    var (storage, len) = address(Port(0))
    check posix.bindSocket(server, cast[ptr SockAddr](addr storage), len) == 0
    check posix.listen(server, 4) == 0
    let client = createNativeSocket()
    let accepting = ring.accept(server)
    ring.wait ring.connect(client, "127.0.0.1", portOf(server))
    let peer = SocketHandle(ring.wait accepting)
    check ring.wait(ring.send(client, repeat("x", 100_000))) == 100_000
    var got = 0
    while got < 100_000:
      got += ring.wait ring.recv(peer, 65536)
    ring.wait ring.shutdown(client)
    check ring.wait(ring.recv(peer, 10)) == 0
    ring.wait ring.close(peer)
    ring.wait ring.close(client)
    ring.wait ring.close(server)

  test "a pool lends, a lease gives back by itself":
    let pool = ring.newPool(4, 64)
    var pieces: seq[Lease]
    let receiving = ring.recvAll(pair[1], pool, proc (piece: Completion) =
      if piece.lease != nil: pieces.add piece.lease)
    ring.turn()
    for text in ["one", "two"]:
      discard posix.send(pair[0], cstring text, text.len, 0)
      ring.turn(1)
    check $pieces[0] & $pieces[1] == "onetwo"
    check pieces[0].len == 3 and pieces[0][1] == byte('n')
    expect IndexDefect: discard pieces[0][3]
    check @(pieces[1].bytes) == @[byte('t'), byte('w'), byte('o')]
    check ringline_lease_count(ring.queue.core.handle) == 2
    pieces.setLen(1)
    check ringline_lease_count(ring.queue.core.handle) == 1
    ring.cancel(receiving)
    while not receiving.done: ring.turn(1)
    pieces[0].release()
    check "RINGLINE_ESTALE" in message(pieces[0].release())
    pool.close()

  test "a lease outlives its ring":
    let pool = ring.newPool(4, 64)
    var kept: Lease
    ring.recvAll(pair[1], pool, proc (piece: Completion) =
      if piece.lease != nil: kept = piece.lease)
    ring.turn()
    discard posix.send(pair[0], cstring"kept", 4, 0)
    ring.turn(1)
    ring.close()
    check $kept == "kept"

  test "timers, once and again and again":
    let start = getMonoTime()
    ring.wait ring.timer(initDuration(milliseconds = 5))
    check getMonoTime() - start >= initDuration(milliseconds = 5)
    var ticks = 0
    var ticking: Operation
    ticking = ring.timer(initDuration(microseconds = 100), initDuration(microseconds = 100))
    ticking.onComplete do (tick: Completion):
      inc ticks
      if ticks == 3: ring.cancel(ticking)
    ring.run()
    check ticks >= 3 and ticking.done

  test "a forgotten operation keeps what it needs, a forgotten ring ends":
    let fds = openFds()
    proc begin() =
      let own = newRing(8)
      discard own.read(FileHandle(pair[1].cint), 4096)
      own.turn()
    begin()
    GC_fullCollect()
    check openFds() == fds

  test "more operations than the queue has entries":
    var all: seq[Operation]
    for _ in 0 ..< 100: all.add ring.nop()
    for op in all: check ring.wait(op) == 0
    check ring.inflight == 0

  test "any operation by its builder, handlers, run":
    var events = 0
    ring.start("poll", proc (entry: ptr Sqe) = entry.poll_add(pair[1], POLLIN)).onComplete do (
        done: Completion):
      events = done.res
    ring.send(pair[0], "x")
    ring.run()
    check (events and POLLIN) != 0

suite "mistakes":
  test "a bad descriptor":
    let ring = newRing(8)
    check message(ring.wait ring.read(FileHandle(999), 10)) == "read: " &
      $ringline_strerror(-EBADF.int32) & " (EBADF)"
    try: ring.wait ring.read(FileHandle(999), 10)
    except OSError as error: check error.errorCode == EBADF
    check "ENOENT" in message(ring.wait ring.open("/none/such", O_RDONLY))

  test "every lease kept: no buffer for what arrives":
    let ring = newRing(8)
    let pair = socketPair()
    let pool = ring.newPool(1, 64)
    var kept: seq[Lease]
    proc receive(): Operation =
      result = ring.recvAll(pair[1], pool, proc (piece: Completion) =
        if piece.lease != nil: kept.add piece.lease)
    let receiving = receive()
    discard posix.send(pair[0], repeat("x", 200).cstring, 200, 0)
    check "ENOBUFS" in message(ring.wait receiving)
    check kept.len == 1
    kept[0].release()
    let again = receive()
    check "ENOBUFS" in message(ring.wait again)
    check kept.len == 2
    closeAll pair

  test "a full queue":
    let q = newQueue(2)
    for _ in 0 .. 1: q.nop(1)
    check "full" in message(q.nop(2))

  test "use after close says what the library says":
    let ring = newRing(8)
    ring.close()
    ring.close()
    let text = message(ring.wait ring.nop())
    check $ringline_error_detail() in text and "RINGLINE_ESTALE" in text
    for text in [message(ring.queue.submit()), message(ring.queue.copyCqes()),
        message(ring.queue.cqReady), message(ring.newPool(2, 64)),
        message(ring.queue.registerBuffers([IOVec()]))]:
      check "RINGLINE_ESTALE" in text

  test "a ring that ends with a thousand receives in flight, and bytes that come afterwards":
    let pair = socketPair()
    let ring = newRing(64)
    var all: seq[Operation]
    for _ in 0 ..< 1000: all.add ring.recv(pair[1], 16)
    ring.turn()
    check ring.inflight == 1000
    ring.close()
    check posix.send(pair[0], repeat("x", 100).cstring, 100, 0) == 100
    for op in all: check 'x' notin op.data
    # Nobody receives any more: the bytes are still there.
    var bytes: array[200, char]
    check posix.recv(pair[1], addr bytes[0], 200, 0) == 100
    closeAll pair

  test "a child of fork":
    let ring = newRing(8)
    ring.wait ring.nop()
    let child = posix.fork()
    if child == 0:
      let text = message(ring.wait ring.nop())
      exitnow(if "RINGLINE_EFORKED" in text: 0 else: 1)
    var status: cint
    check posix.waitpid(child, status, 0) == child
    check status == 0
    ring.wait ring.nop()

  test "an operation of another ring":
    let (first, second) = (newRing(8), newRing(8))
    check "not in flight" in message(second.wait first.nop())

  test "another thread":
    let q = newQueue(4)
    q.nop(1)
    q.submit(1)
    var text: string
    var thread: Thread[(ptr string, ptr ringline_ring)]
    createThread(thread, proc (given: (ptr string, ptr ringline_ring)) {.thread.} =
      given[0][] = $ringline_error_name(ringline_turn(given[1])), (addr text, q.core.handle))
    joinThread(thread)
    check text == "RINGLINE_EWRONGTHREAD"

  test "a pool that cannot be, with the library's text":
    let ring = newRing(8)
    let text = message(ring.newPool(3, 64))
    check "EINVAL" in text and "power of two" in text

  test "lengths and paths that cannot be":
    let q = newQueue(8)
    check "cannot be" in message(q.getSqe().read(FileHandle(0), nil, -1))
    check "zero byte" in message(q.getSqe().openat(AT_FDCWD, "a\0b", O_RDONLY))
