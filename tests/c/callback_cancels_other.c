/*
 * A callback cancels another operation whose completion is in the same batch, and itself.
 * Failure: a second completion for an ended operation, a cancel that hits the slot's next user, or
 * the running loop called from inside a callback without RINGLINE_EREENTRANT.
 */
#include "tools.h"

enum { COUNT = 64 };

static uint64_t tokens[COUNT];
static int finals[COUNT];

static void ended(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  size_t self = (size_t)(uintptr_t)ctx, at;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  CHECK_EQ(completion->token, tokens[self]);
  CHECK_EQ(finals[self], 0);
  finals[self] = 1;
  CHECK_EQ(ringline_cancel(ring, completion->token), RINGLINE_ESTALE);
  for (at = 0; at < COUNT; at++) {
    int32_t code = ringline_cancel(ring, tokens[at]);
    CHECK(code == 0 || code == RINGLINE_ESTALE);
  }
  CHECK_EQ(ringline_turn(ring), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_run(ring), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_run_once(ring, 0, 0), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_close(ring, SECOND), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_cancel_sync(ring, tokens[0], 0), RINGLINE_EREENTRANT);
}

int main(void) {
  ringline_ring *ring;
  int ends[2], round;
  size_t at;
  char byte;
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  for (round = 0; round < 50; round++) {
    memset(finals, 0, sizeof finals);
    for (at = 0; at < COUNT; at++) {
      ringline_op op;
      int64_t token;
      /* NOPs complete at once, timers a moment later, reads not before they are cancelled. */
      if (at % 3 == 0) ringline_prep_nop(&op);
      if (at % 3 == 1) ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
      if (at % 3 == 2) ringline_prep_timer(&op, at == 2 ? 0 : 3600ull * SECOND, 0);
      token = ringline_submit_with(ring, &op, ended, (void *)(uintptr_t)at);
      CHECK_OK(token);
      tokens[at] = (uint64_t)token;
    }
    CHECK_EQ(ringline_run(ring), 0);
    for (at = 0; at < COUNT; at++) CHECK_EQ(finals[at], 1);
    CHECK_EQ(ringline_inflight(ring), 0);
  }
  CHECK_EQ(stats_of(ring).strays, 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
