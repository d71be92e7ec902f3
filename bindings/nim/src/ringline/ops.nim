## A ring in Nim's own style: operations are objects, results are values, failures raise.
##
## .. code-block:: nim
##   let ring = newRing()
##   let file = ring.wait ring.open("notes.txt", O_RDONLY)
##   let reading = ring.read(FileHandle(file), 4096, 0)
##   ring.wait reading
##   echo reading.data
##
## An `Operation` owns what the kernel reads or writes; the queue keeps it alive until the last
## completion, also when the program forgot it. A ring belongs to the thread that first waits on it.

import std/[net, posix, times]
import abi, errors, flags, pools, queue

export abi, errors, flags, pools

type
  Completion* = object
    ## One completion of an operation.
    op*: Operation
    res*: int              ## The result: >= 0, or -errno.
    flags*: CqeFlags
    lease*: Lease          ## What was received, when a pool was named; else nil.
  Handler* = proc (completion: Completion) {.closure.}
  Operation* = ref object
    ## Something that was submitted.
    done*: bool            ## Its last completion came.
    res*: int              ## The latest result.
    flags*: CqeFlags
    data*: string          ## What is written, or what was read.
    fds*: array[2, cint]   ## Of `pipe`.
    fills: bool
    name: string
    address: Sockaddr_storage
    addressLen: SockLen
    handler: Handler
  RingObj = object
    queue: Queue
    stopped: bool
  Ring* = ref RingObj

proc newRing*(entries = 256; flags: SetupFlags = {}): Ring =
  ## A ring; `entries` is a power of two.
  Ring(queue: newQueue(entries, flags))

proc queue*(ring: Ring): Queue =
  ## The raw queue below, for what is not here: files, buffers, chains.
  ring.queue

proc close*(ring: Ring) =
  ## Cancel and drain everything, then end the ring. Any later use raises.
  ring.queue.close()

proc inflight*(ring: Ring): int =
  ## Operations whose last completion has not come, those not handed over yet included.
  ring.queue.core.live + int(ring.queue.sqReady)

proc newPool*(ring: Ring; count, size: int; incremental = false): Pool =
  ## `count` (a power of two) buffers of `size` bytes to receive into.
  newPool(ring.queue, count, size, incremental)

proc nextEntry(ring: Ring): ptr Sqe =
  ## An entry; what is full is handed over first.
  result = ring.queue.getSqe()
  if result == nil:
    ring.queue.submit()
    result = ring.queue.needSqe()

template start(ring: Ring; what: string; made: Operation; build: untyped): Operation =
  let operation {.inject.} = made
  let entry {.inject.} = ring.nextEntry()
  operation.name = what
  build
  entry.setUserData(operation)
  operation

proc start*(ring: Ring; what: string; prepare: proc (sqe: ptr Sqe)): Operation =
  ## Any operation of `ringline/queue`: `prepare` fills the entry.
  start(ring, what, Operation()):
    prepare(entry)

proc onComplete*(op: Operation; handler: Handler): Operation {.discardable.} =
  ## Call `handler` for each completion, inside `wait`, `turn` or `run`.
  op.handler = handler
  op

# Turning

proc finish(cqe: Cqe): Completion =
  ## A completion becomes the state of its operation.
  let op {.cursor.} = cast[Operation](cqe.userData)
  op.res = cqe.res
  op.flags = cqe.flags
  op.done = CQE_F_FINAL in cqe.flags
  if op.done and op.fills:
    op.data.setLen(max(op.res, 0))
  result = Completion(op: op, res: cqe.res, flags: cqe.flags)
  if CQE_F_LEASE in cqe.flags:
    result.lease = newLease(cqe.lease, cqe.data, cqe.res)

proc done*(completion: Completion): bool =
  ## Whether this is the last completion of its operation. Several may come in one turn, so that
  ## `op.done` can be true before the last one is handled.
  CQE_F_FINAL in completion.flags

proc step(ring: Ring; waitNr: int): seq[Completion] =
  ring.queue.submit()
  for cqe in ring.queue.copyCqes(waitNr):
    if CQE_F_MSG notin cqe.flags:
      result.add finish(cqe)

proc turn*(ring: Ring; waitNr = 0): int {.discardable.} =
  ## Hand over what was started, wait for `waitNr` completions, run handlers. Returns how many
  ## completions there were.
  # Not the completions themselves: Nim 2.2 leaks a sequence that a discardable call returned.
  let completions = ring.step(waitNr)
  for completion in completions:
    let handler = completion.op.handler
    if completion.done:
      completion.op.handler = nil # It may refer to the ring: no circle stays behind.
    if handler != nil:
      handler(completion)
  completions.len

proc stop*(ring: Ring) =
  ## Let `run` return.
  ring.stopped = true

proc run*(ring: Ring) =
  ## Run handlers until nothing is in flight or `stop` was called.
  ring.stopped = false
  ring.queue.submit()
  while not ring.stopped and ring.inflight > 0:
    ring.turn(1)

proc error*(completion: Completion): ref RinglineError =
  ## The error of a failed completion, or nil.
  if completion.res < 0:
    result = newRinglineError(int32 completion.res, completion.op.name)

proc wait*(ring: Ring; op: Operation): int {.discardable.} =
  ## Wait for the last completion of an operation: its result, or its error raised.
  while not op.done:
    ring.turn(1)
    if not op.done and ring.inflight == 0:
      refuse(RINGLINE_ESTALE, op.name, "the operation is not in flight on this ring")
  if op.res < 0:
    raise newRinglineError(int32 op.res, op.name)
  op.res

proc cancel*(ring: Ring; op: Operation): Operation {.discardable.} =
  ## Ask an operation to end. Its memory stays in use until its own last completion.
  start(ring, "cancel", Operation()):
    entry.cancel(op)

# Files

proc nop*(ring: Ring): Operation =
  ## Does nothing.
  start(ring, "nop", Operation()):
    entry.nop()

proc open*(ring: Ring; path: string; flags: cint; mode = Mode(0o644)): Operation =
  ## openat(2) from the current folder; the result is the descriptor.
  start(ring, "open " & path, Operation()):
    entry.openat(AT_FDCWD, path, int32(flags) or O_CLOEXEC, mode)

proc closeFd(ring: Ring; fd: FileHandle): Operation =
  start(ring, "close", Operation()):
    entry.close_all(fd)

proc close*(ring: Ring; fd: AnyFd): Operation {.discardable.} =
  ## Close a descriptor in order: shut a socket down, end what is in flight on it.
  ring.closeFd(FileHandle(fd))

proc read*(ring: Ring; fd: FileHandle; len: int; offset = -1): Operation =
  ## Up to `len` bytes into `data`, from `offset` or the file position.
  start(ring, "read", Operation(data: newString(len), fills: true)):
    entry.read(fd, cast[pointer](cstring(operation.data)), len, offset)

proc write*(ring: Ring; fd: FileHandle; data: sink string; offset = -1): Operation =
  ## Write `data`; may be short.
  start(ring, "write", Operation(data: data)):
    entry.write(fd, cast[pointer](cstring(operation.data)), operation.data.len, offset)

proc fsync*(ring: Ring; fd: FileHandle): Operation =
  ## fsync(2).
  start(ring, "fsync", Operation()):
    entry.fsync(fd)

proc unlink*(ring: Ring; path: string): Operation =
  ## unlink(2).
  start(ring, "unlink " & path, Operation()):
    entry.unlinkat(AT_FDCWD, path, 0)

# Sockets

proc accept*(ring: Ring; listener: SocketHandle): Operation =
  ## One connection; the result is its descriptor.
  start(ring, "accept", Operation()):
    entry.accept(listener, nil, nil, SOCK_CLOEXEC)

proc acceptAll*(ring: Ring; listener: SocketHandle; handler: Handler): Operation {.discardable.} =
  ## A completion for each connection.
  start(ring, "accept", Operation(handler: handler)):
    entry.accept_multishot(listener, nil, nil, SOCK_CLOEXEC)

proc connect*(ring: Ring; sock: SocketHandle; address: string; port: Port): Operation =
  ## connect(2) to a numeric address.
  start(ring, "connect " & address & ":" & $port, Operation()):
    toSockAddr(parseIpAddress(address), port, operation.address, operation.addressLen)
    entry.connect(sock, cast[ptr SockAddr](addr operation.address), operation.addressLen)

proc recv*(ring: Ring; sock: SocketHandle; len: int): Operation =
  ## Up to `len` bytes into `data`; the result is 0 at the end of the stream.
  start(ring, "recv", Operation(data: newString(len), fills: true)):
    entry.recv(sock, cast[pointer](cstring(operation.data)), len)

proc recvAll*(ring: Ring; sock: SocketHandle; pool: Pool; handler: Handler): Operation
    {.discardable.} =
  ## A completion with a lease for each piece received, until res <= 0.
  start(ring, "recv", Operation(handler: handler)):
    entry.recv_multishot(sock, pool.group)

proc send*(ring: Ring; sock: SocketHandle; data: sink string): Operation {.discardable.} =
  ## All of `data`: short sends are finished. One at a time per socket.
  start(ring, "send", Operation(data: data)):
    entry.send_all(sock, cast[pointer](cstring(operation.data)), operation.data.len)

proc shutdown*(ring: Ring; sock: SocketHandle; how = SHUT_WR): Operation {.discardable.} =
  ## shutdown(2).
  start(ring, "shutdown", Operation()):
    entry.shutdown(sock, how)

# Time

proc timer*(ring: Ring; after: Duration; every = DurationZero): Operation =
  ## Completes after a time, then again and again when `every` is given.
  start(ring, "timer", Operation()):
    entry.timer(uint64(max(after.inNanoseconds, 0)), uint64(every.inNanoseconds))

proc pollFd(ring: Ring; fd: FileHandle; events: uint32): Operation =
  start(ring, "poll", Operation()):
    entry.poll_add(fd, events)

proc poll*(ring: Ring; fd: AnyFd; events: cshort): Operation =
  ## poll(2); the result is the events.
  ring.pollFd(FileHandle(fd), uint32 events)
