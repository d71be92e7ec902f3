/*
 * A function of ringline_work() that joins and frees its own runtime, alone and with others behind
 * it, and one whose done does so. What waits for them they may not wait for.
 * Failure: it waits for itself; done is not called exactly once; a thread or a descriptor stays.
 */
#include "serving.h"

#include <malloc.h>

enum { PIECES = 100 };

static volatile long done_count, ended;

static void end_it(ringline_runtime *runtime) {
  CHECK_EQ(ringline_runtime_join(runtime, 0), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_runtime_join(runtime, -1), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_runtime_stop(runtime, -1), 0);
  CHECK_EQ(ringline_runtime_join(runtime, -1), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK_EQ(ringline_runtime_join(runtime, -1), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_free(runtime), RINGLINE_ESTALE);
}

static int32_t ends(void *ctx) {
  end_it(((const serving *)ctx)->runtime);
  return 9;
}

static int32_t other(void *ctx) {
  (void)ctx;
  return 9;
}

static void done(void *ctx, ringline_runtime *runtime, int32_t res) {
  (void)ctx, (void)runtime;
  CHECK(res == 9 || res == -ECANCELED);
  count_up(&done_count);
}

static void done_ends(void *ctx, ringline_runtime *runtime, int32_t res) {
  (void)ctx;
  CHECK_EQ(res, 9);
  end_it(runtime);
  count_up(&done_count);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  count_up(&ended);
}

static const ringline_runtime_config config = {
    .size = sizeof config, .workers = 2, .blocking_threads = 1};

static void ended_as_always(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .stop = on_stop};
  serving server;
  serve(&server, &config, &handlers);
  CHECK_EQ(ringline_work(server.runtime, 1, other, NULL, done), 0);
  stop_serving(&server);
  CHECK(done_count == 1 && ended == 2);
}

/* One thread, so that what comes behind the end waits. */
static void freed_by_its_work(int behind, int when_done) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .stop = on_stop};
  serving server;
  int at;
  done_count = ended = 0;
  serve(&server, &config, &handlers);
  CHECK_EQ(ringline_work(server.runtime, 1, when_done ? other : ends, &server,
                         when_done ? done_ends : done), 0);
  for (at = 0; at < behind; at++) {
    int32_t code = ringline_work(server.runtime, (uint32_t)at % 2, other, NULL, done);
    if (code == RINGLINE_ECLOSED || code == RINGLINE_ESTALE) break; /* it is over already */
    CHECK_EQ(code, 0);
  }
  wait_for_count(&ended, 2);
  CHECK_EQ(done_count, at + 1);
}

int main(void) {
  int round;
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  harness_warm_threads(4);
  ended_as_always();
  harness_baseline();
  for (round = 0; round < 12; round++) {
    freed_by_its_work(round < 4 ? 0 : PIECES, round % 2);
    /* Its threads are gone before the next ones come. */
    harness_check_baseline();
  }
  return 0;
}
