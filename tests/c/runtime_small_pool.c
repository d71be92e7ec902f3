/*
 * Thirty clients send a megabyte each at the same time into a worker whose pool has two buffers of
 * 4 KiB, once filled piece by piece and once whole: receives run out of buffers, wait, and go on.
 * A message is larger than the whole pool.
 * Failure: a client that starves, a byte that is wrong, receives that are asked for in a loop.
 */
#include "serving.h"

enum { CLIENTS = 30, LENGTH = 1024 * 1024 };

static unsigned char bytes[LENGTH];

static void *sender(void *ctx) {
  send_whole(*(int *)ctx, bytes, LENGTH);
  return NULL;
}

static void run_with(uint64_t disable) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .writable = echo_writable};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = 2,
                                    .pool_buffer_size = 4096, .disable = disable};
  unsigned char *in = (unsigned char *)malloc(LENGTH);
  ringline_runtime_stats stats;
  pthread_t threads[CLIENTS];
  int fds[CLIENTS], at;
  serving server;
  CHECK(in != NULL);
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++) {
    fds[at] = client_of(&server);
    CHECK(pthread_create(&threads[at], NULL, sender, &fds[at]) == 0);
  }
  for (at = 0; at < CLIENTS; at++) {
    recv_whole(fds[at], in, LENGTH);
    CHECK(memcmp(in, bytes, LENGTH) == 0);
    pthread_join(threads[at], NULL);
    close(fds[at]);
  }
  stats = serving_stats(&server);
  CHECK_EQ(stats.received, (uint64_t)CLIENTS * LENGTH);
  CHECK(stats.parked > 0);
  /* Each park is one receive that found nothing; it asks again only when a buffer is there. */
  CHECK(stats.parked <= 2 * stats.receives + 100);
  stop_serving(&server);
  free(in);
}

int main(void) {
  fill(bytes, LENGTH, 9);
  harness_warm_threads(CLIENTS + 2);
  serving_baseline(NULL);
  run_with(0);
  run_with(RINGLINE_FEATURE_POOL_INCREMENTAL);
  harness_check_baseline();
  return 0;
}
