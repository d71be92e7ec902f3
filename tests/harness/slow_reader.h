/*
 * What the programs share whose clients do not read: a server that sends messages until -EAGAIN,
 * goes on when it is told to, and closes behind the last one. It never has more queued than the
 * high water mark and one message.
 */
#ifndef RINGLINE_TEST_SLOW_READER_H
#define RINGLINE_TEST_SLOW_READER_H

#include "serving.h"

enum { MESSAGES = 1000, LENGTH = 10000, HIGH = 256 * 1024 };

static const ringline_runtime_config slow_config = {
    .size = sizeof slow_config, .workers = 1, .high_water = HIGH};

static struct {
  unsigned char message[LENGTH];
  int next;
  volatile long refused;
  uint64_t acknowledged;
} slow;

static void send_more(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  while (slow.next < MESSAGES) {
    int32_t code;
    fill(slow.message, LENGTH, (uint32_t)slow.next);
    code = ringline_conn_send(runtime, conn, slow.message, LENGTH);
    CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
    CHECK(info.queued < HIGH + LENGTH);
    if (code == -EAGAIN) {
      CHECK(info.queued >= HIGH);
      count_up(&slow.refused);
      return;
    }
    CHECK_EQ(code, 0);
    slow.next++;
  }
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void slow_writable(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.queued <= HIGH / 2);
  send_more(runtime, conn);
}

static void slow_sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                      uint64_t length) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  slow.acknowledged += length;
}

#endif /* RINGLINE_TEST_SLOW_READER_H */
