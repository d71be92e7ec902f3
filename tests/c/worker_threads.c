/*
 * Ops that the kernel gives to worker threads of its own (IOSQE_ASYNC), some still running at free.
 * Failure: ABANDONED ops, a worker that goes on reading after free, or workers that stay
 * although no ring is left.
 */
#include "tools.h"

enum { READS = 16 };

static int ends[2];

static void use_workers(void) {
  static char memory[READS];
  int at;
  ringline_op op;
  ringline_ring *ring = make_ring();
  for (at = 0; at < READS; at++) {
    ringline_prep_nop(&op);
    op.flags = RINGLINE_SQE_ASYNC;
    CHECK_EQ(do_op(ring, &op).res, 0);
    ringline_prep_read(&op, ends[0], &memory[at], 1, UINT64_MAX);
    op.flags = RINGLINE_SQE_ASYNC;
    CHECK_OK(ringline_submit(ring, &op, 1, NULL, 0));
    CHECK_EQ(turn_for(ring, 0, 0), 0);
  }
  CHECK(harness_count().threads > harness_before.threads);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  char byte;
  harness_baseline();
  make_pipe(ends);
  use_workers();
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(read(ends[0], &byte, 1) == 1); /* blocks for ever if a worker took it */
  close_both(ends);
  harness_check_baseline();
  return 0;
}
