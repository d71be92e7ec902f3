/*
 * Once warm, a worker allocates nothing per message: 10,000 messages of 64 bytes and 200 of 100,000
 * go through an echo server, and malloc is not called. Not under a sanitizer, which has a malloc of
 * its own.
 * Failure: the count of malloc, calloc, realloc or aligned allocations is not 0.
 */
#include "allocations.h"
#include "serving.h"

enum { LARGE = 100000 };

static unsigned char out[LARGE], in[LARGE];

static void rounds(int fd, int small, int large) {
  int at;
  for (at = 0; at < small; at++) {
    send_whole(fd, out, 64);
    recv_whole(fd, in, 64);
  }
  for (at = 0; at < large; at++) {
    send_whole(fd, out, LARGE);
    recv_whole(fd, in, LARGE);
  }
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .writable = echo_writable};
  serving server;
  int fds[4], at;
  check_counting();
  serve(&server, NULL, &handlers);
  for (at = 0; at < 4; at++) fds[at] = client_of(&server);
  for (at = 0; at < 4; at++) rounds(fds[at], 100, 20);
  begin_counting();
  for (at = 0; at < 4; at++) rounds(fds[at], 2500, 50);
  CHECK_EQ(end_counting(), 0);
  CHECK(memcmp(in, out, LARGE) == 0);
  for (at = 0; at < 4; at++) close(fds[at]);
  stop_serving(&server);
  return 0;
}
