/*
 * Once warm, a worker allocates nothing per datagram: 5,000 of up to 1,000 bytes one by one, and
 * as many in bursts, over UDP and over a Unix name, are answered, and malloc is not called.
 * Not under a sanitizer, which has a malloc of its own.
 * Failure: the count of malloc, calloc, realloc or aligned allocations is not 0.
 */
#include "allocations.h"
#include "datagrams.h"

enum { BURST = 8 }; /* a Unix socket's queue takes ten */

static unsigned char bytes[1000];

static void bursts(int fd, int count) {
  int at;
  while (count-- > 0) {
    for (at = 0; at < BURST; at++) CHECK_EQ(send_some(fd, bytes, sizeof bytes), sizeof bytes);
    for (at = 0; at < BURST; at++) CHECK_EQ(recv_some(fd, bytes, sizeof bytes), sizeof bytes);
  }
}

static void one_by_one(int fd, int count) {
  int at;
  for (at = 0; at < count; at++) datagram_echoed(fd, (size_t)(at % 1000), (uint32_t)at);
}

static void check(const char *address) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = datagram_echo};
  int fds[2], at;
  serving server;
  any_address place;
  socklen_t length = serve_at(&server, address, NULL, &handlers, &place);
  for (at = 0; at < 2; at++) fds[at] = datagram_client(&place, length);
  for (at = 0; at < 2; at++) one_by_one(fds[at], 1000), bursts(fds[at], 200);
  begin_counting();
  for (at = 0; at < 2; at++) one_by_one(fds[at], 2500), bursts(fds[at], 2500 / BURST);
  CHECK_EQ(end_counting(), 0);
  for (at = 0; at < 2; at++) close(fds[at]);
  stop_serving(&server);
}

int main(void) {
  check_counting();
  check("udp:127.0.0.1:0");
  check("unixgram:@ringline-datagram-malloc");
  return 0;
}
