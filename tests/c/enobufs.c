/*
 * A pool runs dry: the receive ends with -ENOBUFS, nothing is lost, and it goes on when leases come
 * back; the end of the stream takes no buffer away.
 * Failure: bytes lost or doubled, a lease with res <= 0, or a pool that shrinks.
 */
#include "tools.h"

enum { BUFFERS = 4, SIZE = 256, ROUNDS = 200 };

/* At the end of a file or pipe the kernel hands out a buffer with nothing in it. */
static void check_read(ringline_ring *ring, int pool) {
  int ends[2], at;
  make_pipe(ends);
  close(ends[1]);
  for (at = 0; at < 3 * BUFFERS; at++) {
    ringline_op op;
    ringline_completion completion;
    ringline_prep_read(&op, ends[0], NULL, SIZE, UINT64_MAX);
    ringline_prep_pool(&op, pool);
    completion = do_op(ring, &op);
    CHECK_EQ(completion.res, 0);
    CHECK(!(completion.flags & (RINGLINE_CF_LEASE | RINGLINE_CF_BUFFER)));
  }
  close(ends[0]);
}

int main(void) {
  ringline_ring *ring;
  ringline_shared *shared;
  ringline_op op;
  int ends[2], pool, ended = 1, dry = 0, at;
  unsigned sent = 0, received = 0;
  uint64_t leases[BUFFERS];
  int held = 0;
  harness_baseline();
  make_pair(ends);
  ring = make_ring();
  shared = ringline_shared_block(ring);
  pool = ringline_pool_create(ring, BUFFERS, SIZE, 0);
  CHECK_OK(pool);
  while (received < ROUNDS * SIZE) {
    uint32_t record, count;
    while (sent < ROUNDS * SIZE && sent - received < 16 * SIZE) {
      unsigned char bytes[64];
      for (at = 0; at < 64; at++, sent++) bytes[at] = (unsigned char)(sent * 7 + sent / 251);
      CHECK(send(ends[1], bytes, sizeof bytes, 0) == sizeof bytes);
    }
    if (ended) {
      ringline_prep_recv_multishot(&op, ends[0], pool, 0);
      submit_one(ring, &op, 1);
      ended = 0;
    }
    count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0);
    for (record = 0; record < count; record++) {
      const ringline_completion *completion = record_at(shared, record);
      if (completion->flags & RINGLINE_CF_LEASE) {
        const unsigned char *bytes = (const unsigned char *)(uintptr_t)completion->data;
        CHECK(completion->res > 0 && completion->res <= SIZE);
        for (at = 0; at < completion->res; at++, received++)
          CHECK_EQ(bytes[at], (unsigned char)(received * 7 + received / 251));
        CHECK(held < BUFFERS);
        leases[held++] = completion->token;
      } else {
        CHECK_EQ(completion->res, -ENOBUFS);
        dry++;
      }
      CHECK_EQ(!(completion->flags & RINGLINE_CF_FINAL), !!(completion->flags & RINGLINE_CF_MORE));
      if (completion->flags & RINGLINE_CF_FINAL) ended = 1;
    }
    if (ended) /* only now, so that the pool does run dry */
      while (held > 0) CHECK_EQ(ringline_lease_release(leases[--held]), 0);
  }
  CHECK(dry > 0);
  CHECK_EQ(stats_of(ring).nobufs, dry);
  while (held > 0) CHECK_EQ(ringline_lease_release(leases[--held]), 0);
  close(ends[1]);
  for (at = 0; at < 3 * BUFFERS; at++) { /* each end of the stream takes a buffer for a moment */
    ringline_completion completion;
    if (ended) {
      ringline_prep_recv_multishot(&op, ends[0], pool, 0);
      submit_one(ring, &op, 2);
    }
    completion = next_completion(ring);
    CHECK_EQ(completion.res, 0);
    CHECK(!(completion.flags & RINGLINE_CF_LEASE));
    CHECK(completion.flags & RINGLINE_CF_FINAL);
    ended = 1;
  }
  check_read(ring, pool);
  CHECK_EQ(shared->leases_out, 0);
  CHECK_EQ(ringline_free(ring), 0);
  close(ends[0]);
  harness_check_baseline();
  return 0;
}
