/*
 * Closing a ring with 1,000 pending operations of five kinds: each ends once, none is taken after.
 * Failure: an operation gets no FINAL, or two, or the ring still takes operations.
 */
#include "thousand.h"

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int32_t left;
  harness_baseline();
  thousand_open();
  ring = make_ring();
  CHECK_EQ(ringline_state(ring), RINGLINE_STATE_CREATED);
  thousand_submit(ring, 2);
  CHECK_EQ(ringline_state(ring), RINGLINE_STATE_ATTACHED);
  left = ringline_close(ring, LIMIT);
  CHECK_OK(left);
  ringline_prep_nop(&op);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ECLOSED);
  thousand_collect(ring);
  CHECK_EQ(ringline_state(ring), RINGLINE_STATE_CLOSED);
  CHECK_EQ(ringline_close(ring, LIMIT), 0);
  CHECK_EQ(many.abandoned, 0);
  CHECK_EQ(ringline_free(ring), 0);
  thousand_close();
  harness_check_baseline();
  return 0;
}
