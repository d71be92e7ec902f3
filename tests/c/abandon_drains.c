/*
 * Another thread abandons a ring with a thousand operations pending; its owner's next turn frees
 * it, as ringline_free would.
 * Failure: what the kernel lets go at once is ABANDONED, so that its memory is lost.
 */
#include "thousand.h"

static void *finaliser(void *ring) {
  CHECK_EQ(ringline_abandon((ringline_ring *)ring), 0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  ringline_ring *ring;
  harness_warm_threads(1);
  harness_baseline();
  thousand_open();
  ring = make_ring();
  thousand_submit(ring, 1);
  CHECK(pthread_create(&thread, NULL, finaliser, ring) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_turn(ring), RINGLINE_ECLOSED);
  CHECK_EQ(many.ended, THOUSAND);
  CHECK_EQ(many.abandoned, 0);
  CHECK_EQ(ringline_free(ring), RINGLINE_ESTALE);
  thousand_close();
  harness_check_baseline();
  return 0;
}
