/*
 * The thread that owned a ring has exited with reads pending: close and free are legal elsewhere.
 * Failure: RINGLINE_EWRONGTHREAD for ever (a leak), a pending operation without its FINAL, or one
 * that the kernel did not confirm without ABANDONED.
 */
#include "tools.h"

enum { READS = 32 };

static ringline_ring *ring;
static int ends[2];
static char memory[READS][16];
static int finals, abandoned;

static void ended(void *ctx, ringline_ring *owner, const ringline_completion *completion) {
  (void)owner;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  CHECK(completion->res < 0);
  CHECK_EQ(*(char *)ctx, 0);
  *(char *)ctx = 1;
  finals++;
  if (completion->flags & RINGLINE_CF_ABANDONED) abandoned++;
}

static char heard[READS];

static void *owner(void *barrier) {
  int at;
  CHECK_OK(ringline_attach(ring));
  for (at = 0; at < READS; at++) {
    ringline_op op;
    ringline_prep_read(&op, ends[0], memory[at], 16, UINT64_MAX);
    CHECK_OK(ringline_submit_with(ring, &op, ended, &heard[at]));
  }
  CHECK_EQ(ringline_flush(ring), 0);
  pthread_barrier_wait((pthread_barrier_t *)barrier);
  pthread_barrier_wait((pthread_barrier_t *)barrier);
  return NULL;
}

int main(void) {
  pthread_t thread;
  pthread_barrier_t barrier;
  int32_t freed;
  harness_warm_threads(1);
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  pthread_barrier_init(&barrier, NULL, 2);
  CHECK(pthread_create(&thread, NULL, owner, &barrier) == 0);
  pthread_barrier_wait(&barrier);
  CHECK_EQ(ringline_close(ring, 0), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_free(ring), RINGLINE_EWRONGTHREAD);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EWRONGTHREAD);
  CHECK_OK(ringline_close(ring, SECOND));
  freed = ringline_free(ring);
  CHECK_OK(freed);
  CHECK_EQ(finals, READS);
  CHECK_EQ(freed, abandoned);
  CHECK_EQ(ringline_free(ring), RINGLINE_ESTALE);
  pthread_barrier_destroy(&barrier);
  close_both(ends);
  harness_check_baseline_abandoned();
  return 0;
}
