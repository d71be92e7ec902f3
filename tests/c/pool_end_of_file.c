/*
 * A buffer that the kernel picked for a read at the end of a file goes back inside.
 * Failure: a lease of nothing, or the pool is empty after as many ends as it has buffers.
 */
#include <fcntl.h>

#include "harness.h"

int main(void) {
  ringline_ring *ring;
  ringline_shared *io;
  const ringline_completion *rec;
  ringline_op op;
  int fd, pool, round;
  harness_baseline();
  CHECK_OK(ringline_create(NULL, &ring));
  CHECK_OK(pool = ringline_pool_create(ring, 2, 64, 0));
  io = ringline_shared_block(ring);
  rec = (const ringline_completion *)(uintptr_t)io->recs;
  fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  for (round = 0; round < 10; round++) {
    ringline_prep_read(&op, fd, NULL, 64, 0);
    ringline_prep_pool(&op, pool);
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
    io->wait_min = 1;
    io->timeout_ns = 1000000000;
    CHECK_EQ(ringline_turn(ring), 1);
    CHECK_EQ(rec->res, 0);
    CHECK_EQ(rec->flags, RINGLINE_CF_FINAL);
    CHECK_EQ(io->leases_out, 0);
  }
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
