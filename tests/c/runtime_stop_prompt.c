/*
 * A stop with a long grace ends an idle runtime at once: with a listener, with clients that have
 * closed, and with sockets for datagrams.
 * Failure: a join that takes as long as the grace although nothing is left to do.
 */
#include "serving.h"

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data};
  uint64_t begin;
  serving server;
  int round, fd;
  char byte;
  for (round = 0; round < 10; round++) {
    serve(&server, NULL, &handlers);
    if (round % 2) CHECK_OK(ringline_runtime_listen(server.runtime, "udp:127.0.0.1:0", 0));
    fd = client_of(&server);
    send_whole(fd, "p", 1);
    recv_whole(fd, &byte, 1);
    close(fd);
    begin = harness_now_ns();
    CHECK_EQ(ringline_runtime_stop(server.runtime, 100 * SECOND), 0);
    CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
    CHECK(harness_now_ns() - begin < 2 * SECOND);
    CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  }
  return 0;
}
