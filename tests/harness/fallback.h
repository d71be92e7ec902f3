/*
 * A ring with one kernel feature switched off must still do everything that has another way: an
 * echo over TCP with leases and SEND_ALL, timers, cancel, a wait with a timeout, close and free.
 */
#ifndef RINGLINE_TEST_FALLBACK_H
#define RINGLINE_TEST_FALLBACK_H

#include "tools.h"

static HARNESS_UNUSED ringline_ring *fallback_ring(uint64_t disable) {
  ringline_ring *ring = NULL;
  ringline_config config;
  ringline_info info;
  memset(&config, 0, sizeof config);
  memset(&info, 0, sizeof info);
  config.size = (uint32_t)sizeof config;
  config.disable = disable;
  CHECK_OK(ringline_create(&config, &ring));
  info.size = (uint32_t)sizeof info;
  CHECK_OK(ringline_info_of(ring, &info));
  CHECK_EQ(info.features & disable, 0);
  CHECK_EQ(info.disabled & disable, disable);
  return ring;
}

/* One message there and back; a single receive where multishot is switched off. */
static HARNESS_UNUSED void fallback_message(ringline_ring *ring, int ends[2], int pool) {
  char sent[100], back[100] = "", buffer[100];
  ringline_op op;
  ringline_completion completion;
  const void *bytes = buffer;
  memset(sent, 'e', sizeof sent);
  CHECK(send(ends[1], sent, sizeof sent, 0) == sizeof sent);
  ringline_prep_recv(&op, ends[0], pool < 0 ? buffer : NULL, pool < 0 ? sizeof buffer : 0, 0);
  if (pool >= 0) ringline_prep_pool(&op, pool);
  completion = do_op(ring, &op);
  CHECK_EQ(completion.res, sizeof sent);
  if (pool >= 0) bytes = (const void *)(uintptr_t)completion.data;
  ringline_prep_send_all(&op, ends[0], bytes, sizeof sent, 0);
  CHECK_EQ(do_op(ring, &op).res, sizeof sent);
  if (pool >= 0) CHECK_EQ(ringline_lease_release(completion.token), 0);
  CHECK(recv(ends[1], back, sizeof back, MSG_WAITALL) == sizeof back);
  CHECK(memcmp(sent, back, sizeof back) == 0);
}

static HARNESS_UNUSED void fallback_waits(ringline_ring *ring, int fd) {
  ringline_op op;
  uint64_t start = harness_now_ns(), token;
  char byte;
  CHECK_EQ(turn_for(ring, 1, 20000000), 0); /* nothing in flight, and still it waits */
  CHECK(harness_now_ns() - start >= 20000000);
  ringline_prep_recv(&op, fd, &byte, 1, 0);
  token = submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 1, 1000000), 0);
  start = harness_now_ns();
  ringline_prep_timer(&op, 5000000, 0);
  submit_one(ring, &op, 2);
  CHECK_EQ(next_completion(ring).user_data, 2);
  CHECK(harness_now_ns() - start >= 5000000);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
  submit_one(ring, &op, 3);
  ringline_prep_recv(&op, fd, &byte, 1, 0);
  submit_one(ring, &op, 4);
  CHECK_EQ(ringline_cancel_all(ring), 2);
  while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0);
}

static HARNESS_UNUSED void fallback_run(ringline_ring *ring, int with_pool) {
  struct sockaddr_in address;
  int listener = make_listener(&address), ends[2], pool = -1, round;
  ringline_op op;
  if (with_pool) {
    pool = ringline_pool_create(ring, 4, 256, 0);
    CHECK_OK(pool);
  }
  ends[1] = dial(&address);
  ringline_prep_accept(&op, listener, NULL, NULL, SOCK_CLOEXEC);
  ends[0] = do_op(ring, &op).res;
  CHECK_OK(ends[0]);
  for (round = 0; round < 50; round++) fallback_message(ring, ends, pool);
  fallback_waits(ring, ends[0]);
  ringline_prep_recv(&op, ends[0], &address, 1, 0); /* left pending: close and free end it */
  submit_one(ring, &op, 9);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_OK(ringline_close(ring, LIMIT));
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  close(listener);
}

#endif /* RINGLINE_TEST_FALLBACK_H */
