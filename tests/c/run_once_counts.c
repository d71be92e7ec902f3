/*
 * run_once returns how many completions it told, whoever collected them: a close with a limit and a
 * prepare take them out of the kernel's queue before.
 * Failure: 0 (or too few) although records are shown, which a caller then does not look at.
 */
#include "tools.h"

static int called;

static void count(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring, (void)completion;
  called++;
}

static void submit_reads(ringline_ring *ring, int fd, char *memory) {
  int at;
  for (at = 0; at < 3; at++) {
    ringline_op op;
    ringline_prep_read(&op, fd, memory + at, 1, UINT64_MAX);
    submit_one(ring, &op, (uint64_t)at);
  }
}

int main(void) {
  int ends[2];
  char memory[8];
  ringline_op op;
  ringline_ring *ring;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  CHECK(write(ends[1], "abc", 3) == 3);
  submit_reads(ring, ends[0], memory);
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, count, NULL));
  CHECK_EQ(ringline_prepare(ring, NULL), 1);
  CHECK_EQ(called, 0);
  CHECK_EQ(ringline_run_once(ring, 0, 0), 4);
  CHECK_EQ(called, 1);
  CHECK_EQ(ringline_shared_block(ring)->recs_len, 3);
  CHECK_EQ(ringline_run_once(ring, 0, 0), 0);
  submit_reads(ring, ends[0], memory);
  CHECK_OK(ringline_submit_with(ring, &op, count, NULL));
  CHECK_EQ(ringline_close(ring, LIMIT), 0);
  CHECK_EQ(called, 2); /* its callbacks run, its records come by turn */
  CHECK_EQ(ringline_run_once(ring, 0, 0), 3);
  CHECK_EQ(ringline_shared_block(ring)->recs_len, 3);
  CHECK_EQ(ringline_run_once(ring, 0, 0), 0);
  CHECK_EQ(ringline_shared_block(ring)->recs_len, 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
