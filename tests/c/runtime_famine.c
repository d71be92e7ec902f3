/*
 * Five thousand clients send at the same time into a worker with 256 receive buffers of 128 bytes,
 * a fraction of what arrives: each is answered in full, again and again, with buffers that are
 * filled piece by piece, and with buffers that are filled whole where the kernel knows no limit of
 * a receive. `make load` repeats it.
 * Failure: a client that starves, a byte that is wrong, receives that are asked for in a loop.
 */
#include "crowd.h"

enum { CLIENTS = 5000, ROUNDS = 2 };

static crowd clients;

static void run_with(uint64_t disable) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .writable = echo_writable};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = 256,
                                    .pool_buffer_size = 128, .disable = disable};
  int rounds = ROUNDS * load_factor(), round;
  ringline_runtime_stats stats;
  serving server;
  serve(&server, &config, &handlers);
  crowd_do(&clients, 'o', &server);
  for (round = 0; round < rounds; round++) crowd_do(&clients, 'e', &server);
  stats = serving_stats(&server);
  CHECK_EQ(stats.received, (uint64_t)CLIENTS * CROWD_LENGTH * (uint64_t)rounds);
  /* Where each takes no more than a ration in a turn, the pool need not run dry. */
  if (disable & RINGLINE_FEATURE_RECV_LIMIT) CHECK(stats.parked > 0);
  /* Each park is one receive that found nothing; it asks again only when a buffer is there. */
  CHECK(stats.parked <= stats.receives + CLIENTS);
  crowd_do(&clients, 'c', &server);
  stop_serving(&server);
}

int main(void) {
  need_descriptors(CLIENTS + 100);
  crowd_start(&clients, CLIENTS);
  serving_baseline(NULL);
  run_with(0);
  run_with(RINGLINE_FEATURE_RECV_LIMIT | RINGLINE_FEATURE_POOL_INCREMENTAL);
  crowd_end(&clients, 0);
  harness_check_baseline();
  return 0;
}
