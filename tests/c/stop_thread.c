/*
 * ringline_stop from another thread wakes a loop that sleeps for ever, 20,000 times, and may come
 * while the ring is being freed.
 * Failure: a lost wake (the runner's time limit), or a crash in a stop that races with free.
 */
#include "tools.h"

#include <stdatomic.h>

enum { ROUNDS = 20000 };

static ringline_ring *_Atomic ring;
static atomic_int asked, seen, over;

static void *stopper(void *ctx) {
  int round;
  (void)ctx;
  for (round = 1; round <= ROUNDS; round++) {
    atomic_store(&asked, round);
    CHECK_EQ(ringline_stop(ring), 0);
    while (atomic_load(&seen) < round) sched_yield();
  }
  return NULL;
}

static void *stops_for_ever(void *ctx) {
  (void)ctx;
  while (!atomic_load(&over)) {
    int32_t code = ringline_stop(ring);
    CHECK(code == 0 || code == RINGLINE_ESTALE);
  }
  return NULL;
}

static void never(void *ctx, ringline_ring *owner, const ringline_completion *completion) {
  (void)ctx, (void)owner;
  CHECK_EQ(completion->res, -ECANCELED);
}

int main(void) {
  pthread_t thread;
  ringline_op op;
  int round;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  ringline_prep_timer(&op, UINT64_MAX, 0);
  CHECK_OK(ringline_submit_with(ring, &op, never, NULL));
  CHECK(pthread_create(&thread, NULL, stopper, NULL) == 0);
  for (round = 1; round <= ROUNDS; round++) {
    CHECK_EQ(ringline_run(ring), 0);
    CHECK_EQ(atomic_load(&asked), round);
    atomic_store(&seen, round);
  }
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  ring = make_ring();
  CHECK(pthread_create(&thread, NULL, stops_for_ever, NULL) == 0);
  for (round = 0; round < 200; round++) {
    CHECK_OK(turn_for(ring, 0, 0));
    CHECK_EQ(ringline_free(ring), 0);
    ring = make_ring();
  }
  atomic_store(&over, 1);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
