/*
 * Twenty rings on one thread: the kernel registers descriptors of sixteen, the others do without.
 * Failure: a ring beyond the limit does not work, or a free of one hits another one's registration.
 */
#include "tools.h"

enum { RINGS = 20 };

static ringline_ring *rings[RINGS];

static void use_all(void) {
  int at;
  for (at = 0; at < RINGS; at++) {
    ringline_op op;
    if (!rings[at]) continue;
    ringline_prep_nop(&op);
    CHECK_EQ(do_op(rings[at], &op).res, 0);
  }
}

static void remake(int at) {
  rings[at] = make_ring_of(8, 0, 16);
  CHECK_OK(ringline_attach(rings[at]));
}

int main(void) {
  int at, round;
  harness_baseline();
  for (at = 0; at < RINGS; at++) remake(at);
  use_all();
  for (round = 0; round < 3; round++) {
    for (at = round; at < RINGS; at += 3) {
      CHECK_EQ(ringline_free(rings[at]), 0);
      rings[at] = NULL;
      use_all();
    }
    for (at = RINGS - 1; at >= 0; at--)
      if (!rings[at]) remake(at);
    use_all();
  }
  for (at = 0; at < RINGS; at++) CHECK_EQ(ringline_free(rings[at]), 0);
  harness_check_baseline();
  return 0;
}
