## The raw queue: entries, every operation of the kernel, completions.
##
## .. code-block:: nim
##   let q = newQueue(2)
##   q.getSqe().write(stdout.getFileHandle, "Hello world\n")
##   q.submit()
##   echo q.copyCqes(1)

import std/[math, posix]
import build_file, build_net, build_wait, builder, core, errors, flags

export build_file, build_net, build_wait, flags
export builder except op, Slots, kept, start, restore, spoil, spoiled, setOwner, takeBack, enlist,
  unlist, prepare, Keep, KeepOwner
export errors except refuse, fail, check, passing, eintr

type NimuringError* = RinglineError
  ## The name under which older programs know it.

const refusedSetup = {SETUP_IOPOLL, SETUP_ATTACH_WQ, SETUP_R_DISABLED, SETUP_SQE128, SETUP_CQE32,
  SETUP_NO_MMAP, SETUP_REGISTERED_FD_ONLY}

proc newQueue*(sqEntries: int; flags: SetupFlags = {}; sqThreadCpu = 0; sqThreadIdle = 0;
    wqFd = 0; cqEntries = 0): Queue =
  ## A queue of `sqEntries` (a power of two) and twice as many completions unless `cqEntries` says
  ## otherwise. `sqThreadIdle` is in milliseconds.
  if sqEntries <= 0 or sqEntries > 32768 or not isPowerOfTwo(sqEntries):
    refuse(einval, "newQueue", "the number of entries must be a power of two up to 32768, not " &
      $sqEntries)
  if cqEntries < 0:
    refuse(einval, "newQueue", "the number of completions cannot be " & $cqEntries)
  if flags * refusedSetup != {} or wqFd != 0:
    refuse(enotsup, "newQueue", "the library has no rings with " & $(flags * refusedSetup) &
      (if wqFd != 0: " or wqFd" else: ""))
  var config: ringline_config
  discard check(ringline_config_init(addr config), "newQueue")
  config.sq_entries = uint32 sqEntries
  config.cq_entries = uint32(if cqEntries == 0: sqEntries * 2 else: cqEntries)
  if SETUP_SQPOLL in flags:
    config.flags = RINGLINE_CONFIG_SQPOLL
    config.sq_thread_idle_ms = uint32 sqThreadIdle
    config.sq_thread_cpu = if SETUP_SQ_AFF in flags: uint32(sqThreadCpu + 1) else: 0
  result = Queue()
  result.core.open(config, "newQueue")
  var info: ringline_info
  discard check(ringline_info_of(result.core.handle, addr info), "newQueue")
  result.fd = info.ring_fd
  result.params = Params(sqEntries: uint32 sqEntries, cqEntries: info.cq_entries, flags: flags,
    sqThreadCpu: uint32 sqThreadCpu, sqThreadIdle: uint32 sqThreadIdle, features: info.features)
  result.prepare(sqEntries)

# Registered files

proc registerFiles*(q: Queue; fds: openArray[FileHandle]): int {.discardable.} =
  ## Register descriptors once; an entry with `fixedFile` names one by its index. -1 leaves one
  ## empty. When one is refused, none is registered. Returns 0.
  q.core.needOpen("registerFiles")
  if not q.reserved:
    discard check(ringline_files_reserve(q.core.handle, uint32 fds.len, 0, 0), "registerFiles")
    q.reserved = true
  var slots: seq[int32]
  for fd in fds:
    let slot = if fd < 0: -1'i32 else: ringline_file_add(q.core.handle, int32 fd)
    if fd >= 0 and slot < 0:
      let refusal = newRinglineError(slot, "registerFiles", $ringline_error_detail())
      for added in slots:
        if added >= 0: discard ringline_file_remove(q.core.handle, added)
      raise refusal
    slots.add slot
  q.files.add slots

proc registerFilesUpdate*(q: Queue; offset: SomeInteger; fds: openArray[FileHandle]): int
    {.discardable.} =
  ## Put descriptors in place of those from `offset` on; -1 empties one. Returns how many.
  q.core.needOpen("registerFilesUpdate")
  if int(offset) < 0 or int(offset) + fds.len > q.files.len:
    refuse(einval, "registerFilesUpdate", "only " & $q.files.len & " files are registered")
  for at, fd in fds:
    let place = int(offset) + at
    let slot = q.files[place]
    if fd < 0:
      if slot >= 0:
        discard check(ringline_file_remove(q.core.handle, slot), "registerFilesUpdate")
      q.files[place] = -1
    elif slot >= 0:
      discard check(ringline_file_replace(q.core.handle, slot, int32 fd), "registerFilesUpdate")
    else:
      q.files[place] = check(ringline_file_add(q.core.handle, int32 fd), "registerFilesUpdate")
    inc result

proc unregisterFiles*(q: Queue): int {.discardable.} =
  ## Let go of all registered files. Returns 0.
  q.core.needOpen("unregisterFiles")
  for place in 0 ..< q.files.len:
    if q.files[place] >= 0:
      discard check(ringline_file_remove(q.core.handle, q.files[place]), "unregisterFiles")
      q.files[place] = -1
  q.files.setLen(0)

# Registered buffers

proc register(q: Queue; buffer: IOVec; what: string): int32 =
  check(ringline_region_register(q.core.handle, buffer.iov_base, uint64 buffer.iov_len), what)

proc registerBuffers*(q: Queue; buffers: openArray[IOVec]): int {.discardable.} =
  ## Register memory of the program for `read_fixed` and its kin. It has to stay where it is until
  ## `unregisterBuffers` or the end of the queue. When one is refused, none is registered. Returns 0.
  q.core.needOpen("registerBuffers")
  var regions: seq[int32]
  var whole = false
  try:
    for buffer in buffers:
      regions.add q.register(buffer, "registerBuffers")
    whole = true
  finally:
    if not whole:
      for region in regions:
        discard ringline_region_release(q.core.handle, region)
  q.regions.add regions

proc registerBuffersUpdate*(q: Queue; offset: SomeInteger; buffers: openArray[IOVec]): int
    {.discardable.} =
  ## Put other memory in place of the buffers from `offset` on; one that is refused, or whose old
  ## memory operations use, leaves its place as it was. Returns how many.
  q.core.needOpen("registerBuffersUpdate")
  if int(offset) < 0 or int(offset) + buffers.len > q.regions.len:
    refuse(einval, "registerBuffersUpdate", "only " & $q.regions.len & " buffers are registered")
  for at, buffer in buffers:
    let place = int(offset) + at
    let fresh = q.register(buffer, "registerBuffersUpdate")
    let answer = ringline_region_release(q.core.handle, q.regions[place])
    if answer < 0:
      let refusal = newRinglineError(answer, "registerBuffersUpdate", $ringline_error_detail())
      discard ringline_region_release(q.core.handle, fresh)
      raise refusal
    q.regions[place] = fresh
    inc result

proc unregisterBuffers*(q: Queue): int {.discardable.} =
  ## Let go of all registered buffers. Raises while operations use one. Returns 0.
  q.core.needOpen("unregisterBuffers")
  while q.regions.len > 0:
    discard check(ringline_region_release(q.core.handle, q.regions[^1]), "unregisterBuffers")
    q.regions.setLen(q.regions.len - 1)

# Event descriptors

proc setEventFd(q: Queue; fd: int32; what: string) =
  q.core.needOpen(what)
  when declared(ringline_set_eventfd):
    discard check(ringline_set_eventfd(q.core.handle, fd), what)
  else:
    refuse(enotsup, what, "this version of the library has no event descriptors; wait with " &
      "copyCqes")

proc registerEventFd*(q: Queue; fd: FileHandle): int {.discardable.} =
  ## An eventfd that is signalled for completions. Returns 0.
  q.setEventFd(int32 fd, "registerEventFd")

proc registerEventFdAsync*(q: Queue; fd: FileHandle): int {.discardable.} =
  ## As `registerEventFd`; it may also be signalled for what completed at once.
  q.setEventFd(int32 fd, "registerEventFdAsync")

proc unregisterEventFd*(q: Queue): int {.discardable.} =
  ## No descriptor is signalled any more. Returns 0.
  q.setEventFd(-1, "unregisterEventFd")

# Pools of buffers

proc newBufferGroup*(q: Queue; count, size: int; incremental = false): uint16 =
  ## Buffers out of which receives take theirs: the group of `recv_multishot` and its kin.
  q.core.needOpen("newBufferGroup")
  let flags = if incremental: RINGLINE_POOL_INCREMENTAL else: 0
  uint16 check(ringline_pool_create(q.core.handle, uint32 count, uint32 size, flags),
    "newBufferGroup")

proc closeBufferGroup*(q: Queue; group: uint16) =
  ## The end of a pool. Raises while operations or leases use it.
  q.core.needOpen("closeBufferGroup")
  discard check(ringline_pool_destroy(q.core.handle, int32 group), "closeBufferGroup")
