/*
 * What the programs share whose clients take what they get at a pace: so many bytes per second,
 * from a receive buffer that holds little, so that the other end sees each step.
 */
#ifndef RINGLINE_TEST_PACED_H
#define RINGLINE_TEST_PACED_H

#include "serving.h"

enum { PACED_ROOM = 16 * 1024, PACED_SEND = 64 * 1024 };

typedef struct paced {
  int fd;
  int over;         /* all of it came, and the end behind it */
  int reset;        /* it was cut */
  uint64_t rate;    /* bytes per second; 0 = it takes nothing */
  uint64_t start;   /* since then */
  size_t got, want; /* bytes that it took, and that there are */
} paced;

/* A client with a small receive buffer. */
static HARNESS_UNUSED int paced_dial(const serving *server) {
  const int room = PACED_ROOM;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
  CHECK(connect(fd, (const struct sockaddr *)&server->address, sizeof server->address) == 0);
  return fd;
}

/* Have the kernel take `bytes` of what is sent by a connection. */
static HARNESS_UNUSED void paced_kernel(ringline_runtime *runtime, uint64_t conn, int bytes) {
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
}

/* Take what is due by now, and compare it with `expected`. */
static HARNESS_UNUSED void paced_take(paced *client, const unsigned char *expected) {
  static unsigned char in[65536];
  uint64_t due = (harness_now_ns() - client->start) / 1000 * client->rate / 1000000;
  while (!client->over && !client->reset && client->rate > 0) {
    size_t most = due > client->got ? (size_t)due - client->got : 0;
    ssize_t some;
    if (most == 0 && client->got < client->want) return;
    if (most > sizeof in || most == 0) most = sizeof in;
    some = recv(client->fd, in, most, MSG_DONTWAIT);
    if (some < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (some < 0) {
      CHECK_EQ(errno, ECONNRESET);
      client->reset = 1;
    } else if (some == 0) {
      client->over = 1;
      CHECK_EQ(client->got, client->want);
    } else {
      CHECK(client->got + (size_t)some <= client->want);
      CHECK(memcmp(in, expected + client->got, (size_t)some) == 0);
      client->got += (size_t)some;
    }
  }
}

#endif /* RINGLINE_TEST_PACED_H */
