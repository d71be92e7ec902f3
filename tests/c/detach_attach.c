/*
 * A ring moves from thread to thread by detach and attach, with its pools and what was submitted.
 * Failure: EEXIST from the kernel, a pool that is gone, a lease that counts twice, or a detach that
 * drops what is in flight.
 */
#include "tools.h"

static ringline_ring *ring;
static int ends[2], pool;
static uint64_t lease;

static void receive_once(void) {
  ringline_op op;
  ringline_completion completion;
  CHECK(send(ends[1], "hello", 5, 0) == 5);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  completion = do_op(ring, &op);
  CHECK_EQ(completion.res, 5);
  CHECK(completion.flags & RINGLINE_CF_LEASE);
  CHECK(memcmp((void *)(uintptr_t)completion.data, "hello", 5) == 0);
  if (lease) CHECK_EQ(ringline_lease_release(lease), 0);
  lease = completion.token;
}

static void *elsewhere(void *ctx) {
  (void)ctx;
  CHECK_OK(ringline_attach(ring));
  receive_once();
  CHECK_EQ(ringline_detach(ring), 0);
  return NULL;
}

static void *intruder(void *ctx) {
  (void)ctx;
  CHECK_EQ(ringline_attach(ring), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_detach(ring), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EWRONGTHREAD);
  return NULL;
}

static void on_thread(void *(*body)(void *)) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, body, NULL) == 0);
  pthread_join(thread, NULL);
}

int main(void) {
  ringline_op op;
  uint64_t token;
  int round, pipe_ends[2];
  char byte;
  harness_warm_threads(1);
  harness_baseline();
  make_pair(ends);
  make_pipe(pipe_ends);
  ring = make_ring();
  pool = ringline_pool_create(ring, 2, 64, 0);
  CHECK_OK(pool);
  for (round = 0; round < 20; round++) {
    CHECK_OK(ringline_attach(ring));
    CHECK_OK(ringline_attach(ring)); /* the owner already: nothing to do */
    on_thread(intruder);
    receive_once();
    ringline_prep_read(&op, pipe_ends[0], &byte, 1, UINT64_MAX);
    token = submit_one(ring, &op, 77);
    CHECK_EQ(turn_for(ring, 0, 0), 0);
    CHECK_EQ(ringline_detach(ring), -EBUSY);
    CHECK_EQ(ringline_cancel(ring, token), 0);
    CHECK_EQ(next_completion(ring).res, -ECANCELED);
    CHECK_EQ(ringline_detach(ring), 0);
    CHECK_EQ(ringline_state(ring), RINGLINE_STATE_CREATED);
    on_thread(elsewhere);
  }
  CHECK_EQ(ringline_lease_release(lease), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  close_both(pipe_ends);
  harness_check_baseline();
  return 0;
}
