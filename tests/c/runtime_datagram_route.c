/*
 * Answers longer than what the way takes in one piece (an MTU of 1500 in a network namespace of the
 * test's own): the kernel refuses to cut a run of such datagrams, so each goes by itself, in parts
 * of IP's making. All arrive, and later ones no longer try.
 * Failure: a run that is lost for its size, datagrams that arrive twice or not at all.
 */
#include "datagrams.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

enum { RUN = 20, SIZE = 2000, ROUNDS = 10 };

static unsigned char data[RUN * SIZE];

static void answer(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                   const void *from, uint32_t from_length, const uint8_t *bytes, size_t length) {
  uint32_t at;
  (void)ctx, (void)flags, (void)bytes, (void)length;
  for (at = 0; at < RUN; at++)
    CHECK_EQ(ringline_udp_send(runtime, listener, from, from_length, data + at * SIZE, SIZE), 0);
}

static void own_network(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd;
  if (unshare(CLONE_NEWNET) != 0) SKIP("no network namespace of one's own");
  fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  request.ifr_mtu = 1500;
  CHECK(ioctl(fd, SIOCSIFMTU, &request) == 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = answer};
  ringline_runtime_stats stats;
  unsigned char in[1 << 16];
  serving server;
  any_address place;
  socklen_t length;
  int fd, round, at;
  own_network();
  serving_baseline(NULL);
  fill(data, sizeof data, 5);
  length = serve_at(&server, "udp:127.0.0.1:0", NULL, &handlers, &place);
  fd = datagram_client(&place, length);
  for (round = 0; round < ROUNDS; round++) {
    CHECK_EQ(send_some(fd, "go", 2), 2);
    for (at = 0; at < RUN; at++) {
      CHECK_EQ(recv_some(fd, in, sizeof in), SIZE);
      CHECK(memcmp(in, data + at * SIZE, SIZE) == 0);
    }
  }
  CHECK(recv(fd, in, sizeof in, MSG_DONTWAIT) < 0 && errno == EAGAIN);
  close(fd);
  stats = serving_stats(&server);
  CHECK_EQ(stats.datagrams_lost, 0);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
