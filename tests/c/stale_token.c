/*
 * A token of an operation that ended, while another one has its slot: stale, for every function.
 * Failure: the cancel hits the operation that came after.
 */
#include "tools.h"

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  uint64_t old, now;
  int ends[2], round;
  char byte;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring_of(8, 0, 1); /* one slot: the next operation is bound to have it */
  for (round = 0; round < 1000; round++) {
    ringline_prep_nop(&op);
    old = submit_one(ring, &op, 1);
    CHECK_EQ(next_completion(ring).token, old);
    ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
    now = submit_one(ring, &op, 2);
    CHECK(now != old);
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK_EQ(ringline_cancel(ring, old), RINGLINE_ESTALE);
    CHECK_EQ(ringline_cancel_sync(ring, old, 0), RINGLINE_ESTALE);
    CHECK_EQ(ringline_cancel_many(ring, &old, 1), 0);
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK_EQ(ringline_inflight(ring), 1);
    CHECK_EQ(ringline_cancel(ring, now), 0);
    CHECK_EQ(next_completion(ring).res, -ECANCELED);
  }
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
