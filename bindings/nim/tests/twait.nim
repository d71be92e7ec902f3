## Every operation that waits or names another one, by the result that only it can have.

import std/[epoll, unittest]
import helpers

suite "waiting":
  setup:
    let q = newQueue(16)
    let pipe = pipePair()
    var byte = 'x'
  teardown:
    closeAll pipe

  test "timeout, timeout_update, timeout_remove":
    check q.one(sqe.timeout(span(1))).res == -ETIME
    var time = span(1)
    check q.one(sqe.timeout(addr time, 0, {})).res == -ETIME
    q.timeout(1, span(60_000))
    q.timeout_remove(2, 1)
    q.submit()
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 1: -ECANCELED else: 0)
    q.timeout(3, span(60_000))
    q.submit()
    q.timeout_update(4, 3, span(1))
    q.submit()
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 3: -ETIME else: 0)
    check q.one(sqe.timeout_remove(99)).res == -ENOENT

  test "link_timeout":
    q.read(1, pipe[0], addr byte, 1, -1).linkNext()
    q.link_timeout(2, span(1))
    q.submit()
    for cqe in q.copyCqes(2):
      check cqe.res == (if cqe.userData == 1: -ECANCELED else: -ETIME)

  test "timer":
    check q.one(sqe.timer(1_000)).res >= 0

  test "cancel by user data, by object, by descriptor":
    type Thing = ref object
    let thing = Thing()
    q.read(1, pipe[0], addr byte, 1, -1)
    q.submit()
    check q.one(sqe.cancel(4711)).res == -ENOENT
    q.cancel(2, 1)
    q.submit(2)
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 1: -ECANCELED else: 0)
    q.getSqe().read(pipe[0], addr byte, 1, -1).setUserData(thing)
    q.getSqe().cancel(thing).setUserData(3)
    q.submit(2)
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 3: 0 else: -ECANCELED)
    q.read(5, pipe[0], addr byte, 1, -1)
    q.submit()
    q.cancel(6, pipe[0], RINGLINE_CANCEL_FD)
    q.submit(2)
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 5: -ECANCELED else: 0)

  test "poll_remove, poll_update":
    q.poll_add(1, pipe[0], POLLIN)
    q.poll_remove(2, 1)
    q.submit(2)
    for cqe in q.copyCqes(2): check cqe.res == (if cqe.userData == 1: -ECANCELED else: 0)
    q.poll_add(3, pipe[1], POLLIN)
    q.submit()
    q.poll_update(4, 3, 0, POLLOUT, {POLL_UPDATE_EVENTS})
    q.submit(2)
    for cqe in q.copyCqes(2):
      check cqe.res == (if cqe.userData == 3: int32 POLLOUT else: 0)
    q.poll_add(5, pipe[0], POLLIN)
    q.submit()
    q.poll_update(6, 5, 55, 0, {POLL_UPDATE_USER_DATA})
    q.submit(1)
    check q.copyCqes(1)[0].userData == 6
    discard posix.write(pipe[1], addr byte, 1)
    check q.copyCqes(1)[0].userData == 55

  test "epoll_ctl, epoll_wait":
    let epfd = epoll_create1(0)
    var event = EpollEvent(events: EPOLLIN)
    event.data.u64 = 99
    check q.one(sqe.epoll_ctl(epfd, pipe[0], EPOLL_CTL_ADD, addr event)).res == 0
    var events: array[4, EpollEvent]
    q.epoll_wait(1, epfd, addr events, 4)
    q.submit()
    discard posix.write(pipe[1], addr byte, 1)
    check q.copyCqes(1)[0].res == 1
    check events[0].data.u64 == 99
    discard posix.close(epfd)

  test "futex_wait, futex_wake, futex_waitv":
    var word = 7'u32
    check q.one(sqe.futex_wait(addr word, 8)).res == -EAGAIN
    q.futex_wait(1, addr word, 7)
    q.submit()
    check q.one(sqe.futex_wake(addr word, 0)).res == 0
    q.futex_wake(2, addr word, 1)
    q.submit(2)
    var results: array[1 .. 2, int32] = [-1'i32, -1]
    for cqe in q.copyCqes(2): results[int cqe.userData] = cqe.res
    check results == [0'i32, 1]
    let flags = RINGLINE_FUTEX2_SIZE_U32 or RINGLINE_FUTEX2_PRIVATE
    check q.one(sqe.futex_waitv(@[FutexWaitv(value: 8, address: cast[uint64](addr word),
      flags: flags)])).res == -EAGAIN

  test "waitid":
    let child = fork()
    if child == 0: exitnow(3)
    var info: SigInfo
    check q.one(sqe.waitid(1, child, addr info, WEXITED)).res == 0
    check info.si_pid == child
    check info.si_status == 3

  test "msg_ring":
    let other = newQueue(4)
    other.nop(1)
    other.submit(1) # Attached by now.
    discard other.copyCqes()
    check q.one(sqe.msg_ring(other.fd, 42, 4711)).res == 0
    let cqe = other.copyCqes()
    check cqe.len == 1
    check cqe[0].res == 42 and cqe[0].userData == 4711 and CQE_F_MSG in cqe[0].flags
