/*
 * A receive that found no buffer asks again, also behind many others that have nothing to receive:
 * they take none of the buffers that came free. Failure: clients that nobody listens to any more
 * while buffers are free.
 */
#include "serving.h"

#define IDLE 60
#define BUSY 16

static int64_t answers_short(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                             const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length > 0 && length < 100) CHECK_EQ(ringline_conn_send(runtime, conn, bytes, length), 0);
  return (int64_t)length;
}

static volatile int holds, goes_on;

/* Holds the worker up while clients come and send. */
static void hold(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)runtime, (void)user, (void)res;
  holds = 1;
  while (!goes_on) sched_yield();
}

int main(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = 8,
                                    .pool_buffer_size = 4096};
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = answers_short,
                                        .notify = hold};
  static char large[4 << 20];
  int idle[IDLE], busy[BUSY], at;
  serving server;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
  while (!holds) sched_yield();
  for (at = 0; at < IDLE; at++) idle[at] = client_of(&server);
  for (at = 0; at < BUSY; at++) {
    busy[at] = client_of(&server);
    CHECK(send(busy[at], large, sizeof large, MSG_DONTWAIT | MSG_NOSIGNAL) > 0);
  }
  goes_on = 1;
  for (at = 0; at < IDLE; at++) {
    char byte = 0;
    send_whole(idle[at], "x", 1);
    recv_whole(idle[at], &byte, 1);
    CHECK(byte == 'x');
  }
  CHECK(serving_stats(&server).parked > 0);
  for (at = 0; at < IDLE; at++) close(idle[at]);
  for (at = 0; at < BUSY; at++) close(busy[at]);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
