## No memory, no descriptor and no lease is lost over 10^5 operations of each layer.

import std/unittest
import helpers
import ringline

const many = 100_000

template flat(body: untyped) =
  ## Run the body twice for warming up and once for counting.
  for _ in 0 .. 1: body(many div 10)
  GC_fullCollect()
  let (memory, fds) = (resident(), openFds())
  body(many)
  GC_fullCollect()
  check resident() - memory < 1 shl 20
  check openFds() == fds

suite "leaks":
  test "the raw queue, with texts, vectors and objects":
    let q = newQueue(64)
    let null = posix.open("/dev/null", O_WRONLY)
    proc work(count: int) =
      for round in 0 ..< count div 50:
        for at in 0 ..< 50:
          case at mod 4
          of 0: q.getSqe().write(null, "text " & $at).setUserData(new array[64, int])
          of 1: q.writev(at, null, @[IOVec()])
          of 2: q.openat(at, AT_FDCWD, "/none/" & $at, O_RDONLY)
          else: q.nop(at)
        q.submit(50)
        doAssert q.copyCqes().len == 50
    flat(work)
    discard posix.close(null)

  test "the ring":
    let ring = newRing(64)
    let null = FileHandle(posix.open("/dev/null", O_RDWR))
    proc work(count: int) =
      for round in 0 ..< count div 50:
        var last: Operation
        for at in 0 ..< 50:
          last = ring.write(null, "text " & $at)
          last.onComplete do (done: Completion): discard last
          if at mod 10 == 0: ring.cancel(last)
        ring.run()
    flat(work)
    discard posix.close(null)

  test "leases":
    let ring = newRing(64)
    let pool = ring.newPool(16, 256)
    let pair = socketPair()
    var bytes = 0
    discard ring.recvAll(pair[1], pool, proc (piece: Completion) =
      if piece.lease != nil: bytes += piece.lease.len)
    proc work(count: int) =
      for round in 0 ..< count:
        discard posix.send(pair[0], cstring"lease", 5, 0)
        ring.turn(1)
    flat(work)
    check bytes > many
    check ringline_lease_count(ring.queue.core.handle) == 0
    closeAll pair

  test "queues":
    proc work(count: int) =
      for round in 0 ..< count div 500:
        let q = newQueue(8)
        for at in 0 ..< 8: q.nop(at)
        q.submit(4)
    flat(work)
