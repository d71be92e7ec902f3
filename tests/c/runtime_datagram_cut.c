/*
 * Datagrams longer than the buffers of the runtime: what fits is shown and flagged as cut off; what
 * fits exactly is not. Over UDP and a Unix name.
 * Failure: a cut datagram that looks whole, a whole one that looks cut, bytes of another one.
 */
#include "datagrams.h"

enum { ROOM = 1000 };

static unsigned char sent[ROOM + 500];
static volatile long whole, cut;

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  (void)ctx, (void)runtime, (void)listener, (void)from, (void)from_length;
  CHECK(length <= ROOM && memcmp(bytes, sent, length) == 0);
  if (flags == RINGLINE_DATAGRAM_TRUNCATED) {
    CHECK_EQ(length, ROOM);
    count_up(&cut);
  } else {
    CHECK_EQ(flags, 0);
    count_up(&whole);
  }
}

static void check(const char *address) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = on_datagram};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .datagram_size = ROOM,
                                    .datagram_buffers = 4};
  serving server;
  any_address place;
  socklen_t length = serve_at(&server, address, &config, &handlers, &place);
  int fd = datagram_client(&place, length), round;
  whole = cut = 0;
  for (round = 1; round <= 20; round++) {
    CHECK_EQ(send_some(fd, sent, ROOM), ROOM);
    CHECK_EQ(send_some(fd, sent, ROOM + 1), ROOM + 1);
    CHECK_EQ(send_some(fd, sent, sizeof sent), sizeof sent);
    CHECK_EQ(send_some(fd, sent, 1), 1);
    wait_for_count(&cut, 2 * round);
    wait_for_count(&whole, 2 * round);
  }
  close(fd);
  stop_serving(&server);
}

int main(void) {
  serving_baseline(NULL);
  fill(sent, sizeof sent, 7);
  check("udp:127.0.0.1:0");
  check("unixgram:@ringline-cut");
  harness_check_baseline();
  return 0;
}
