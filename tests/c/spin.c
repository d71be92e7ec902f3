/*
 * A ring that spins before it sleeps answers a ping-pong without sleeping, and its spin is bounded.
 * Failure: it sleeps all the same, it never sleeps (a spin without end), a timer or a timeout that
 * is missed, or a completion that is lost.
 */
#include "tools.h"

#include <stdatomic.h>

enum { ROUNDS = 200 };

static void *answer(void *ctx) {
  int fd = *(int *)ctx;
  char byte;
  while (recv(fd, &byte, 1, 0) == 1) CHECK(send(fd, &byte, 1, MSG_NOSIGNAL) == 1);
  return NULL;
}

/* Sleeps in `ROUNDS` rounds of send and receive. */
static uint64_t ping_pong(uint32_t spin_us) {
  ringline_ring *ring = NULL;
  ringline_config config;
  ringline_op op;
  pthread_t thread;
  int ends[2], round;
  char byte;
  uint64_t waits;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.spin_us = spin_us;
  CHECK_OK(ringline_create(&config, &ring));
  make_pair(ends);
  CHECK(pthread_create(&thread, NULL, answer, &ends[1]) == 0);
  for (round = 0; round < ROUNDS; round++) {
    ringline_prep_send(&op, ends[0], "p", 1, 0);
    CHECK_EQ(do_op(ring, &op).res, 1);
    ringline_prep_recv(&op, ends[0], &byte, 1, 0);
    CHECK_EQ(do_op(ring, &op).res, 1);
  }
  waits = stats_of(ring).waits;
  shutdown(ends[0], SHUT_RDWR);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  return waits;
}

static void check_bounds(void) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  ringline_stats before, after;
  uint64_t start = harness_now_ns();
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_spin_us(ring, 500), 0);
  before = stats_of(ring);
  CHECK_EQ(turn_for(ring, 1, 20000000), 0); /* spins for 0.5 ms, then sleeps */
  after = stats_of(ring);
  CHECK(harness_now_ns() - start >= 20000000);
  CHECK(after.waits > before.waits);
  CHECK(after.enters - before.enters < 10);
  CHECK_EQ(ringline_spin_us(ring, 1000000), 0);
  start = harness_now_ns();
  CHECK_EQ(turn_for(ring, 1, 3000000), 0); /* the limit is shorter than the spin */
  CHECK(harness_now_ns() - start >= 3000000 && harness_now_ns() - start < 900000000);
  start = harness_now_ns();
  ringline_prep_timer(&op, 2000000, 0);
  CHECK_EQ(do_op(ring, &op).res, 0); /* and a timer ends it too */
  CHECK(harness_now_ns() - start >= 2000000 && harness_now_ns() - start < 900000000);
  CHECK_EQ(ringline_stop(ring), 0);
  start = harness_now_ns();
  CHECK_EQ(turn_for(ring, 1, -1), 0); /* and a stop */
  CHECK(harness_now_ns() - start < 900000000);
  CHECK_EQ(ringline_free(ring), 0);
}

static void *write_byte(void *ctx) {
  CHECK_EQ(write(*(int *)ctx, "b", 1), 1);
  return NULL;
}

/* What comes during a long spin ends it, though the kernel only announces it. */
static void check_prompt(void) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  pthread_t thread;
  char byte;
  uint64_t start;
  int ends[2];
  make_pair(ends);
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_spin_us(ring, 1000000), 0);
  ringline_prep_recv(&op, ends[0], &byte, 1, 0);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  start = harness_now_ns();
  CHECK(pthread_create(&thread, NULL, write_byte, &ends[1]) == 0);
  CHECK_EQ(turn_for(ring, 1, LIMIT), 1);
  CHECK(harness_now_ns() - start < 900000000);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

int main(void) {
  uint64_t slept, spun;
  harness_warm_threads(1);
  harness_baseline();
  slept = ping_pong(0);
  spun = ping_pong(100000);
  CHECK(slept >= ROUNDS); /* each receive is a wait */
  if (spun > slept / 4)
    HARNESS_FAIL("%llu sleeps with spinning, %llu without", (unsigned long long)spun,
                 (unsigned long long)slept);
  check_bounds();
  check_prompt();
  harness_check_baseline();
  return 0;
}
