/*
 * Ops that reach another ring, the table of files, a socket's driver or the ring itself: MSG_RING,
 * PIPE, URING_CMD, EPOLL_CTL of the ring's own descriptor, NOP with a chosen result.
 * Failure: a message taken for an op's completion, or lost; a pipe in the table of files that the
 * library does not know of; a ring that wakes itself for ever.
 */
#include "ops.h"

#include <sys/epoll.h>

static ringline_op op;

static int fd_of(ringline_ring *ring) {
  ringline_info info;
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_info_of(ring, &info));
  return info.ring_fd;
}

static void check_message(const ringline_completion *got, int32_t res) {
  CHECK_EQ(got->res, res);
  CHECK_EQ(got->flags, RINGLINE_CF_MSG);
  CHECK_EQ(got->token, 0);
  CHECK_EQ(got->data, 0);
}

static void to_itself(void) {
  const uint64_t largest = (1ull << 61) - 1;
  ringline_completion got;
  ringline_prep_msg_ring(&op, fd_of(ops_ring), 0x80000001, largest, 0);
  CHECK_EQ(ops_do(&op), 0);
  got = ops_wait(largest);
  check_message(&got, INT32_MIN + 1);
  ringline_prep_msg_ring(&op, fd_of(ops_ring), 7, largest + 1, 0);
  ops_refused(&op, -EINVAL, "2^61");
  ringline_prep_msg_ring(&op, fd_of(ops_ring), 7, 1, 1);
  ops_refused(&op, -EINVAL, "flags");
  ringline_prep_msg_ring(&op, fd_of(ops_ring), 7, 1, 0);
  op.addr = 1; /* a file into the other's table */
  ops_refused(&op, -EINVAL, "numbers only");
}

static void *other_ring(void *started) {
  ringline_ring *ring = make_ring();
  int at, *fds = (int *)started, ring_fd = fd_of(ring);
  char byte;
  CHECK(write(fds[1], &ring_fd, sizeof ring_fd) == sizeof ring_fd);
  CHECK(read(fds[2], &byte, 1) == 1); /* the sender tried while it was not attached */
  CHECK_OK(ringline_attach(ring));
  CHECK(write(fds[1], "a", 1) == 1);
  for (at = 0; at < 100;) {
    uint32_t record, count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0);
    for (record = 0; record < count; record++, at++) {
      CHECK_EQ(record_at(ringline_shared_block(ring), record)->user_data, at);
      check_message(record_at(ringline_shared_block(ring), record), -at);
    }
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  return NULL;
}

static void to_another(void) {
  pthread_t thread;
  int to[2], from[2], fds[3], ring_fd, at;
  char byte;
  make_pipe(to);
  make_pipe(from);
  fds[1] = from[1];
  fds[2] = to[0];
  CHECK(pthread_create(&thread, NULL, other_ring, fds) == 0);
  CHECK(read(from[0], &ring_fd, sizeof ring_fd) == sizeof ring_fd);
  ringline_prep_msg_ring(&op, ring_fd, 0, 0, 0);
  CHECK_EQ(ops_do(&op), -EBADFD); /* not attached yet */
  CHECK(write(to[1], "g", 1) == 1);
  CHECK(read(from[0], &byte, 1) == 1);
  for (at = 0; at < 100; at++) {
    ringline_prep_msg_ring(&op, ring_fd, (uint32_t)-at, (uint64_t)at, 0);
    CHECK_EQ(ops_do(&op), 0);
  }
  CHECK(pthread_join(thread, NULL) == 0);
  ringline_prep_msg_ring(&op, from[0], 1, 1, 0);
  CHECK_EQ(ops_do(&op), -EBADFD); /* no ring at all */
  ringline_prep_msg_ring(&op, -1, 1, 1, 0);
  CHECK_EQ(ops_do(&op), -EBADF);
  close_both(to);
  close_both(from);
}

static void no_direct_pipe(void) {
  int fds[2] = {-1, -1};
  CHECK_OK(ringline_files_reserve(ops_ring, 4, 4, 0));
  ringline_prep_pipe(&op, fds, O_CLOEXEC);
  op.file_index = 1;
  ops_refused(&op, -EINVAL, "pipe");
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  ops_refused(&op, -EINVAL, "pipe");
  CHECK(fds[0] == -1 && fds[1] == -1);
  op.file_index = 0;
  CHECK_EQ(ops_do(&op), 0);
  close_both(fds);
}

static void commands(void) {
  int ends[2], value = 5;
  make_tcp_pair(ends);
  ringline_prep_cmd_sock(&op, ends[0], RINGLINE_SOCKET_SETSOCKOPT, SOL_SOCKET, SO_PRIORITY, &value,
                         sizeof value);
  CHECK_EQ(ops_do(&op), 0);
  value = 0;
  ringline_prep_cmd_sock(&op, ends[0], RINGLINE_SOCKET_GETSOCKOPT, SOL_SOCKET, SO_PRIORITY, &value,
                         sizeof value);
  CHECK_EQ(ops_do(&op), sizeof value);
  CHECK_EQ(value, 5);
  CHECK(send(ends[1], "four", 4, 0) == 4);
  ringline_prep_poll_add(&op, ends[0], POLLIN);
  CHECK_EQ(ops_do(&op), POLLIN);
  ringline_prep_cmd_sock(&op, ends[0], RINGLINE_SOCKET_SIOCINQ, 0, 0, NULL, 0);
  CHECK_EQ(ops_do(&op), 4);
  ringline_prep_cmd_sock(&op, ends[0], RINGLINE_SOCKET_SIOCOUTQ, 0, 0, NULL, 0);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_uring_cmd(&op, ends[0], 9999, 0, 0);
  CHECK_EQ(ops_do(&op), -EOPNOTSUPP);
  op.ext = (uint64_t)(uintptr_t)&value;
  ops_refused(&op, -EINVAL, "BIG");
  op.ext = 0;
  op.op_flags = 2;
  ops_refused(&op, -EINVAL, "URING_CMD_FIXED");
  close_both(ends);
}

/* An epoll set that watches the ring and that the ring watches: the kernel breaks the circle. */
static void own_descriptor(void) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = 3}};
  int poller = epoll_create1(EPOLL_CLOEXEC), round;
  uint64_t token, watching, completed;
  CHECK(poller >= 0);
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_ADD, fd_of(ops_ring), &event);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_epoll_ctl(&op, fd_of(ops_ring), EPOLL_CTL_ADD, poller, &event);
  CHECK_EQ(ops_do(&op), -EINVAL); /* a ring is no epoll set */
  ringline_prep_poll_multishot(&op, poller, POLLIN);
  token = ops_start(&op);
  watching = op.user_data;
  completed = stats_of(ops_ring).completed;
  for (round = 0; round < 100; round++) {
    ringline_prep_nop(&op);
    CHECK_EQ(ops_do(&op), 0);
  }
  CHECK(stats_of(ops_ring).completed - completed <= 300);
  if (ringline_inflight(ops_ring) > 0) CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  while (!(ops_wait(watching).flags & RINGLINE_CF_FINAL)) {
  }
  ringline_prep_close(&op, fd_of(ops_ring));
  CHECK_EQ(ops_do(&op), -EBADF); /* the kernel does not let a ring close itself */
  CHECK(close(poller) == 0);
}

static void chosen_result(void) {
  ringline_prep_nop(&op);
  op.op_flags = RINGLINE_NOP_INJECT_RESULT;
  op.len = 1234;
  CHECK_EQ(ops_do(&op), 1234);
  op.len = (uint32_t)-ENXIO;
  CHECK_EQ(ops_do(&op), -ENXIO);
}

static void body(void) {
  to_itself();
  to_another();
  no_direct_pipe();
  commands();
  own_descriptor();
  chosen_result();
}

int main(void) { return ops_main(body); }
