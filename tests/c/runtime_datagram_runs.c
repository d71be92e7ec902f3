/*
 * Each datagram that comes is answered by 40 of 1000 bytes and a short one: the kernel is given
 * them as runs, and gives runs of the client's own to the runtime, which tells each datagram by
 * itself. 4,100 answers cost 410 sends at most, 4,000 datagrams of the client 800 receives.
 * Failure: a send per datagram; datagrams of a run that are merged, lost or out of order.
 */
#include "datagrams.h"

#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { RUN = 40, SIZE = 1000, ROUNDS = 100 };

static volatile long came;
static unsigned char data[RUN * SIZE];

static void answer(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                   const void *from, uint32_t from_length, const uint8_t *bytes, size_t length) {
  uint32_t at;
  (void)ctx;
  CHECK_EQ(flags, 0);
  CHECK(length == SIZE && memcmp(bytes, data + came % RUN * SIZE, SIZE) == 0);
  count_up(&came);
  if (came % RUN != 0) return;
  for (at = 0; at < RUN; at++)
    CHECK_EQ(ringline_udp_send(runtime, listener, from, from_length, data + at * SIZE, SIZE), 0);
  CHECK_EQ(ringline_udp_send(runtime, listener, from, from_length, "short", 5), 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = answer};
  ringline_runtime_stats stats;
  unsigned char in[1 << 16];
  const int size = SIZE;
  int fd, round, at;
  serving server;
  any_address place;
  socklen_t length;
  serving_baseline(NULL);
  fill(data, sizeof data, 3);
  length = serve_at(&server, "udp:127.0.0.1:0", NULL, &handlers, &place);
  fd = datagram_client(&place, length);
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) < 0)
    SKIP("this kernel cuts no runs of datagrams (UDP_SEGMENT)");
  for (round = 0; round < ROUNDS; round++) {
    CHECK_EQ(send_some(fd, data, sizeof data), sizeof data);
    for (at = 0; at < RUN; at++) {
      CHECK_EQ(recv_some(fd, in, sizeof in), SIZE);
      CHECK(memcmp(in, data + at * SIZE, SIZE) == 0);
    }
    CHECK_EQ(recv_some(fd, in, sizeof in), 5);
  }
  stats = serving_stats(&server);
  if (getenv("RINGLINE_TEST_NUMBERS"))
    printf("sends %llu of %llu datagrams, receives %llu of %llu, turns %llu\n",
           (unsigned long long)stats.datagram_sends, (unsigned long long)stats.datagrams_sent,
           (unsigned long long)stats.datagram_receives, (unsigned long long)stats.datagrams,
           (unsigned long long)stats.turns);
  CHECK_EQ(stats.datagrams, RUN * ROUNDS);
  CHECK(stats.datagram_sends <= ROUNDS * (RUN + 1) / 10);
  CHECK(stats.datagram_receives <= ROUNDS * RUN / 5);
  CHECK_EQ(stats.datagrams_lost, 0);
  close(fd);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
