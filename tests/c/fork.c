/*
 * fork with a live ring: the child gets RINGLINE_EFORKED from every function and has none of the
 * queues' memory, may make a ring of its own, and the parent's ring goes on undisturbed.
 * Failure: the child submits into the parent's ring, writes into its queues, or frees it under the
 * parent.
 */
#include "tools.h"

static ringline_ring *ring;
static uint64_t lease;
static char byte;

/* Mappings of kernel rings in this process. */
static int mapped_queues(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[1024];
  int count = 0;
  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) count += strstr(line, "[io_uring]") != NULL;
  CHECK(fclose(maps) == 0);
  return count;
}

static int child(void *ctx) {
  ringline_op op;
  ringline_stats stats;
  ringline_ring *own;
  (void)ctx;
  CHECK_EQ(mapped_queues(), 0);
  memset(&stats, 0, sizeof stats);
  ringline_prep_nop(&op);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_EFORKED);
  CHECK_EQ(ringline_run(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_flush(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_cancel_all(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_close(ring, SECOND), RINGLINE_EFORKED);
  CHECK_EQ(ringline_free(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_abandon(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_stop(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_stats_of(ring, &stats), RINGLINE_EFORKED);
  CHECK_EQ(ringline_lease_release(lease), RINGLINE_EFORKED);
  CHECK(ringline_shared_block(ring) == NULL);
  own = make_ring();
  CHECK(own != ring);
  CHECK_EQ(do_op(own, &op).res, 0);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EFORKED); /* still, with a ring of its own */
  CHECK_EQ(ringline_free(own), 0);
  return 0;
}

/* A child that calls create first, before it touched anything of the parent's. */
static int child_creates_first(void *ctx) {
  ringline_ring *own = make_ring();
  ringline_op op;
  (void)ctx;
  ringline_prep_nop(&op);
  CHECK_EQ(do_op(own, &op).res, 0);
  CHECK_EQ(ringline_free(ring), RINGLINE_EFORKED);
  CHECK_EQ(ringline_free(own), 0);
  return 0;
}

int main(void) {
  ringline_op op;
  ringline_completion completion;
  int ends[2], pipe_ends[2], pool;
  harness_baseline();
  make_pair(ends);
  make_pipe(pipe_ends);
  CHECK_EQ(mapped_queues(), 0);
  ring = make_ring();
  CHECK(mapped_queues() > 0);
  pool = ringline_pool_create(ring, 4, 64, 0);
  CHECK_OK(pool);
  CHECK(send(ends[1], "x", 1, 0) == 1);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  completion = do_op(ring, &op);
  CHECK(completion.flags & RINGLINE_CF_LEASE);
  lease = completion.token;
  ringline_prep_read(&op, pipe_ends[0], &byte, 1, UINT64_MAX);
  submit_one(ring, &op, 77);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(in_child(child, NULL), 0);
  CHECK_EQ(in_child(child_creates_first, NULL), 0);
  CHECK_EQ(ringline_inflight(ring), 1);
  CHECK(write(pipe_ends[1], "y", 1) == 1);
  completion = next_completion(ring);
  CHECK_EQ(completion.res, 1);
  CHECK(byte == 'y');
  ringline_prep_nop(&op);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(ringline_lease_release(lease), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  close_both(pipe_ends);
  harness_check_baseline();
  return 0;
}
