## Builders of the operations that wait: polls, timeouts, cancels, futexes, children, other rings.
## What names another operation names it by its user data.

import std/posix
import build_file, builder, flags

type KernelTimespec = object
  seconds, nanoseconds: int64

const epollEventSize = when defined(amd64) or defined(i386): 12 else: 16

proc asNumber[T: UserData](value: T): uint64 =
  when T is SomeFloat: cast[uint64](float64(value))
  elif T is ptr or T is pointer or T is ref or T is uint64 or T is uint: cast[uint64](value)
  else: uint64(int64(value))

proc keepTime(sqe: SqePointer; ts: Timespec): pointer =
  items(kept(sqe), [KernelTimespec(seconds: int64 ts.tv_sec, nanoseconds: int64 ts.tv_nsec)])

proc poll_add*(sqe: SqePointer; fd: AnyFd; pollMask: SomeInteger) {.op.} =
  ## poll(2), once; res is the events.
  ringline_prep_poll_add(p, cint fd, uint32 pollMask)

proc poll_multi*(sqe: SqePointer; fd: AnyFd; pollMask: SomeInteger) {.op.} =
  ## A completion for each event.
  ringline_prep_poll_multishot(p, cint fd, uint32 pollMask)

proc poll_remove*(sqe: SqePointer; targetUserData: UserData) {.op.} =
  ## End a poll.
  ringline_prep_poll_remove(p, asNumber(targetUserData))

proc poll_update*[A, B: UserData](sqe: ptr Sqe; oldUserData: A; newUserData: B;
    pollMask: SomeInteger; flags: PollFlags): ptr Sqe {.discardable.} =
  ## Change the events of a poll (POLL_UPDATE_EVENTS) or its user data (POLL_UPDATE_USER_DATA).
  let p = start(sqe)
  let before = p[]
  ringline_prep_poll_update(p, asNumber(oldUserData), uint32 pollMask, 0)
  p.len = bits(flags)
  p.off = asNumber(newUserData)
  restore(p, before)
  sqe

proc poll_update*[U, A, B: UserData](q: Queue; userData: U; oldUserData: A; newUserData: B;
    pollMask: SomeInteger; flags: PollFlags): ptr Sqe {.discardable.} =
  ## As above with the next entry of a queue.
  q.needSqe().poll_update(oldUserData, newUserData, pollMask, flags).setUserData(userData)

proc timeout*(sqe: SqePointer; ts: Timespec; count: SomeInteger = 0;
    flags: TimeoutFlags = {}) {.op.} =
  ## A timer of the kernel, or until `count` completions came; res is -ETIME or 0.
  ringline_prep_timeout(p, keepTime(sqe, ts), uint32 count, bits(flags))

proc timeout*(sqe: SqePointer; ts: ptr Timespec; count: SomeInteger = 0;
    flags: TimeoutFlags = {}) {.op.} =
  ## As above; the time is copied at once.
  ringline_prep_timeout(p, keepTime(sqe, ts[]), uint32 count, bits(flags))

proc timeout_remove*(sqe: SqePointer; timeoutUserData: UserData;
    flags: TimeoutFlags = {}) {.op.} =
  ## End a timeout.
  ringline_prep_timeout_remove(p, asNumber(timeoutUserData))
  p.op_flags = bits(flags)

proc timeout_update*(sqe: SqePointer; timeoutUserData: UserData; ts: Timespec;
    flags: TimeoutFlags = {}) {.op.} =
  ## Give a timeout a new time.
  ringline_prep_timeout_update(p, asNumber(timeoutUserData), keepTime(sqe, ts), bits(flags))

proc link_timeout*(sqe: SqePointer; ts: Timespec; flags: TimeoutFlags = {}) {.op.} =
  ## A time limit for the operation before, which needs `linkNext`.
  ringline_prep_link_timeout(p, keepTime(sqe, ts), bits(flags))

proc timer*(sqe: SqePointer; ns: uint64; periodNs: uint64 = 0) {.op.} =
  ## A timer of the library: after `ns`, then every `periodNs`.
  ringline_prep_timer(p, ns, periodNs)

proc cancel*(sqe: SqePointer; cancelUserData: UserData; flags: uint32 = 0) {.op.} =
  ## Cancel the operation with this user data; res is 0, -ENOENT or -EALREADY. With
  ## RINGLINE_CANCEL_FD the number is a descriptor.
  ringline_prep_cancel(p, asNumber(cancelUserData))
  p.op_flags = flags
  if (flags and RINGLINE_CANCEL_FD) != 0:
    p.fd = int32 p.`addr`
    p.`addr` = 0

proc epoll_ctl*(sqe: SqePointer; epfd: FileHandle; fd: AnyFd; operation: SomeInteger;
    event: pointer) {.op.} =
  ## epoll_ctl(2); the `struct epoll_event` is copied at once.
  ringline_prep_epoll_ctl(p, cint epfd, int32 operation, cint fd,
    bytes(kept(sqe), event, epollEventSize))

proc epoll_wait*(sqe: SqePointer; epfd: FileHandle; events: pointer; maximum: int;
    flags: uint32 = 0) {.op.} =
  ## epoll_wait(2) without a timeout; res is how many.
  ringline_prep_epoll_wait(p, cint epfd, events, uint32 maximum, flags)

proc futex_wait*(sqe: SqePointer; futex: ptr uint32; value: uint64;
    mask: uint64 = RINGLINE_FUTEX_ANY;
    flags: uint32 = RINGLINE_FUTEX2_SIZE_U32 or RINGLINE_FUTEX2_PRIVATE) {.op.} =
  ## Until `futex` is woken; -EAGAIN when it does not hold `value`.
  ringline_prep_futex_wait(p, futex, value, mask, flags)

proc futex_wake*(sqe: SqePointer; futex: ptr uint32; count: uint64;
    mask: uint64 = RINGLINE_FUTEX_ANY;
    flags: uint32 = RINGLINE_FUTEX2_SIZE_U32 or RINGLINE_FUTEX2_PRIVATE) {.op.} =
  ## Wake waiters; res is how many.
  ringline_prep_futex_wake(p, futex, count, mask, flags)

type FutexWaitv* = object
  ## `struct futex_waitv`.
  value*, address*: uint64
  flags*, reserved: uint32

proc futex_waitv*(sqe: SqePointer; futexes: seq[FutexWaitv]) {.op.} =
  ## Until one of several is woken; res is which.
  ringline_prep_futex_waitv(p, items(kept(sqe), futexes), len32(futexes.len))

proc waitid*(sqe: SqePointer; idType, id: SomeInteger; info: ptr SigInfo; options: SomeInteger;
    flags: uint32 = 0) {.op.} =
  ## waitid(2); `info` may be nil.
  ringline_prep_waitid(p, int32 idType, int32 id, info, int32 options, flags)

proc msg_ring*(sqe: SqePointer; ringFd: FileHandle; res: SomeInteger; data: uint64;
    userFlags: uint32 = 0; opcodeFlags: uint32 = 0) {.op.} =
  ## A completion with CQE_F_MSG, `res` and `data` on the ring of descriptor `ringFd`.
  ringline_prep_msg_ring(p, cint ringFd, cast[uint32](int32(res)), data, opcodeFlags)
  p.file_index = userFlags
