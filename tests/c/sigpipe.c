/*
 * Sending to a peer that is gone, with the default handler of SIGPIPE: -EPIPE, and no signal.
 * Failure: the process dies of SIGPIPE.
 */
#include "tools.h"

#include <signal.h>

static void check_stream(ringline_ring *ring, int opcode) {
  int ends[2];
  ringline_op op;
  make_pair(ends);
  close(ends[1]);
  ringline_prep_send(&op, ends[0], "x", 1, 0);
  if (opcode == RINGLINE_LIB_SEND_ALL) ringline_prep_send_all(&op, ends[0], "x", 1, 0);
  CHECK_EQ(do_op(ring, &op).res, -EPIPE);
  close(ends[0]);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2];
  harness_baseline();
  signal(SIGPIPE, SIG_DFL);
  ring = make_ring();
  check_stream(ring, RINGLINE_OP_SEND);
  check_stream(ring, RINGLINE_LIB_SEND_ALL);
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
