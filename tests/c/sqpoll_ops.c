/*
 * Everything that pends, on a polled queue: sends and receives, a multishot receive with leases,
 * cancel, cancel_sync right after submit, close of a descriptor, and a free with reads pending.
 * Failure: an op without FINAL, a cancel that does not find what was just submitted, or ABANDONED.
 */
#include "tools.h"

static ringline_ring *ring;

static ringline_ring *polled(void) {
  ringline_ring *made = NULL;
  ringline_config config;
  ringline_info info;
  CHECK_OK(ringline_config_init(&config));
  config.flags = RINGLINE_CONFIG_SQPOLL;
  config.sq_entries = 16;
  config.sq_thread_idle_ms = 1; /* it falls asleep between the ops: each has to wake it */
  CHECK_OK(ringline_create(&config, &made));
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_info_of(made, &info));
  if (!(info.setup_flags & 2)) SKIP("no SQPOLL here");
  CHECK_OK(ringline_attach(made));
  return made;
}

static void send_and_receive(int ends[2]) {
  char out[64], in[64];
  int round;
  for (round = 0; round < 200; round++) {
    ringline_op op;
    uint32_t at, came = 0;
    memset(out, round, sizeof out);
    ringline_prep_recv(&op, ends[1], in, sizeof in, 0);
    submit_one(ring, &op, 1);
    if (round % 2) ringline_prep_send(&op, ends[0], out, sizeof out, 0);
    else ringline_prep_send_all(&op, ends[0], out, sizeof out, 0);
    submit_one(ring, &op, 2);
    while (came < 2) {
      uint32_t records = turn_for(ring, 1, LIMIT);
      CHECK(records > 0);
      for (at = 0; at < records; at++, came++)
        CHECK_EQ(record_at(ringline_shared_block(ring), at)->res, sizeof out);
    }
    CHECK_EQ(came, 2);
    CHECK(memcmp(in, out, sizeof out) == 0);
  }
}

static void multishot(int ends[2]) {
  ringline_op op;
  ringline_completion got;
  uint64_t token;
  int pool = ringline_pool_create(ring, 4, 64, 0), round;
  CHECK_OK(pool);
  ringline_prep_recv_multishot(&op, ends[1], pool, 0);
  token = submit_one(ring, &op, 3);
  for (round = 0; round < 100; round++) {
    CHECK(send(ends[0], "leased", 6, 0) == 6);
    got = next_completion(ring);
    CHECK_EQ(got.res, 6);
    CHECK(got.flags & RINGLINE_CF_LEASE);
    CHECK(memcmp((const void *)(uintptr_t)got.data, "leased", 6) == 0);
    CHECK_EQ(ringline_lease_release(got.token), 0);
  }
  CHECK_EQ(ringline_cancel(ring, token), 0);
  got = next_completion(ring);
  CHECK_EQ(got.res, -ECANCELED);
  CHECK(got.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
}

static void cancel_at_once(int fd) {
  static char byte;
  int round;
  for (round = 0; round < 200; round++) {
    ringline_op op;
    uint64_t token;
    ringline_prep_recv(&op, fd, &byte, 1, 0);
    token = submit_one(ring, &op, 4);
    CHECK_EQ(ringline_cancel_sync(ring, token, SECOND), 0);
    CHECK_EQ(next_completion(ring).res, -ECANCELED);
  }
}

int main(void) {
  int ends[2], others[2], at;
  static char memory[32];
  ringline_op op;
  harness_baseline();
  make_pair(ends);
  make_tcp_pair(others);
  ring = polled();
  send_and_receive(ends);
  multishot(ends);
  cancel_at_once(ends[1]);
  ringline_prep_recv(&op, others[0], memory, 1, 0);
  submit_one(ring, &op, 5);
  ringline_prep_lib_close(&op, others[0]);
  submit_one(ring, &op, 6);
  while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0);
  CHECK(recv(others[1], memory, 1, 0) == 0);
  CHECK(close(others[1]) == 0);
  for (at = 0; at < 32; at++) {
    ringline_prep_recv(&op, ends[1], &memory[at], 1, 0);
    submit_one(ring, &op, 7);
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
