/*
 * A callback frees its own ring: deferred until the loop returns, and everything else still ends.
 * Failure: a crash, a use after free (run under valgrind), a lost FINAL, or a handle that lives on.
 */
#include "tools.h"

static int ends[2];
static char memory[8][16];
static int finals;

static void last(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  finals++;
}

static void frees(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  ringline_op op;
  (void)ctx;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  finals++;
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(ringline_free(ring), 0); /* asked twice before it happened: still one free */
  ringline_prep_nop(&op);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_run(ring), RINGLINE_EREENTRANT);
}

static void once(int how) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  int at;
  finals = 0;
  for (at = 0; at < 8; at++) {
    ringline_prep_read(&op, ends[0], memory[at], 16, UINT64_MAX);
    CHECK_OK(ringline_submit_with(ring, &op, last, NULL));
  }
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, frees, NULL));
  CHECK_OK(ringline_submit_with(ring, &op, last, NULL));
  if (how == 0) CHECK_EQ(ringline_run(ring), RINGLINE_ECLOSED);
  if (how == 1) CHECK_EQ(ringline_run_once(ring, 1, LIMIT), RINGLINE_ECLOSED);
  if (how == 2) {
    ringline_shared_block(ring)->wait_min = 1;
    CHECK_EQ(ringline_turn(ring), RINGLINE_ECLOSED);
  }
  CHECK_EQ(finals, 10);
  CHECK_EQ(ringline_turn(ring), RINGLINE_ESTALE);
  CHECK_EQ(ringline_free(ring), RINGLINE_ESTALE);
}

int main(void) {
  int how;
  harness_baseline();
  make_pipe(ends);
  for (how = 0; how < 3; how++) once(how);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
