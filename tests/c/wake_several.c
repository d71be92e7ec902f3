/*
 * What wakes a ring also ends a wait for several completions: stop, a mailbox's wake, and so many
 * posts. Again and again on one ring, with one-completion waits between.
 * Failure: the wait goes on until its time is over (the kernel counts completions, and a wake is
 * only one), it ends before there is a reason, or it looks for one all the time.
 */
#include "tools.h"

#include <stdatomic.h>

enum { ROUNDS = 1000, SEVERAL = 5 };

static ringline_ring *ring;
static ringline_mailbox *mailbox;
static atomic_int asked, seen, begun;

static void *waker(void *ctx) {
  int round, post;
  (void)ctx;
  for (round = 1; round <= ROUNDS; round++) {
    uint64_t waits;
    while (atomic_load(&begun) < round) sched_yield();
    waits = stats_of(ring).waits;
    atomic_store(&asked, round);
    /* Mostly it sleeps by then. */
    while (round % 3 && stats_of(ring).waits == waits) sched_yield();
    switch (round % 4) {
      case 0: CHECK_EQ(ringline_stop(ring), 0); break;
      case 1: CHECK_EQ(ringline_mailbox_wake(mailbox), 0); break;
      default:
        for (post = 0; post < SEVERAL; post++)
          CHECK_EQ(ringline_mailbox_post(mailbox, (uint64_t)post, round), 0);
    }
    while (atomic_load(&seen) < round) sched_yield();
  }
  return NULL;
}

static uint32_t nop_turn(ringline_shared *shared, uint32_t want) {
  memset((void *)(uintptr_t)shared->ops, 0, sizeof(ringline_op));
  shared->ops_len = 1;
  shared->wait_min = want;
  shared->timeout_ns = -1;
  CHECK_OK(ringline_turn(ring));
  return shared->recs_len;
}

/* Nothing happens for 100 ms: the wait sleeps, and does not come back from the kernel to look. */
static void sleeps(void) {
  static const int64_t later[2] = {0, 100000000};
  ringline_op op;
  uint64_t enters = stats_of(ring).enters;
  int at;
  for (at = 0; at < SEVERAL; at++) {
    ringline_prep_timeout(&op, later, 0, 0);
    submit_one(ring, &op, 1);
  }
  CHECK_EQ(turn_for(ring, SEVERAL, -1), SEVERAL);
  if (stats_of(ring).enters - enters >= 20)
    HARNESS_FAIL("%llu enters", (unsigned long long)(stats_of(ring).enters - enters));
}

int main(void) {
  pthread_t thread;
  ringline_shared *shared;
  int round;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  shared = ringline_shared_block(ring);
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  CHECK(pthread_create(&thread, NULL, waker, NULL) == 0);
  for (round = 1; round <= ROUNDS; round++) {
    uint64_t begin = harness_now_ns();
    uint32_t records, want = round % 4 > 1 ? SEVERAL : round % 8 < 4 ? SEVERAL : 1;
    int straight = want == SEVERAL && round % 4 < 2 && round % 16 < 8;
    /* A turn with one op and nothing else, so that the next one like it goes straight through. */
    if (straight) CHECK_EQ(nop_turn(shared, 1), 1);
    atomic_store(&begun, round);
    while (atomic_load(&asked) < round) sched_yield();
    records = straight ? nop_turn(shared, want) : turn_for(ring, want, LIMIT);
    CHECK(harness_now_ns() - begin < (uint64_t)LIMIT);
    CHECK_EQ(records, round % 4 > 1 ? SEVERAL : straight);
    atomic_store(&seen, round);
  }
  pthread_join(thread, NULL);
  sleeps();
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
