/*
 * A program that only ever turns without waiting sees completions that the kernel has deferred.
 * Failure: the completion queue looks empty for ever (the runner's time limit).
 */
#include "tools.h"

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2], round;
  char byte;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  for (round = 0; round < 1000; round++) {
    ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
    submit_one(ring, &op, (uint64_t)round);
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK(write(ends[1], "x", 1) == 1);
    while (turn_for(ring, 0, 0) == 0) {
    }
    CHECK_EQ(record_at(ringline_shared_block(ring), 0)->user_data, round);
    CHECK_EQ(record_at(ringline_shared_block(ring), 0)->res, 1);
  }
  /* And none of these turns costs a system call when nothing is there. */
  {
    uint64_t before = stats_of(ring).enters;
    for (round = 0; round < 1000; round++) CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK(stats_of(ring).enters - before <= 1);
  }
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
