/*
 * Ten thousand connections at a time on one worker: each echoes, they idle, and each echoes again;
 * then all close, and as many descriptors are open as before. `make load` repeats it.
 * Failure: a client without its answer, turns while nothing happens, a connection or a descriptor
 * that stays.
 */
#include "crowd.h"

enum { CLIENTS = 10000 };

static volatile long accepted, closed;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&accepted);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

static void idle(const serving *server) {
  const struct timespec rest = {0, 100000000};
  uint64_t turns = serving_stats(server).turns;
  nanosleep(&rest, NULL); /* the time that is looked at */
  CHECK(serving_stats(server).turns - turns <= 2);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = echo_data, .writable = echo_writable,
                                        .close = on_close};
  int rounds = load_factor(), round, before;
  serving server;
  crowd clients;
  need_descriptors(CLIENTS + 100);
  crowd_start(&clients, CLIENTS);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  before = harness_count().fds;
  for (round = 1; round <= rounds; round++) {
    crowd_do(&clients, 'o', &server);
    crowd_do(&clients, 'e', &server);
    CHECK_EQ(accepted, (long)round * CLIENTS);
    idle(&server);
    crowd_do(&clients, 'e', &server);
    crowd_do(&clients, 'c', &server);
    wait_for_count(&closed, (long)round * CLIENTS);
    CHECK_EQ(harness_count().fds, before);
  }
  CHECK_EQ(serving_stats(&server).received, 2ull * CROWD_LENGTH * CLIENTS * (uint64_t)rounds);
  stop_serving(&server);
  crowd_end(&clients, 0);
  harness_check_baseline();
  return 0;
}
