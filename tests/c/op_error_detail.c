/*
 * An op is rejected inside a turn, which itself succeeds.
 * Failure: ringline_error_detail() says nothing, or still what an earlier call had to say.
 */
#include "tools.h"

int main(void) {
  ringline_ring *ring;
  ringline_shared *shared;
  ringline_op *ops;
  harness_baseline();
  ring = make_ring();
  shared = ringline_shared_block(ring);
  ops = (ringline_op *)(uintptr_t)shared->ops;
  CHECK_EQ(ringline_cancel(ring, 1), RINGLINE_ESTALE); /* leaves a text behind */
  ringline_prep_nop(&ops[0]);
  ringline_prep_nop(&ops[1]);
  ops[1].flags = RINGLINE_SQE_IO_DRAIN;
  shared->ops_len = 2;
  CHECK_EQ(turn_for(ring, 0, 0), 1);
  CHECK_EQ(shared->op_error, -EINVAL);
  CHECK_EQ(shared->op_error_at, 1);
  CHECK(strstr(ringline_error_detail(), "IO_DRAIN") != NULL);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
