/*
 * What the programs about datagrams share: runtimes that take them, and clients with deadlines.
 */
#ifndef RINGLINE_TEST_DATAGRAMS_H
#define RINGLINE_TEST_DATAGRAMS_H

#include "serving.h"

#include <sys/un.h>

typedef union any_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_un path;
} any_address;

/* A runtime that listens at `address`, started; where to send to is put into `at`. */
static HARNESS_UNUSED socklen_t serve_at(serving *server, const char *address,
                                         const ringline_runtime_config *config,
                                         const ringline_runtime_handlers *handlers,
                                         any_address *at) {
  ringline_runtime_config one;
  const char *name;
  uint16_t port;
  ringline_runtime_config_init(&one);
  one.workers = 1;
  CHECK_OK(ringline_runtime_create(config ? config : &one, &server->runtime));
  CHECK_OK(ringline_runtime_set_handlers(server->runtime, handlers));
  server->listener = ringline_runtime_listen(server->runtime, address, 0);
  CHECK_OK(server->listener);
  CHECK_OK(ringline_runtime_start(server->runtime));
  port = htons((uint16_t)ringline_runtime_port(server->runtime, (uint32_t)server->listener));
  memset(at, 0, sizeof *at);
  if (strchr(address, '[')) {
    at->v6.sin6_family = AF_INET6;
    at->v6.sin6_addr = in6addr_loopback;
    at->v6.sin6_port = port;
    return sizeof at->v6;
  }
  if (!(name = strchr(address, '@'))) {
    at->v4.sin_family = AF_INET;
    at->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at->v4.sin_port = port;
    return sizeof at->v4;
  }
  CHECK(port == 0);
  at->path.sun_family = AF_UNIX;
  memcpy(at->path.sun_path + 1, name + 1, strlen(name + 1));
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* A client of that place, with an address of its own, whose calls fail after five seconds. */
static HARNESS_UNUSED int datagram_client(const any_address *at, socklen_t length) {
  const struct timeval limit = {5, 0};
  const int room = 4 << 20;
  any_address own;
  int fd = socket(at->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
  memset(&own, 0, sizeof own);
  own.any.sa_family = at->any.sa_family;
  /* The family alone: the kernel chooses a name, so that there is somebody to answer to. */
  if (own.any.sa_family == AF_UNIX) CHECK(bind(fd, &own.any, sizeof own.any.sa_family) == 0);
  CHECK(connect(fd, &at->any, length) == 0);
  return fd;
}

/* Sends a datagram and expects it back. */
static HARNESS_UNUSED void datagram_echoed(int fd, size_t length, uint32_t seed) {
  static unsigned char out[1 << 16], in[1 << 16];
  fill(out, length, seed);
  CHECK_EQ(send_some(fd, out, length), length);
  CHECK_EQ(recv_some(fd, in, sizeof in), length);
  CHECK(memcmp(in, out, length) == 0);
}

static HARNESS_UNUSED void datagram_echo(void *ctx, ringline_runtime *runtime, uint32_t listener,
                                         uint32_t flags, const void *from, uint32_t from_length,
                                         const uint8_t *bytes, size_t length) {
  (void)ctx;
  CHECK_EQ(flags, 0);
  if (!from) return;
  CHECK_EQ(ringline_udp_send(runtime, listener, from, from_length, bytes, length), 0);
}

#endif /* RINGLINE_TEST_DATAGRAMS_H */
