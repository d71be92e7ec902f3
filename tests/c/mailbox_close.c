/*
 * Posts, calls and submits from two threads while the ring is closed and freed, 300 times, and a
 * mailbox that outlives its ring: what was accepted is delivered or handed back with ESHUTDOWN,
 * exactly once, and then everything is ECLOSED.
 * Failure: a context that nobody gives back or that comes twice, a write to a descriptor that was
 * closed, a crash.
 */
#include "tools.h"

#include <stdatomic.h>

enum { ROUNDS = 300, POSTERS = 2 };

static ringline_mailbox *mailbox;
static atomic_int accepted, told, inside, round_now;

static void back(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ring;
  CHECK(ctx == &told);
  CHECK(completion->flags & RINGLINE_CF_MSG);
  CHECK(completion->res == 0 || completion->res == -ESHUTDOWN || completion->res == -ECANCELED);
  if (completion->flags == RINGLINE_CF_MSG || completion->flags & RINGLINE_CF_FINAL)
    atomic_fetch_add(&told, 1);
}

static void post_until_closed(unsigned turn) {
  ringline_op op;
  ringline_prep_timer(&op, 1000, 0);
  for (;; turn++) {
    int64_t code = turn % 3 == 0   ? ringline_mailbox_post(mailbox, turn, 0)
                   : turn % 3 == 1 ? ringline_mailbox_call(mailbox, back, &told)
                                   : ringline_mailbox_submit_with(mailbox, &op, back, &told);
    if (code == RINGLINE_ECLOSED && turn % 3 != 2) return;
    if (code == -EAGAIN || code == RINGLINE_ECLOSED) continue;
    CHECK_OK(code);
    if (turn % 3) atomic_fetch_add(&accepted, 1);
  }
}

static void *poster(void *ctx) {
  int round;
  for (round = 1; round <= ROUNDS; round++) {
    while (atomic_load(&round_now) < round) sched_yield();
    post_until_closed((unsigned)(uintptr_t)ctx);
    atomic_fetch_add(&inside, -1);
  }
  return NULL;
}

static void end(ringline_ring *ring, int how) {
  int turns;
  for (turns = how % 7; turns > 0; turns--) turn_for(ring, 0, 0);
  if (how % 3 == 0) {
    int32_t left;
    while ((left = ringline_close(ring, LIMIT)) > 0) turn_for(ring, 0, 0);
    CHECK_EQ(left, 0);
  }
  if (how % 3 == 1) {
    CHECK_EQ(ringline_mailbox_close(mailbox), 0);
    while (ringline_state(ring) != RINGLINE_STATE_CLOSED) turn_for(ring, 0, 0);
  }
  CHECK_EQ(ringline_free(ring), 0);
}

static void refuses_everything(void) {
  ringline_op op;
  uint64_t id;
  memset(&op, 0, sizeof op);
  CHECK_EQ(ringline_mailbox_post(mailbox, 1, 1), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_call(mailbox, back, &told), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_submit(mailbox, &op, 1, &id), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_submit_with(mailbox, &op, back, &told), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_cancel(mailbox, 4096), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_wake(mailbox), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_close(mailbox), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_mailbox_retain(mailbox), 0);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
}

/* A ring that never turned: what was accepted is handed back by free. */
static void hands_back(void) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  memset(&op, 0, sizeof op);
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  CHECK_OK(ringline_mailbox_submit_with(mailbox, &op, back, &told));
  CHECK_EQ(ringline_mailbox_call(mailbox, back, &told), 0);
  CHECK_EQ(ringline_mailbox_post(mailbox, 1, 1), 0);
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(atomic_load(&told), 2);
  atomic_store(&told, 0);
  refuses_everything();
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
}

int main(void) {
  pthread_t threads[POSTERS];
  int round, at;
  harness_warm_threads(POSTERS);
  harness_baseline();
  hands_back();
  for (at = 0; at < POSTERS; at++)
    CHECK(pthread_create(&threads[at], NULL, poster, (void *)(uintptr_t)at) == 0);
  for (round = 1; round <= ROUNDS; round++) {
    ringline_ring *ring = make_ring();
    CHECK_OK(ringline_attach(ring));
    CHECK_OK(ringline_mailbox_of(ring, &mailbox));
    atomic_store(&inside, POSTERS);
    atomic_store(&round_now, round);
    /* Until both are at it: closing an idle mailbox shows nothing. */
    while (atomic_load(&accepted) < 2 * round) sched_yield();
    end(ring, round);
    while (atomic_load(&inside)) sched_yield();
    CHECK_EQ(atomic_load(&told), atomic_load(&accepted));
    refuses_everything();
    CHECK_EQ(ringline_mailbox_release(mailbox), 0);
    CHECK_EQ(ringline_mailbox_post(mailbox, 1, 1), RINGLINE_ESTALE);
    CHECK_EQ(ringline_mailbox_release(mailbox), RINGLINE_ESTALE);
  }
  for (at = 0; at < POSTERS; at++) pthread_join(threads[at], NULL);
  harness_check_baseline();
  return 0;
}
