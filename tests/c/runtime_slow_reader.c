/*
 * A client that does not read gets 1,000 messages of a size that no socket buffer holds. The server
 * sends until -EAGAIN and goes on when it is told to; the client compares a hash of all of it.
 * Failure: a byte lost or in the wrong place, a queue above the high water mark and one message, a
 * writable callback that never comes.
 */
#include "serving.h"

enum { MESSAGES = 1000, LENGTH = 10000, HIGH = 256 * 1024 };

static unsigned char message[LENGTH];
static volatile long refused, closed;
static int next_message;
static uint64_t acknowledged;

static void send_more(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  while (next_message < MESSAGES) {
    int32_t code;
    fill(message, LENGTH, (uint32_t)next_message);
    code = ringline_conn_send(runtime, conn, message, LENGTH);
    CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
    CHECK(info.queued < HIGH + LENGTH);
    if (code == -EAGAIN) {
      CHECK(info.queued >= HIGH);
      count_up(&refused);
      return;
    }
    CHECK_EQ(code, 0);
    next_message++;
  }
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  send_more(runtime, conn);
}

static void on_writable(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.queued <= HIGH / 2);
  send_more(runtime, conn);
}

static void on_sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                    uint64_t length) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  acknowledged += length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  CHECK_EQ(acknowledged, (uint64_t)MESSAGES * LENGTH);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .writable = on_writable, .sent = on_sent,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = HIGH};
  unsigned char expected[LENGTH], got[LENGTH];
  uint64_t hash = HASH_START, wanted = HASH_START;
  serving server;
  int fd, at;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  wait_for_least(&refused, 1);
  for (at = 0; at < MESSAGES; at++) {
    fill(expected, LENGTH, (uint32_t)at);
    wanted = hash_of(wanted, expected, LENGTH);
    recv_whole(fd, got, LENGTH);
    hash = hash_of(hash, got, LENGTH);
    CHECK(hash == wanted);
  }
  CHECK_EQ(recv_some(fd, got, 1), 0);
  close(fd);
  wait_for_count(&closed, 1);
  CHECK(refused > 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
