/*
 * The submission queue is full and cannot be flushed: cancels still find room.
 * Failure: -EAGAIN for a cancel, so that a full queue stays full.
 */
#include "tools.h"

enum { COUNT = 8 };

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  uint64_t tokens[COUNT];
  int ends[2], at, ended = 0;
  char byte;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring_of(COUNT, 0, 0); /* not attached yet: nothing reaches the kernel */
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  for (at = 0; at < COUNT; at++) tokens[at] = submit_one(ring, &op, (uint64_t)at);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EAGAIN);
  CHECK_EQ(ringline_sq_space(ring), 0);
  for (at = 0; at < COUNT; at++) CHECK_EQ(ringline_cancel(ring, tokens[at]), 0);
  while (ended < COUNT) {
    uint32_t count = turn_for(ring, 1, LIMIT), record;
    CHECK(count > 0);
    for (record = 0; record < count; record++)
      CHECK_EQ(record_at(ringline_shared_block(ring), record)->res, -ECANCELED);
    ended += (int)count;
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
