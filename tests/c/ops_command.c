/*
 * URING_CMD on sockets, MSG_RING to another ring and to its own, FIXED_FD_INSTALL.
 * Failure: an option that is not the one getsockopt(2) tells, a message lost, doubled, or taken for
 * the completion of an operation, an installed descriptor of another file or open over exec.
 */
#include "tools.h"

#include <netinet/tcp.h>

static int command(ringline_ring *ring, int fd, unsigned what, int name, void *value,
                   unsigned len) {
  ringline_op op;
  ringline_completion it;
  ringline_prep_cmd_sock(&op, fd, what, what < 2 ? 0 : SOL_SOCKET, name, value, len);
  it = do_op(ring, &op);
  CHECK_EQ(it.flags, RINGLINE_CF_FINAL);
  return it.res;
}

static void check_options(ringline_ring *ring, int fd) {
  int value = 1, size = 0;
  socklen_t len = sizeof value;
  CHECK_EQ(command(ring, fd, RINGLINE_SOCKET_SETSOCKOPT, SO_KEEPALIVE, &value, sizeof value), 0);
  value = 0;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len) == 0 && value == 1);
  value = 0;
  CHECK_EQ(command(ring, fd, RINGLINE_SOCKET_SETSOCKOPT, SO_KEEPALIVE, &value, sizeof value), 0);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len) == 0 && value == 0);
  CHECK_EQ(command(ring, fd, RINGLINE_SOCKET_GETSOCKOPT, SO_SNDBUF, &size, sizeof size),
           sizeof size);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &len) == 0 && value == size && size > 0);
  CHECK_EQ(command(ring, fd, RINGLINE_SOCKET_SETSOCKOPT, SO_KEEPALIVE, &value, 1), -EINVAL);
  CHECK_EQ(command(ring, fd, RINGLINE_SOCKET_SETSOCKOPT, 9999, &value, sizeof value),
           -ENOPROTOOPT);
}

/* What waits to be read, and what the peer did not acknowledge. */
static void check_queues(ringline_ring *ring) {
  static char bytes[1 << 20];
  int ends[2];
  ssize_t sent;
  make_tcp_pair(ends);
  CHECK_EQ(command(ring, ends[1], RINGLINE_SOCKET_SIOCINQ, 0, NULL, 0), 0);
  CHECK_EQ(command(ring, ends[0], RINGLINE_SOCKET_SIOCOUTQ, 0, NULL, 0), 0);
  CHECK(send(ends[0], bytes, 300, 0) == 300);
  CHECK(recv(ends[1], bytes, 1, 0) == 1);
  CHECK_EQ(command(ring, ends[1], RINGLINE_SOCKET_SIOCINQ, 0, NULL, 0), 299);
  check_options(ring, ends[0]);
  while ((sent = send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {}
  CHECK(command(ring, ends[0], RINGLINE_SOCKET_SIOCOUTQ, 0, NULL, 0) > 0);
  CHECK(command(ring, ends[0], 77, 0, NULL, 0) < 0);
  close_both(ends);
  make_pipe(ends);
  CHECK_EQ(command(ring, ends[0], RINGLINE_SOCKET_SIOCINQ, 0, NULL, 0), -EOPNOTSUPP);
  close_both(ends);
}

static int fd_of(ringline_ring *ring) {
  ringline_info info;
  memset(&info, 0, sizeof info);
  info.size = (uint32_t)sizeof info;
  CHECK_OK(ringline_info_of(ring, &info));
  return info.ring_fd;
}

static void check_message(const ringline_completion *it, uint64_t number, int32_t res) {
  CHECK_EQ(it->user_data, number);
  CHECK_EQ(it->res, res);
  CHECK_EQ(it->flags, RINGLINE_CF_MSG);
  CHECK(it->data == 0 && it->token == 0);
}

/* To another ring, in order, while an operation of that ring pends with the same number. */
static void check_other(ringline_ring *ring) {
  const uint64_t numbers[] = {0, 1, 77, (1ull << 61) - 1};
  ringline_ring *other = make_ring();
  ringline_op op;
  uint64_t token;
  unsigned at;
  int target = fd_of(other);
  ringline_prep_msg_ring(&op, target, 1, 1, 0);
  CHECK_EQ(do_op(ring, &op).res, -EBADFD); /* not attached */
  CHECK_OK(ringline_attach(other));
  target = fd_of(other);
  ringline_prep_timer(&op, 3600 * (uint64_t)SECOND, 0);
  token = submit_one(other, &op, 77);
  for (at = 0; at < 4; at++) {
    ringline_prep_msg_ring(&op, target, at == 3 ? UINT32_MAX : at + 5, numbers[at], 0);
    CHECK_EQ(do_op(ring, &op).res, 0);
  }
  for (at = 0; at < 4;) {
    uint32_t records = turn_for(other, 1, LIMIT), record;
    CHECK(records > 0);
    for (record = 0; record < records; record++, at++)
      check_message(record_at(ringline_shared_block(other), record), numbers[at],
                    at == 3 ? -1 : (int32_t)at + 5);
  }
  CHECK_EQ(ringline_inflight(other), 1);
  CHECK_EQ(ringline_cancel(other, token), 0);
  CHECK_EQ(next_completion(other).token, token);
  CHECK_EQ(ringline_free(other), 0);
}

/* To itself: the message, and the completion of the operation that sent it. */
static void check_self(ringline_ring *ring) {
  ringline_op op;
  int messages = 0, finals = 0;
  ringline_prep_msg_ring(&op, fd_of(ring), 42, 123, 0);
  submit_one(ring, &op, 123);
  while (messages + finals < 2) {
    uint32_t records = turn_for(ring, 1, LIMIT), record;
    CHECK(records > 0);
    for (record = 0; record < records; record++) {
      const ringline_completion *it = record_at(ringline_shared_block(ring), record);
      if (it->flags & RINGLINE_CF_MSG) {
        check_message(it, 123, 42);
        messages++;
      } else {
        CHECK_EQ(it->user_data, 123);
        CHECK_EQ(it->res, 0);
        CHECK_EQ(it->flags, RINGLINE_CF_FINAL);
        finals++;
      }
    }
  }
  CHECK(messages == 1 && finals == 1);
}

/* What could look like an operation of the other ring, or reach its table of files. */
static void check_refused(ringline_ring *ring) {
  ringline_op op;
  int target = fd_of(ring), ends[2];
  ringline_prep_msg_ring(&op, target, 1, 1ull << 61, 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_msg_ring(&op, target, 1, 1, 1);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_msg_ring(&op, target, 1, 1, 0);
  op.addr = 1;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_msg_ring(&op, target, 1, 1, 0);
  op.file_index = 2;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  make_pipe(ends);
  ringline_prep_msg_ring(&op, ends[0], 1, 1, 0);
  CHECK_EQ(do_op(ring, &op).res, -EBADFD); /* no ring */
  ringline_prep_uring_cmd(&op, ends[0], 0, 0, 0);
  op.op_flags = 2;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_uring_cmd(&op, ends[0], 0, 0, 0);
  op.ext = (uint64_t)(uintptr_t)&op; /* 80 bytes of command, and the ring is not BIG */
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  close_both(ends);
}

/* A registered file becomes a descriptor again. */
static void check_install(ringline_ring *ring) {
  ringline_op op;
  int ends[2], slot, fd, flags;
  char byte = 0;
  make_pipe(ends);
  CHECK_OK(ringline_files_reserve(ring, 4, 0, 0));
  slot = ringline_file_add(ring, ends[1]);
  CHECK_OK(slot);
  CHECK(close(ends[1]) == 0);
  for (flags = 0; flags <= RINGLINE_FIXED_FD_NO_CLOEXEC; flags++) {
    ringline_prep_fixed_fd_install(&op, slot, (uint32_t)flags);
    fd = do_op(ring, &op).res;
    CHECK_OK(fd);
    CHECK_EQ(fcntl(fd, F_GETFD), flags ? 0 : FD_CLOEXEC);
    CHECK(write(fd, "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
    CHECK(close(fd) == 0);
  }
  ringline_prep_fixed_fd_install(&op, slot, 2);
  CHECK_EQ(do_op(ring, &op).res, -EINVAL);
  ringline_prep_fixed_fd_install(&op, slot + 1, 0);
  CHECK(ringline_submit(ring, &op, 1, NULL, 0) < 0); /* an empty slot */
  CHECK_EQ(ringline_file_remove(ring, slot), 0);
  CHECK(read(ends[0], &byte, 1) == 0); /* nobody holds the other end any more */
  CHECK(close(ends[0]) == 0);
}

int main(void) {
  ringline_ring *ring;
  harness_baseline();
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  if (ringline_op_supported(RINGLINE_OP_READ_MULTISHOT) == 1) check_queues(ring); /* 6.7 */
  if (ringline_op_supported(RINGLINE_OP_MSG_RING) == 1) {
    check_other(ring);
    check_self(ring);
    check_refused(ring);
  }
  if (ringline_op_supported(RINGLINE_OP_FIXED_FD_INSTALL) == 1) check_install(ring);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
