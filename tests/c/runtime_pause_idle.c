/*
 * A connection on which nothing comes and nothing goes, but which the server pauses and resumes
 * again and again: that is no life, and it ends by its idle_ns.
 * Failure: it stays for ever.
 */
#include "serving.h"

enum { MS = 1000000 };

static volatile long reason;
static uint64_t timer;

static void accepted(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  ringline_conn_timeouts limits = {.size = sizeof limits, .read_ns = SECOND, .idle_ns = 100 * MS};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0);
  CHECK_EQ(ringline_timer_start(runtime, 10 * MS, 10 * MS, conn, &timer), 0);
}

static void tick(void *ctx, ringline_runtime *runtime, uint64_t which, uint64_t conn,
                 uint32_t missed) {
  (void)ctx, (void)which, (void)missed;
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t why) {
  (void)ctx, (void)conn, (void)user;
  CHECK_EQ(ringline_timer_stop(runtime, timer), 0);
  reason = why;
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .accept = accepted, .tick = tick, .close = on_close};
  serving server;
  char byte;
  int client;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  client = client_of(&server);
  errno = 0;
  CHECK(recv_some(client, &byte, 1) <= 0);
  CHECK(errno != EAGAIN); /* the client's own limit of 5 s */
  close(client);
  stop_serving(&server);
  CHECK_EQ(reason, -ETIMEDOUT);
  harness_check_baseline();
  return 0;
}
