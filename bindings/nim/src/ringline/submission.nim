## The queue itself: entries handed out, submitted, and completions taken back.
##
## Owns the state of a `Queue`. The library does the work; here is only what the published interface
## has beyond it: entries that wait for a drain, user data that names another operation, successes
## that are not told. Invariant: entries go to the library in order, a chain whole or not at all.

import std/deques
import abi, core, entries, errors, flags, keep

type
  Params* = object
    ## What the queue got.
    sqEntries*: uint32
    cqEntries*: uint32
    flags*: SetupFlags
    sqThreadCpu*: uint32
    sqThreadIdle*: uint32
    features*: uint64      ## RINGLINE_FEATURE_*
  QueueObj* = object
    params*: Params
    fd*: int32             ## The ring's descriptor.
    core*: Core
    slots*: Slots
    files*: seq[int32]     ## Slots of the registered files, by the program's index.
    reserved*: bool        ## The library has its table of registered files.
    regions*: seq[int32]   ## Ids of the registered buffers, by the program's index.
    head, len, due: int
    drained: bool
    untold: int            ## Operations in flight whose success is not told.
    ready: Deque[Ready]
    lent: seq[Keep]        ## What the completions copied last kept.
    batch: seq[ringline_op]
    tokens: seq[uint64]
    records: seq[int32]
    units: seq[int]        ## Where each unit of the batch ends.
    answers*: bool         ## A refused entry is told by a completion and not raised.
    refusals*: seq[(uint64, string)]
      ## What the library said about those, by their user data.
  Ready = object
    cqe: Cqe
    keep: Keep
  Queue* = ref QueueObj
    ## A submission and a completion queue. Used by the thread that first waits on it.

const links = 1'u8 shl ord(SQE_IO_LINK) or 1'u8 shl ord(SQE_IO_HARDLINK)
const drain = 1'u8 shl ord(SQE_IO_DRAIN)
const skip = 1'u8 shl ord(SQE_CQE_SKIP_SUCCESS)
const renames = 1'u32 shl ord(POLL_UPDATE_USER_DATA)

proc release(q: var QueueObj) =
  q.core.close()
  q.slots.unlist()

when defined(nimAllowNonVarDestructor) or (NimMajor, NimMinor) >= (2, 0):
  proc `=destroy`*(q: QueueObj) =
    let queue = unsafeAddr q
    try: release(queue[])
    except CatchableError: discard
    `=destroy`(queue.core)
    `=destroy`(queue.slots)
    `=destroy`(queue.files)
    `=destroy`(queue.regions)
    `=destroy`(queue.ready)
    `=destroy`(queue.lent)
    `=destroy`(queue.batch)
    `=destroy`(queue.tokens)
    `=destroy`(queue.records)
    `=destroy`(queue.units)
    `=destroy`(queue.refusals)
else:
  proc `=destroy`*(q: var QueueObj) =
    try: release(q)
    except CatchableError: discard
    `=destroy`(q.core)
    `=destroy`(q.slots)
    `=destroy`(q.files)
    `=destroy`(q.regions)
    `=destroy`(q.ready)
    `=destroy`(q.lent)
    `=destroy`(q.batch)
    `=destroy`(q.tokens)
    `=destroy`(q.records)
    `=destroy`(q.units)
    `=destroy`(q.refusals)

proc prepare*(q: Queue; entries: int) =
  ## Make the entries; the ring is there already.
  q.slots.enlist(entries)
  q.ready = initDeque[Ready](entries * 2)
  q.batch = newSeqOfCap[ringline_op](entries)
  q.tokens = newSeq[uint64](entries)

proc close*(q: Queue) =
  ## End the queue: everything in flight is cancelled and drained. Closing twice is harmless, any
  ## other use raises.
  release(q[])
  q.len = 0
  q.due = 0
  q.ready.clear()
  q.lent.setLen(0)

proc getSqe*(q: Queue): ptr Sqe =
  ## The next entry, a NOP as yet, or nil when the queue is full: `submit()` first.
  q.core.needOpen("getSqe")
  if q.len == q.slots.count:
    return nil
  let at = (q.head + q.len) and (q.slots.count - 1)
  inc q.len
  q.slots.keeps[at] = nil
  result = addr q.slots.base[at]
  result[] = Sqe()

proc needSqe*(q: Queue): ptr Sqe =
  ## The next entry; raises when the queue is full.
  result = q.getSqe()
  discard start(result)

proc takeBack*(q: Queue; sqe: ptr Sqe) =
  ## Undo `getSqe`: the entry is not submitted.
  let last = (q.head + q.len - 1) and (q.slots.count - 1)
  if q.len > q.due and sqe == addr q.slots.base[last]:
    dec q.len
    q.slots.keeps[last] = nil
  else: # Others came behind it.
    spoil(start(sqe), ringline_op())

proc sqReady*(q: Queue): uint32 =
  ## Entries that the library has not taken yet.
  uint32 q.len

proc slot(q: Queue; at: int): ptr ringline_op =
  cast[ptr ringline_op](addr q.slots.base[(q.head + at) and (q.slots.count - 1)])

proc unitAt(q: Queue; at: int): int =
  ## Where the chain (or the single entry) that starts at `at` ends.
  result = at + 1
  while result < q.due and (q.slot(result - 1).flags and links) != 0:
    inc result

proc hasName(op: ringline_op): bool =
  ## Whether addr names another operation, by its user data as yet.
  case op.opcode
  of RINGLINE_OP_ASYNC_CANCEL: (op.op_flags and RINGLINE_CANCEL_FD) == 0
  of RINGLINE_OP_POLL_REMOVE, RINGLINE_OP_TIMEOUT_REMOVE: true
  else: false

proc isNamed(q: Queue; userData: uint64): bool =
  ## Whether the batch holds an operation with this user data, which has no token yet.
  for at in q.records:
    if q.core.record(at).userData == userData:
      return true

proc resolve(q: Queue; op: var ringline_op; record: int32) =
  ## Put the token where the program put the user data. What is not in flight is answered as the
  ## kernel would.
  let token = q.core.tokenOf(op.`addr`)
  if token == 0 or q.core.isLibrary(token):
    var answer = -2'i32 # ENOENT
    if token != 0:
      answer = -ringline_to_errno(ringline_cancel(q.core.handle, token))
    let data = op.user_data
    op = ringline_op(opcode: RINGLINE_OP_NOP, fd: -1, flags: op.flags and links, user_data: data,
      op_flags: RINGLINE_NOP_INJECT_RESULT, len: cast[uint32](answer))
    return
  if op.opcode == RINGLINE_OP_POLL_REMOVE and (op.len and renames) != 0:
    q.core.record(record).target = token
    q.core.record(record).renamed = op.off
    op.len = op.len and not renames
    op.off = 0
    if op.len == 0: # Nothing for the kernel to do.
      let data = op.user_data
      op = ringline_op(opcode: RINGLINE_OP_NOP, fd: -1, flags: op.flags and links, user_data: data)
      return
  op.`addr` = token

proc translate(q: Queue; op: var ringline_op) =
  ## Indices of registered files and buffers as the library has them.
  if (op.flags and RINGLINE_SQE_FIXED_FILE) != 0:
    op.fd = if op.fd >= 0 and op.fd < q.files.len: q.files[op.fd] else: -1
  let fixed = case op.opcode
    of RINGLINE_OP_READ_FIXED, RINGLINE_OP_WRITE_FIXED, RINGLINE_OP_READV_FIXED,
        RINGLINE_OP_WRITEV_FIXED: true
    of RINGLINE_OP_SEND_ZC, RINGLINE_OP_SENDMSG_ZC:
      (op.ioprio and RINGLINE_RECVSEND_FIXED_BUF) != 0
    of RINGLINE_OP_URING_CMD: (op.op_flags and RINGLINE_URING_CMD_FIXED) != 0
    else: false
  if fixed:
    op.buf_index =
      if int(op.buf_index) < q.regions.len: uint16 q.regions[op.buf_index] else: high(uint16)

proc gather(q: Queue; at: int; last: bool) =
  ## One entry becomes an op of the batch.
  var op = q.slot(at)[]
  let place = (q.head + at) and (q.slots.count - 1)
  let record = q.core.newRecord(op.user_data, move q.slots.keeps[place])
  q.core.record(record).owned = q.core.record(record).keep of KeepOwner
  if op.opcode == spoiled:
    op = ringline_op(opcode: RINGLINE_OP_NOP, fd: -1, flags: (op.flags and links) or skip)
  q.core.record(record).quiet = (op.flags and skip) != 0
  q.core.record(record).library = op.opcode >= RINGLINE_LIB_CLOSE
  op.user_data = uint64 record
  op.flags = op.flags and not (drain or skip)
  if last:
    op.flags = op.flags and not links
  if op.hasName:
    q.resolve(op, record)
  q.translate(op)
  q.batch.add op
  q.records.add record

proc giveBack(q: Queue; first: int) =
  ## Put what the library did not take back into its entries; these are the next ones.
  for at in first ..< q.records.len:
    let place = (q.head + at - first) and (q.slots.count - 1)
    q.slots.keeps[place] = q.core.dropRecord(q.records[at])

proc advance(q: Queue; count: int) =
  q.head = (q.head + count) and (q.slots.count - 1)
  q.len -= count
  q.due -= count

proc reject(q: Queue; count: int; code: int32; detail: string) =
  ## Drop the first entries, and tell what they were refused for where that is not raised.
  for at in 0 ..< count:
    let keep = move q.slots.keeps[(q.head + at) and (q.slots.count - 1)]
    let op = q.slot(at)
    if q.answers and op.opcode != spoiled:
      q.refusals.add (op.user_data, detail)
      q.ready.addLast Ready(keep: keep, cqe: Cqe(userData: op.user_data, res: code,
        flags: {CQE_F_FINAL}, owned: keep of KeepOwner))
  q.advance(count)

proc send(q: Queue; what: string): bool =
  ## Hand the batch to the library; false when it takes no more now. A rejected unit is dropped and
  ## told; what follows it stays in the queue.
  result = true
  if q.batch.len == 0:
    return
  let answer = ringline_submit(q.core.handle, addr q.batch[0], uint32 q.batch.len,
    addr q.tokens[0], 0)
  let done = max(answer, 0)
  for at in 0 ..< done:
    q.core.accepted(q.records[at], q.tokens[at])
    q.untold += ord(q.core.record(q.records[at]).quiet)
  q.advance(done)
  if done < q.batch.len:
    q.giveBack(done)
  # What was cut off behind accepted entries is tried again, and says then why.
  if answer < 0:
    result = false
    # No room, no slot for one more: it goes in when completions were taken. EBUSY is none of these:
    # it is about that entry alone, which must not hold up what is behind it.
    if answer != eagain and answer != RINGLINE_ENOSLOT:
      let detail = $ringline_error_detail()
      q.reject(q.units[0], answer, detail)
      q.batch.setLen(0); q.records.setLen(0); q.units.setLen(0)
      if not q.answers:
        raise newRinglineError(answer, what, detail)
      return true
  q.batch.setLen(0)
  q.records.setLen(0)
  q.units.setLen(0)

proc pump(q: Queue; what: string) =
  ## Hand over what may go now: everything, or up to a drain.
  while q.due > 0:
    var at = 0
    var stop = false
    while at < q.due and not stop:
      let until = q.unitAt(at)
      var drains = false
      for entry in at ..< until:
        drains = drains or (q.slot(entry).flags and drain) != 0
        if q.slot(entry)[].hasName and q.isNamed(q.slot(entry).`addr`):
          stop = true # Its target has no token before the batch is in.
      if stop and at > 0: break
      if q.drained and q.core.live > 0: break
      if drains and (at > 0 or q.core.live > 0): break
      q.drained = drains
      for entry in at ..< until:
        q.gather(entry, entry == until - 1)
      at = until
      q.units.add at
      stop = drains
    if at == 0 or not q.send(what):
      break

proc absorb(q: Queue; count: int) =
  ## Take the completions of a turn.
  for at in 0 ..< count:
    let seen = q.core.completions[at]
    var mine: Record
    var cqe = Cqe(userData: seen.user_data, res: seen.res, bufferId: uint16(seen.flags shr 16))
    cqe.flags = cast[CqeFlags](uint16(seen.flags and 0xffff))
    if q.core.settle(seen, mine):
      cqe.userData = mine.userData
      cqe.owned = mine.owned
      if CQE_F_FINAL in cqe.flags:
        q.untold -= ord(mine.quiet)
      else:
        mine.keep = nil
      if mine.target != 0 and seen.res >= 0:
        q.core.rename(mine.target, mine.renamed)
      if mine.quiet and seen.res >= 0 and CQE_F_MORE notin cqe.flags and
          CQE_F_LEASE notin cqe.flags:
        continue
    if CQE_F_LEASE in cqe.flags:
      cqe.data = cast[pointer](seen.data)
      cqe.lease = seen.token
    q.ready.addLast Ready(cqe: cqe, keep: mine.keep)

proc reap(q: Queue; waitNr: int; what: string) =
  ## Turn until `waitNr` completions are ready, or nothing is in flight that could bring one.
  q.core.needOpen(what)
  while true:
    let missing = max(waitNr - q.ready.len, 0)
    # Never wait for more than is sure to come: successes that are not told are completions too.
    let sure = if q.untold > 0: min(q.core.live, 1) else: q.core.live
    q.absorb q.core.turn(min(missing, sure), -1, what)
    if q.due > 0:
      q.pump(what)
    if q.ready.len >= waitNr or q.core.live == 0:
      break

proc submitAll(q: Queue; waitNr: int): int =
  q.core.needOpen("submit")
  result = q.len - q.due
  q.due = q.len
  q.pump("submit")
  if waitNr > q.ready.len:
    q.reap(waitNr, "submit")
  else:
    # What the kernel does not take now goes with the next turn.
    let answer = ringline_flush(q.core.handle)
    if answer notin passing:
      discard check(answer, "submit")

proc submit*(q: Queue; waitNr: uint = 0): int {.discardable.} =
  ## Hand the entries to the kernel and, with `waitNr`, wait until as many completions are ready for
  ## `copyCqes`. Returns how many entries were handed over. Raises for an entry that the library
  ## refuses: that one is dropped, what follows it stays in the queue.
  q.submitAll(int waitNr)

proc submit*(q: Queue; waitNr: int): int {.discardable.} =
  ## As above.
  q.submitAll(waitNr)

proc cqReady*(q: Queue): uint32 =
  ## Completions that wait to be copied.
  q.reap(0, "cqReady")
  uint32 q.ready.len

proc await(q: Queue; waitNr: int) =
  q.core.needOpen("copyCqes")
  q.lent.setLen(0)
  if q.ready.len == 0 or q.ready.len < waitNr:
    q.reap(waitNr, "copyCqes")

proc next(q: Queue): Cqe =
  ## A completion leaves the queue. An object in its user data lives until the next copy, so that
  ## the program can take it over.
  let ready = q.ready.popFirst()
  if ready.keep != nil:
    q.lent.add ready.keep
  ready.cqe

proc takeAll(q: Queue; waitNr: int): seq[Cqe] =
  q.await(waitNr)
  result = newSeqOfCap[Cqe](q.ready.len)
  while q.ready.len > 0:
    result.add q.next()

proc takeInto(q: Queue; cqes: ptr UncheckedArray[Cqe]; room, waitNr: int): int =
  q.await(min(waitNr, room))
  while result < room and q.ready.len > 0:
    cqes[result] = q.next()
    inc result

proc copyCqes*(q: Queue; waitNr: uint = 0): seq[Cqe] =
  ## The completions that are ready, at least `waitNr` of them; fewer only when nothing is in flight
  ## any more that could bring one.
  q.takeAll(int waitNr)

proc copyCqes*(q: Queue; waitNr: int): seq[Cqe] =
  ## As above.
  q.takeAll(waitNr)

proc copyCqes*(q: Queue; cqes: var openArray[Cqe]; waitNr: SomeInteger = 0): int {.discardable.} =
  ## As above into memory of the program: as many as fit, never more; the rest stays. Returns how
  ## many.
  if cqes.len == 0:
    return 0
  q.takeInto(cast[ptr UncheckedArray[Cqe]](addr cqes[0]), cqes.len, int waitNr)

proc copyCqes*(q: Queue; cqes: seq[Cqe]; waitNr: SomeInteger = 0): int {.discardable.} =
  ## As above, into a sequence of the program that may be a `let`: its elements are overwritten.
  if cqes.len == 0:
    return 0
  q.takeInto(cast[ptr UncheckedArray[Cqe]](unsafeAddr cqes[0]), cqes.len, int waitNr)

proc release*(q: Queue; cqe: Cqe) =
  ## Give back the buffer of a completion with CQE_F_LEASE.
  discard check(ringline_lease_release(cqe.lease), "release")
