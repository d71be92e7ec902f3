/*
 * Datagrams of 0, 1, 1000 and the most bytes over IPv4, IPv6 and a Unix name, to two workers, each
 * answered to the address it came from. A sender without an address is told as such.
 * Failure: an answer that is missing, cut, mixed up or sent elsewhere; an empty one that is lost.
 */
#include "datagrams.h"

enum { CLIENTS = 40 };

static volatile long nameless;
static const ringline_runtime_config config = {.size = sizeof config, .workers = 2};

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  if (!from) {
    CHECK(from_length == 0 && length == 4 && memcmp(bytes, "anon", 4) == 0);
    count_up(&nameless);
    return;
  }
  /* An address of another family than the listener's, and one that is cut. */
  CHECK_EQ(ringline_udp_send(runtime, listener, "\1", 1, bytes, length), -EINVAL);
  CHECK_EQ(ringline_udp_send(runtime, listener, from, 2, bytes, length), -EINVAL);
  CHECK_EQ(ringline_udp_send(runtime, listener + 1, from, from_length, bytes, length),
           RINGLINE_ESTALE);
  CHECK_EQ(ringline_udp_send(runtime, listener, from, from_length, bytes, 65537), -EMSGSIZE);
  datagram_echo(ctx, runtime, listener, flags, from, from_length, bytes, length);
}

static void check(const char *address, size_t most) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = on_datagram};
  const size_t sizes[] = {1, 0, 1000, most, 2};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  int fds[CLIENTS], at, size;
  serving server;
  any_address place;
  socklen_t length = serve_at(&server, address, &config, &handlers, &place);
  for (at = 0; at < CLIENTS; at++) fds[at] = datagram_client(&place, length);
  for (size = 0; size < SIZES; size++)
    for (at = 0; at < CLIENTS; at++)
      datagram_echoed(fds[at], sizes[size], (uint32_t)(at * 8 + size));
  if (place.any.sa_family == AF_UNIX) {
    int anonymous = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(sendto(anonymous, "anon", 4, 0, &place.any, length), 4);
    close(anonymous);
    wait_for_count(&nameless, 1);
  }
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  stop_serving(&server);
}

int main(void) {
  serving_baseline(&config);
  check("udp:127.0.0.1:0", 65507);
  check("udp:[::1]:0", 65507);
  check("unixgram:@ringline-datagrams", 65536);
  harness_check_baseline();
  return 0;
}
