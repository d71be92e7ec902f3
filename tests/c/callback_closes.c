/*
 * In a callback: close the descriptor the callback is about, close another one whose completion is
 * in the same batch, cancel everything, close the ring without waiting.
 * Failure: a callback that comes twice or never, a completion of the other connection that is lost,
 * a crash, a ring that cannot be freed.
 */
#include "tools.h"

enum { PAIRS = 8 };

static ringline_ring *ring;
static int pairs[PAIRS][2];
static char bytes[PAIRS];
static int received[PAIRS], closed[PAIRS], failures;

static void on_close(void *ctx, ringline_ring *of, const ringline_completion *it) {
  (void)of;
  CHECK_EQ(it->res, 0);
  CHECK(it->flags & RINGLINE_CF_FINAL);
  closed[(int)(intptr_t)ctx]++;
}

static void close_pair(int at) {
  ringline_op op;
  ringline_prep_lib_close(&op, pairs[at][0]);
  CHECK_OK(ringline_submit_with(ring, &op, on_close, (void *)(intptr_t)at));
}

static void on_receive(void *ctx, ringline_ring *of, const ringline_completion *it) {
  int at = (int)(intptr_t)ctx;
  CHECK(of == ring && it->flags & RINGLINE_CF_FINAL);
  received[at]++;
  CHECK_EQ(received[at], 1);
  CHECK_EQ(it->res, 1);
  CHECK_EQ(bytes[at], 'a' + at);
  close_pair(at);
  if (at % 2 == 0 && at + 1 < PAIRS) {
    /* The other one's receive is done: it is further back in this batch. A second close of the
     * same descriptor, from its own callback, fails or waits: never twice in the kernel. */
    ringline_op op;
    ringline_prep_cancel(&op, 0);
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
    CHECK_OK(ringline_cancel_fd(ring, pairs[at + 1][0]));
    failures++;
  }
}

static void start(void) {
  ringline_op op;
  int at;
  for (at = 0; at < PAIRS; at++) {
    received[at] = closed[at] = 0;
    make_pair(pairs[at]);
    ringline_prep_recv(&op, pairs[at][0], &bytes[at], 1, 0);
    CHECK_OK(ringline_submit_with(ring, &op, on_receive, (void *)(intptr_t)at));
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  for (at = 0; at < PAIRS; at++) {
    char letter = (char)('a' + at);
    CHECK_EQ(write(pairs[at][1], &letter, 1), 1);
  }
}

static void on_first(void *ctx, ringline_ring *of, const ringline_completion *it) {
  (void)ctx, (void)it;
  CHECK_OK(ringline_close(of, 0));
  CHECK_EQ(ringline_close(of, 1000), RINGLINE_EREENTRANT);
}

static void on_any_end(void *ctx, ringline_ring *of, const ringline_completion *it) {
  (void)of;
  if (it->flags & RINGLINE_CF_FINAL) ++*(int *)ctx;
}

static void close_ring_inside(void) {
  ringline_op op;
  int at, ends = 0;
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, on_first, NULL));
  for (at = 0; at < 100; at++) {
    ringline_prep_timer(&op, (uint64_t)SECOND * 1000, 0);
    CHECK_OK(ringline_submit_with(ring, &op, on_any_end, &ends));
  }
  while (ringline_inflight(ring) > 0) turn_for(ring, 0, 0);
  CHECK_EQ(ends, 100);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ECLOSED);
}

int main(void) {
  int at;
  harness_baseline();
  ring = make_ring();
  start();
  while (ringline_inflight(ring) > 0) turn_for(ring, 0, 0);
  for (at = 0; at < PAIRS; at++) {
    char byte;
    CHECK_EQ(received[at], 1);
    CHECK_EQ(closed[at], 1);
    CHECK_EQ(read(pairs[at][1], &byte, 1), 0);
    CHECK_EQ(close(pairs[at][1]), 0);
  }
  CHECK_EQ(failures, PAIRS / 2);
  close_ring_inside();
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
