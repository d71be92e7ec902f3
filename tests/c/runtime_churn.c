/*
 * 20,000 clients (200,000 in `make load`) connect, send a byte and end in one of four ways: by an
 * end, by a reset, by half an end and the other half when the answer is there, and with the answer
 * unread, which resets as well. Descriptors and resident memory stay where they are.
 * Failure: a connection that is not told to be over, or twice; a descriptor that stays; memory that
 * grows with each client.
 */
#include "crowd.h"

enum { CLIENTS = 20000, BATCH = 20, PARTS = 4, MOST_PAGES = 256 };

static volatile long closed;

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK(reason == 0 || reason == -ECONNRESET || reason == -EPIPE);
  count_up(&closed);
}

/* A client's own address, so that ports that still wait after an end do not run out. */
static int client_at(const serving *server, long number) {
  const struct timeval limit = {5, 0};
  struct sockaddr_in own;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), later = 1;
  memset(&own, 0, sizeof own);
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(number % 200));
  CHECK(fd >= 0);
  CHECK(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later) == 0);
  CHECK(bind(fd, (const struct sockaddr *)&own, sizeof own) == 0);
  CHECK(connect(fd, (const struct sockaddr *)&server->address, sizeof server->address) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  return fd;
}

static void end_client(int fd, long number) {
  char byte;
  switch (number % 4) {
    case 0: close(fd); return;
    case 1: crowd_close(&fd, 1, 1); return;
    case 2:
      CHECK(shutdown(fd, SHUT_WR) == 0);
      CHECK(recv_some(fd, &byte, 1) == 1 && byte == 'x');
      CHECK_EQ(recv_some(fd, &byte, 1), 0);
      close(fd);
      return;
    default:
      while (recv(fd, &byte, 1, MSG_PEEK) < 0) CHECK(errno == EINTR);
      close(fd);
  }
}

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2);
  fclose(file);
  return resident;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .writable = echo_writable, .close = on_close};
  long total = (long)CLIENTS * load_factor(), number, pages = 0;
  int fds[BATCH], at, before;
  serving server;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  before = harness_count().fds;
  for (number = 0; number < total;) {
    for (at = 0; at < BATCH; at++) {
      fds[at] = client_at(&server, number + at);
      send_whole(fds[at], "x", 1);
    }
    for (at = 0; at < BATCH; at++) end_client(fds[at], number++);
    if (number % (total / PARTS) != 0) continue;
    wait_for_count(&closed, number);
    CHECK_EQ(harness_count().fds, before);
    if (pages == 0) pages = resident_pages();
#ifndef HARNESS_SANITIZED /* a sanitizer keeps what was freed for a while */
    CHECK(resident_pages() <= pages + MOST_PAGES);
#endif
  }
  CHECK_EQ(serving_stats(&server).accepted, total);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
