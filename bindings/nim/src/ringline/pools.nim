## Buffers of the library that received bytes are lent from.
##
## A `Lease` is given back when its last reference is gone, on any thread, also after its ring. A
## `Pool` is closed with its ring, or before by `close` when no lease is out.

import abi, errors, queue

type
  PoolObj = object
    queue: Queue
    group*: uint16         ## What operations name it by.
    open: bool
  Pool* = ref PoolObj
  LeaseObj = object
    id: uint64
    start: pointer
    len: int
  Lease* = ref LeaseObj
    ## Bytes received, in the memory of a pool.

proc giveBack(lease: var LeaseObj) =
  if lease.id != 0:
    discard ringline_lease_release(lease.id)
    lease.id = 0
    lease.len = 0

when (NimMajor, NimMinor) >= (2, 0):
  proc `=destroy`*(lease: LeaseObj) =
    giveBack(unsafeAddr(lease)[])
else:
  proc `=destroy`*(lease: var LeaseObj) =
    giveBack(lease)

proc newLease*(id: uint64; start: pointer; len: int): Lease =
  ## For the layers above: the lease of a completion.
  Lease(id: id, start: start, len: len)

proc len*(lease: Lease): int =
  ## Bytes received; 0 after `release`.
  lease.len

proc `[]`*(lease: Lease; at: int): byte =
  ## One byte.
  if at < 0 or at >= lease.len:
    raise newException(IndexDefect, "byte " & $at & " of a lease of " & $lease.len)
  cast[ptr UncheckedArray[byte]](lease.start)[at]

template bytes*(lease: Lease): untyped =
  ## The bytes as an openArray, valid until the lease is given back.
  toOpenArray(cast[ptr UncheckedArray[byte]](address(lease)), 0, lease.len - 1)

proc address*(lease: Lease): pointer =
  ## The first byte, nil after `release`.
  if lease.len > 0: lease.start else: nil

proc `$`*(lease: Lease): string =
  ## A copy of the bytes.
  result = newString(lease.len)
  if lease.len > 0:
    copyMem(addr result[0], lease.start, lease.len)

proc release*(lease: Lease) =
  ## Give the buffer back now. Twice raises.
  if lease.id == 0:
    refuse(RINGLINE_ESTALE, "release", "the lease was given back already")
  let id = lease.id
  lease.id = 0
  lease.len = 0
  discard check(ringline_lease_release(id), "release")

proc newPool*(queue: Queue; count, size: int; incremental = false): Pool =
  ## See `newPool` of a ring.
  Pool(queue: queue, group: queue.newBufferGroup(count, size, incremental), open: true)

proc close*(pool: Pool) =
  ## The end of a pool. Raises while leases or operations use it.
  if pool.open:
    pool.queue.closeBufferGroup(pool.group)
    pool.open = false
