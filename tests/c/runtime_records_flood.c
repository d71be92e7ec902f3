/*
 * A worker on the program's own thread that finds far more to tell than a turn has records: 32
 * sockets full of runs of datagrams, and the answers of 20,000 look-ups that came while nobody
 * turned, more of which come in between.
 * Failure: one is lost, told twice or out of order; or the worker ends by an internal error.
 */
#include "adopted.h"

#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { SOCKETS = 32, RUN = 60, RUNS = 24, SIZE = 8, ANSWERS = 20000, STEP = 500 };

/* Fills a socket of the worker's, which does not look: returns how many datagrams it took. */
static uint32_t fill_socket(uint16_t port, uint32_t which) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  uint64_t run[RUN];
  const int size = SIZE;
  uint32_t count = 0, at;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0);
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) < 0)
    SKIP("this kernel cuts no runs of datagrams (UDP_SEGMENT)");
  CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
  while (count < RUN * RUNS) {
    for (at = 0; at < RUN; at++) run[at] = (uint64_t)which << 32 | count++;
    CHECK_EQ(send_some(fd, run, sizeof run), sizeof run);
  }
  close(fd);
  return count;
}

static void datagrams(void) {
  adopted own;
  ringline_runtime_config config;
  uint32_t next[SOCKETS] = {0}, first = 0, sent = 0, got = 0, at;
  int32_t most = 0, count, place;
  ringline_runtime_config_init(&config);
  config.datagram_buffers = 1024;
  adopt_worker(&own, &config);
  for (at = 0; at < SOCKETS; at++) {
    int listener = ringline_runtime_listen(own.server.runtime, "udp:127.0.0.1:0", 0);
    CHECK_OK(listener);
    if (at == 0) first = (uint32_t)listener;
    CHECK_EQ(listener, first + at);
  }
  nothing_told(&own); /* now it listens */
  for (at = 0; at < SOCKETS; at++)
    sent += fill_socket((uint16_t)ringline_runtime_port(own.server.runtime, first + at), at);
  while (got < sent) {
    count = told(&own);
    if (count > most) most = count;
    for (place = 0; place < count; place++) {
      const ringline_event *event = event_at(own.block, place);
      uint64_t bytes;
      CHECK_EQ(event->kind, RINGLINE_EVENT_DATAGRAM);
      CHECK_EQ(event->length, SIZE);
      memcpy(&bytes, (const void *)(uintptr_t)event->address, SIZE);
      CHECK_EQ(event->listener, first + (uint32_t)(bytes >> 32));
      CHECK_EQ((uint32_t)bytes, next[bytes >> 32]++);
      got++;
    }
  }
  nothing_told(&own);
  if (getenv("RINGLINE_TEST_NUMBERS")) printf("%u datagrams, %d in a turn\n", got, (int)most);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
}

/* One thread looks up, so the answers have an order. */
static void ask(adopted *own, uint64_t user) {
  uint64_t end = harness_now_ns() + LIMIT;
  int32_t code;
  while ((code = ringline_resolve(own->server.runtime, "127.0.0.1", "80", user)) == -EAGAIN) {
    CHECK(harness_now_ns() < end);
    sched_yield();
  }
  CHECK_EQ(code, 0);
}

static void answers(void) {
  adopted own;
  ringline_runtime_config config;
  uint64_t asked, got = 0;
  int32_t count, place;
  ringline_runtime_config_init(&config);
  config.blocking_threads = 1;
  adopt_worker(&own, &config);
  for (asked = 0; asked < ANSWERS; asked++) ask(&own, asked);
  while (got < asked) {
    count = told(&own);
    for (place = 0; place < count; place++) {
      const ringline_event *event = event_at(own.block, place);
      CHECK(event->kind == RINGLINE_EVENT_RESOLVE && event->res == 0 && event->length > 0);
      CHECK_EQ(event->user, got);
      got++;
    }
    for (place = 0; place < STEP && asked < ANSWERS + 3 * STEP; place++) ask(&own, asked++);
  }
  nothing_told(&own);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
}

int main(void) {
  serving_baseline(NULL);
  harness_warm_threads(4);
  datagrams();
  answers();
  harness_baseline();
  datagrams();
  answers();
  harness_check_baseline();
  return 0;
}
