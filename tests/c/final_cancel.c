/*
 * Cancelling 1,000 pending operations of five kinds: each ends once.
 * Failure: an operation gets no FINAL, or two, or one that is not -ECANCELED.
 */
#include "thousand.h"

int main(void) {
  ringline_ring *ring;
  int at;
  harness_baseline();
  thousand_open();
  ring = make_ring();
  thousand_submit(ring, 2);
  /* One by one, in bulk, by descriptor, all: every way to ask, also more than once. */
  for (at = 0; at < 200; at++) CHECK_EQ(ringline_cancel(ring, many.tokens[at]), 0);
  CHECK_OK(ringline_cancel_many(ring, many.tokens + 100, 300));
  CHECK_OK(ringline_cancel_fd(ring, many.listener));
  CHECK_OK(ringline_cancel_all(ring));
  CHECK_OK(ringline_cancel_all(ring));
  thousand_collect(ring);
  for (at = 0; at < THOUSAND; at++)
    CHECK_EQ(ringline_cancel(ring, many.tokens[at]), RINGLINE_ESTALE);
  CHECK_EQ(stats_of(ring).strays, 0);
  CHECK_EQ(many.abandoned, 0);
  CHECK_EQ(ringline_free(ring), 0);
  thousand_close();
  harness_check_baseline();
  return 0;
}
