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

import std/[deques, net, posix, tables, times]
import abi, entries, errors, flags, pools, queue, submission

export abi, errors, flags, pools

type
  Completion* = object
    ## One completion of an operation.
    op*: Operation
    res*: int              ## The result: >= 0, or -errno.
    flags*: CqeFlags
    lease*: Lease          ## What was received, when a pool was named; else nil.
  Handler* = proc (completion: Completion) {.closure.}
  Operation* = ref object of RootObj
    ## Something that was submitted.
    done*: bool            ## Its last completion came.
    res*: int              ## The latest result.
    flags*: CqeFlags
    data*: string          ## What is written, or what was read.
    fds*: array[2, cint]   ## Of `pipe`.
    fills: bool
    name, detail: string
    address: Sockaddr_storage
    addressLen: SockLen
    handler: Handler
    line {.cursor.}: Line  ## Of a send, and of the shutdown behind sends. The ring has it as long
                           ## as one of them is under way.
    how: cint              ## Of a shutdown.
    waits: bool            ## In its line.
  Line = ref object
    ## What goes out of a socket: one after the other.
    sock: SocketHandle
    current: Operation     ## The one that the library has.
    waiting: Deque[Operation]
    bytes: int             ## Of those that wait.
  RingObj = object
    queue: Queue
    stopped: bool
    sendLimit*: int        ## Bytes that may wait behind a send that is not over yet, per socket.
    lines: Table[cint, Line]
    stalled: seq[Line]     ## Lines whose next operation the library had no room for.
    waiting: int           ## Operations that wait in lines.
    pending: Deque[Completion]
      ## Completions that no handler has seen yet.
    raw: Deque[Cqe]        ## Those that are no operation's.
    others: proc (cqe: Cqe) {.closure.}
  Ring* = ref RingObj

proc newRing*(entries = 256; flags: SetupFlags = {}): Ring =
  ## A ring; `entries` is a power of two.
  result = Ring(queue: newQueue(entries, flags), sendLimit: 16 shl 20)
  result.queue.answers = true

proc queue*(ring: Ring): Queue =
  ## The raw queue below, for what is not here: files, buffers, chains. Completions of its entries
  ## come to `onOther`, and it raises nothing about them: what the library refuses is a completion.
  ring.queue

proc onOther*(ring: Ring; handler: proc (cqe: Cqe) {.closure.}) =
  ## Call `handler` for completions that are no `Operation`'s: of entries of `queue`, and of
  ## messages. Without it they are dropped, and their leases given back.
  ring.others = handler

proc close*(ring: Ring) =
  ## Cancel and drain everything, then end the ring. Any later use raises.
  ring.queue.close()
  for line in ring.lines.values:
    for op in line.waiting:
      op.waits = false
  ring.lines.clear()
  ring.stalled.setLen(0)
  ring.pending.clear()
  ring.raw.clear()
  ring.others = nil
  ring.waiting = 0

proc inflight*(ring: Ring): int =
  ## Operations whose last completion has not come to its handler, those not handed over yet
  ## included.
  ring.queue.core.live + int(ring.queue.sqReady) + ring.waiting + ring.pending.len + ring.raw.len

proc newPool*(ring: Ring; count, size: int; incremental = false): Pool =
  ## `count` (a power of two) buffers of `size` bytes to receive into.
  newPool(ring.queue, count, size, incremental)

proc nextEntry(ring: Ring): ptr Sqe =
  ## An entry; what is full is handed over first. Raises EAGAIN where the library has no room.
  result = ring.queue.getSqe()
  if result == nil:
    ring.queue.submit()
    result = ring.queue.needSqe()

template begin(ring: Ring; operation: Operation; build: untyped) =
  ## Fill an entry for an operation; when that raises, there is none.
  let entry {.inject.} = ring.nextEntry()
  var begun = false
  try:
    build
    entry.setOwner(operation)
    begun = true
  finally:
    if not begun:
      ring.queue.takeBack(entry)

template start(ring: Ring; what: string; made: Operation; build: untyped): Operation =
  let operation {.inject.} = made
  operation.name = what
  begin(ring, operation, build)
  operation

proc start*(ring: Ring; what: string; prepare: proc (sqe: ptr Sqe)): Operation =
  ## Any operation of `ringline/queue`: `prepare` fills the entry. When it raises, nothing begins.
  start(ring, what, Operation()):
    prepare(entry)

proc onComplete*(op: Operation; handler: Handler): Operation {.discardable.} =
  ## Call `handler` for each completion, inside `wait`, `turn` or `run`. What it raises comes out of
  ## that call; completions that came together with this one stay for the next call.
  op.handler = handler
  op

# Lines: what goes out of a socket

proc launch(ring: Ring; op: Operation) =
  ## Hand over the operation whose turn it is. Raises when there is no room.
  let sock = op.line.sock
  begin(ring, op):
    if op.name == "send":
      entry.send_all(sock, cast[pointer](cstring(op.data)), op.data.len)
    else:
      entry.shutdown(sock, op.how)
  op.line.current = op

proc lineOf(ring: Ring; sock: SocketHandle): Line =
  ring.lines.mgetOrPut(cint sock, Line(sock: sock))

proc enter(ring: Ring; op: Operation): Operation =
  ## Hand over an operation of a line, or have it wait for its turn.
  let line = op.line
  if line.current == nil and line.waiting.len == 0:
    var launched = false
    try:
      ring.launch(op)
      launched = true
    finally:
      if not launched:
        ring.lines.del(cint line.sock)
  else:
    if line.bytes + op.data.len > ring.sendLimit:
      refuse(eagain, op.name, $line.bytes & " bytes wait for this socket already, whose other " &
        "end does not read: send again when they are gone, or close it")
    op.waits = true
    inc ring.waiting
    line.bytes += op.data.len
    line.waiting.addLast op
  op

proc tell(ring: Ring; op: Operation; code: int32) =
  ## The end of an operation that the library never had.
  op.res = code
  op.flags = {CQE_F_FINAL}
  op.done = true
  ring.pending.addLast Completion(op: op, res: code, flags: op.flags)

proc unwait(ring: Ring; op: Operation) =
  op.waits = false
  dec ring.waiting
  op.line.bytes -= op.data.len

proc drop(ring: Ring; line: Line) =
  ## What waits will not go out.
  while line.waiting.len > 0:
    let op = line.waiting.popFirst()
    ring.unwait(op)
    ring.tell(op, -ECANCELED)

proc advance(ring: Ring; line: Line) =
  ## Hand over what is next; where there is no room for it, the next turn tries again.
  while line.current == nil and line.waiting.len > 0:
    let op = line.waiting.popFirst()
    try:
      ring.launch(op)
      ring.unwait(op)
    except RinglineError as error:
      if error.code in [eagain, RINGLINE_ENOSLOT]:
        line.waiting.addFirst op
        ring.stalled.add line
        return
      ring.unwait(op)
      op.detail = error.msg
      ring.tell(op, error.code)
  if line.current == nil:
    ring.lines.del(cint line.sock)

proc leave(ring: Ring; op: Operation) =
  ## An operation of a line is over. Behind bytes that are missing nothing may follow.
  let line = op.line
  if line.current == op:
    line.current = nil
    if op.res < 0:
      ring.drop(line)
    ring.advance(line)

# Turning

proc finish(ring: Ring; cqe: Cqe): Completion =
  ## A completion becomes the state of its operation.
  let op = cast[Operation](cqe.userData)
  op.res = cqe.res
  op.flags = cqe.flags
  op.done = CQE_F_FINAL in cqe.flags
  if op.done and op.fills:
    op.data.setLen(max(op.res, 0))
  if op.res < 0:
    for at in countdown(ring.queue.refusals.high, 0):
      if ring.queue.refusals[at][0] == cqe.userData:
        op.detail = ring.queue.refusals[at][1]
        ring.queue.refusals.delete(at)
  result = Completion(op: op, res: cqe.res, flags: cqe.flags)
  if CQE_F_LEASE in cqe.flags:
    result.lease = newLease(cqe.lease, cqe.data, cqe.res)

proc done*(completion: Completion): bool =
  ## Whether this is the last completion of its operation. Several may come in one turn, so that
  ## `op.done` can be true before the last one is handled.
  CQE_F_FINAL in completion.flags

proc collect(ring: Ring; waitNr: int) =
  ## Hand over what was started and take what is complete; handlers come later.
  let stalled = move ring.stalled
  for line in stalled:
    ring.advance(line)
  ring.queue.submit()
  for cqe in ring.queue.copyCqes(waitNr):
    if cqe.owned:
      let completion = ring.finish(cqe)
      ring.pending.addLast completion
      if completion.done and completion.op.line != nil:
        ring.leave(completion.op)
    else:
      ring.raw.addLast cqe

proc turn*(ring: Ring; waitNr = 0): int {.discardable.} =
  ## Hand over what was started, wait for `waitNr` completions, run handlers. Returns how many
  ## completions there were.
  ##
  ## A handler that raises ends this call with its error. The completions behind it are not lost:
  ## the next `turn`, `wait` or `run` handles them first. When several handlers raise, each error
  ## comes out of a call of its own.
  ring.collect(max(waitNr - ring.pending.len - ring.raw.len, 0))
  while ring.raw.len > 0:
    let cqe = ring.raw.popFirst()
    inc result
    if ring.others != nil:
      ring.others(cqe)
    elif CQE_F_LEASE in cqe.flags:
      ring.queue.release(cqe)
  # Not the completions themselves: Nim 2.2 leaks a sequence that a discardable call returned.
  while ring.pending.len > 0:
    let completion = ring.pending.popFirst()
    inc result
    let handler = completion.op.handler
    if completion.done:
      completion.op.handler = nil # It may refer to the ring: no circle stays behind.
    if handler != nil:
      handler(completion)

proc stop*(ring: Ring) =
  ## Let `run` return.
  ring.stopped = true

proc run*(ring: Ring) =
  ## Run handlers until nothing is in flight or `stop` was called. What a handler raises comes out
  ## of it; call it again to go on.
  ring.stopped = false
  ring.queue.submit()
  while not ring.stopped and ring.inflight > 0:
    ring.turn(1)

proc errorOf(op: Operation; code: int): ref RinglineError =
  newRinglineError(int32 code, op.name, op.detail)

proc error*(completion: Completion): ref RinglineError =
  ## The error of a failed completion, or nil.
  if completion.res < 0:
    result = completion.op.errorOf(completion.res)

proc wait*(ring: Ring; op: Operation): int {.discardable.} =
  ## Wait for the last completion of an operation: its result, or its error raised. What a handler
  ## raises meanwhile comes out too; the operation goes on then, and can be waited for again.
  while not op.done:
    ring.turn(1)
    if not op.done and ring.inflight == 0:
      refuse(RINGLINE_ESTALE, op.name, "the operation is not in flight on this ring")
  if op.res < 0:
    raise op.errorOf(op.res)
  op.res

proc nop*(ring: Ring): Operation

proc cancel*(ring: Ring; op: Operation): Operation {.discardable.} =
  ## Ask an operation to end. Its memory stays in use until its own last completion.
  if not op.waits:
    return start(ring, "cancel", Operation()) do:
      entry.cancel(op)
  # The library does not know of it yet.
  result = ring.nop()
  result.name = "cancel"
  var rest: Deque[Operation]
  for other in op.line.waiting:
    if other != op:
      rest.addLast other
  op.line.waiting = rest
  ring.unwait(op)
  ring.tell(op, -ECANCELED)

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
  result = start(ring, "close", Operation()) do:
    entry.close_all(fd)
  let line = ring.lines.getOrDefault(cint fd)
  if line != nil:
    ring.drop(line)

proc close*(ring: Ring; fd: AnyFd): Operation {.discardable.} =
  ## Close a descriptor in order: shut a socket down, end what is in flight on it and the sends that
  ## wait (-ECANCELED).
  ring.closeFd(FileHandle(fd))

proc room(len: int): string =
  newString(int len32(len))

proc read*(ring: Ring; fd: FileHandle; len: int; offset = -1): Operation =
  ## Up to `len` bytes into `data`, from `offset` or the file position.
  start(ring, "read", Operation(data: room(len), fills: true)):
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
  start(ring, "recv", Operation(data: room(len), fills: true)):
    entry.recv(sock, cast[pointer](cstring(operation.data)), len)

proc recvAll*(ring: Ring; sock: SocketHandle; pool: Pool; handler: Handler): Operation
    {.discardable.} =
  ## A completion with a lease for each piece received, until res <= 0.
  start(ring, "recv", Operation(handler: handler)):
    entry.recv_multishot(sock, pool.group)

proc send*(ring: Ring; sock: SocketHandle; data: sink string): Operation {.discardable.} =
  ## All of `data`: short sends are finished, and sends of one socket go one after the other. When
  ## one fails, those that wait behind it end with -ECANCELED: the stream is broken there.
  ##
  ## Where more than `sendLimit` bytes would wait, because the other end does not read, it raises
  ## EAGAIN and nothing is taken.
  discard len32(data.len)
  ring.enter(Operation(name: "send", data: data, line: ring.lineOf(sock)))

proc shutdown*(ring: Ring; sock: SocketHandle; how = SHUT_WR): Operation {.discardable.} =
  ## shutdown(2): with SHUT_WR behind the sends that wait, else at once.
  if how != SHUT_WR:
    return start(ring, "shutdown", Operation()) do:
      entry.shutdown(sock, how)
  ring.enter(Operation(name: "shutdown", how: how, line: ring.lineOf(sock)))

# Time

proc timer*(ring: Ring; after: Duration; every = DurationZero): Operation =
  ## Completes after a time, then again and again when `every` is given.
  start(ring, "timer", Operation()):
    entry.timer(uint64(max(after.inNanoseconds, 0)), uint64(max(every.inNanoseconds, 0)))

proc pollFd(ring: Ring; fd: FileHandle; events: uint32): Operation =
  start(ring, "poll", Operation()):
    entry.poll_add(fd, events)

proc poll*(ring: Ring; fd: AnyFd; events: cshort): Operation =
  ## poll(2); the result is the events.
  ring.pollFd(FileHandle(fd), uint32 events)
