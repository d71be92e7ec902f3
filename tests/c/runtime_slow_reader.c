/*
 * A client that does not read gets 1,000 messages of a size that no socket buffer holds. The server
 * sends until -EAGAIN and goes on when it is told to; the client compares a hash of all of it.
 * Failure: a byte lost or in the wrong place, a queue above the high water mark and one message, a
 * writable callback that never comes.
 */
#include "slow_reader.h"

static volatile long closed;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  send_more(runtime, conn);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  CHECK_EQ(slow.acknowledged, (uint64_t)MESSAGES * LENGTH);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .writable = slow_writable, .sent = slow_sent,
                                        .close = on_close};
  unsigned char expected[LENGTH], got[LENGTH];
  uint64_t hash = HASH_START, wanted = HASH_START;
  serving server;
  int fd, at;
  serving_baseline(&slow_config);
  serve(&server, &slow_config, &handlers);
  fd = client_of(&server);
  wait_for_least(&slow.refused, 1);
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
  CHECK(slow.refused > 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
