/*
 * Three threads, the owner among them, give the same lease back at the same moment, 5,000 times,
 * and once after the ring is gone: one of them wins.
 * Failure: a lease that two threads gave back, or none; a buffer provided twice, which shows as two
 * leases of one buffer; a pool that is not freed with its last lease.
 */
#include "tools.h"

enum { ROUNDS = 5000, SIZE = 64 };

static pthread_barrier_t start, end;
static uint64_t lease;
static int wins[3];

static void give_back(int who) {
  int32_t code;
  pthread_barrier_wait(&start);
  code = ringline_lease_release(lease);
  if (code == 0) wins[who]++;
  else CHECK_EQ(code, RINGLINE_ESTALE);
  pthread_barrier_wait(&end);
}

static void *elsewhere(void *who) {
  int round;
  for (round = 0; round < 2 * ROUNDS + 2; round++) give_back((int)(intptr_t)who);
  return NULL;
}

static uint64_t receive(ringline_ring *ring, int pool, int ends[2]) {
  ringline_op op;
  ringline_completion it;
  CHECK(send(ends[1], "x", 1, 0) == 1);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  it = do_op(ring, &op);
  CHECK_EQ(it.res, 1);
  CHECK(it.flags & RINGLINE_CF_LEASE);
  return it.token;
}

static void race(uint32_t count, uint32_t size, uint32_t flags) {
  ringline_ring *ring = make_ring();
  int ends[2], round, before, pool = ringline_pool_create(ring, count, size, flags);
  CHECK_OK(pool);
  make_pair(ends);
  for (round = 0; round < ROUNDS; round++) {
    before = wins[0] + wins[1] + wins[2];
    lease = receive(ring, pool, ends); /* the only one: a pool of one buffer runs dry otherwise */
    give_back(0);
    CHECK_EQ(wins[0] + wins[1] + wins[2], before + 1);
    CHECK_EQ(ringline_lease_count(ring), 0);
  }
  lease = receive(ring, pool, ends);
  before = wins[0] + wins[1] + wins[2];
  CHECK_EQ(ringline_free(ring), 0);
  give_back(0);
  CHECK_EQ(wins[0] + wins[1] + wins[2], before + 1);
  close_both(ends);
}

static void *give_one_back(void *id) {
  CHECK_EQ(ringline_lease_release(*(uint64_t *)id), 0);
  return NULL;
}

/* Given back elsewhere, and before the owner has collected it the ring gets a new kernel ring. */
static void detach_between(void) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  pthread_t thread;
  uint64_t first, second;
  int ends[2], pool = ringline_pool_create(ring, 2, SIZE, 0);
  CHECK_OK(pool);
  make_pair(ends);
  first = receive(ring, pool, ends);
  second = receive(ring, pool, ends);
  CHECK(pthread_create(&thread, NULL, give_one_back, &first) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_detach(ring), 0);
  CHECK_EQ(ringline_attach(ring), 0);
  first = receive(ring, pool, ends);
  CHECK(send(ends[1], "y", 1, 0) == 1);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  CHECK_EQ(do_op(ring, &op).res, -ENOBUFS); /* both are leased: one was not provided twice */
  CHECK_EQ(ringline_lease_release(first), 0);
  CHECK_EQ(ringline_lease_release(second), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

int main(void) {
  pthread_t threads[2];
  int who;
  uint32_t flags = ringline_has("pool_incremental") == 1 ? RINGLINE_POOL_INCREMENTAL : 0;
  harness_warm_threads(3);
  pthread_barrier_init(&start, NULL, 3);
  pthread_barrier_init(&end, NULL, 3);
  harness_baseline();
  for (who = 0; who < 2; who++)
    CHECK(pthread_create(&threads[who], NULL, elsewhere, (void *)(intptr_t)(who + 1)) == 0);
  detach_between();
  race(1, SIZE, 0);
  race(1, 2, flags);
  for (who = 0; who < 2; who++) pthread_join(threads[who], NULL);
  harness_check_baseline();
  return 0;
}
