/*
 * Linked operations: run in order, fail as a whole, and every member gets its FINAL.
 * Failure: a member without completion after a broken link, a chain that is accepted in part, or a
 * library operation or an open end accepted in a chain.
 */
#include "tools.h"

static void check_order(ringline_ring *ring) {
  int ends[2], at;
  char out[8] = "chained", in[8] = "";
  ringline_op ops[3];
  make_pipe(ends); /* not a file: a kernel thread would work on it and stay for a while */
  ringline_prep_write(&ops[0], ends[1], out, 8, UINT64_MAX);
  ringline_prep_nop(&ops[1]);
  ringline_prep_read(&ops[2], ends[0], in, 8, UINT64_MAX);
  ringline_prep_link(ops, 3);
  for (at = 0; at < 3; at++) ops[at].user_data = (uint64_t)at;
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), 3);
  for (at = 0; at < 3; at += (int)turn_for(ring, 1, LIMIT)) {
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK(memcmp(in, "chained", 8) == 0);
  close_both(ends);
}

static void check_broken(ringline_ring *ring) {
  ringline_op ops[4];
  char byte;
  int seen = 0, at;
  ringline_shared *shared = ringline_shared_block(ring);
  ringline_prep_nop(&ops[0]);
  ringline_prep_read(&ops[1], -1, &byte, 1, 0);
  ringline_prep_nop(&ops[2]);
  ringline_prep_nop(&ops[3]);
  ringline_prep_link(ops, 4);
  for (at = 0; at < 4; at++) ops[at].user_data = (uint64_t)at;
  CHECK_EQ(ringline_submit(ring, ops, 4, NULL, 0), 4);
  while (seen != 15) {
    uint32_t record, count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0);
    for (record = 0; record < count; record++) {
      const ringline_completion *completion = record_at(shared, record);
      int expected[4] = {0, -EBADF, -ECANCELED, -ECANCELED};
      CHECK_EQ(completion->res, expected[completion->user_data]);
      CHECK(completion->flags & RINGLINE_CF_FINAL);
      CHECK_EQ(seen & 1 << completion->user_data, 0);
      seen |= 1 << completion->user_data;
    }
  }
  CHECK_EQ(ringline_inflight(ring), 0);
}

static void check_rejected(ringline_ring *ring) {
  ringline_op ops[3];
  int at;
  for (at = 0; at < 3; at++) ringline_prep_nop(&ops[at]);
  ringline_prep_link(ops, 3);
  ringline_prep_timer(&ops[2], 1, 0);
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), -EINVAL);
  ringline_prep_timer(&ops[1], 1, 0);
  ops[1].flags = RINGLINE_SQE_IO_LINK;
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), -EINVAL);
  for (at = 0; at < 3; at++) {
    ringline_prep_nop(&ops[at]);
    ops[at].flags = RINGLINE_SQE_IO_LINK; /* the last one dangles */
  }
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), -EINVAL);
  ops[2].flags = RINGLINE_SQE_IO_HARDLINK;
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), -EINVAL);
  /* A bad member: nothing of the chain may run. */
  ops[2].flags = 0;
  ops[1].opcode = 99;
  CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), -EINVAL);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_pending(ring), 0);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
}

static void check_whole(void) {
  ringline_ring *ring = make_ring_of(8, 0, 0);
  ringline_op ops[8];
  int at, seen = 0;
  CHECK_OK(ringline_attach(ring));
  for (at = 0; at < 8; at++) ringline_prep_nop(&ops[at]);
  CHECK_EQ(ringline_submit(ring, ops, 6, NULL, 0), 6);
  ringline_prep_link(ops, 8);
  CHECK_EQ(ringline_submit(ring, ops, 8, NULL, 0), 8); /* room is made, the chain is not cut */
  while (seen < 14) {
    uint32_t count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0);
    seen += (int)count;
  }
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  ringline_ring *ring;
  harness_baseline();
  ring = make_ring();
  check_order(ring);
  check_broken(ring);
  check_rejected(ring);
  check_whole();
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
