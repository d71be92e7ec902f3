/*
 * A callback that sends until it is told -EAGAIN, and goes on when it is told `writable`: every
 * datagram arrives once, in order, although only 64 sends are under way at a time.
 * Failure: no bound, a `writable` that never comes, a datagram that is lost or sent twice.
 */
#include "datagrams.h"

enum { COUNT = 2000 };

static uint32_t next, refusals;
static uint8_t peer[128];
static uint32_t peer_length;

static void go_on(ringline_runtime *runtime, uint32_t listener) {
  for (; next < COUNT; next++) {
    /* Sizes that differ make no runs. */
    uint32_t words[2] = {next, 0};
    int32_t code = ringline_udp_send(runtime, listener, peer, peer_length, words, 4 + next % 4);
    if (code == -EAGAIN) {
      refusals++;
      return;
    }
    CHECK_EQ(code, 0);
  }
}

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  (void)ctx, (void)flags, (void)bytes, (void)length;
  CHECK(from_length <= sizeof peer);
  memcpy(peer, from, from_length);
  peer_length = from_length;
  go_on(runtime, listener);
}

static void on_writable(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx;
  CHECK(conn < 4096 && user == 0);
  go_on(runtime, (uint32_t)conn);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = on_datagram,
                                        .writable = on_writable};
  uint32_t at, words[2];
  serving server;
  any_address place;
  socklen_t length;
  int fd;
  serving_baseline(NULL);
  length = serve_at(&server, "udp:127.0.0.1:0", NULL, &handlers, &place);
  fd = datagram_client(&place, length);
  CHECK_EQ(send_some(fd, "go", 2), 2);
  for (at = 0; at < COUNT; at++) {
    CHECK_EQ(recv_some(fd, words, sizeof words), 4 + at % 4);
    CHECK_EQ(words[0], at);
  }
  stop_serving(&server);
  CHECK(refusals >= 10);
  close(fd);
  harness_check_baseline();
  return 0;
}
