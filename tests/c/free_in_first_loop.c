/*
 * A callback frees the ring inside the very call that made the thread its owner, a read pending.
 * Failure: the read is not cancelled but ABANDONED (its memory lost), as if nobody could drain.
 */
#include "tools.h"

static int finals, abandoned;

static void ended(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  CHECK_EQ(completion->res, -ECANCELED);
  finals++;
  if (completion->flags & RINGLINE_CF_ABANDONED) abandoned++;
}

static void frees(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)completion;
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  int ends[2];
  char byte;
  ringline_op op;
  ringline_ring *ring;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  CHECK_OK(ringline_submit_with(ring, &op, ended, NULL));
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, frees, NULL));
  CHECK_EQ(ringline_run(ring), RINGLINE_ECLOSED); /* no attach before: run binds */
  CHECK_EQ(finals, 1);
  CHECK_EQ(abandoned, 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
