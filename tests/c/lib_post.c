/*
 * RINGLINE_LIB_POST: a completion of the program's own at the ring's next turn.
 * Failure: one that comes late, twice, out of order or with another res; a wait that ignores it.
 */
#include "ops.h"

static int called;

static void on_post(void *ctx, ringline_ring *ring, const ringline_completion *got) {
  (void)ring;
  CHECK(ctx == &called);
  CHECK_EQ(got->res, 5);
  called++;
}

static void body(void) {
  ringline_op op, chain[2];
  uint64_t token;
  int at;
  ringline_prep_post(&op, 42);
  CHECK_EQ(ops_do(&op), 42);
  ringline_prep_post(&op, -EPIPE);
  CHECK_EQ(ops_do(&op), -EPIPE);
  for (at = 0; at < 10; at++) {
    ringline_prep_post(&op, at);
    submit_one(ops_ring, &op, 100u + (unsigned)at);
  }
  CHECK_EQ(turn_for(ops_ring, 10, LIMIT), 10);
  for (at = 0; at < 10; at++)
    CHECK_EQ(record_at(ringline_shared_block(ops_ring), (unsigned)at)->res, at);
  ringline_prep_post(&op, 7);
  token = ops_start(&op);
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  CHECK_EQ(ops_wait(op.user_data).res, -ECANCELED);
  ringline_prep_post(&op, 5);
  CHECK(ringline_submit_with(ops_ring, &op, on_post, &called) > 0);
  turn_for(ops_ring, 1, LIMIT);
  CHECK_EQ(called, 1);
  ringline_prep_nop(&chain[0]);
  ringline_prep_post(&chain[1], 1);
  ringline_prep_link(chain, 2);
  CHECK_EQ(ringline_submit(ops_ring, chain, 2, NULL, 0), -EINVAL);
  op.flags = RINGLINE_SQE_ASYNC;
  ops_refused(&op, -EINVAL, "library operation");
}

int main(void) { return ops_main(body); }
