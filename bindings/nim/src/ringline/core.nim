## One ring of the library and the records of what is in flight on it.
##
## Owns the handle and one record per operation: the program's user data, the operation's token and
## what is kept alive for it. Never decides anything about an operation. Invariant: a record, and
## what it keeps, is there from the accepted submit until the completion with FINAL.

import std/os
import abi, errors, keep

type
  Record* = object
    ## One operation in flight.
    userData*: uint64    ## The program's number, returned in its completions.
    token*: uint64       ## The library's name of the operation.
    keep*: Keep
    target*: uint64      ## Of an update of a poll: the token whose user data changes.
    renamed*: uint64     ## Of an update of a poll: the new user data.
    live*: bool
    quiet*: bool         ## Its success is not told.
    owned*: bool         ## Its user data is an operation of a `Ring`.
    library*: bool       ## One of the library, which the kernel does not know.
    next: int32
  Core* = object
    handle*: ptr ringline_ring
    shared*: ptr ringline_shared
    live*: int           ## Operations in flight.
    closed: bool
    records: seq[Record]
    free: int32
  Ops* = ptr UncheckedArray[ringline_op]
  Completions* = ptr UncheckedArray[ringline_completion]

const foreign = RINGLINE_CF_MSG or RINGLINE_CF_LOW_WATER
  ## Completions that are no operation's.

proc needOpen*(core: Core; what: string) =
  ## Raise when the ring was closed, with what the library says about its handle.
  if core.closed or core.handle == nil:
    discard check(ringline_state(core.handle), what)
    refuse(RINGLINE_ECLOSED, what)

proc open*(core: var Core; config: ringline_config; what: string) =
  ## Create the ring. It belongs to the first thread that waits on it.
  discard check(ringline_check_abi(RINGLINE_ABI, uint32 sizeof(ringline_op),
    uint32 sizeof(ringline_completion), uint32 sizeof(ringline_shared)), what)
  discard check(ringline_create(unsafeAddr config, addr core.handle), what)
  core.shared = ringline_shared_block(core.handle)
  core.free = -1

proc newRecord*(core: var Core; userData: uint64; keep: sink Keep): int32 =
  ## A record for an operation about to be submitted.
  if core.free < 0:
    core.records.add Record(next: -1)
    core.free = int32(core.records.len - 1)
  result = core.free
  core.free = core.records[result].next
  core.records[result] = Record(userData: userData, keep: keep, live: true, next: -1)

proc record*(core: var Core; at: int32): var Record = core.records[at]

proc dropRecord*(core: var Core; at: int32): Keep =
  ## Forget a record; what it kept is the caller's.
  result = move core.records[at].keep
  core.records[at] = Record(next: core.free)
  core.free = at

proc accepted*(core: var Core; at: int32; token: uint64) =
  ## The library took the operation of this record.
  core.records[at].token = token
  inc core.live

proc tokenOf*(core: Core; userData: uint64): uint64 =
  ## The token of the first operation in flight with this user data; 0 when there is none.
  for record in core.records:
    if record.live and record.token != 0 and record.userData == userData:
      return record.token
  0

proc isLibrary*(core: Core; token: uint64): bool =
  ## Whether the operation of a token is one that the kernel does not know.
  for record in core.records:
    if record.live and record.token == token:
      return record.library

proc rename*(core: var Core; token, userData: uint64) =
  ## Give the operation of a token another user data.
  for record in core.records.mitems:
    if record.live and record.token == token:
      record.userData = userData

proc turn*(core: var Core; waitMin: int; timeoutNs: int64; what: string): int =
  ## One turn of the library: how many completions there are. Neither a signal handler that ran in
  ## between nor a kernel that is short of memory or room for the moment ends the wait.
  while true:
    core.shared.wait_min = uint32 waitMin
    core.shared.timeout_ns = timeoutNs
    let answer = ringline_turn(core.handle)
    if answer >= 0:
      return answer
    if answer notin passing:
      fail(answer, what)
    if core.shared.recs_len > 0:
      return int core.shared.recs_len
    if waitMin == 0 or timeoutNs >= 0:
      return 0
    if answer != eintr: # Asked again at once it would say the same.
      sleep(1)

proc completions*(core: Core): Completions =
  ## What the last turn showed.
  cast[Completions](core.shared.recs)

proc settle*(core: var Core; seen: ringline_completion; mine: var Record): bool =
  ## The record of a completion. With FINAL it is gone afterwards, and what it kept lives as long as
  ## `mine` does. False for what is no operation's.
  if (seen.flags and foreign) != 0:
    return false
  let at = int32 seen.user_data
  mine = core.records[at]
  if (seen.flags and RINGLINE_CF_FINAL) != 0:
    dec core.live
    let keep = core.dropRecord(at)
    if keep != nil and (seen.flags and RINGLINE_CF_ABANDONED) != 0:
      GC_ref(keep)
  true

proc close*(core: var Core) =
  ## End the ring: everything in flight is cancelled and drained for up to a second. What the kernel
  ## does not let go of by then stays allocated for ever.
  if core.handle == nil or core.closed:
    return
  core.closed = true
  var mine: Record
  for _ in 0 .. 1:
    # What came so far is shown by a turn, what the close brings by another one.
    if ringline_close(core.handle, 1_000_000_000) < 0:
      break
    while core.live > 0:
      core.shared.wait_min = 0
      let count = ringline_turn(core.handle)
      if count <= 0:
        break
      for at in 0 ..< count:
        let seen = core.completions[at]
        if (seen.flags and RINGLINE_CF_LEASE) != 0:
          discard ringline_lease_release(seen.token)
        discard core.settle(seen, mine)
  let answer = ringline_free(core.handle)
  if answer < 0 and answer != RINGLINE_ESTALE:
    # Another thread owns the ring: it frees it at its next turn.
    discard ringline_abandon(core.handle)
  for record in core.records:
    if record.live and record.keep != nil:
      GC_ref(record.keep)
  core.live = 0
  core.records.setLen(0)
