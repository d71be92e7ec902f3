/*
 * A ring is abandoned right after its owner was joined: pthread_join(3) returns a little before the
 * kernel has seen the thread off.
 * Failure: the ring stays, with its descriptors and its memory, until somebody creates another one.
 */
#include "tools.h"

#include <sched.h>

enum { ROUNDS = 20, FILES = 400 };

/* Its table of files is its own and full of things to close, which the kernel does between what
 * pthread_join(3) waits for and the end of the thread. */
static void *owner(void *ctx) {
  int at, ends[2];
  static const char block[4096];
  CHECK_OK(ringline_attach((ringline_ring *)ctx));
  CHECK(unshare(CLONE_FILES) == 0);
  for (at = 0; at < FILES; at++) {
    CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(write(ends[1], block, sizeof block) > 0);
  }
  return NULL;
}

int main(void) {
  int round;
  ringline_ring *rings[ROUNDS];
  harness_warm_threads(1);
  harness_baseline();
  for (round = 0; round < ROUNDS; round++) rings[round] = make_ring();
  for (round = 0; round < ROUNDS; round++) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, owner, rings[round]) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ(ringline_abandon(rings[round]), 0);
    CHECK_EQ(ringline_state(rings[round]), RINGLINE_ESTALE);
  }
  harness_check_baseline();
  return 0;
}
