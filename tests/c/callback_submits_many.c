/*
 * A callback submits 10,000 operations, and a chain of 10,000 callbacks submits one more each.
 * Failure: recursion (the stack grows with the number of operations), a lost operation, or a
 * callback that runs inside submit.
 */
#include "tools.h"

enum { MANY = 10000 };

static int ended, depth, chained;
static char *lowest, *highest;

static void note_stack(void) {
  char here;
  char *now = &here;
  if (!lowest || now < lowest) lowest = now;
  if (!highest || now > highest) highest = now;
}

static void leaf(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK_EQ(depth++, 0);
  note_stack();
  CHECK_EQ(completion->res, 0);
  ended++;
  depth--;
}

static void submits(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  int at;
  (void)ctx;
  CHECK_EQ(depth++, 0);
  CHECK_EQ(completion->res, 0);
  for (at = 0; at < MANY; at++) {
    ringline_op op;
    ringline_prep_nop(&op);
    CHECK_OK(ringline_submit_with(ring, &op, leaf, NULL));
    CHECK_EQ(ended, 0);
  }
  depth--;
}

static void chain(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  CHECK_EQ(depth++, 0);
  note_stack();
  CHECK_EQ(completion->res, 0);
  if (++chained < MANY) {
    ringline_op op;
    ringline_prep_nop(&op);
    CHECK_OK(ringline_submit_with(ring, &op, chain, ctx));
  }
  depth--;
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  harness_baseline();
  ring = make_ring();
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, submits, NULL));
  CHECK_EQ(ringline_run(ring), 0);
  CHECK_EQ(ended, MANY);
  CHECK_OK(ringline_submit_with(ring, &op, chain, NULL));
  CHECK_EQ(ringline_run(ring), 0);
  CHECK_EQ(chained, MANY);
  CHECK(highest - lowest < 16384);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
