/*
 * Turns after which nothing but further turns is called go a straight way; whatever is not ordinary
 * comes in the middle of them: an op that needs a look, a rejected one, more completions than were
 * waited for, fewer, a timer, a signal handler that turns the ring it interrupted, stop, abandon.
 * Failure: another number of records, tokens or counts than by the careful way, a lost completion.
 */
#include "tools.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static ringline_ring *ring;
static ringline_shared *io;
static ringline_op *ops;
static const uint64_t *tokens;
static int nested;

static void put(uint32_t at, const ringline_op *op, uint64_t data) {
  ops[at] = *op;
  ops[at].user_data = data;
  io->ops_len = at + 1;
}

static void put_nops(uint32_t count) {
  ringline_op op;
  uint32_t at;
  ringline_prep_nop(&op);
  for (at = 0; at < count; at++) put(at, &op, at);
  io->wait_min = count;
}

/* Two of them: the first may be careful, the second is ordinary. */
static void turn_twice(void) {
  int round;
  uint32_t at;
  for (round = 0; round < 2; round++) {
    put_nops(3);
    CHECK_EQ(ringline_turn(ring), 3);
    CHECK(io->ops_len == 0 && io->ops_done == 3 && io->op_error == 0 && io->recs_len == 3);
    for (at = 0; at < 3; at++) {
      const ringline_completion *it = record_at(io, at);
      CHECK(it->user_data == at && it->res == 0 && it->flags == RINGLINE_CF_FINAL);
      CHECK_EQ(it->token, tokens[at]);
    }
    CHECK_EQ(io->inflight, 0);
  }
}

static void special_in_the_middle(int pair[2]) {
  ringline_op op;
  turn_twice();
  put_nops(2);
  ringline_prep_send(&op, pair[0], "x", 1, 0);
  put(2, &op, 2);
  ringline_prep_nop(&op);
  put(3, &op, 3);
  io->wait_min = 4;
  CHECK_EQ(ringline_turn(ring), 4);
  CHECK_EQ(io->ops_done, 4);
  turn_twice();
  put_nops(2);
  ops[1].flags = 64;
  io->wait_min = 1;
  CHECK_EQ(ringline_turn(ring), 1); /* it does not wait, but a NOP is done at once */
  CHECK(io->ops_done == 1 && io->op_error == -EINVAL && io->op_error_at == 1);
  CHECK_EQ(io->inflight, 0);
  turn_twice();
}

/* A read that stays, and completes while other operations are waited for. */
static void more_and_fewer(int pair[2]) {
  static char byte;
  ringline_op op;
  turn_twice();
  ringline_prep_recv(&op, pair[1], &byte, 1, 0);
  CHECK_EQ(read(pair[1], &byte, 1), 1);
  put(0, &op, 9);
  ringline_prep_nop(&op);
  put(1, &op, 8);
  io->wait_min = 1;
  CHECK_EQ(ringline_turn(ring), 1);
  CHECK_EQ(record_at(io, 0)->user_data, 8);
  CHECK_EQ(io->inflight, 1);
  CHECK_EQ(write(pair[0], "y", 1), 1);
  put_nops(1);
  io->wait_min = 2;
  CHECK_EQ(ringline_turn(ring), 2);
  CHECK(byte == 'y' && io->inflight == 0);
  turn_twice();
  /* Records hold one kernel queue at least: what is more than was waited for comes with it. */
  put_nops(8);
  io->wait_min = 1;
  CHECK_EQ(ringline_turn(ring), 8);
}

static void on_alarm(int number) {
  (void)number;
  nested = ringline_turn(ring);
}

static void signals(int pair[2]) {
  static char byte;
  ringline_op op;
  struct sigaction action;
  struct itimerval soon;
  memset(&action, 0, sizeof action);
  memset(&soon, 0, sizeof soon);
  action.sa_handler = on_alarm;
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  turn_twice();
  ringline_prep_poll_add(&op, pair[1], POLLIN);
  put(0, &op, 5);
  io->wait_min = 1;
  soon.it_value.tv_usec = 20000;
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  CHECK_EQ(ringline_turn(ring), -EINTR);
  CHECK_EQ(nested, RINGLINE_EREENTRANT);
  CHECK(io->ops_done == 1 && io->inflight == 1);
  CHECK_EQ(write(pair[0], "z", 1), 1);
  put_nops(1);
  io->wait_min = 2;
  CHECK_EQ(ringline_turn(ring), 2);
  CHECK_EQ(read(pair[1], &byte, 1), 1);
}

static void others_in_between(int pair[2]) {
  ringline_op op;
  uint64_t before;
  turn_twice();
  /* Submitted beside the block, and a timer: a turn that is no longer ordinary takes both. */
  ringline_prep_nop(&op);
  submit_one(ring, &op, 100);
  ringline_prep_timer(&op, 1000, 0);
  submit_one(ring, &op, 101);
  put_nops(1);
  io->wait_min = 3;
  CHECK_EQ(ringline_turn(ring), 3);
  turn_twice();
  /* Nothing but the timer ends this wait. */
  ringline_prep_timer(&op, 20000000, 0);
  submit_one(ring, &op, 102);
  ringline_prep_poll_add(&op, pair[1], POLLIN);
  put(0, &op, 103);
  io->wait_min = 1;
  CHECK_EQ(ringline_turn(ring), 1);
  CHECK_EQ(record_at(io, 0)->user_data, 102);
  CHECK_OK(ringline_cancel(ring, tokens[0]));
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
  io->timeout_ns = -1;
  turn_twice();
  CHECK_OK(ringline_stop(ring));
  put_nops(1);
  io->wait_min = 2; /* would wait for ever */
  CHECK(ringline_turn(ring) <= 1);
  put_nops(1);
  io->wait_min = 1;
  CHECK(ringline_turn(ring) >= 1);
  turn_twice();
  before = stats_of(ring).submitted;
  CHECK_EQ(before, stats_of(ring).completed);
  turn_twice();
  CHECK_EQ(stats_of(ring).submitted, before + 6);
  CHECK_EQ(stats_of(ring).completed, before + 6);
}

static void *abandon(void *nothing) {
  CHECK_OK(ringline_abandon(ring));
  return nothing;
}

int main(void) {
  int pair[2];
  pthread_t thread;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  io = ringline_shared_block(ring);
  ops = (ringline_op *)(uintptr_t)io->ops;
  tokens = (const uint64_t *)(uintptr_t)io->tokens;
  make_pair(pair);
  special_in_the_middle(pair);
  more_and_fewer(pair);
  signals(pair);
  others_in_between(pair);
  turn_twice();
  put_nops(1);
  CHECK(pthread_create(&thread, NULL, abandon, NULL) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_turn(ring), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_turn(ring), RINGLINE_ESTALE);
  close(pair[0]);
  close(pair[1]);
  harness_check_baseline();
  return 0;
}
