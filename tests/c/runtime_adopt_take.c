/*
 * An adopted worker keeps the bytes of the record that it names: several of one connection and of
 * two in one turn, taken in any order.
 * Failure: the bytes of another record, the same record twice, bytes that the kernel overwrites
 * while they are kept, or a record of nothing that can be kept taken for one.
 */
#include "adopted.h"

enum { PARTS = 4, SIZE = 1000, SMALL = 1024, MOST = 32 };

static ringline_event *data[MOST];
static int32_t found;

/* Turns until there are records of all bytes of both ends in one turn. */
static void gather(adopted *own, const int *peers, int round) {
  int32_t count, at, part, peer;
  unsigned char bytes[SIZE];
  for (part = 0; part < PARTS; part++) {
    for (peer = 0; peer < 2; peer++) {
      memset(bytes, part * 2 + peer + round, sizeof bytes);
      CHECK(send(peers[peer], bytes, sizeof bytes, 0) == SIZE);
    }
  }
  count = told(own);
  for (found = 0, at = 0; at < count; at++) {
    ringline_event *event = event_at(own->block, at);
    if (event->kind != RINGLINE_EVENT_DATA) continue;
    CHECK(found < MOST);
    data[found++] = event;
  }
}

static void check_lease(const ringline_event *event, const ringline_lease *lease) {
  CHECK_EQ((uint64_t)(uintptr_t)lease->bytes, event->address);
  CHECK_EQ(lease->length, event->length);
  CHECK(lease->lease != 0);
}

int main(void) {
  adopted own;
  ringline_runtime_config config;
  ringline_lease leases[MOST], again;
  int peers[2], round, at, ends = 0, most = 0;
  memset(leases, 0, sizeof leases);
  memset(&again, 0, sizeof again);
  harness_warm_threads(1);
  ringline_runtime_config_init(&config);
  config.pool_buffers = 64;
  config.pool_buffer_size = SMALL; /* so that a stream comes in pieces */
  adopt_worker(&own, &config);
  for (at = 0; at < 2; at++) {
    peers[at] = dial(&own.server.address);
    told_of(&own, RINGLINE_EVENT_ACCEPT);
  }
  for (round = 0; round < 20; round++) {
    unsigned char kept[MOST][SMALL];
    int64_t left = 0;
    gather(&own, peers, round);
    if (found > most) most = found;
    for (at = found - 1; at >= 0; at--) { /* the last one first */
      CHECK_EQ(ringline_worker_take(own.server.runtime, data[at], &leases[at]), 0);
      check_lease(data[at], &leases[at]);
      memcpy(kept[at], leases[at].bytes, leases[at].length);
      CHECK_EQ(ringline_worker_take(own.server.runtime, data[at], &again), -ENODATA);
      left += (int64_t)leases[at].length;
    }
    /* By connection there is none left either. */
    if (found) CHECK_EQ(ringline_conn_take(own.server.runtime, data[0]->conn, &again), -ENODATA);
    {
      int32_t before = found;
      ringline_event *first = data[0];
      while (left < (int64_t)PARTS * 2 * SIZE) {
        int32_t count = told(&own), other;
        for (other = 0; other < count; other++)
          if (event_at(own.block, other)->kind == RINGLINE_EVENT_DATA)
            left += (int64_t)event_at(own.block, other)->length;
      }
      nothing_told(&own);
      CHECK_EQ(ringline_worker_take(own.server.runtime, first, &again), -EINVAL);
      for (at = 0; at < before; at++) {
        CHECK(memcmp(kept[at], leases[at].bytes, leases[at].length) == 0);
        CHECK_EQ(ringline_lease_release(leases[at].lease), 0);
      }
    }
  }
  CHECK(most > 2); /* several of one connection in one turn */
  CHECK(shutdown(peers[0], SHUT_WR) == 0);
  while (!ends) {
    int32_t count = told(&own);
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(own.block, at);
      int32_t expected = event->kind == RINGLINE_EVENT_DATA ? -ENODATA : -EINVAL;
      CHECK_EQ(ringline_worker_take(own.server.runtime, event, &again), expected);
      ends += event->kind == RINGLINE_EVENT_DATA;
    }
  }
  CHECK_EQ(ringline_worker_take(own.server.runtime, event_at(own.block, 0) - 1, &again), -EINVAL);
  CHECK_EQ(ringline_worker_take(
               own.server.runtime, (ringline_event *)((char *)event_at(own.block, 0) + 1), &again),
           -EINVAL);
  close_both(peers);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  return 0;
}
