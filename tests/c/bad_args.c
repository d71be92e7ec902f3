/*
 * Arguments that would break a promise are refused before the kernel sees them: a receive of length
 * 0 (looks like the end of the stream), lengths beyond 31 bits, unknown pools, tokens and flags.
 * Failure: accepted, or a code other than the documented one, or a slot that leaks.
 */
#include "tools.h"

static ringline_ring *ring;

static void refuse(ringline_op *op, int32_t expected, const char *what) {
  uint64_t token = 5;
  int32_t code = ringline_submit(ring, op, 1, &token, 0);
  if (code != expected)
    HARNESS_FAIL("%s: %d (%s), expected %s", what, code, harness_name(code),
                 harness_name(expected));
  CHECK_EQ(token, 5);
  CHECK(strlen(ringline_error_detail()) > 10);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_pending(ring), 0);
}

static void refuse_buffers(int fd, int pool) {
  ringline_op op;
  char byte;
  ringline_prep_recv(&op, fd, &byte, 0, 0);
  refuse(&op, -EINVAL, "recv of length 0");
  ringline_prep_recv(&op, fd, &byte, 0xffffffff, 0);
  refuse(&op, -EINVAL, "recv of length 0xffffffff");
  ringline_prep_send(&op, fd, &byte, 0x80000000, 0);
  refuse(&op, -EINVAL, "send of length 0x80000000");
  ringline_prep_send_all(&op, fd, &byte, 0xffffffff, 0);
  refuse(&op, -EINVAL, "send_all of length 0xffffffff");
  ringline_prep_read(&op, fd, &byte, 0xffffffff, 0);
  refuse(&op, -EINVAL, "read of length 0xffffffff");
  ringline_prep_write(&op, fd, &byte, 0xffffffff, 0);
  refuse(&op, -EINVAL, "write of length 0xffffffff");
  ringline_prep_recv_multishot(&op, fd, pool + 1, 0);
  refuse(&op, RINGLINE_ESTALE, "recv from an unknown pool");
  ringline_prep_recv_multishot(&op, fd, 0xffff, 0);
  refuse(&op, RINGLINE_ESTALE, "recv from pool 65535");
  ringline_prep_recv_multishot(&op, fd, pool, 0);
  op.flags = 0;
  refuse(&op, -EINVAL, "multishot recv without a pool");
  ringline_prep_send(&op, fd, &byte, 1, 0);
  ringline_prep_pool(&op, pool);
  refuse(&op, -EINVAL, "send from a pool");
}

static void refuse_flags(int fd) {
  ringline_op op;
  int opcode;
  for (opcode = 0; opcode < 256; opcode++) {
    int known = (opcode < 128 && ringline_op_supported((uint8_t)opcode) == 1) ||
                (opcode >= RINGLINE_LIB_CLOSE && opcode <= RINGLINE_LIB_POST);
    memset(&op, 0, sizeof op);
    op.opcode = (uint8_t)opcode;
    op.fd = fd;
    op.len = 1;
    if (opcode == RINGLINE_OP_RECV_ZC)
      refuse(&op, RINGLINE_ENOTSUP_KERNEL, "a receive queue that no ring has");
    else if (!known)
      refuse(&op, -EINVAL, "an unknown opcode");
    op.flags = 64;
    refuse(&op, -EINVAL, "CQE_SKIP_SUCCESS");
    op.flags = 128;
    refuse(&op, -EINVAL, "an unknown flag");
    op.flags = 0;
    op.ext = 2;
    refuse(&op, -EINVAL, "an unknown bit in ext");
    if (opcode >= 128) {
      op.ext = 0;
      op.flags = RINGLINE_SQE_ASYNC;
      refuse(&op, -EINVAL, "a library operation with SQE flags");
    }
  }
}

static void refuse_names(void) {
  ringline_op op;
  uint64_t names[] = {0, 1, 0xdeadbeef, UINT64_MAX, 1ull << 61, 1ull << 62};
  size_t at;
  for (at = 0; at < sizeof names / sizeof *names; at++) {
    ringline_prep_cancel(&op, names[at]);
    refuse(&op, RINGLINE_ESTALE, "cancel of a token that is none");
    ringline_prep_poll_remove(&op, names[at]);
    refuse(&op, RINGLINE_ESTALE, "poll_remove of a token that is none");
    ringline_prep_poll_update(&op, names[at], POLLIN, 0);
    refuse(&op, RINGLINE_ESTALE, "poll_update of a token that is none");
    ringline_prep_timeout_remove(&op, names[at]);
    refuse(&op, RINGLINE_ESTALE, "timeout_remove of a token that is none");
  }
  ringline_prep_cancel(&op, 0);
  op.op_flags = 4; /* any: would end the library's own operations */
  refuse(&op, -EINVAL, "cancel of everything as an op");
  ringline_prep_timer(&op, 1, 0);
  op.op_flags = 2;
  refuse(&op, -EINVAL, "a timer with an unknown flag");
}

static void check_block(void) {
  ringline_shared *shared = ringline_shared_block(ring);
  shared->ops_len = shared->ops_cap + 1;
  CHECK_EQ(ringline_turn(ring), -EINVAL);
  shared->ops_len = 0;
  shared->rel_len = 0xffffffff;
  CHECK_EQ(ringline_turn(ring), -EINVAL);
  shared->rel_len = 0;
  shared->flags = 1;
  CHECK_EQ(ringline_turn(ring), -EINVAL);
  shared->flags = 0;
  CHECK_EQ(turn_for(ring, 0, 0), 0);
}

static void check_slots(void) {
  ringline_ring *small = make_ring_of(8, 0, 2);
  ringline_op op;
  ringline_prep_timer(&op, UINT64_MAX, 0);
  CHECK_EQ(ringline_submit(small, &op, 1, NULL, 0), 1);
  CHECK_EQ(ringline_submit(small, &op, 1, NULL, 0), 1);
  CHECK_EQ(ringline_submit(small, &op, 1, NULL, 0), RINGLINE_ENOSLOT);
  ringline_prep_nop(&op);
  CHECK_EQ(ringline_submit(small, &op, 1, NULL, 0), RINGLINE_ENOSLOT);
  CHECK_EQ(ringline_sq_space(small), 0);
  CHECK_EQ(ringline_cancel_all(small), 2);
  CHECK_EQ(turn_for(small, 2, LIMIT), 2);
  CHECK_EQ(ringline_submit(small, &op, 1, NULL, 0), 1);
  CHECK_EQ(turn_for(small, 1, LIMIT), 1);
  CHECK_EQ(ringline_free(small), 0);
}

int main(void) {
  int ends[2], pool;
  harness_baseline();
  make_pair(ends);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_flush(ring), 0); /* the library's own first entry */
  pool = ringline_pool_create(ring, 2, 64, 0);
  CHECK_OK(pool);
  refuse_buffers(ends[0], pool);
  refuse_flags(ends[0]);
  refuse_names();
  check_block();
  check_slots();
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
