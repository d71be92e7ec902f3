/*
 * LIB_CLOSE with operations pending on the descriptor: the peer sees the end of the stream, every
 * operation ends, then the close does. A listener that a duplicate shares goes on to accept.
 * Failure: no FIN (the peer waits for ever), later data swallowed, a FINAL after the close's, or
 * the other listener dead.
 */
#include "tools.h"

static void check_stream(ringline_ring *ring) {
  int ends[2], seen = 0, at;
  char byte, memory[4][8];
  ringline_op op;
  struct pollfd waits;
  make_tcp_pair(ends);
  for (at = 0; at < 4; at++) {
    ringline_prep_recv(&op, ends[0], memory[at], 8, 0);
    submit_one(ring, &op, 1);
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  ringline_prep_lib_close(&op, ends[0]);
  submit_one(ring, &op, 2);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EALREADY);
  while (seen < 5) {
    uint32_t count = turn_for(ring, 1, LIMIT), record;
    CHECK(count > 0);
    for (record = 0; record < count; record++) {
      const ringline_completion *completion = record_at(ringline_shared_block(ring), record);
      CHECK(completion->flags & RINGLINE_CF_FINAL);
      CHECK_EQ(completion->user_data, seen < 4 ? 1 : 2); /* the close is the last one */
      if (seen == 4) CHECK_EQ(completion->res, 0);
      seen++;
    }
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  waits.fd = ends[1];
  waits.events = POLLIN;
  CHECK(poll(&waits, 1, 5000) == 1);
  CHECK(recv(ends[1], &byte, 1, 0) == 0);
  CHECK(fcntl(ends[0], F_GETFD) == -1 && errno == EBADF);
  close(ends[1]);
}

static void check_listener(ringline_ring *ring) {
  struct sockaddr_in address;
  int listener = make_listener(&address), twin = fcntl(listener, F_DUPFD_CLOEXEC, 0), fd, peer;
  ringline_op op;
  CHECK(twin >= 0);
  ringline_prep_accept_multishot(&op, listener, NULL, NULL, SOCK_CLOEXEC);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  ringline_prep_lib_close(&op, listener);
  submit_one(ring, &op, 2);
  while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0);
  peer = dial(&address); /* the listener lives: a connection comes through */
  fd = accept4(twin, NULL, NULL, SOCK_CLOEXEC);
  CHECK(fd >= 0);
  close(fd);
  close(peer);
  close(twin);
}

static void check_shared(ringline_ring *ring) {
  int ends[2], twin;
  char byte = 'x';
  ringline_op op;
  make_pair(ends);
  twin = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
  CHECK(twin >= 0);
  ringline_prep_lib_close(&op, ends[0]);
  op.op_flags = RINGLINE_LIB_CLOSE_SHARED;
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK(send(twin, &byte, 1, 0) == 1); /* not shut down */
  CHECK(recv(ends[1], &byte, 1, 0) == 1);
  close(twin);
  close(ends[1]);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  harness_baseline();
  ring = make_ring();
  check_stream(ring);
  check_listener(ring);
  check_shared(ring);
  ringline_prep_lib_close(&op, -1);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EBADF);
  ringline_prep_lib_close(&op, 0);
  op.op_flags = 2;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
