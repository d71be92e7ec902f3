/*
 * Two threads with a ring each pass balls to and fro by mail, a million times: first one ball, so
 * that both sleep again and again, then eight, so that a post finds the other one in any state.
 * Failure: a lost wake (both sleep for ever: the runner's time limit), a lost, doubled or changed
 * message, or more than one wake per sleep.
 */
#include "tools.h"

#include <sys/resource.h>

enum { ALONE = 20000, END = 500000, BALLS = 8 };

typedef struct side {
  ringline_ring *ring;
  ringline_mailbox *other;
  int first;
} side;

static void throw_balls(side *me, uint64_t from, uint64_t to) {
  for (; from < to; from++)
    CHECK_EQ(ringline_mailbox_post(me->other, from, (int32_t)from), 0);
}

/* Takes what came, which has to be the next numbers; how many. */
static uint64_t take_balls(side *me, uint64_t next) {
  ringline_shared *shared = ringline_shared_block(me->ring);
  int32_t at, came = ringline_turn(me->ring);
  CHECK(came > 0);
  for (at = 0; at < came; at++, next++) {
    const ringline_completion *record = record_at(shared, (uint32_t)at);
    CHECK_EQ(record->user_data, next);
    CHECK_EQ(record->res, next);
    CHECK_EQ(record->flags, RINGLINE_CF_MSG);
  }
  return (uint64_t)came;
}

static void *play(void *ctx) {
  side *me = (side *)ctx;
  ringline_shared *shared = ringline_shared_block(me->ring);
  ringline_stats stats;
  struct rusage usage;
  uint64_t taken, thrown;
  CHECK_OK(ringline_attach(me->ring));
  shared->wait_min = 1;
  shared->timeout_ns = -1;
  for (taken = 0; taken < ALONE;) {
    uint64_t at = taken;
    if (me->first) throw_balls(me, at, at + 1);
    taken += take_balls(me, at); /* the last time the other side may have gone on already */
    if (!me->first) throw_balls(me, at, at + 1);
  }
  for (thrown = ALONE; thrown < END;) {
    uint64_t further = taken + BALLS < END ? taken + BALLS : END;
    throw_balls(me, thrown, further);
    thrown = further;
    if (thrown < END) taken += take_balls(me, taken);
  }
  while (taken < END) taken += take_balls(me, taken);
  stats = stats_of(me->ring);
  /* One is for the release of the other side. A post that comes between the mark and the sleep
   * wakes too: that is long where the processor is taken away there, and in a sanitizer. */
  CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
#ifndef HARNESS_SANITIZED
  CHECK(stats.wakes <= stats.waits + 1 + (uint64_t)usage.ru_nivcsw);
#endif
  CHECK(stats.waits > ALONE / 100); /* it did sleep */
  CHECK_EQ(ringline_mailbox_release(me->other), 0);
  CHECK_EQ(ringline_free(me->ring), 0);
  return NULL;
}

int main(void) {
  pthread_t threads[2];
  side sides[2];
  int at;
  harness_warm_threads(2);
  harness_baseline();
  for (at = 0; at < 2; at++) sides[at].ring = make_ring();
  for (at = 0; at < 2; at++) {
    sides[at].first = at == 0;
    CHECK_OK(ringline_mailbox_of(sides[!at].ring, &sides[at].other));
  }
  for (at = 0; at < 2; at++) CHECK(pthread_create(&threads[at], NULL, play, &sides[at]) == 0);
  for (at = 0; at < 2; at++) pthread_join(threads[at], NULL);
  harness_check_baseline();
  return 0;
}
