/*
 * Many clients talk while their worker is busy for longer than their idle_ns: what they sent lies
 * in their sockets when the limits are due, and one turn brings only some of it.
 * Failure: a client that spoke is ended as idle because the server was late.
 */
#include "serving.h"

enum { CLIENTS = 200, MS = 1000000 };

static volatile long opened, busy, released, lost;
static uint64_t conns[CLIENTS];

static void accepted(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)listener;
  conns[opened] = conn;
  count_up(&opened);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_conn_timeouts limits = {.size = sizeof limits, .read_ns = 400 * MS, .idle_ns = 400 * MS};
  int at;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  if (bytes[0] == 'B') {
    for (at = 0; at < CLIENTS; at++)
      CHECK_EQ(ringline_conn_set_timeouts(runtime, conns[at], &limits), 0);
    count_up(&busy);
    wait_for_count(&released, 1);
  } else {
    CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, NULL), 0);
  }
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, 1), 0);
  return 1;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  if (reason == -ETIMEDOUT) count_up(&lost);
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .accept = accepted, .data = on_data, .close = on_close};
  serving server;
  int fds[CLIENTS], at;
  uint64_t spoken;
  char byte;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  wait_for_count(&opened, CLIENTS);
  send_whole(fds[0], "B", 1);
  wait_for_count(&busy, 1);
  for (at = 0; at < CLIENTS; at++) send_whole(fds[at], "x", 1);
  for (spoken = harness_now_ns(); harness_now_ns() < spoken + SECOND;) usleep(1000);
  count_up(&released);
  recv_whole(fds[0], &byte, 1);
  for (at = 0; at < CLIENTS; at++) recv_whole(fds[at], &byte, 1);
  CHECK_EQ(lost, 0);
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
