/*
 * A pause longer than read_ns: while data is paused nobody waits for it, and after resume the time
 * begins anew. Failure: a healthy client is closed at once for what the server itself held back.
 */
#include "serving.h"

#define READ_NS (SECOND / 5)

static void accepted(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  ringline_conn_timeouts limits = {.size = sizeof limits, .read_ns = READ_NS};
  uint64_t timer;
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0);
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  CHECK_EQ(ringline_timer_start(runtime, 2 * READ_NS, 0, conn, &timer), 0);
}

static void tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t conn,
                 uint32_t missed) {
  (void)ctx, (void)timer, (void)missed;
  CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, "r", 1), 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .accept = accepted, .data = echo_data, .tick = tick};
  serving server;
  char byte = 0;
  int client;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  client = client_of(&server);
  recv_whole(client, &byte, 1);
  CHECK(byte == 'r');
  send_whole(client, "x", 1);
  recv_whole(client, &byte, 1);
  CHECK(byte == 'x');
  /* And now nothing comes: the limit holds again. */
  CHECK(recv_some(client, &byte, 1) <= 0);
  close(client);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
