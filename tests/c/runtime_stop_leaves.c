/*
 * A stop while functions of ringline_work() hang: with a limit it leaves them behind, without one
 * it waits; on threads of the library's and on an adopted worker.
 * Failure: a stop with a limit that hangs, done called for what was left behind, its memory
 * touched; a stop without one that does not wait, or a function that comes back in time and is
 * counted as left.
 */
#include "adopted.h"

#include <malloc.h>
#include <sys/mman.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static volatile long running, came_back, done_count, last_res;
static char *page; /* what is lent to a function: unmapped when nobody may touch it */

static int32_t blocked(void *ctx) {
  CHECK(*(volatile char *)ctx == 'c');
  count_up(&running);
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
  count_up(&came_back);
  return 7;
}

static void done(void *ctx, ringline_runtime *runtime, int32_t res) {
  (void)runtime;
  CHECK(*(volatile char *)ctx == 'c');
  last_res = res;
  count_up(&done_count);
}

static void begin(void) {
  running = came_back = done_count = last_res = 0;
  page = (char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  *page = 'c';
  CHECK_EQ(pthread_mutex_lock(&gate), 0);
}

static void work(ringline_runtime *runtime) {
  CHECK_EQ(ringline_work(runtime, 0, blocked, page, done), 0);
  CHECK_EQ(ringline_work(runtime, 0, blocked, page, done), 0);
  wait_for_count(&running, 2);
}

/* The memory is gone before the functions come back. */
static void left_behind(void) {
  CHECK_EQ(done_count + came_back, 0);
  CHECK(munmap(page, 4096) == 0);
  CHECK_EQ(pthread_mutex_unlock(&gate), 0);
  wait_for_count(&came_back, 2);
  harness_check_baseline();
  CHECK_EQ(done_count, 0);
}

static void with_limit(int second) {
  const ringline_runtime_handlers none = {.size = sizeof none};
  serving server;
  begin();
  serve(&server, NULL, &none);
  work(server.runtime);
  CHECK_EQ(ringline_runtime_stop(server.runtime, SECOND / 50), 0);
  /* Whoever stops again, at once and without a limit, does not take the limit away. */
  if (second) CHECK_EQ(ringline_runtime_stop(server.runtime, second - 1), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(serving_stats(&server).left_behind, 2);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  left_behind();
}

static void adopted_with_limit(void) {
  adopted own;
  int32_t code;
  begin();
  adopt_worker(&own, NULL);
  work(own.server.runtime);
  CHECK_EQ(ringline_runtime_stop(own.server.runtime, SECOND / 50), 0);
  do code = ringline_worker_turn(own.server.runtime);
  while (code >= 0);
  CHECK_EQ(code, RINGLINE_ECLOSED);
  CHECK_EQ(serving_stats(&own.server).left_behind, 2);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  left_behind();
}

/* `grace`: without a limit, or one that is not over when the functions come back. */
static void waits(int64_t grace) {
  const ringline_runtime_handlers none = {.size = sizeof none};
  serving server;
  begin();
  serve(&server, NULL, &none);
  work(server.runtime);
  CHECK_EQ(ringline_runtime_stop(server.runtime, grace), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, SECOND / 10), -ETIMEDOUT);
  CHECK_EQ(pthread_mutex_unlock(&gate), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK(done_count == 2 && last_res == 7 && came_back == 2);
  CHECK_EQ(serving_stats(&server).left_behind, 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK(munmap(page, 4096) == 0);
}

int main(void) {
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  serving_baseline(NULL);
  waits(-1);
  harness_baseline();
  waits(-1);
  waits(0);
  waits(60 * (int64_t)SECOND);
  with_limit(0);
  with_limit(1);
  adopted_with_limit();
  return 0;
}
