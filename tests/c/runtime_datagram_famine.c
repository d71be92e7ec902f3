/*
 * Two buffers for three listeners, of which one is flooded: receives find no buffer, wait, and go
 * on; the quiet ones are served meanwhile, and the worker sleeps when nothing comes.
 * Failure: a quiet client without an answer within five seconds, a worker that spins.
 */
#include "datagrams.h"

enum { QUIET = 2, ROUNDS = 200 };

static volatile int done;

static void *flood(void *at) {
  int fd = *(int *)at;
  while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) send(fd, "flood", 5, MSG_NOSIGNAL);
  return NULL;
}

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  if (length == 5) return; /* the flood */
  datagram_echo(ctx, runtime, listener, flags, from, from_length, bytes, length);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = on_datagram};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .datagram_buffers = 2};
  const struct timespec moment = {0, 200000000};
  ringline_runtime_stats stats;
  serving server;
  any_address place;
  socklen_t length;
  pthread_t thread;
  int loud, quiet[QUIET], at, round;
  serving_baseline(NULL);
  length = serve_at(&server, "udp:127.0.0.1:0", &config, &handlers, &place);
  loud = datagram_client(&place, length);
  for (at = 0; at < QUIET; at++) {
    int listener = ringline_runtime_listen(server.runtime, "udp:127.0.0.1:0", 0);
    CHECK_OK(listener);
    place.v4.sin_port =
        htons((uint16_t)ringline_runtime_port(server.runtime, (uint32_t)listener));
    quiet[at] = datagram_client(&place, length);
  }
  CHECK(pthread_create(&thread, NULL, flood, &loud) == 0);
  for (round = 0; round < ROUNDS; round++)
    for (at = 0; at < QUIET; at++) datagram_echoed(quiet[at], 40, (uint32_t)round);
  __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
  pthread_join(thread, NULL);
  datagram_echoed(quiet[0], 40, 0);
  stats = serving_stats(&server);
  CHECK(stats.parked > 0 && stats.datagrams >= QUIET * ROUNDS);
  do { /* what is left of the flood */
    stats = serving_stats(&server);
    nanosleep(&moment, NULL);
  } while (serving_stats(&server).datagrams != stats.datagrams);
  stats = serving_stats(&server);
  nanosleep(&moment, NULL); /* what is measured is that nothing happens meanwhile */
  CHECK(serving_stats(&server).turns - stats.turns <= 4);
  close(loud);
  for (at = 0; at < QUIET; at++) close(quiet[at]);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
