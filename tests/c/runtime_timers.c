/*
 * Timers of a worker, by records and by callbacks: order, periods, one stopped by another's tick in
 * the same turn, 0 and u64::MAX, the limit, and 1,048,576 of them of which most are stopped.
 * Failure: a tick too early, twice, after stop, of the wrong user, a timer that outlives its end.
 */
#include "adopted.h"

#define MOST (1u << 20)
#define PERIOD 2000000ull

static uint64_t ids[MOST];

static ringline_worker_block *adopt(ringline_runtime **runtime) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  ringline_worker_block *block = NULL;
  CHECK_OK(ringline_runtime_create(&config, runtime));
  CHECK_OK(ringline_worker_adopt(*runtime, 0, &block));
  block->timeout_ns = LIMIT;
  return block;
}

static void in_order(void) {
  ringline_runtime *runtime;
  ringline_worker_block *block = adopt(&runtime);
  uint64_t start = harness_now_ns(), never, periodic, ticks = 0, last = 0;
  int32_t count, at;
  CHECK_EQ(ringline_timer_start(runtime, ~0ull, 0, 0, &never), 0);
  for (at = 0; at < 100; at++)
    CHECK_EQ(ringline_timer_start(runtime, (uint64_t)(99 - at) * 100000, 0, (uint64_t)at, &ids[at]),
             0);
  CHECK_EQ(ringline_timer_start(runtime, 0, PERIOD, 1000, &periodic), 0);
  for (last = 100; ticks < 100;) {
    count = ringline_worker_turn(runtime);
    CHECK(count > 0);
    for (at = 0; at < count; at++) {
      const ringline_event *event = event_at(block, at);
      CHECK_EQ(event->kind, RINGLINE_EVENT_TICK);
      if (event->user == 1000) continue;
      CHECK_EQ(event->user, --last); /* the shortest was started last */
      CHECK_EQ(event->conn, ids[event->user]);
      CHECK(harness_now_ns() - start >= (99 - event->user) * 100000);
      CHECK_EQ(ringline_timer_stop(runtime, event->conn), RINGLINE_ESTALE);
      ticks++;
    }
  }
  for (ticks = 0; ticks < 5;) {
    count = ringline_worker_turn(runtime);
    CHECK_OK(count);
    for (at = 0; at < count; at++, ticks++) CHECK_EQ(event_at(block, at)->conn, periodic);
  }
  CHECK_EQ(ringline_timer_stop(runtime, periodic), 0);
  CHECK_EQ(ringline_timer_stop(runtime, periodic), RINGLINE_ESTALE);
  block->timeout_ns = 5 * PERIOD;
  CHECK_EQ(ringline_worker_turn(runtime), 0);
  CHECK_EQ(ringline_timer_stop(runtime, never ^ 1), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_free(runtime), 0); /* with `never` still running */
}

static void a_million(void) {
  ringline_runtime *runtime;
  ringline_worker_block *block = adopt(&runtime);
  uint64_t one, ticks = 0, sum = 0, at;
  for (at = 0; at < MOST; at++)
    CHECK_EQ(ringline_timer_start(runtime, at % 4 ? 3600 * SECOND : 1, 0, at, &ids[at]), 0);
  CHECK_EQ(ringline_timer_start(runtime, 1, 0, 0, &one), -EAGAIN);
  for (at = 0; at < MOST; at += 2)
    if (at % 4) CHECK_EQ(ringline_timer_stop(runtime, ids[at]), 0);
  while (ticks < MOST / 4) {
    int32_t count = ringline_worker_turn(runtime), place;
    CHECK(count > 0);
    for (place = 0; place < count; place++, ticks++) {
      CHECK(event_at(block, place)->kind == RINGLINE_EVENT_TICK);
      CHECK(event_at(block, place)->user % 4 == 0);
      sum += event_at(block, place)->user;
    }
  }
  CHECK_EQ(sum, (uint64_t)MOST / 8 * (MOST - 4));
  block->timeout_ns = 0;
  while (ringline_worker_turn(runtime) > 0) CHECK(!"more ticks than timers");
  CHECK_EQ(ringline_timer_start(runtime, 0, 0, 0, &one), 0); /* there is room again */
  CHECK_EQ(ringline_runtime_free(runtime), 0);
}

/* Two timers of one turn: the first to tick stops the other. */
static volatile long ticks_seen, wrong;
static uint64_t pair[2];

static void on_tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t user,
                    uint32_t missed) {
  (void)ctx, (void)missed;
  if (timer != pair[user]) count_up(&wrong);
  CHECK_EQ(ringline_timer_stop(runtime, pair[!user]), 0);
  if (ticks_seen >= 1) count_up(&wrong);
  CHECK_EQ(ringline_timer_stop(runtime, timer), 0);
  count_up(&ticks_seen);
  CHECK_EQ(ringline_runtime_stop(runtime, SECOND), 0);
}

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)worker;
  CHECK_EQ(ringline_timer_start(runtime, 1, 1, 0, &pair[0]), 0);
  CHECK_EQ(ringline_timer_start(runtime, 1, 1, 1, &pair[1]), 0);
}

static void stopped_by_the_other(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start,
                                        .tick = on_tick};
  serving server;
  serve(&server, NULL, &handlers);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK(ticks_seen == 1 && wrong == 0);
}

int main(void) {
  serving_baseline(NULL);
  in_order();
  harness_baseline();
  in_order();
  a_million();
  stopped_by_the_other();
  harness_check_baseline();
  return 0;
}
