/*
 * A listener for datagrams is closed while answers are under way and more clients send: each answer
 * that was taken leaves, the callbacks end, the port is free. The same by a stop without grace.
 * Failure: an answer that is lost, a use after free (under ASan), a descriptor that stays.
 */
#include "datagrams.h"

enum { ANSWERS = 60, ROUNDS = 20 };

static volatile long asked;
static int stops;

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  uint32_t at, code;
  (void)ctx, (void)flags, (void)bytes, (void)length;
  for (at = 0; at < ANSWERS; at++) {
    code = (uint32_t)ringline_udp_send(runtime, listener, from, from_length, &at, 1 + at % 3);
    if (asked == 0) CHECK_EQ(code, 0);
  }
  count_up(&asked);
  if (stops) CHECK_EQ(ringline_runtime_stop(runtime, 0), 0);
  else if (asked == 1) CHECK_EQ(ringline_runtime_listener_close(runtime, listener), 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = on_datagram};
  serving server;
  any_address place;
  socklen_t length;
  uint32_t byte;
  int fd, at, round, again;
  serving_baseline(NULL);
  for (round = 0; round < ROUNDS; round++) {
    stops = round % 2;
    asked = 0;
    length = serve_at(&server, "udp:127.0.0.1:0", NULL, &handlers, &place);
    fd = datagram_client(&place, length);
    CHECK_EQ(send_some(fd, "a", 1), 1);
    send(fd, "b", 1, MSG_NOSIGNAL); /* these may come too late */
    send(fd, "c", 1, MSG_NOSIGNAL);
    for (at = 0; at < ANSWERS && !stops; at++) CHECK_EQ(recv_some(fd, &byte, 4), 1 + at % 3);
    wait_for_least(&asked, 1);
    stop_serving(&server);
    again = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(bind(again, &place.any, length) == 0);
    close(again);
    close(fd);
  }
  harness_check_baseline();
  return 0;
}
