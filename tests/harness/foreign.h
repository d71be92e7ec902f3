/*
 * What foreign_epoll.c and foreign_poll.c share: a loop that is not the library's and sleeps on a
 * descriptor, and what happens in it. The including program says how it sleeps.
 */
#ifndef RINGLINE_TEST_FOREIGN_H
#define RINGLINE_TEST_FOREIGN_H

#include "tools.h"

#include <stdatomic.h>
#include <sys/resource.h>

enum { POSTS = 2000, MESSAGES = 2000, TICKS = 50, POSTED = 1, RECEIVED = 2, TICKED = 3 };

typedef struct foreign {
  ringline_ring *ring;
  ringline_mailbox *mailbox;
  int ends[2];
  char byte;
  int posts, messages, ticks;
  uint64_t interrupted;
  uint64_t sleeps, idle; /* returns of the sleep, and those with nothing behind them */
} foreign;

static atomic_int foreign_seen_posts, foreign_seen_messages;

/* Sleeps until the descriptor is readable, five seconds at most; 1 if it is. */
static int foreign_sleep(foreign *loop, int64_t limit_ns);

static uint64_t foreign_cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One thing at a time, so that each finds the loop asleep, or nearly so. */
static void *foreign_peer(void *ctx) {
  foreign *loop = (foreign *)ctx;
  int at;
  for (at = 0; at < POSTS; at++) {
    CHECK_EQ(ringline_mailbox_post(loop->mailbox, POSTED, at), 0);
    while (atomic_load(&foreign_seen_posts) <= at) sched_yield();
  }
  for (at = 0; at < MESSAGES; at++) {
    CHECK(send(loop->ends[1], "x", 1, 0) == 1);
    while (atomic_load(&foreign_seen_messages) <= at) sched_yield();
  }
  return NULL;
}

static void foreign_receive(foreign *loop) {
  ringline_op op;
  ringline_prep_recv(&op, loop->ends[0], &loop->byte, 1, 0);
  submit_one(loop->ring, &op, RECEIVED);
}

static uint32_t foreign_turn(foreign *loop) {
  uint32_t at, records = turn_for(loop->ring, 0, 0);
  for (at = 0; at < records; at++) {
    const ringline_completion *record = record_at(ringline_shared_block(loop->ring), at);
    switch (record->user_data) {
      case POSTED:
        CHECK_EQ(record->res, loop->posts);
        atomic_store(&foreign_seen_posts, ++loop->posts);
        break;
      case RECEIVED:
        CHECK_EQ(record->res, 1);
        atomic_store(&foreign_seen_messages, ++loop->messages);
        if (loop->messages < MESSAGES) foreign_receive(loop);
        break;
      default:
        CHECK_EQ(record->user_data, TICKED);
        loop->ticks++;
    }
  }
  return records;
}

/* Sleeps and turns as the documentation says; how many records came. */
static uint32_t foreign_once(foreign *loop) {
  uint32_t records;
  int64_t deadline = 0;
  int32_t ready = ringline_prepare(loop->ring, &deadline);
  CHECK(ready == 0 || ready == 1);
  CHECK(deadline == -1 || deadline > 0);
  if (!ready) {
    if (foreign_sleep(loop, LIMIT) != 1)
      HARNESS_FAIL("no wake: %d posts, %d messages, %d ticks", loop->posts, loop->messages,
                   loop->ticks);
    loop->sleeps++;
  }
  records = foreign_turn(loop);
  if (!ready && records == 0) loop->idle++;
  return records;
}

/* With nothing to do, nothing wakes: not once in 100 ms. */
static void foreign_quiet(foreign *loop) {
  int64_t deadline;
  while (ringline_prepare(loop->ring, &deadline) == 1) foreign_turn(loop);
  while (foreign_sleep(loop, 0)) { /* what is left over of the last turn, once */
    foreign_turn(loop);
    CHECK_EQ(ringline_prepare(loop->ring, &deadline), 0);
    CHECK(++loop->idle < 1000000);
  }
  CHECK_EQ(foreign_sleep(loop, 100000000), 0);
}

/* Timers wake by themselves, each once: when they are due, never before. */
static void foreign_timers(foreign *loop) {
  ringline_op op;
  uint64_t before = loop->sleeps, far;
  int at;
  for (at = 0; at < TICKS; at++) {
    uint64_t begin = harness_now_ns(), delay = 100000 + 100000 * (uint64_t)(at % 10);
    /* One that is later, and one that is earlier and cancelled, move the alarm. */
    ringline_prep_timer(&op, 3600ull * SECOND, 0);
    far = submit_one(loop->ring, &op, TICKED);
    CHECK_EQ(ringline_prepare(loop->ring, NULL), 0);
    ringline_prep_timer(&op, delay, 0);
    submit_one(loop->ring, &op, TICKED);
    while (loop->ticks <= 2 * at) foreign_once(loop);
    CHECK(harness_now_ns() - begin >= delay);
    CHECK_EQ(ringline_cancel(loop->ring, far), 0);
    CHECK_EQ(ringline_prepare(loop->ring, NULL), 1);
    foreign_turn(loop);
    CHECK_EQ(loop->ticks, 2 * at + 2);
  }
  CHECK(loop->sleeps - before <= 2 * TICKS);
}

static void foreign_all(foreign *loop) {
  pthread_t thread;
  uint64_t cpu, begin;
  make_pair(loop->ends);
  foreign_quiet(loop);
  foreign_receive(loop);
  CHECK_OK(ringline_mailbox_of(loop->ring, &loop->mailbox));
  CHECK(pthread_create(&thread, NULL, foreign_peer, loop) == 0);
  while (loop->posts < POSTS || loop->messages < MESSAGES) foreign_once(loop);
  pthread_join(thread, NULL);
  CHECK_EQ(loop->posts, POSTS);
  CHECK_EQ(loop->messages, MESSAGES);
  foreign_timers(loop);
  begin = harness_now_ns();
  cpu = foreign_cpu_ns();
  foreign_quiet(loop);
  CHECK(harness_now_ns() - begin >= 100000000);
  CHECK(foreign_cpu_ns() - cpu < 20000000);
  CHECK_EQ(ringline_mailbox_release(loop->mailbox), 0);
  close_both(loop->ends);
}

#endif /* RINGLINE_TEST_FOREIGN_H */
