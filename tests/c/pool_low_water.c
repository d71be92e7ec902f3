/*
 * The free buffers of a pool fall below its mark: told once, by a record that ends a wait, and told
 * again only after more than the mark were free; then the pool runs dry and recovers.
 * Failure: no record, one for each buffer, one that a full list loses, or a wait that sleeps over
 * it.
 */
#include "tools.h"

enum { BUFFERS = 8, MARK = 3, SIZE = 64, NUMBER = 4711 };

static uint64_t leases[BUFFERS];
static int held, told, dry;

static void look(ringline_ring *ring, uint32_t count) {
  uint32_t at;
  for (at = 0; at < count; at++) {
    const ringline_completion *it = record_at(ringline_shared_block(ring), at);
    if (it->flags & RINGLINE_CF_LOW_WATER) {
      CHECK_EQ(it->flags, RINGLINE_CF_LOW_WATER);
      CHECK_EQ(it->user_data, NUMBER);
      CHECK_EQ(it->token, 0);
      CHECK(it->res >= 0 && it->res < MARK);
      told++;
    } else if (it->flags & RINGLINE_CF_LEASE) {
      leases[held++] = it->token;
    } else {
      CHECK_EQ(it->res, -ENOBUFS);
      dry++;
    }
  }
}

static void receive(ringline_ring *ring, int pool, int ends[2]) {
  ringline_op op;
  CHECK(send(ends[1], "x", 1, 0) == 1);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  submit_one(ring, &op, 1);
  look(ring, turn_for(ring, 1, LIMIT));
}

static void give_back(int count) {
  while (count-- > 0) CHECK_EQ(ringline_lease_release(leases[--held]), 0);
}

/* Down to `left` free buffers. */
static void take(ringline_ring *ring, int pool, int ends[2], int left) {
  while (BUFFERS - held > left) receive(ring, pool, ends);
}

static void check(uint32_t flags) {
  ringline_ring *ring = make_ring_of(8, 8, 16);
  ringline_config config;
  int ends[2], pool = ringline_pool_create(ring, BUFFERS, flags ? 1 : SIZE, flags);
  CHECK_OK(pool);
  held = told = dry = 0;
  make_pair(ends);
  CHECK_EQ(ringline_pool_set_low_water(ring, pool, MARK, NUMBER), 0);
  take(ring, pool, ends, MARK);
  CHECK_EQ(told, 0);
  take(ring, pool, ends, 0);
  CHECK_EQ(told, 1); /* once, however low it falls */
  receive(ring, pool, ends);
  CHECK_EQ(dry, 1);
  give_back(MARK); /* as many as the mark is not above it: nothing new */
  take(ring, pool, ends, 0);
  CHECK_EQ(told, 1);
  give_back(BUFFERS);
  take(ring, pool, ends, MARK - 1);
  CHECK_EQ(told, 2);
  CHECK_EQ(ringline_pool_set_low_water(ring, pool, 0, NUMBER), 0);
  give_back(held);
  take(ring, pool, ends, 0);
  CHECK_EQ(told, 2);
  give_back(held);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  /* A list with room for one record: the second one is told by the next turn, without sleep. */
  ringline_config_init(&config);
  config.recs_cap = 1;
  CHECK_OK(ringline_create(&config, &ring));
  pool = ringline_pool_create(ring, 1, flags ? 1 : SIZE, flags);
  CHECK_OK(pool);
  CHECK_EQ(ringline_pool_set_low_water(ring, pool, 1, NUMBER), 0);
  make_pair(ends);
  told = held = 0;
  receive(ring, pool, ends);
  while (told == 0) look(ring, turn_for(ring, 1, -1));
  give_back(1);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

int main(void) {
  harness_baseline();
  check(0);
  if (ringline_has("pool_incremental") == 1) check(RINGLINE_POOL_INCREMENTAL);
  harness_check_baseline();
  return 0;
}
