/*
 * A time limit of writes, on a connection that was idle for longer than that: then it sends more
 * than fits, to a client that reads at once. Failure: the time before the send counts.
 */
#include "serving.h"

enum { LENGTH = 1 << 20 };
static const uint64_t SPAN = 200000000;

static char large[LENGTH], in[65536];
static volatile long closed, ready;
static uint64_t client;

static void on_tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t user,
                    uint32_t missed) {
  (void)ctx, (void)timer, (void)user, (void)missed;
  CHECK_EQ(ringline_conn_send(runtime, client, large, LENGTH), 0);
  count_up(&ready);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  const ringline_conn_timeouts limits = {.size = sizeof limits, .write_ns = SPAN};
  const int small = 8192;
  ringline_conn_info info = {.size = sizeof info};
  uint64_t timer;
  (void)ctx, (void)user, (void)bytes;
  if (length == 0) return 0;
  client = conn;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), 0);
  CHECK_EQ(ringline_timer_start(runtime, 4 * SPAN, 0, 0, &timer), 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .tick = on_tick, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  size_t got = 0;
  int fd;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  send_whole(fd, "t", 1);
  recv_whole(fd, in, 1);
  wait_for_count(&ready, 1);
  while (got < LENGTH) {
    ssize_t some = recv_some(fd, in, sizeof in);
    CHECK(some > 0);
    got += (size_t)some;
  }
  close(fd);
  wait_for_count(&closed, 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
