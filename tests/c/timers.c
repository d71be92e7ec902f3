/*
 * Timers at 0, 1 ns, in the past, at the end of time, periodic, cancelled, and 10,000 at once.
 * Failure: a timer that fires early, never, twice, or out of order; or a wait that overflows.
 */
#include "tools.h"

static ringline_completion timer(ringline_ring *ring, uint64_t ns, uint32_t flags) {
  ringline_op op;
  ringline_completion completion;
  ringline_prep_timer(&op, ns, 0);
  op.op_flags = flags;
  completion = do_op(ring, &op);
  CHECK_EQ(completion.res, 0);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK(!(completion.flags & RINGLINE_CF_MORE));
  return completion;
}

static void check_never(ringline_ring *ring, uint64_t ns, uint32_t flags) {
  ringline_op op;
  uint64_t token, start = harness_now_ns();
  ringline_completion completion;
  ringline_prep_timer(&op, ns, 0);
  op.op_flags = flags;
  token = submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 1, 20000000), 0);
  CHECK(harness_now_ns() - start >= 20000000);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  completion = next_completion(ring);
  CHECK_EQ(completion.res, -ECANCELED);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(ringline_cancel(ring, token), RINGLINE_ESTALE);
}

static void check_period(ringline_ring *ring) {
  ringline_op op;
  ringline_completion completion;
  uint64_t token, start = harness_now_ns();
  int tick;
  ringline_prep_timer(&op, 1000000, 2000000);
  token = submit_one(ring, &op, 1);
  for (tick = 0; tick < 10; tick++) {
    completion = next_completion(ring);
    CHECK(completion.res >= 0);
    CHECK(completion.flags & RINGLINE_CF_MORE);
    CHECK(!(completion.flags & RINGLINE_CF_FINAL));
  }
  CHECK(harness_now_ns() - start >= 19000000);
  CHECK_EQ(ringline_inflight(ring), 1);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  completion = next_completion(ring);
  CHECK_EQ(completion.res, -ECANCELED);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  /* A period of 1 ns is counted, not fired one by one. */
  ringline_prep_timer(&op, 0, 1);
  token = submit_one(ring, &op, 1);
  CHECK(turn_for(ring, 1, LIMIT) <= 16);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0);
}

static void check_order(ringline_ring *ring) {
  enum { MANY = 10000 };
  ringline_shared *shared = ringline_shared_block(ring);
  uint64_t start = harness_now_ns() + 5000000;
  int seen = 0, at;
  for (at = 0; at < MANY; at++) {
    ringline_op op;
    int rank = (int)((at * 7919ll) % MANY);
    ringline_prep_timer(&op, start + (uint64_t)rank * 1000, 0);
    op.op_flags = RINGLINE_TIMER_ABS;
    submit_one(ring, &op, (uint64_t)rank);
  }
  while (seen < MANY) {
    uint32_t record, count = turn_for(ring, 1, LIMIT);
    uint64_t now = harness_now_ns();
    CHECK(count > 0);
    for (record = 0; record < count; record++) {
      CHECK_EQ(record_at(shared, record)->user_data, seen);
      CHECK(now >= start + (uint64_t)seen * 1000);
      seen++;
    }
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
}

int main(void) {
  ringline_ring *ring;
  uint64_t start;
  harness_baseline();
  ring = make_ring();
  timer(ring, 0, 0);
  timer(ring, 1, 0);
  timer(ring, 0, RINGLINE_TIMER_ABS);
  timer(ring, harness_now_ns() - 1, RINGLINE_TIMER_ABS);
  start = harness_now_ns();
  timer(ring, 30000000, 0);
  CHECK(harness_now_ns() - start >= 30000000);
  start = harness_now_ns() + 30000000;
  timer(ring, start, RINGLINE_TIMER_ABS);
  CHECK(harness_now_ns() >= start);
  check_never(ring, UINT64_MAX, 0);
  check_never(ring, UINT64_MAX, RINGLINE_TIMER_ABS);
  check_never(ring, INT64_MAX, 0);
  check_period(ring);
  check_order(ring);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
