/*
 * A polled queue smaller than the batches: every op completes once, or the ring stepped down.
 * Failure: an op is lost, refused although the kernel makes room, or completes twice.
 */
#include "harness.h"

int main(void) {
  ringline_config config;
  ringline_ring *ring;
  ringline_shared *io;
  int round, at, finals = 0;
  harness_baseline();
  memset(&config, 0xee, sizeof config);
  CHECK_OK(ringline_config_init(&config));
  config.flags = RINGLINE_CONFIG_SQPOLL;
  config.sq_entries = 8;
  CHECK_OK(ringline_create(&config, &ring));
  io = ringline_shared_block(ring);
  for (round = 0; round < 500; round++) {
    ringline_op *ops = (ringline_op *)(uintptr_t)io->ops;
    const ringline_completion *recs = (const ringline_completion *)(uintptr_t)io->recs;
    for (at = 0; at < 8; at++) ringline_prep_nop(&ops[at]);
    io->ops_len = io->wait_min = 8;
    io->timeout_ns = 5000000000;
    CHECK_EQ(ringline_turn(ring), 8);
    CHECK_EQ(io->op_error, 0);
    for (at = 0; at < 8; at++) finals += recs[at].flags == RINGLINE_CF_FINAL;
  }
  CHECK_EQ(finals, 500 * 8);
  CHECK_EQ(io->inflight, 0);
  CHECK_EQ(ringline_close(ring, 1000000000), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
