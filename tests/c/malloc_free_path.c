/*
 * After create nothing is allocated on the paths of every turn: submit, turn, callbacks, timers,
 * cancel, receives from a pool and their leases, SEND_ALL and QUIET sends;
 * nor by a dump and the counters as text.
 * Not under a sanitizer, which has a malloc of its own.
 * Failure: the count of malloc, calloc, realloc or aligned allocations is not 0.
 */
#include "allocations.h"
#include "tools.h"

static void done(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ring;
  if (completion->flags & RINGLINE_CF_FINAL) ++*(long *)ctx;
}

static long ended;
static int null_fd;
static char text[8192];

static void round_of_ops(ringline_ring *ring, int ends[2], int pipe_ends[2], int pool) {
  ringline_shared *shared = ringline_shared_block(ring);
  ringline_op op;
  uint64_t token;
  char byte;
  int at;
  for (at = 0; at < 64; at++) {
    ringline_prep_nop(&op);
    CHECK_OK(ringline_submit_with(ring, &op, done, &ended));
  }
  ringline_prep_timer(&op, 1, 0);
  CHECK_OK(ringline_submit_with(ring, &op, done, &ended));
  ringline_prep_read(&op, pipe_ends[0], &byte, 1, UINT64_MAX);
  token = (uint64_t)ringline_submit_with(ring, &op, done, &ended);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(ringline_cancel(ring, 12345), RINGLINE_ESTALE); /* an error path formats nothing */
  CHECK(ringline_dump(ring, null_fd) > 64);
  CHECK(ringline_stats_prometheus(ring, text, sizeof text) > 1000);
  ringline_prep_send_all(&op, ends[1], "hello", 5, 0);
  CHECK_OK(ringline_submit_with(ring, &op, done, &ended));
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  op.user_data = 7;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
  ringline_prep_send(&op, ends[0], "x", 1, 0);
  ringline_prep_quiet(&op);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
  while (ringline_inflight(ring) > 0) {
    shared->wait_min = 1;
    shared->timeout_ns = LIMIT;
    CHECK_OK(ringline_turn(ring));
    for (at = 0; at < (int)shared->recs_len; at++)
      if (record_at(shared, (uint32_t)at)->flags & RINGLINE_CF_LEASE)
        CHECK_EQ(ringline_lease_release(record_at(shared, (uint32_t)at)->token), 0);
  }
  CHECK(recv(ends[1], &byte, 1, 0) == 1);
}

int main(void) {
  ringline_ring *ring;
  int ends[2], pipe_ends[2], pool, round;
  null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  make_pair(ends);
  make_pipe(pipe_ends);
  ring = make_ring();
  pool = ringline_pool_create(ring, 8, 64, 0);
  CHECK_OK(pool);
  CHECK_OK(ringline_attach(ring));
  check_counting();
  begin_counting();
  for (round = 0; round < 200; round++) round_of_ops(ring, ends, pipe_ends, pool);
  CHECK_EQ(end_counting(), 0);
  CHECK_EQ(ended, 200 * 67);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  close_both(pipe_ends);
  close(null_fd);
  return 0;
}
