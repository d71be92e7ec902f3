/*
 * A ring that was abandoned while it had an owner, and whose owner then detaches and goes away.
 * Failure: nobody frees it any more: descriptors and memory stay until the process ends.
 */
#include "tools.h"

static void *finaliser(void *ring) {
  CHECK_EQ(ringline_abandon((ringline_ring *)ring), 0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  ringline_ring *ring, *next;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  CHECK(pthread_create(&thread, NULL, finaliser, ring) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_detach(ring), 0);
  next = make_ring(); /* sweeps what was abandoned */
  CHECK_EQ(ringline_state(ring), RINGLINE_ESTALE);
  CHECK_EQ(ringline_free(next), 0);
  harness_check_baseline();
  return 0;
}
