/*
 * The log function hears of cold paths at its level, from any thread, and of nothing after it was
 * taken away; without one the library prints nothing.
 * Failure: a line that is missing or above the level, a call after set_log returned (its context
 * is gone by then), a deadlock when the function uses the library, or text on standard error.
 */
#include "tools.h"

#include <stdatomic.h>

typedef struct heard {
  int lines[RINGLINE_LOG_DEBUG + 1];
  int step_downs;
  int stale;
  char last[512];
} heard;

static void hear(void *ctx, uint32_t level, const char *message) {
  heard *mine = (heard *)ctx;
  CHECK(level >= RINGLINE_LOG_ERROR && level <= RINGLINE_LOG_DEBUG);
  CHECK(message && *message && !strchr(message, '\n'));
  mine->lines[level]++;
  if (strstr(message, "stepped down")) mine->step_downs++;
  if (strstr(message, "-4101")) mine->stale++;
  snprintf(mine->last, sizeof mine->last, "%s", message);
  /* The library may be used here, but what fails here is not told again. */
  CHECK_EQ(ringline_flush(NULL), RINGLINE_ESTALE);
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), RINGLINE_EREENTRANT);
}

static void step_down(void) {
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.disable = RINGLINE_FEATURE_DEFER_TASKRUN;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_EQ(ringline_free(ring), 0);
}

static void check_levels(void) {
  heard mine;
  memset(&mine, 0, sizeof mine);
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_WARN), 0);
  step_down();
  CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  CHECK_EQ(mine.step_downs + mine.stale, 0); /* below the level */
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_INFO), 0);
  step_down();
  CHECK_EQ(mine.step_downs, 1);
  CHECK(strstr(mine.last, "switched off by config"));
  CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  CHECK_EQ(mine.stale, 0);
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_DEBUG), 0);
  CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  CHECK_EQ(mine.stale, 1);
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_DEBUG + 1), -EINVAL);
  CHECK_EQ(ringline_set_log(NULL, NULL, RINGLINE_LOG_DEBUG), 0);
  memset(&mine, 0, sizeof mine);
  step_down();
  CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_NONE), 0);
  CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  CHECK_EQ(mine.lines[RINGLINE_LOG_DEBUG] + mine.lines[RINGLINE_LOG_INFO], 0);
}

static void check_missing_feature(void) {
  heard mine;
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&mine, 0, sizeof mine);
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.disable = RINGLINE_FEATURE_POOL;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_EQ(ringline_set_log(hear, &mine, RINGLINE_LOG_WARN), 0);
  CHECK_EQ(ringline_pool_create(ring, 2, 64, 0), RINGLINE_ENOTSUP_KERNEL);
  CHECK_EQ(mine.lines[RINGLINE_LOG_WARN], 1);
  CHECK(strstr(mine.last, "pool"));
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  CHECK_EQ(ringline_free(ring), 0);
}

static atomic_int over, calls;

static void touch(void *ctx, uint32_t level, const char *message) {
  (void)level, (void)message;
  CHECK_EQ(atomic_load((atomic_int *)ctx), 1); /* 0: it was taken away and called all the same */
  sched_yield();
  CHECK_EQ(atomic_load((atomic_int *)ctx), 1);
  atomic_fetch_add(&calls, 1);
}

static void *fails_for_ever(void *ctx) {
  (void)ctx;
  while (!atomic_load(&over)) CHECK_EQ(ringline_turn(NULL), RINGLINE_ESTALE);
  return NULL;
}

static void check_taking_away(void) {
  static atomic_int alive[2];
  pthread_t threads[2];
  int at, round;
  for (at = 0; at < 2; at++)
    CHECK(pthread_create(&threads[at], NULL, fails_for_ever, NULL) == 0);
  for (round = 0; round < 2000 || atomic_load(&calls) < 100; round++) {
    atomic_store(&alive[round % 2], 1);
    CHECK_EQ(ringline_set_log(touch, &alive[round % 2], RINGLINE_LOG_DEBUG), 0);
    if (round > 0) atomic_store(&alive[(round + 1) % 2], 0);
    if (round % 16 == 0) sched_yield();
  }
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  atomic_store(&alive[0], 0);
  atomic_store(&alive[1], 0);
  atomic_store(&over, 1);
  for (at = 0; at < 2; at++) pthread_join(threads[at], NULL);
}

int main(void) {
  int ends[2], kept = dup(STDERR_FILENO);
  char byte;
  harness_warm_threads(2);
  harness_baseline();
  make_pipe(ends);
  CHECK(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
  check_levels();
  check_missing_feature();
  check_taking_away();
  CHECK(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
  close(ends[1]);
  CHECK(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
  harness_check_baseline();
  return 0;
}
