/*
 * A finaliser on another thread abandons a ring whose owner sleeps in ringline_run.
 * Failure: the owner spins or never returns, or the ring is not freed.
 */
#include "harness.h"

static ringline_ring *ring;
static int finals;

static void on_timer(void *ctx, ringline_ring *handle, const ringline_completion *completion) {
  (void)ctx, (void)handle;
  if (completion->flags & RINGLINE_CF_FINAL) finals++;
}

static void *finaliser(void *ctx) {
  (void)ctx;
  CHECK_EQ(ringline_attach(ring), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_abandon(ring), 0);
  return NULL;
}

static void *nothing(void *ctx) { return ctx; }

int main(void) {
  int round;
  pthread_t first;
  /* The C library keeps the stack of the first thread for the next ones. */
  CHECK_EQ(pthread_create(&first, NULL, nothing, NULL), 0);
  CHECK_EQ(pthread_join(first, NULL), 0);
  harness_baseline();
  for (round = 0; round < 50; round++) {
    pthread_t thread;
    ringline_op op;
    finals = 0;
    CHECK_OK(ringline_create(NULL, &ring));
    CHECK_OK(ringline_attach(ring));
    ringline_prep_timer(&op, 1000000000000u, 0);
    CHECK_OK(ringline_submit_with(ring, &op, on_timer, NULL));
    CHECK_EQ(pthread_create(&thread, NULL, finaliser, NULL), 0);
    CHECK_EQ(ringline_run(ring), RINGLINE_ECLOSED);
    CHECK_EQ(finals, 1);
    CHECK_EQ(ringline_state(ring), RINGLINE_ESTALE);
    CHECK_EQ(pthread_join(thread, NULL), 0);
  }
  harness_check_baseline();
  return 0;
}
