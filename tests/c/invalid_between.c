/*
 * An invalid operation between two good ones: the good one before is accepted and completes, the
 * invalid one is named, the one after is not accepted.
 * Failure: an operation after the rejected one runs, or an operation before it is lost.
 */
#include "tools.h"

static void check_submit(ringline_ring *ring, const ringline_op *ops) {
  uint64_t tokens[3] = {0, 0, 0};
  CHECK_EQ(ringline_submit(ring, ops, 3, tokens, 0), 1);
  CHECK(tokens[0] != 0);
  CHECK_EQ(tokens[1], 0);
  CHECK_EQ(tokens[2], 0);
  CHECK_EQ(ringline_submit(ring, ops + 1, 2, tokens, 0), -EINVAL);
  CHECK(strlen(ringline_error_detail()) > 0);
  CHECK_EQ(next_completion(ring).user_data, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), 0);
}

static void check_turn(ringline_ring *ring, const ringline_op *ops) {
  ringline_shared *shared = ringline_shared_block(ring);
  memcpy((void *)(uintptr_t)shared->ops, ops, 3 * sizeof *ops);
  shared->ops_len = 3;
  shared->wait_min = 3; /* more than can come: a rejected operation must not be waited for */
  shared->timeout_ns = -1;
  CHECK_OK(ringline_turn(ring));
  CHECK_EQ(shared->ops_done, 1);
  CHECK_EQ(shared->op_error, -EINVAL);
  CHECK_EQ(shared->op_error_at, 1);
  CHECK_EQ(shared->ops_len, 0);
  if (shared->recs_len == 0) CHECK_EQ(turn_for(ring, 1, LIMIT), 1);
  CHECK_EQ(record_at(shared, 0)->user_data, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(shared->op_error, 0);
  CHECK_EQ(ringline_inflight(ring), 0);
}

int main(void) {
  ringline_ring *ring;
  ringline_op ops[3];
  int at;
  harness_baseline();
  ring = make_ring();
  for (at = 0; at < 3; at++) {
    ringline_prep_nop(&ops[at]);
    ops[at].user_data = (uint64_t)at + 1;
  }
  ops[1].opcode = 99;
  check_submit(ring, ops);
  check_turn(ring, ops);
  ops[1].opcode = RINGLINE_OP_NOP;
  ops[1].flags = 64; /* CQE_SKIP_SUCCESS */
  check_submit(ring, ops);
  check_turn(ring, ops);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
