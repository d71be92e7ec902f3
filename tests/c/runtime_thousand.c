/*
 * A thousand connections at a time on two workers that share a port, each echoing; then all close.
 * Both workers get some of them, and afterwards as many descriptors are open as before.
 * Failure: a client without an answer, a worker that got none, a descriptor left behind.
 */
#include "serving.h"

enum { CLIENTS = 1000, WORKERS = 2 };

static volatile long closed, of_worker[WORKERS];

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  uint64_t worker = conn >> 52;
  (void)ctx, (void)runtime, (void)listener;
  CHECK(worker < WORKERS);
  count_up(&of_worker[worker]);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = echo_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = WORKERS};
  static int fds[CLIENTS];
  unsigned char out[100], in[100];
  struct rlimit files = {4096, 4096};
  serving server;
  int at, before;
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  before = harness_count().fds;
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  for (at = 0; at < CLIENTS; at++) {
    fill(out, sizeof out, (uint32_t)at);
    send_whole(fds[at], out, sizeof out);
  }
  for (at = 0; at < CLIENTS; at++) {
    fill(out, sizeof out, (uint32_t)at);
    recv_whole(fds[at], in, sizeof in);
    CHECK(memcmp(in, out, sizeof in) == 0);
  }
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  wait_for_count(&closed, CLIENTS);
  CHECK_EQ(harness_count().fds, before);
  CHECK(of_worker[0] > 100 && of_worker[1] > 100);
  CHECK_EQ(of_worker[0] + of_worker[1], CLIENTS);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
