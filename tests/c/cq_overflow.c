/*
 * A completion queue of 4 entries under hundreds of completions, alone and with a full submission
 * queue: nothing is lost and everything comes in order of submission for NOPs.
 * Failure: a completion lost or doubled, or a turn that never returns.
 */
#include "tools.h"

enum { COUNT = 512 };

static unsigned char seen[COUNT];

static void take(ringline_shared *shared, int *ended) {
  uint32_t record;
  for (record = 0; record < shared->recs_len; record++) {
    const ringline_completion *completion = record_at(shared, record);
    CHECK(completion->user_data < COUNT);
    CHECK_EQ(seen[completion->user_data], 0);
    CHECK(completion->flags & RINGLINE_CF_FINAL);
    seen[completion->user_data] = 1;
    ++*ended;
  }
}

static ringline_ring *tiny(uint32_t records) {
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.sq_entries = 2;
  config.cq_entries = 4;
  config.recs_cap = records;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_OK(ringline_attach(ring));
  return ring;
}

/* Polls that all fire at once: far more completions than the queue holds. */
static void check_alone(uint32_t records) {
  ringline_ring *ring = tiny(records);
  ringline_shared *shared = ringline_shared_block(ring);
  int ends[2], at, ended = 0;
  make_pipe(ends);
  memset(seen, 0, sizeof seen);
  for (at = 0; at < COUNT; at++) {
    ringline_op op;
    ringline_prep_poll_add(&op, ends[0], POLLIN);
    submit_one(ring, &op, (uint64_t)at);
  }
  CHECK_EQ(ringline_flush(ring), 0);
  CHECK(write(ends[1], "x", 1) == 1);
  while (ended < COUNT) {
    int32_t code;
    shared->wait_min = 1;
    shared->timeout_ns = LIMIT;
    code = ringline_turn(ring);
    if (code != -EBUSY) CHECK_OK(code);
    if (code >= 0) CHECK(code > 0);
    take(shared, &ended);
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

/* Submitting goes on while the queue overflows: what is refused is offered again. */
static void check_full(void) {
  ringline_ring *ring = tiny(0);
  ringline_shared *shared = ringline_shared_block(ring);
  int next = 0, ended = 0;
  memset(seen, 0, sizeof seen);
  while (ended < COUNT) {
    int32_t code;
    while (next < COUNT) {
      ringline_op op;
      ringline_prep_nop(&op);
      op.user_data = (uint64_t)next;
      code = ringline_submit(ring, &op, 1, NULL, 0);
      if (code == -EAGAIN || code == -EBUSY) break;
      CHECK_EQ(code, 1);
      next++;
    }
    shared->wait_min = 1;
    shared->timeout_ns = LIMIT;
    code = ringline_turn(ring);
    if (code != -EBUSY && code != -EAGAIN) CHECK_OK(code);
    take(shared, &ended);
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  harness_baseline();
  check_alone(0);
  check_alone(1);
  check_full();
  harness_check_baseline();
  return 0;
}
