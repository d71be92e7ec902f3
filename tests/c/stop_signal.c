/*
 * ringline_stop in a signal handler ends run and turn, also when the signal comes just before the
 * wait begins.
 * Failure: the loop sleeps on (the runner's time limit), or errno of the interrupted code changes.
 */
#include "tools.h"

#include <signal.h>

static ringline_ring *ring;
static volatile sig_atomic_t handled;

static void on_signal(int number) {
  (void)number;
  errno = 4711;
  if (ringline_stop(ring) != 0) handled = -1000;
  if (errno != 4711) handled = -1000;
  handled++;
}

static void raises(void *ctx, ringline_ring *owner, const ringline_completion *completion) {
  (void)ctx, (void)owner, (void)completion;
  raise(SIGUSR1);
}

static void *kills(void *thread) {
  pthread_kill(*(pthread_t *)thread, SIGUSR1);
  return NULL;
}

int main(void) {
  pthread_t self = pthread_self(), other;
  struct sigaction action;
  ringline_op op;
  int ends[2], round;
  char byte;
  harness_warm_threads(1);
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  CHECK_OK(ringline_submit_with(ring, &op, raises, NULL)); /* keeps run from being idle */
  for (round = 0; round < 100; round++) {
    handled = 0;
    raise(SIGUSR1); /* before the wait: the stop must not be lost */
    CHECK_EQ(ringline_run(ring), 0);
    CHECK_EQ(handled, 1);
    CHECK(pthread_create(&other, NULL, kills, &self) == 0); /* before, in or after the wait */
    CHECK_EQ(ringline_run(ring), 0);
    pthread_join(other, NULL);
    CHECK_EQ(handled, 2);
    raise(SIGUSR1);
    CHECK_EQ(turn_for(ring, 1, -1), 0);
  }
  handled = 0;
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, raises, NULL)); /* in a callback */
  CHECK_EQ(ringline_run(ring), 0);
  CHECK_EQ(handled, 1);
  CHECK_EQ(ringline_inflight(ring), 1);
  signal(SIGUSR1, SIG_IGN);
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(ringline_stop(ring), RINGLINE_ESTALE);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
