/*
 * Sending to a peer that is gone, with the default handler of SIGPIPE: -EPIPE, and no signal.
 * Failure: the process dies of SIGPIPE.
 */
#include "tools.h"

#include <signal.h>

/* A connection whose own end is shut: every way to send. */
static void check_stream(ringline_ring *ring) {
  struct iovec part = {(void *)"x", 1};
  struct msghdr msg;
  ringline_op ops[5];
  int ends[2], way;
  memset(&msg, 0, sizeof msg);
  msg.msg_iov = &part;
  msg.msg_iovlen = 1;
  make_tcp_pair(ends);
  CHECK(shutdown(ends[0], SHUT_WR) == 0);
  ringline_prep_send(&ops[0], ends[0], "x", 1, 0);
  ringline_prep_send_all(&ops[1], ends[0], "x", 1, 0);
  ringline_prep_sendmsg(&ops[2], ends[0], &msg, 0);
  ringline_prep_send_zc(&ops[3], ends[0], "x", 1, 0, 0);
  ringline_prep_sendmsg_zc(&ops[4], ends[0], &msg, 0);
  for (way = 0; way < 5; way++) {
    submit_one(ring, &ops[way], 1);
    CHECK(turn_for(ring, 1, LIMIT) > 0);
    CHECK_EQ(record_at(ringline_shared_block(ring), 0)->res, -EPIPE);
    while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0); /* notifications */
  }
  close_both(ends);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2];
  harness_baseline();
  signal(SIGPIPE, SIG_DFL);
  ring = make_ring();
  check_stream(ring);
  if (ringline_has("write_nosignal") == 1) {
    make_pair(ends);
    close(ends[1]);
    ringline_prep_write(&op, ends[0], "x", 1, UINT64_MAX);
    CHECK_EQ(do_op(ring, &op).res, -EPIPE);
    close(ends[0]);
    make_pipe(ends);
    close(ends[0]);
    ringline_prep_write(&op, ends[1], "x", 1, UINT64_MAX);
    CHECK_EQ(do_op(ring, &op).res, -EPIPE);
    close(ends[1]);
  }
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
