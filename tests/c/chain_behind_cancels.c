/*
 * A chain is rejected while cancels wait behind a queue that the kernel has taken only a part of.
 * Failure: a member of the rejected chain runs all the same, a completion nobody knows of, or one
 * of the operations before it that does not complete.
 */
#include "tools.h"

enum { ENTRIES = 8 };

/* The kernel refuses it while it reads the queue, and without SUBMIT_ALL stops there. */
static void prepare_refused(ringline_op *op) {
  ringline_prep_fsync(op, 0, 0);
  op->addr = 1;
}

static void submit_eight(ringline_ring *ring, uint64_t *tokens) {
  ringline_op ops[ENTRIES];
  int at;
  for (at = 0; at < ENTRIES; at++) {
    if (at == 0 || at == 3)
      prepare_refused(&ops[at]);
    else
      ringline_prep_nop(&ops[at]);
    ops[at].user_data = (uint64_t)at;
  }
  CHECK_EQ(ringline_submit(ring, ops, ENTRIES, tokens, 0), ENTRIES);
}

int main(void) {
  uint64_t tokens[ENTRIES], ends[ENTRIES] = {0};
  uint32_t at;
  ringline_ring *ring;
  ringline_shared *shared;
  ringline_config config;
  ringline_op chain[2];
  harness_baseline();
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.sq_entries = ENTRIES;
  config.disable = RINGLINE_FEATURE_SUBMIT_ALL;
  CHECK_OK(ringline_create(&config, &ring));
  shared = ringline_shared_block(ring);
  submit_eight(ring, tokens);
  CHECK_OK(ringline_cancel(ring, tokens[6])); /* the queue is full: these wait beside it */
  CHECK_OK(ringline_cancel(ring, tokens[7]));
  CHECK_OK(ringline_attach(ring));
  ringline_prep_nop(&chain[0]);
  chain[0].user_data = 1000;
  chain[0].flags = RINGLINE_SQE_IO_LINK;
  memset(&chain[1], 0, sizeof chain[1]);
  chain[1].opcode = 250;
  /* Each flush stops at what the kernel refuses; then there is room, but not for the cancels. */
  CHECK_EQ(ringline_submit(ring, chain, 2, NULL, 0), -EAGAIN);
  CHECK_EQ(ringline_submit(ring, chain, 2, NULL, 0), -EINVAL);
  CHECK_EQ(ringline_inflight(ring), ENTRIES);
  while (ringline_inflight(ring) > 0) {
    shared->wait_min = 0;
    shared->timeout_ns = 0;
    ringline_turn(ring); /* -EAGAIN as long as the kernel takes only a part */
    for (at = 0; at < shared->recs_len; at++) {
      const ringline_completion *it = record_at(shared, at);
      CHECK(it->user_data < ENTRIES);
      CHECK_EQ(it->res, it->user_data % 3 == 0 && it->user_data < 6 ? -EINVAL : 0);
      CHECK_EQ(ends[it->user_data]++, 0);
    }
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  for (at = 0; at < ENTRIES; at++) CHECK_EQ(ends[at], 1);
  CHECK_EQ(stats_of(ring).strays, 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
