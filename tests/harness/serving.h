/*
 * What the programs of tests/c/runtime_*.c share: a runtime that listens on a port of the kernel's
 * choice, clients with deadlines, and a hash of what went through.
 */
#ifndef RINGLINE_TEST_SERVING_H
#define RINGLINE_TEST_SERVING_H

#include "tools.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

typedef struct serving {
  ringline_runtime *runtime;
  int listener;
  struct sockaddr_in address;
} serving;

static HARNESS_UNUSED ringline_runtime_stats serving_stats(const serving *server) {
  ringline_runtime_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.size = (uint32_t)sizeof stats;
  CHECK_OK(ringline_runtime_stats_of(server->runtime, &stats));
  return stats;
}

/* A runtime that runs and listens. `config` may be NULL: then it has one worker. */
static HARNESS_UNUSED void serve(serving *server, const ringline_runtime_config *config,
                                 const ringline_runtime_handlers *handlers) {
  ringline_runtime_config one;
  ringline_runtime_config_init(&one);
  one.workers = 1;
  CHECK_OK(ringline_runtime_create(config ? config : &one, &server->runtime));
  CHECK_OK(ringline_runtime_set_handlers(server->runtime, handlers));
  server->listener = ringline_runtime_listen(server->runtime, "127.0.0.1:0", 0);
  CHECK_OK(server->listener);
  memset(&server->address, 0, sizeof server->address);
  server->address.sin_family = AF_INET;
  server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->address.sin_port =
      htons((uint16_t)ringline_runtime_port(server->runtime, (uint32_t)server->listener));
  CHECK_OK(ringline_runtime_start(server->runtime));
}

static HARNESS_UNUSED void stop_serving(serving *server) {
  CHECK_EQ(ringline_runtime_stop(server->runtime, SECOND), 0);
  CHECK_EQ(ringline_runtime_join(server->runtime, LIMIT), 0);
  CHECK_EQ(ringline_runtime_free(server->runtime), 0);
}

/* The runtime's baseline: its threads' stacks and everything its first life maps. */
static HARNESS_UNUSED void serving_baseline(const ringline_runtime_config *config) {
  ringline_runtime_handlers none = {.size = sizeof none};
  serving server;
  harness_warm_threads(4);
  harness_baseline();
  serve(&server, config, &none);
  stop_serving(&server);
  harness_baseline();
}

static HARNESS_UNUSED int limited(int fd) {
  const struct timeval limit = {5, 0};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  return fd;
}

/* A client whose calls fail after five seconds instead of hanging. */
static HARNESS_UNUSED int client_of(const serving *server) {
  return limited(dial(&server->address));
}

/* A client that takes little before it reads. What a machine's own buffers hold may be anything
 * from 4 KiB to 32 MiB: a test that fills them sets both ends, this one and narrow_sends. */
static HARNESS_UNUSED int small_client_of(const serving *server) {
  const int small = 65536;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
  CHECK(connect(fd, (const struct sockaddr *)&server->address, sizeof server->address) == 0);
  return limited(fd);
}

/* Makes what the kernel takes of the server's own end little. */
static HARNESS_UNUSED void narrow_sends(ringline_runtime *runtime, uint64_t conn) {
  const int small = 65536;
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
}

/* A freed ring's last work in the kernel interrupts the thread it belonged to once more, and a
 * socket with a time limit tells that as EINTR although no signal came. */
static HARNESS_UNUSED ssize_t recv_some(int fd, void *bytes, size_t length) {
  ssize_t some;
  do some = recv(fd, bytes, length, 0);
  while (some < 0 && errno == EINTR);
  return some;
}

static HARNESS_UNUSED ssize_t send_some(int fd, const void *bytes, size_t length) {
  ssize_t some;
  do some = send(fd, bytes, length, MSG_NOSIGNAL);
  while (some < 0 && errno == EINTR);
  return some;
}

static HARNESS_UNUSED void send_whole(int fd, const void *bytes, size_t length) {
  const char *from = (const char *)bytes;
  while (length > 0) {
    ssize_t some = send_some(fd, from, length);
    CHECK(some > 0);
    from += some;
    length -= (size_t)some;
  }
}

/* As send_whole(), and the other end's kernel has it all when it returns: it said so. */
static HARNESS_UNUSED void send_arrived(int fd, const void *bytes, size_t length) {
  uint64_t end = harness_now_ns() + LIMIT;
  int waits = 1;
  send_whole(fd, bytes, length);
  while (waits > 0) {
    CHECK(harness_now_ns() < end);
    CHECK(ioctl(fd, SIOCOUTQ, &waits) == 0);
    if (waits > 0) sched_yield();
  }
}

static HARNESS_UNUSED void recv_whole(int fd, void *bytes, size_t length) {
  char *to = (char *)bytes;
  while (length > 0) {
    ssize_t some = recv_some(fd, to, length);
    CHECK(some > 0);
    to += some;
    length -= (size_t)some;
  }
}

#define HASH_START 1469598103934665603ull

static HARNESS_UNUSED uint64_t hash_of(uint64_t hash, const void *bytes, size_t length) {
  const unsigned char *at = (const unsigned char *)bytes;
  while (length-- > 0) hash = (hash ^ *at++) * 1099511628211ull;
  return hash;
}

/* Bytes that differ from one place to the next, also in another order. */
static HARNESS_UNUSED void fill(unsigned char *bytes, size_t length, uint32_t seed) {
  size_t at;
  for (at = 0; at < length; at++)
    bytes[at] = (unsigned char)(((uint32_t)at * 2654435761u + seed * 40503u) >> 13);
}

/* Echoes; holds the client back while its answers are not read. */
static HARNESS_UNUSED int64_t echo_data(void *ctx, ringline_runtime *runtime, uint64_t conn,
                                        uint64_t user, const uint8_t *bytes, size_t length) {
  int32_t code = ringline_conn_send(runtime, conn, bytes, length);
  (void)ctx, (void)user;
  if (code != -EAGAIN) return code < 0 ? code : (int64_t)length;
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  return 0;
}

static HARNESS_UNUSED void echo_writable(void *ctx, ringline_runtime *runtime, uint64_t conn,
                                         uint64_t user) {
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
}

/* Waits until `counter`, which a worker writes, is at least `value`: looks for five seconds. */
static HARNESS_UNUSED void wait_for_least(const volatile long *counter, long value) {
  uint64_t end = harness_now_ns() + LIMIT;
  while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value) {
    CHECK(harness_now_ns() < end);
    sched_yield();
  }
}

/* The same, and it must not be more. */
static HARNESS_UNUSED void wait_for_count(const volatile long *counter, long value) {
  wait_for_least(counter, value);
  CHECK_EQ(__atomic_load_n(counter, __ATOMIC_ACQUIRE), value);
}

static HARNESS_UNUSED void count_up(volatile long *counter) {
  __atomic_add_fetch(counter, 1, __ATOMIC_ACQ_REL);
}

#endif /* RINGLINE_TEST_SERVING_H */
