/*
 * Two workers wake each other by posts, in both directions at once: one ball, so that both sleep
 * again and again, then eight, so that a post finds the other one in any state; and runtimes that
 * are stopped and freed while balls fly and a third thread posts: what was accepted is told.
 * Failure: a lost wake (the balls lie still), a note that was accepted and never told, a crash.
 */
#include "serving.h"

#ifdef HARNESS_SANITIZED
enum { ALONE = 2000, TOGETHER = 1000, BALLS = 8, ENDS = 10 };
#else
enum { ALONE = 20000, TOGETHER = 10000, BALLS = 8, ENDS = 60 };
#endif

static volatile long told, accepted, landed;
static int over;

static int is_over(void) { return __atomic_load_n(&over, __ATOMIC_ACQUIRE); }

/* Whether it was taken: not by a worker that ended, nor by a full queue. */
static int throw_ball(ringline_runtime *runtime, uint64_t to, int32_t left) {
  int32_t code = ringline_runtime_post(runtime, (uint32_t)to, to, left);
  if (code == 0) count_up(&accepted);
  else if (code != -EAGAIN)
    CHECK(is_over() && (code == RINGLINE_ECLOSED || code == RINGLINE_ESTALE));
  return code == 0;
}

/* `user` is the worker that has the ball; the rest is how often it is thrown on. */
static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t left) {
  (void)ctx;
  count_up(&told);
  if (left == 0) count_up(&landed);
  else if (left > 0) throw_ball(runtime, !user, left - 1);
}

static const ringline_runtime_handlers handlers = {.size = sizeof handlers, .notify = on_notify};

static void start_two(serving *server) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 2};
  told = accepted = landed = over = 0;
  serve(server, &config, &handlers);
}

static void to_and_fro(void) {
  serving server;
  int at;
  start_two(&server);
  CHECK(throw_ball(server.runtime, 0, ALONE));
  wait_for_count(&landed, 1);
  for (at = 0; at < BALLS; at++) CHECK(throw_ball(server.runtime, (uint64_t)at & 1, TOGETHER));
  wait_for_count(&landed, 1 + BALLS);
  CHECK_EQ(told, ALONE + 1 + BALLS * (TOGETHER + 1));
  stop_serving(&server);
}

/* Posts until the runtime is gone; these are not thrown on. */
static void *post_on(void *ctx) {
  serving *server = (serving *)ctx;
  uint64_t at;
  for (at = 0; throw_ball(server->runtime, at & 1, -1) || !is_over(); at++)
    ;
  return NULL;
}

static void ends(void) {
  int round, at;
  for (round = 0; round < ENDS; round++) {
    serving server;
    pthread_t poster;
    start_two(&server);
    for (at = 0; at < BALLS; at++) CHECK(throw_ball(server.runtime, (uint64_t)at & 1, INT32_MAX));
    CHECK_EQ(pthread_create(&poster, NULL, post_on, &server), 0);
    wait_for_least(&told, 100 + 10 * round);
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
    if (round & 1) CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
    CHECK_EQ(ringline_runtime_free(server.runtime), 0);
    CHECK_EQ(pthread_join(poster, NULL), 0);
    CHECK_EQ(told, accepted);
  }
}

int main(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 2};
  harness_warm_threads(8);
  serving_baseline(&config);
  to_and_fro();
  ends();
  harness_check_baseline();
  return 0;
}
