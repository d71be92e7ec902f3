/*
 * Rings without POOL, ACCEPT_MULTISHOT, RECV_MULTISHOT, CANCEL_SYNC, CQE_SKIP, BIND_LISTEN: what
 * needs them answers RINGLINE_ENOTSUP_KERNEL and names the feature, and everything else works.
 * Failure: a hang, an errno without a name, or an operation accepted that the kernel then refuses.
 */
#include "fallback.h"

static void expect_named(int64_t code, const char *name) {
  CHECK_EQ(code, RINGLINE_ENOTSUP_KERNEL);
  if (!strstr(ringline_error_detail(), name))
    HARNESS_FAIL("the detail does not name %s: %s", name, ringline_error_detail());
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2], pool;
  uint64_t all = RINGLINE_FEATURE_POOL | RINGLINE_FEATURE_ACCEPT_MULTISHOT |
                 RINGLINE_FEATURE_RECV_MULTISHOT | RINGLINE_FEATURE_CANCEL_SYNC |
                 RINGLINE_FEATURE_CQE_SKIP | RINGLINE_FEATURE_BIND_LISTEN;
  harness_baseline();
  make_pair(ends);
  ring = fallback_ring(all);
  expect_named(ringline_pool_create(ring, 4, 64, 0), "pool");
  ringline_prep_accept_multishot(&op, ends[0], NULL, NULL, 0);
  expect_named(ringline_submit(ring, &op, 1, NULL, 0), "accept_multishot");
  ringline_prep_send(&op, ends[0], "x", 1, 0);
  ringline_prep_quiet(&op);
  expect_named(ringline_submit(ring, &op, 1, NULL, 0), "cqe_skip");
  ringline_prep_timer(&op, UINT64_MAX, 0);
  ringline_prep_bind(&op, ends[0], NULL, 0);
  expect_named(ringline_submit(ring, &op, 1, NULL, 0), "bind_listen");
  ringline_prep_listen(&op, ends[0], 1);
  expect_named(ringline_submit(ring, &op, 1, NULL, 0), "bind_listen");
  ringline_prep_poll_add(&op, ends[0], POLLIN);
  expect_named(ringline_cancel_sync(ring, submit_one(ring, &op, 1), SECOND), "cancel_sync");
  CHECK_EQ(ringline_cancel_all(ring), 1);
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
  fallback_run(ring, 0);
  ring = fallback_ring(RINGLINE_FEATURE_RECV_MULTISHOT);
  pool = ringline_pool_create(ring, 4, 64, 0);
  CHECK_OK(pool);
  ringline_prep_recv_multishot(&op, ends[0], pool, 0);
  expect_named(ringline_submit(ring, &op, 1, NULL, 0), "recv_multishot");
  fallback_run(ring, 1);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
