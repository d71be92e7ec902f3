/*
 * A ring with registered files is detached, also one whose queue a thread of the kernel's polls,
 * and with more files than the queue has entries.
 * Failure: -EAGAIN because the files were not waited for, a descriptor that stays open, or a file
 * that is another one afterwards.
 */
#include "tools.h"

enum { FILES = 150, ROUNDS = 5 };

static void check_ring(uint32_t flags) {
  ringline_config config;
  ringline_ring *ring = NULL;
  int ends[2], at, round, slots[FILES];
  char byte;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.flags = flags;
  config.sq_entries = 16;
  config.cq_entries = 32;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_EQ(ringline_files_reserve(ring, FILES, 0, 0), 0);
  make_pipe(ends);
  for (at = 0; at < FILES; at++) {
    slots[at] = ringline_file_add(ring, ends[at % 2]);
    CHECK_OK(slots[at]);
  }
  for (round = 0; round < ROUNDS; round++) {
    ringline_op op;
    CHECK_OK(ringline_attach(ring));
    ringline_prep_write(&op, slots[FILES - 1], "x", 1, UINT64_MAX);
    op.flags = RINGLINE_SQE_FIXED_FILE;
    CHECK_EQ(do_op(ring, &op).res, 1);
    ringline_prep_read(&op, slots[FILES - 2], &byte, 1, UINT64_MAX);
    op.flags = RINGLINE_SQE_FIXED_FILE;
    CHECK_EQ(do_op(ring, &op).res, 1);
    CHECK_EQ(ringline_detach(ring), 0);
  }
  close_both(ends);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  harness_baseline();
  check_ring(0);
  check_ring(RINGLINE_CONFIG_SQPOLL);
  harness_check_baseline();
  return 0;
}
