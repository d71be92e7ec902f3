/*
 * QUIET sends: no completion when the kernel took them whole, a FINAL with the count when cut.
 * Failure: a completion for a whole send, none for a cut or failed one, or a slot that is never
 * given back (inflight grows).
 */
#include "tools.h"

static char bytes[1 << 20];

static void prepare(ringline_op *op, int fd, uint32_t length) {
  ringline_prep_send(op, fd, bytes, length, 0);
  ringline_prep_quiet(op);
}

static void check_whole(ringline_ring *ring, int ends[2]) {
  int round;
  for (round = 0; round < 1000; round++) {
    ringline_op op;
    char in[64];
    prepare(&op, ends[0], 64);
    submit_one(ring, &op, 5);
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK(recv(ends[1], in, sizeof in, 0) == 64);
    CHECK_EQ(ringline_inflight(ring), 0);
  }
  CHECK_EQ(stats_of(ring).quiet, 1000);
}

static void check_mixed(ringline_ring *ring, int ends[2]) {
  ringline_op ops[32];
  uint64_t seen = 0;
  int at, records = 0;
  char in[4096];
  for (at = 0; at < 32; at++) {
    if (at % 2) prepare(&ops[at], ends[0], 64);
    else ringline_prep_nop(&ops[at]);
    ops[at].user_data = (uint64_t)at;
  }
  CHECK_EQ(ringline_submit(ring, ops, 32, NULL, 0), 32);
  while (records < 16) {
    uint32_t count = turn_for(ring, 1, LIMIT), record;
    CHECK(count > 0);
    for (record = 0; record < count; record++) {
      uint64_t which = record_at(ringline_shared_block(ring), record)->user_data;
      CHECK_EQ(which % 2, 0);
      CHECK_EQ(seen >> which & 1, 0);
      seen |= 1ull << which;
    }
    records += (int)count;
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK(recv(ends[1], in, sizeof in, 0) == 16 * 64);
}

static void check_cut(ringline_ring *ring, int ends[2]) {
  ringline_op op;
  ringline_completion completion;
  long received = 0, got;
  prepare(&op, ends[0], sizeof bytes);
  completion = do_op(ring, &op);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK(completion.res > 0 && completion.res < (int)sizeof bytes);
  prepare(&op, ends[0], 64); /* full: nothing at all goes in */
  CHECK_EQ(do_op(ring, &op).res, -EAGAIN);
  while (received < completion.res) {
    got = recv(ends[1], bytes, sizeof bytes, 0);
    CHECK(got > 0);
    received += got;
  }
  CHECK_EQ(received, completion.res);
  CHECK_EQ(ringline_inflight(ring), 0);
}

static void check_refused(ringline_ring *ring, int fd) {
  ringline_op ops[2];
  prepare(&ops[0], fd, 8);
  ringline_prep_nop(&ops[1]);
  ops[0].flags = RINGLINE_SQE_IO_LINK;
  CHECK_EQ(ringline_submit(ring, ops, 2, NULL, 0), -EINVAL);
  prepare(&ops[0], fd, 8);
  ops[0].op_flags = MSG_DONTWAIT; /* without MSG_WAITALL a short send would look whole */
  CHECK_EQ(ringline_submit(ring, ops, 1, NULL, 0), -EINVAL);
  ops[0].op_flags = MSG_WAITALL; /* without MSG_DONTWAIT it could stay in flight for long */
  CHECK_EQ(ringline_submit(ring, ops, 1, NULL, 0), -EINVAL);
  ringline_prep_nop(&ops[0]);
  ops[0].ext = RINGLINE_EXT_QUIET;
  CHECK_EQ(ringline_submit(ring, ops, 1, NULL, 0), -EINVAL);
  CHECK_EQ(ringline_inflight(ring), 0);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2];
  harness_baseline();
  if (ringline_has("cqe_skip") != 1) SKIP("this kernel has no cqe_skip");
  make_pair(ends);
  ring = make_ring();
  check_whole(ring, ends);
  check_mixed(ring, ends);
  check_cut(ring, ends);
  check_refused(ring, ends[0]);
  close(ends[1]);
  prepare(&op, ends[0], 8);
  CHECK_EQ(do_op(ring, &op).res, -EPIPE);
  close(ends[0]);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
