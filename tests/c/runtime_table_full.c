/*
 * A worker with room for four connections, and twelve clients: those beyond wait, are served when
 * others leave, and the worker sleeps meanwhile.
 * Failure: a worker that spins while its table is full, that sends somebody away, or that accepts
 * nobody afterwards.
 */
#include "serving.h"

enum { CLIENTS = 12, ROOM = 4 };

static volatile long accepted, closed;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)listener;
  CHECK((conn & 0xffffff) < ROOM);
  count_up(&accepted);
  CHECK(accepted - closed <= ROOM);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user, (void)reason;
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = echo_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .max_connections = ROOM};
  const struct timespec moment = {0, 200000000};
  ringline_runtime_stats stats;
  uint64_t turns;
  serving server;
  int fds[CLIENTS], at, served = 0;
  char byte;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  wait_for_count(&accepted, ROOM);
  turns = serving_stats(&server).turns;
  nanosleep(&moment, NULL); /* what is measured is that nothing happens meanwhile */
  CHECK(serving_stats(&server).turns - turns < 20);
  for (at = 0; at < CLIENTS; at++) {
    if (send_some(fds[at], "t", 1) == 1 && recv_some(fds[at], &byte, 1) == 1) served++;
    close(fds[at]);
  }
  stats = serving_stats(&server);
  CHECK_EQ(served, CLIENTS);
  CHECK_EQ(stats.refused, 0);
  wait_for_count(&closed, served);
  at = client_of(&server); /* there is room again */
  send_whole(at, "u", 1);
  recv_whole(at, &byte, 1);
  close(at);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
