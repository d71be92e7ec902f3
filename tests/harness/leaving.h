/*
 * What the programs share whose other end goes: it writes, makes sure that the kernel on this side
 * has all of it, and resets the connection; and what was shown of that.
 */
#ifndef RINGLINE_TEST_LEAVING_H
#define RINGLINE_TEST_LEAVING_H

#include "serving.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/un.h>

enum { LEFT = 100000 };

static unsigned char left_bytes[LEFT];

/* Room for all of it on the side that does not read: no sysctl says how much there is. */
static HARNESS_UNUSED void make_room(int fd) {
  const int most = 4 * LEFT;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &most, sizeof most) == 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &most, sizeof most) == 0);
}

/* Writes what is left of it from `from` on, and waits until it has arrived. */
static HARNESS_UNUSED void leave_bytes(int fd, size_t from) {
  uint64_t end = harness_now_ns() + LIMIT;
  int waiting = 1;
  send_whole(fd, left_bytes + from, LEFT - from);
  do {
    CHECK(ioctl(fd, SIOCOUTQ, &waiting) == 0 && harness_now_ns() < end);
    sched_yield();
  } while (waiting > 0);
}

/* Goes without a word: by TCP with a reset. */
static HARNESS_UNUSED void vanish(int fd) {
  const struct linger reset = {1, 0};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
  CHECK(close(fd) == 0);
}

/* A client by a path (abstract, so without its first byte), with the limits of client_of(). */
static HARNESS_UNUSED int client_of_path(const char *name) {
  const struct timeval limit = {5, 0};
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  size_t length = strlen(name);
  CHECK(fd >= 0 && length + 1 < sizeof at.sun_path);
  memcpy(at.sun_path + 1, name, length);
  CHECK(connect(fd, (struct sockaddr *)&at,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  return fd;
}

static HARNESS_UNUSED int is_gone(int32_t reason) {
  return reason == -ECONNRESET || reason == -EPIPE;
}

#endif /* RINGLINE_TEST_LEAVING_H */
