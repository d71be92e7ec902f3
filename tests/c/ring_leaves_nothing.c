/*
 * Rings that are made, used and freed leave nothing behind (C9).
 * Failure: descriptors, threads or mappings grow with the number of rings made so far.
 */
#include "harness.h"

int main(void) {
  int round;
  harness_baseline();
  for (round = 0; round < 100; round++) {
    ringline_ring *ring = NULL;
    ringline_op op;
    ringline_shared *shared;
    CHECK_OK(ringline_create(NULL, &ring));
    shared = ringline_shared_block(ring);
    CHECK(shared != NULL);
    ringline_prep_nop(&op);
    op.user_data = 42;
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
    shared->wait_min = 1;
    shared->timeout_ns = 1000000000;
    CHECK_EQ(ringline_turn(ring), 1);
    CHECK_EQ(((ringline_completion *)(uintptr_t)shared->recs)[0].user_data, 42);
    CHECK_EQ(ringline_close(ring, 1000000000), 0);
    CHECK_EQ(ringline_free(ring), 0);
  }
  harness_check_baseline();
  return 0;
}
