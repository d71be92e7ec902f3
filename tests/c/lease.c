/*
 * Leases: given back exactly once, from any thread, also after the ring is gone; a pool that is
 * never given back is given back by free.
 * Failure: a double release accepted (a buffer twice in the kernel's hands: bytes of two receives
 * in one buffer), a release that crashes after free, or memory that stays mapped.
 */
#include "tools.h"

enum { BUFFERS = 8, SIZE = 4096 };

/* Receives one buffer; the lease. */
static uint64_t receive(ringline_ring *ring, int pool, int ends[2], char fill) {
  char bytes[100];
  ringline_op op;
  ringline_completion completion;
  memset(bytes, fill, sizeof bytes);
  CHECK(send(ends[1], bytes, sizeof bytes, 0) == sizeof bytes);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  completion = do_op(ring, &op);
  CHECK_EQ(completion.res, 100);
  CHECK(completion.flags & RINGLINE_CF_LEASE);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK(memcmp((void *)(uintptr_t)completion.data, bytes, sizeof bytes) == 0);
  return completion.token;
}

static void *release_elsewhere(void *lease) {
  CHECK_EQ(ringline_lease_release(*(uint64_t *)lease), 0);
  CHECK_EQ(ringline_lease_release(*(uint64_t *)lease), RINGLINE_ESTALE);
  return NULL;
}

static ringline_pool_info info_of(ringline_ring *ring, int pool) {
  ringline_pool_info info;
  memset(&info, 0, sizeof info);
  info.size = (uint32_t)sizeof info;
  CHECK_OK(ringline_pool_info_of(ring, pool, &info));
  return info;
}

static void check_cycle(ringline_ring *ring, int pool, int ends[2]) {
  uint64_t leases[BUFFERS], stale;
  pthread_t thread;
  int round, at;
  stale = receive(ring, pool, ends, 'a');
  CHECK_EQ(ringline_lease_release(stale), 0);
  CHECK_EQ(ringline_lease_release(stale), RINGLINE_ESTALE);
  for (round = 0; round < 3; round++) {
    for (at = 0; at < BUFFERS; at++) leases[at] = receive(ring, pool, ends, (char)('a' + at));
    CHECK_EQ(info_of(ring, pool).leases, BUFFERS);
    CHECK_EQ(ringline_shared_block(ring)->leases_out, BUFFERS);
    CHECK_EQ(ringline_lease_release(stale), RINGLINE_ESTALE); /* its buffer is leased anew */
    CHECK_EQ(info_of(ring, pool).leases, BUFFERS);
    CHECK(pthread_create(&thread, NULL, release_elsewhere, &leases[0]) == 0);
    pthread_join(thread, NULL);
    for (at = 1; at < BUFFERS; at++) {
      ringline_shared *shared = ringline_shared_block(ring);
      ((uint64_t *)(uintptr_t)shared->rel)[shared->rel_len++] = leases[at];
    }
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK_EQ(info_of(ring, pool).leases, 0);
  }
}

static void check_garbage(void) {
  CHECK_EQ(ringline_lease_release(0), RINGLINE_ESTALE);
  CHECK_EQ(ringline_lease_release(1), RINGLINE_ESTALE);
  CHECK_EQ(ringline_lease_release(0xdeadbeef), RINGLINE_ESTALE);
  CHECK_EQ(ringline_lease_release(UINT64_MAX), RINGLINE_ESTALE);
}

/* The ring goes first, then the lease; or the pool goes first. */
static void check_after_free(int destroy) {
  ringline_ring *ring = make_ring();
  int ends[2], pool;
  uint64_t lease;
  make_pair(ends);
  pool = ringline_pool_create(ring, BUFFERS, SIZE, 0);
  CHECK_OK(pool);
  lease = receive(ring, pool, ends, 'z');
  if (destroy) {
    CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
    CHECK_EQ(ringline_pool_destroy(ring, pool), RINGLINE_ESTALE);
  }
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(ringline_lease_release(lease), 0);
  CHECK_EQ(ringline_lease_release(lease), RINGLINE_ESTALE);
  close_both(ends);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int ends[2], pool, other;
  uint64_t token;
  harness_warm_threads(1);
  harness_baseline();
  make_pair(ends);
  ring = make_ring();
  pool = ringline_pool_create(ring, BUFFERS, SIZE, 0);
  CHECK_OK(pool);
  other = ringline_pool_create(ring, BUFFERS, SIZE, 0);
  CHECK_OK(other);
  CHECK(pool != other);
  check_cycle(ring, pool, ends);
  check_cycle(ring, other, ends);
  check_garbage();
  ringline_prep_recv_multishot(&op, ends[0], pool, 0);
  token = submit_one(ring, &op, 9);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_pool_destroy(ring, pool), -EBUSY);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
  /* `other` is never given back: free does it. */
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  check_after_free(0);
  check_after_free(1);
  harness_check_baseline();
  return 0;
}
