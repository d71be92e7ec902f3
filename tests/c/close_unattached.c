/*
 * Ops were submitted to a ring that no thread owns yet, then it is closed.
 * Failure: close counts them and does nothing, so that a later turn lets the kernel begin them.
 */
#include "tools.h"

static int finals;

static void ended(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK_EQ(completion->flags & (RINGLINE_CF_FINAL | RINGLINE_CF_ABANDONED), RINGLINE_CF_FINAL);
  CHECK_EQ(completion->res, -ECANCELED);
  finals++;
}

int main(void) {
  int ends[2], at;
  char byte[3];
  ringline_op op;
  ringline_ring *ring;
  harness_baseline();
  make_pipe(ends);
  for (at = 0; at < 2; at++) { /* close that waits, and close that only asks */
    int turns;
    finals = 0;
    ring = make_ring();
    ringline_prep_read(&op, ends[0], &byte[0], 1, UINT64_MAX);
    CHECK_OK(ringline_submit_with(ring, &op, ended, NULL));
    ringline_prep_timer(&op, UINT64_MAX, 0);
    CHECK_OK(ringline_submit_with(ring, &op, ended, NULL));
    ringline_prep_read(&op, ends[0], &byte[1], 1, UINT64_MAX);
    submit_one(ring, &op, 7);
    if (at == 0) {
      CHECK_EQ(ringline_close(ring, LIMIT), 0);
      CHECK_EQ(finals, 2);
      CHECK_EQ(turn_for(ring, 0, 0), 1);
    } else {
      CHECK_EQ(ringline_close(ring, 0), 3);
      for (turns = 0; turns < 8 && ringline_shared_block(ring)->recs_len == 0; turns++)
        turn_for(ring, 1, LIMIT);
      while (ringline_inflight(ring) > 0 && turns++ < 16) turn_for(ring, 1, LIMIT);
      CHECK_EQ(finals, 2);
    }
    CHECK_EQ(ringline_inflight(ring), 0);
    CHECK_EQ(ringline_state(ring), RINGLINE_STATE_CLOSED);
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ECLOSED);
    CHECK_EQ(ringline_free(ring), 0);
  }
  close_both(ends);
  harness_check_baseline();
  return 0;
}
