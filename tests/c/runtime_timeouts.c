/*
 * Connections with time limits: one that is silent, one that sends on and on but is not answered,
 * one that does not read, one that talks often enough, one whose limits were taken away.
 * Failure: a limit that does not end its connection, or one that ends a connection that lives.
 */
#include "serving.h"

enum { IDLE, READ, WRITE, BUSY, OFF, KINDS, LARGE = 8 << 20, MS = 1000000 };

static volatile long ended[KINDS], opened;
static volatile long reasons[KINDS];
static unsigned char large[LARGE];
static uint64_t beat;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_conn_timeouts limits = {.size = sizeof limits};
  (void)ctx;
  if (user != 0 || length == 0) return length == 0 ? 0 : (int64_t)length;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, bytes[0] + 1u), 0);
  if (bytes[0] == IDLE || bytes[0] == BUSY || bytes[0] == OFF) limits.idle_ns = 300 * MS;
  if (bytes[0] == BUSY) limits.read_ns = 300 * MS;
  if (bytes[0] == READ) limits.read_ns = 100 * MS;
  if (bytes[0] == WRITE) limits.write_ns = 100 * MS;
  CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0);
  if (bytes[0] == OFF) CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, NULL), 0);
  if (bytes[0] == WRITE) narrow_sends(runtime, conn);
  if (bytes[0] == WRITE) CHECK_EQ(ringline_conn_send(runtime, conn, large, LARGE), 0);
  if (bytes[0] == BUSY)
    CHECK_EQ(ringline_timer_start(runtime, 20 * MS, 20 * MS, conn, &beat), 0);
  count_up(&opened);
  return (int64_t)length;
}

/* The pace of the client that talks often enough: it answers each byte. */
static void on_tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t conn,
                    uint32_t missed) {
  int32_t code = ringline_conn_send(runtime, conn, "?", 1);
  (void)ctx, (void)timer, (void)missed;
  CHECK(code == 0 || code == RINGLINE_ECLOSED);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)conn;
  if (user - 1 == BUSY) CHECK_EQ(ringline_timer_stop(runtime, beat), 0);
  reasons[user - 1] = reason;
  count_up(&ended[user - 1]);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close, .tick = on_tick};
  int fds[KINDS];
  uint64_t start;
  unsigned char kind, got;
  serving server;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  for (kind = 0; kind < KINDS; kind++) {
    fds[kind] = kind == WRITE ? small_client_of(&server) : client_of(&server);
    send_whole(fds[kind], &kind, 1);
  }
  wait_for_count(&opened, KINDS);
  start = harness_now_ns();
  while (!ended[IDLE] || !ended[READ] || !ended[WRITE] || harness_now_ns() < start + SECOND) {
    CHECK(harness_now_ns() < start + LIMIT);
    recv_whole(fds[BUSY], &got, 1);
    send_whole(fds[BUSY], &got, 1);
  }
  CHECK_EQ(reasons[IDLE], -ETIMEDOUT);
  CHECK_EQ(reasons[READ], -ETIMEDOUT);
  CHECK_EQ(reasons[WRITE], -ETIMEDOUT);
  CHECK_EQ(ended[BUSY] + ended[OFF], 0);
  CHECK_EQ(serving_stats(&server).timeouts, 3);
  for (kind = 0; kind < KINDS; kind++) close(fds[kind]);
  wait_for_count(&ended[BUSY], 1);
  wait_for_count(&ended[OFF], 1);
  CHECK_EQ(reasons[BUSY], 0);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
