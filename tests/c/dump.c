/*
 * ringline_dump names every operation in flight and every pool, changes nothing, and a broken pipe
 * is an error code.
 * Failure: an operation that is missing, SIGPIPE, an allocation of the library, or a ring that
 * behaves otherwise afterwards.
 */
#include "tools.h"

static char report[1 << 16];

static const char *dump(ringline_ring *ring, int expected) {
  FILE *file = tmpfile();
  size_t length;
  CHECK(file != NULL);
  CHECK_EQ(ringline_dump(ring, fileno(file)), expected);
  rewind(file);
  length = fread(report, 1, sizeof report - 1, file);
  report[length] = 0;
  fclose(file);
  return report;
}

static void must_say(const char *text, const char *part) {
  if (!strstr(text, part)) HARNESS_FAIL("the dump does not say '%s':\n%s", part, text);
}

static void nothing(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring, (void)completion;
}

/* A dump inside a callback is legal, and sees what is in flight then. */
static void dumps(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)completion;
  *(int *)ctx = 1;
  must_say(dump(ring, 3), "lib_timer");
}

static void check_broken_pipe(ringline_ring *ring) {
  int ends[2], pair[2];
  make_pipe(ends);
  close(ends[0]);
  if (ringline_has("write_nosignal") == 1) CHECK_EQ(ringline_dump(ring, ends[1]), -EPIPE);
  close(ends[1]);
  make_pair(pair);
  close(pair[0]);
  CHECK_EQ(ringline_dump(ring, pair[1]), -EPIPE);
  close(pair[1]);
  CHECK_EQ(ringline_dump(ring, -1), -EBADF);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  ringline_completion lease;
  const char *text;
  char expected[128];
  int ends[2], pair[2], called = 0;
  uint64_t token;
  harness_baseline();
  make_pipe(ends);
  make_pair(pair);
  ring = make_ring();
  must_say(dump(ring, 0), "created");
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_pool_create(ring, 4, 256, 0), 0);
  CHECK(send(pair[1], "x", 1, 0) == 1);
  ringline_prep_recv(&op, pair[0], NULL, 0, 0);
  ringline_prep_pool(&op, 0);
  lease = do_op(ring, &op);
  ringline_prep_read(&op, ends[0], report, 1, UINT64_MAX);
  token = submit_one(ring, &op, 0xabc);
  must_say(dump(ring, 1), "1 not submitted");
  ringline_prep_timer(&op, 3600u * (uint64_t)SECOND, 0);
  submit_one(ring, &op, 2);
  ringline_prep_recv(&op, pair[0], NULL, 0, 0);
  ringline_prep_pool(&op, 0);
  CHECK_OK(ringline_submit_with(ring, &op, nothing, NULL));
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  text = dump(ring, 3);
  snprintf(expected, sizeof expected, "op %#llx read fd %d in the kernel, user_data 0xabc",
           (unsigned long long)token, ends[0]);
  must_say(text, "attached: 3 in flight, 0 not submitted");
  must_say(text, expected);
  must_say(text, "lib_timer fd");
  must_say(text, "waits in user space, user_data 0x2");
  must_say(text, "callback, takes from a pool");
  must_say(text, "pool 0: 4 x 256 bytes, 1 leased, 1 operations take from it");
  check_broken_pipe(ring);
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, dumps, &called));
  CHECK_EQ(ringline_run_once(ring, 1, LIMIT), 1);
  CHECK_EQ(called, 1);
  CHECK_EQ(ringline_inflight(ring), 3);
  CHECK_EQ(ringline_lease_release(lease.token), 0);
  CHECK_EQ(ringline_cancel_all(ring), 3);
  while (ringline_inflight(ring) > 0) CHECK_OK(ringline_run_once(ring, 1, LIMIT));
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  close_both(pair);
  harness_check_baseline();
  return 0;
}
