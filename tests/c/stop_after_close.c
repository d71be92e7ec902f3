/*
 * A ring that is closing is still woken: stop from another thread while the owner sleeps.
 * Failure: the wake's own poll went with the cancel of the close, and the wait lasts its full time.
 */
#include "tools.h"

static ringline_ring *ring;
static uint64_t waits_before;

static void *stopper(void *ctx) {
  while (stats_of(ring).waits == waits_before) sched_yield();
  CHECK_EQ(ringline_stop(ring), 0);
  return ctx;
}

int main(void) {
  int ends[2];
  char byte;
  uint64_t start;
  pthread_t thread;
  ringline_op op;
  harness_warm_threads(1);
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_close(ring, 0), 1);
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  waits_before = stats_of(ring).waits;
  start = harness_now_ns();
  CHECK(pthread_create(&thread, NULL, stopper, NULL) == 0);
  CHECK_EQ(turn_for(ring, 1, LIMIT), 0);
  CHECK(harness_now_ns() - start < (uint64_t)LIMIT / 2);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
