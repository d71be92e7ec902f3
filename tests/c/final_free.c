/*
 * Freeing a ring with 1,000 pending operations of five kinds: every callback hears of its end once,
 * and afterwards nothing writes into the memory that they named.
 * Failure: a callback is not called, or twice; or bytes sent later turn up in an ended buffer.
 */
#include "thousand.h"

int main(void) {
  ringline_ring *ring;
  int at;
  harness_baseline();
  thousand_open();
  ring = make_ring();
  thousand_submit(ring, 1);
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(many.ended, THOUSAND);
  CHECK_EQ(many.abandoned, 0);
  CHECK_EQ(ringline_free(ring), RINGLINE_ESTALE);
  for (at = 0; at < SPECIMENS; at++) {
    char bytes[64];
    CHECK(write(many.pipes[at][1], "late", 4) == 4);
    CHECK(write(many.pairs[at][1], "late", 4) == 4);
    CHECK(read(many.pipes[at][0], bytes, sizeof bytes) == 4);
    CHECK(read(many.pairs[at][0], bytes, sizeof bytes) == 4);
  }
  for (at = 0; at < THOUSAND; at++) CHECK_EQ(many.memory[at][0], 0);
  thousand_close();
  harness_check_baseline();
  return 0;
}
