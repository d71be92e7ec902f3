## Entries of the two queues, the modifiers of an SQE, and where an SQE of a queue keeps things.
##
## Owns the layout of `Sqe` (that of `ringline_op`) and the list of queues of this process, in which
## a builder looks up whose entry it was given. Invariant: nothing is ever written through nil.

import std/locks
import abi, errors, flags, keep

type
  Sqe* = object
    ## An operation to submit: 64 bytes, all-zero is a NOP. Fields can be set by hand.
    opcode*: Op
    flags*: SqeFlags
    ioprio*: uint16
    fd*: int32
    off*: uint64
    `addr`*: uint64
    len*: uint32
    opFlags*: uint32
    data*: uint64          ## The user data.
    bufIndex*: uint16
    personality*: uint16
    fileIndex*: uint32
    addr3*: uint64
    ext*: uint64
  SqePointer* = ptr Sqe | ref Sqe
  UserData* = pointer | SomeNumber | ptr | ref | enum
    ## A number, an address, or an object, which is kept alive until the last completion.
  Cqe* = object
    ## A completion.
    userData*: uint64
    res*: int32            ## The result: >= 0, or -errno.
    flags*: CqeFlags
    bufferId*: uint16      ## With CQE_F_BUFFER.
    owned*: bool           ## `userData` is an operation of a `Ring`.
    data*: pointer         ## With CQE_F_LEASE: the first of the `res` bytes received.
    lease*: uint64         ## With CQE_F_LEASE: what `release` gives back.
  Slots* = object
    ## The entries of a queue and what each keeps.
    base*: ptr UncheckedArray[Sqe]
    count*: int
    keeps*: seq[Keep]
    next: ptr Slots

const spoiled* = 0xff'u8
  ## The opcode of an entry whose builder raised: the queue makes a NOP of it that nobody is told of.

static:
  doAssert sizeof(Sqe) == sizeof(ringline_op)
  doAssert offsetOf(Sqe, data) == offsetOf(ringline_op, user_data)
  doAssert offsetOf(Sqe, ext) == offsetOf(ringline_op, ext)

var
  lock: Lock
  first {.guard: lock.}: ptr Slots

initLock(lock)

proc enlist*(slots: var Slots; count: int) =
  ## Make the entries of a queue.
  slots.base = cast[ptr UncheckedArray[Sqe]](allocShared0(count * sizeof(Sqe)))
  slots.count = count
  slots.keeps = newSeq[Keep](count)
  {.cast(gcsafe).}:
    withLock lock:
      slots.next = first
      first = addr slots

proc unlist*(slots: var Slots) =
  ## Forget the entries of a queue.
  if slots.base == nil:
    return
  {.cast(gcsafe).}:
    withLock lock:
      var place = addr first
      while place[] != nil and place[] != addr slots:
        place = addr place[].next
      if place[] != nil:
        place[] = slots.next
  deallocShared(slots.base)
  slots.base = nil
  slots.keeps.setLen(0)

proc home(sqe: pointer): ptr Keep =
  ## Where the queue of this entry keeps things for it.
  let at = cast[uint](sqe)
  {.cast(gcsafe).}:
    withLock lock:
      var slots = first
      while slots != nil:
        let base = cast[uint](slots.base)
        if at >= base and at < base + uint(slots.count * sizeof(Sqe)):
          return addr slots.keeps[int(at - base) div sizeof(Sqe)]
        slots = slots.next
  refuse(einval, "sqe", "what this operation names has to be kept alive until it is complete, " &
    "and only an entry that getSqe() gave can do that")

proc kept*(sqe: SqePointer): var Keep =
  ## What an entry of a queue keeps.
  home(cast[pointer](sqe))[]

proc start*(sqe: SqePointer): ptr ringline_op =
  ## The entry as the library knows it. A full queue has no entry: that is told, never written to.
  if sqe == nil:
    refuse(eagain, "getSqe", "the submission queue is full: submit() first")
  cast[ptr ringline_op](sqe)

proc spoil*(op: ptr ringline_op; before: ringline_op) =
  ## What a builder raised about is not submitted, as long as no other builder fills the entry.
  op[] = before
  op.opcode = spoiled

proc restore*(op: ptr ringline_op; before: ringline_op) =
  ## What modifiers set before the operation was named stays set: the library fills the whole op.
  op.user_data = before.user_data
  op.flags = op.flags or before.flags

# User data

proc userData*(sqe: Sqe): uint64 =
  ## The user data as a number.
  sqe.data

proc userData*(sqe: SqePointer): uint64 =
  ## The user data as a number.
  sqe.data

proc setUserData*[S: SqePointer; T: UserData](sqe: S; value: T): S {.discardable.} =
  ## What the completions carry: a number, an address, or an object. An object is kept alive until
  ## the turn after the one that brings its last completion.
  let op = start(sqe)
  when T is ref:
    if value != nil:
      hold(kept(sqe), value)
    op.user_data = cast[uint64](value)
  elif T is SomeFloat:
    op.user_data = cast[uint64](float64(value))
  elif T is ptr or T is pointer:
    op.user_data = cast[uint64](value)
  else:
    op.user_data = uint64(int64(value))
  sqe

proc setUserData*[S: SqePointer](sqe: S; value: uint64 | uint): S {.discardable.} =
  ## A number of 64 bits.
  start(sqe).user_data = uint64(value)
  sqe

proc userData*[S: SqePointer; T: UserData](sqe: S; value: T): S {.discardable.} =
  ## As `setUserData`.
  setUserData(sqe, value)

proc setOwner*(sqe: ptr Sqe; operation: RootRef) =
  ## The user data of an operation of a `Ring`, which is kept alive as that of others.
  append(kept(sqe), KeepOwner(owner: operation))
  start(sqe).user_data = cast[uint64](operation)

# Modifiers

proc setFlag[S: SqePointer](sqe: S; flag: SqeFlag): S =
  let op = start(sqe)
  op.flags = op.flags or (1'u8 shl ord(flag))
  sqe

proc linkNext*[S: SqePointer](sqe: S): S {.discardable.} =
  ## The next operation starts when this one succeeded; else it is cancelled. A short read or write
  ## counts as a failure.
  setFlag(sqe, SQE_IO_LINK)

proc hardLinkNext*[S: SqePointer](sqe: S): S {.discardable.} =
  ## The next operation starts when this one ended, however it did.
  setFlag(sqe, SQE_IO_HARDLINK)

proc drainPrevious*[S: SqePointer](sqe: S): S {.discardable.} =
  ## Start when everything submitted before is complete, and hold back what follows until this one
  ## is. The queue itself holds back, so that cancels are never stuck behind.
  setFlag(sqe, SQE_IO_DRAIN)

proc fixedFile*[S: SqePointer](sqe: S): S {.discardable.} =
  ## The operation's fd is the index of a registered file.
  setFlag(sqe, SQE_FIXED_FILE)

proc async*[S: SqePointer](sqe: S): S {.discardable.} =
  ## Do it in a worker of the kernel from the start.
  setFlag(sqe, SQE_ASYNC)

proc skipSuccess*[S: SqePointer](sqe: S): S {.discardable.} =
  ## No completion when it succeeds.
  setFlag(sqe, SQE_CQE_SKIP_SUCCESS)

proc bufferSelect*[S: SqePointer](sqe: S; pool: int): S {.discardable.} =
  ## Take a buffer of a pool (`newBufferGroup`); the completion carries it as `data`.
  ringline_prep_pool(start(sqe), int32 pool)
  sqe

proc setPersonality*[S: SqePointer](sqe: S; id: int): S {.discardable.} =
  ## Do it with registered credentials.
  start(sqe).personality = uint16 id
  sqe

proc `$`*(cqe: Cqe): string =
  ## "(userData: 1, res: 12, flags: {})".
  "(userData: " & $cqe.userData & ", res: " & $cqe.res & ", flags: " & $cqe.flags & ")"
