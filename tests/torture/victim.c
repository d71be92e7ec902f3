/*
 * A life of a ring with everything in it that enters the kernel, written so that any call may fail:
 * what fails must say a documented code and leave a text, and the promises hold all the same.
 * tests/torture/run makes the n-th system call of a kind fail under it.
 * Failure: a crash, a hang, an accepted operation without exactly one FINAL, a code that no
 * function documents, a ring that cannot be freed.
 */
#include "tools.h"

#define ROUNDS 12
#define OPS 1024

static ringline_ring *ring;
static ringline_shared *io;
static unsigned char finals[OPS];
static unsigned char accepted[OPS];
static uint32_t next_op, by_callback = OPS / 2;
static char bytes[OPS];
static int failures;

/* Every error is a negative errno or one of the library's own, and has a text. */
static int64_t may_fail(int64_t code, const char *what) {
  if (code >= 0) return code;
  failures++;
  CHECK(strlen(ringline_strerror((int32_t)code)) > 3);
  if (strlen(ringline_error_detail()) < 5)
    HARNESS_FAIL("%s gave %lld without a text", what, (long long)code);
  if (code == RINGLINE_EPANIC || code == RINGLINE_EPOISONED || code == RINGLINE_EWRONGTHREAD)
    HARNESS_FAIL("%s gave %s: %s", what, harness_name(code), ringline_error_detail());
  return code;
}

#define TRY(call) may_fail(call, #call)

static void end_op(const ringline_completion *it) {
  CHECK(it->user_data < OPS);
  if (it->flags & RINGLINE_CF_LEASE) TRY(ringline_lease_release(it->token));
  if (!(it->flags & RINGLINE_CF_FINAL)) return;
  CHECK_EQ(accepted[it->user_data], 1);
  CHECK_EQ(finals[it->user_data], 0);
  finals[it->user_data] = 1;
}

static void on_end(void *ctx, ringline_ring *of, const ringline_completion *it) {
  (void)ctx, (void)of;
  end_op(it);
}

/* By callback, so that also the end at free is seen. */
static uint64_t start(ringline_op *op) {
  int64_t token;
  CHECK(by_callback < OPS);
  op->user_data = by_callback;
  accepted[by_callback] = 1;
  token = TRY(ringline_submit_with(ring, op, on_end, NULL));
  if (token < 0) accepted[by_callback] = 0;
  by_callback++;
  return token < 0 ? 0 : (uint64_t)token;
}

/* One turn of the shared block with `count` NOPs and a file read; false when the ring is lost. */
static int turn(uint32_t count, int file) {
  ringline_op *ops = (ringline_op *)(uintptr_t)io->ops;
  uint32_t at, first = next_op;
  int32_t code;
  for (at = 0; at < count; at++) {
    if (at % 4 == 3) ringline_prep_read(&ops[at], file, &bytes[next_op], 1, 0);
    else ringline_prep_nop(&ops[at]);
    CHECK(next_op < OPS / 2);
    ops[at].user_data = next_op;
    accepted[next_op++] = 1;
  }
  io->ops_len = count;
  io->wait_min = count;
  io->timeout_ns = 20000000;
  code = (int32_t)TRY(ringline_turn(ring));
  CHECK(io->ops_done <= count);
  for (at = io->ops_done; at < count; at++) accepted[first + at] = 0;
  for (at = 0; at < io->recs_len; at++) end_op(record_at(io, at));
  return code >= 0 || code == -EINTR || code == -EAGAIN || code == -EBUSY || code == -ENOMEM;
}

static void resources(int pair[2], int *pool) {
  void *address = NULL;
  int32_t region, slot;
  *pool = (int)TRY(ringline_pool_create(ring, 8, 64, 0));
  region = (int32_t)TRY(ringline_region_alloc(ring, 4096, 0, &address));
  if (region >= 0) {
    memset(address, 7, 4096);
    TRY(ringline_region_release(ring, region));
  }
  if (TRY(ringline_files_reserve(ring, 4, 0, 0)) == 0) {
    slot = (int32_t)TRY(ringline_file_add(ring, pair[0]));
    if (slot >= 0) TRY(ringline_file_remove(ring, slot));
  }
}

static void pending(int pair[2], int pool) {
  static char byte;
  ringline_op op;
  uint64_t token;
  if (pool >= 0) {
    ringline_prep_recv_multishot(&op, pair[0], pool, 0);
    start(&op);
  }
  ringline_prep_poll_add(&op, pair[1], POLLPRI);
  token = start(&op);
  if (token != 0) TRY(ringline_cancel(ring, token));
  ringline_prep_timer(&op, 1000000, 0);
  start(&op);
  ringline_prep_recv(&op, pair[1], &byte, 1, 0);
  start(&op);
}

static void life(int pair[2], int file) {
  ringline_op op;
  int pool, round;
  TRY(ringline_attach(ring));
  resources(pair, &pool);
  pending(pair, pool);
  for (round = 0; round < ROUNDS; round++) {
    if (!turn(1 + (uint32_t)round % 8, file)) break;
    ringline_prep_send_all(&op, pair[1], "torture", 7, 0);
    start(&op);
    TRY(ringline_run_once(ring, 1, 5000000));
    if (round == ROUNDS / 2) TRY(ringline_detach(ring)); /* -EBUSY */
  }
  ringline_prep_lib_close(&op, dup(pair[1]));
  if (start(&op) == 0) CHECK_EQ(close(op.fd), 0);
  TRY(ringline_close(ring, 200000000));
}

/* What free abandoned has ended, too: with ABANDONED. */
static void check_ends(int64_t abandoned) {
  uint32_t at;
  for (at = 0; at < OPS; at++)
    if (accepted[at] != finals[at] && !(at < OPS / 2 && abandoned > 0))
      HARNESS_FAIL("operation %u: accepted %u, FINALs %u", at, accepted[at], finals[at]);
}

int main(void) {
  int pair[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int64_t abandoned;
  CHECK(file >= 0);
  make_pair(pair);
  if (TRY(ringline_create(NULL, &ring)) < 0) {
    CHECK(ring == NULL);
    return 0;
  }
  io = ringline_shared_block(ring);
  CHECK(io != NULL);
  life(pair, file);
  abandoned = TRY(ringline_free(ring));
  CHECK(abandoned >= 0);
  check_ends(abandoned);
  CHECK_EQ(ringline_free(ring), RINGLINE_ESTALE);
  /* The next ring is not hurt by what happened to this one. */
  if (TRY(ringline_create(NULL, &ring)) == 0) CHECK_EQ(TRY(ringline_free(ring)), 0);
  printf("failures=%d abandoned=%lld\n", failures, (long long)abandoned);
  return 0;
}
