/*
 * A signal handler that does nothing: the wait of a turn ends with -EINTR, nothing is lost, and run
 * goes on.
 * Failure: Ctrl-C that a turn swallows, an operation lost or submitted twice, or run ended by it.
 */
#include "tools.h"

#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;

static void on_signal(int number) {
  (void)number;
  handled++;
}

static void alarms(long microseconds) {
  struct itimerval timer;
  memset(&timer, 0, sizeof timer);
  timer.it_value.tv_usec = microseconds;
  timer.it_interval.tv_usec = microseconds;
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void count(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ring;
  CHECK_EQ(completion->res, 0);
  ++*(int *)ctx;
}

int main(void) {
  struct sigaction action;
  ringline_ring *ring;
  ringline_shared *shared;
  ringline_op op;
  int ends[2], round, ended = 0, fired = 0;
  char byte = 0;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  shared = ringline_shared_block(ring);
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART; /* io_uring waits are never restarted, but signal() sets this */
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  alarms(1000);
  for (round = 0; round < 50; round++) {
    int before = (int)handled;
    /* The read goes in with the very call that is interrupted: in flight once, not twice. */
    ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
    op.user_data = (uint64_t)round;
    *(ringline_op *)(uintptr_t)shared->ops = op;
    shared->ops_len = 1;
    shared->wait_min = 1;
    shared->timeout_ns = -1;
    CHECK_EQ(ringline_turn(ring), -EINTR);
    CHECK((int)handled > before);
    CHECK_EQ(shared->recs_len, 0);
    if (shared->ops_done == 1) {
      CHECK_EQ(shared->op_error, 0);
      CHECK_EQ(ringline_inflight(ring), 1);
      CHECK(write(ends[1], "x", 1) == 1);
      while (turn_for(ring, 1, -1) == 0) {
      }
      CHECK_EQ(record_at(shared, 0)->user_data, round);
      CHECK_EQ(record_at(shared, 0)->res, 1);
      ended++;
    } else {
      CHECK_EQ(shared->op_error, -EINTR);
    }
    CHECK_EQ(ringline_inflight(ring), 0);
  }
  CHECK(ended > 0);
  ringline_prep_timer(&op, 50000000, 0);
  CHECK_OK(ringline_submit_with(ring, &op, count, &fired));
  CHECK_EQ(ringline_run(ring), 0);
  CHECK_EQ(fired, 1);
  alarms(0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
