/*
 * Where the wait's limit is not in the call (EXT_ARG, before 5.11) a wait polls the ring's
 * descriptor, on which nobody is woken for work that the kernel defers.
 * Failure: a turn with a limit sleeps all of it although what it waits for is there, and a runtime
 * that drains does not hear that it is to stop at once.
 */
#include "fallback.h"
#include "serving.h"

#include <sys/syscall.h>

enum { LARGE = 8 << 20 };

static int ends[2];
static ringline_ring *ring;

/* Whether a thread of this process sleeps, at one look. */
static int looks_asleep(long tid) {
  char path[64], text[512], *after;
  FILE *file;
  size_t length;
  snprintf(path, sizeof path, "/proc/self/task/%ld/stat", tid);
  file = fopen(path, "r");
  CHECK(file != NULL);
  length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  after = strrchr(text, ')');
  CHECK(after != NULL);
  return after[2] == 'S';
}

/* Whether it sleeps for longer than a short wait on its way takes. */
static int is_asleep(long tid) {
  int looks;
  for (looks = 0; looks < 500; looks++)
    if (!looks_asleep(tid)) return 0;
  return 1;
}

static void *sends(void *ctx) {
  ringline_ring *sleeper = (ringline_ring *)ctx;
  while (stats_of(sleeper).waits == 0 || !is_asleep(getpid())) sched_yield();
  CHECK(send(ends[1], "x", 1, 0) == 1);
  return NULL;
}

static void check_turn(void) {
  pthread_t thread;
  ringline_op op;
  uint64_t begin;
  char byte = 0;
  make_pair(ends);
  ring = fallback_ring(RINGLINE_FEATURE_EXT_ARG);
  ringline_prep_recv(&op, ends[0], &byte, 1, 0);
  submit_one(ring, &op, 1);
  CHECK(pthread_create(&thread, NULL, sends, ring) == 0);
  begin = harness_now_ns();
  CHECK_EQ(turn_for(ring, 1, LIMIT), 1);
  CHECK(harness_now_ns() - begin < (uint64_t)LIMIT / 2);
  CHECK_EQ(byte, 'x');
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

static _Atomic long worker_tid;

static void started(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  worker_tid = syscall(SYS_gettid);
}

static void greet(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, ctx, LARGE), 0);
}

static void check_stop(void) {
  static unsigned char bytes[LARGE];
  ringline_runtime_config config;
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .ctx = bytes, .start = started,
                                        .accept = greet};
  serving server;
  uint64_t begin, turns;
  int fds[4], at;
  char byte;
  ringline_runtime_config_init(&config);
  config.workers = 1;
  config.disable = RINGLINE_FEATURE_EXT_ARG;
  serve(&server, &config, &handlers);
  for (at = 0; at < 4; at++) {
    fds[at] = client_of(&server);
    recv_whole(fds[at], &byte, 1);
  }
  turns = serving_stats(&server).turns;
  CHECK_EQ(ringline_runtime_stop(server.runtime, 2 * LIMIT), 0);
  while (serving_stats(&server).turns == turns || !is_asleep(worker_tid)) sched_yield();
  begin = harness_now_ns();
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK(harness_now_ns() - begin < 2 * (uint64_t)SECOND);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  for (at = 0; at < 4; at++) close(fds[at]);
}

int main(void) {
  check_turn();
  check_stop();
  return 0;
}
