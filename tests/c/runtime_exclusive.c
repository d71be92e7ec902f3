/*
 * A port is its listener's alone, with any number of workers, for clients and for datagrams: who
 * has it already is an error, also when that one would share, and when nobody listens yet. Who
 * shares says so, and both get clients; a port of one's own is spread over all workers, and had
 * again at once by who restarts.
 * Failure: a listen that succeeds on a port that somebody serves, and a part of the clients goes to
 * whoever that is; or workers that get none.
 */
#include "serving.h"

#define CLIENTS 128

static volatile long taken[2][2], datagrams[2];

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)runtime, (void)listener;
  count_up(&taken[(intptr_t)ctx][conn >> 52 & 1]);
}

static void on_datagram(void *ctx, ringline_runtime *runtime, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  (void)runtime, (void)listener, (void)flags, (void)from, (void)from_length, (void)bytes,
      (void)length;
  count_up(&datagrams[(intptr_t)ctx]);
}

static ringline_runtime *runtime_of(uint32_t workers, intptr_t number) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .ctx = (void *)number,
                                        .accept = on_accept, .datagram = on_datagram};
  ringline_runtime_config config = {.size = sizeof config, .workers = workers};
  ringline_runtime *runtime = NULL;
  CHECK_OK(ringline_runtime_create(&config, &runtime));
  CHECK_OK(ringline_runtime_set_handlers(runtime, &handlers));
  return runtime;
}

static int32_t listen_at(ringline_runtime *runtime, const char *way, int port, uint32_t flags) {
  ringline_listen how = {.size = sizeof how, .flags = flags};
  char address[64];
  snprintf(address, sizeof address, "%s127.0.0.1:%d", way, port);
  return ringline_runtime_listen_with(runtime, address, flags ? &how : NULL);
}

/* Somebody else who serves a port of the kernel's choice, and would share it if `shares`. */
static int somebody(int type, int shares, int *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof at;
  const int on = 1;
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(bind(fd, (struct sockaddr *)&at, length) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 || type == SOCK_DGRAM);
  if (shares) CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0);
  if (type == SOCK_STREAM) CHECK(listen(fd, 5) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
  *port = ntohs(at.sin_port);
  return fd;
}

static void served_already(uint32_t workers) {
  int shares, port, fd;
  for (shares = 0; shares <= 1; shares++) {
    ringline_runtime *runtime = runtime_of(workers, 0);
    fd = somebody(SOCK_STREAM, shares, &port);
    CHECK_EQ(listen_at(runtime, "", port, 0), -EADDRINUSE);
    if (!shares) CHECK_EQ(listen_at(runtime, "", port, RINGLINE_LISTEN_SHARED), -EADDRINUSE);
    close(fd);
    fd = somebody(SOCK_DGRAM, shares, &port);
    CHECK_EQ(listen_at(runtime, "udp:", port, 0), -EADDRINUSE);
    if (!shares) CHECK_EQ(listen_at(runtime, "udp:", port, RINGLINE_LISTEN_SHARED), -EADDRINUSE);
    close(fd);
    CHECK_EQ(ringline_runtime_free(runtime), 0);
  }
}

static void connect_all(int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fds[CLIENTS], each;
  at.sin_port = htons((uint16_t)port);
  for (each = 0; each < CLIENTS; each++) fds[each] = dial(&at);
  for (each = 0; each < CLIENTS; each++) close(fds[each]);
}

static void send_all_datagrams(int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int each;
  at.sin_port = htons((uint16_t)port);
  for (each = 0; each < CLIENTS; each++) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(sendto(fd, "d", 1, 0, (struct sockaddr *)&at, sizeof at) == 1);
    close(fd);
  }
}

/* Both share, and each has clients of its own. */
static void shared(uint32_t workers) {
  ringline_runtime *runtimes[2];
  int port, udp_port, which;
  memset((void *)taken, 0, sizeof taken);
  memset((void *)datagrams, 0, sizeof datagrams);
  for (which = 0; which < 2; which++) runtimes[which] = runtime_of(workers, which);
  CHECK_OK(listen_at(runtimes[0], "", 0, RINGLINE_LISTEN_SHARED));
  CHECK_OK(listen_at(runtimes[0], "udp:", 0, RINGLINE_LISTEN_SHARED));
  port = ringline_runtime_port(runtimes[0], 1);
  udp_port = ringline_runtime_port(runtimes[0], 2);
  CHECK_OK(listen_at(runtimes[1], "", port, RINGLINE_LISTEN_SHARED));
  CHECK_OK(listen_at(runtimes[1], "udp:", udp_port, RINGLINE_LISTEN_SHARED));
  for (which = 0; which < 2; which++) CHECK_EQ(ringline_runtime_start(runtimes[which]), 0);
  connect_all(port);
  send_all_datagrams(udp_port);
  for (which = 0; which < 2; which++) {
    wait_for_least(&datagrams[which], 1);
    while (taken[which][0] + taken[which][1] == 0) sched_yield();
  }
  for (which = 0; which < 2; which++) CHECK_EQ(ringline_runtime_free(runtimes[which]), 0);
}

/* Its own port is spread over its workers, and nobody gets it who does not share, also before it
 * listens. */
static void alone(uint32_t workers) {
  ringline_runtime *first = runtime_of(workers, 0), *second = runtime_of(workers, 1);
  int port, udp_port;
  memset((void *)taken, 0, sizeof taken);
  CHECK_OK(listen_at(first, "", 0, 0));
  CHECK_OK(listen_at(first, "udp:", 0, 0));
  port = ringline_runtime_port(first, 1);
  udp_port = ringline_runtime_port(first, 2);
  CHECK_EQ(listen_at(second, "udp:", udp_port, 0), -EADDRINUSE);
  CHECK_EQ(listen_at(second, "", port, 0), -EADDRINUSE);
  CHECK_EQ(ringline_runtime_start(first), 0);
  CHECK_EQ(listen_at(second, "", port, 0), -EADDRINUSE);
  CHECK_EQ(ringline_runtime_free(second), 0);
  connect_all(port);
  wait_for_least(&taken[0][0], 1);
  if (workers > 1) wait_for_least(&taken[0][1], 1);
  CHECK_EQ(ringline_runtime_free(first), 0);
}

/* Closes first, so that the connection lingers on the server's side. */
static void on_accept_close(void *ctx, ringline_runtime *runtime, uint64_t conn,
                            uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

/* The port of a server that went can be had at once, although connections of it linger. */
static void restarted(uint32_t before, uint32_t after) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = before};
  ringline_runtime *again = runtime_of(after, 0);
  serving server;
  char byte;
  int fd;
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  CHECK_EQ(recv_some(fd, &byte, 1), 0);
  close(fd);
  stop_serving(&server);
  CHECK_OK(listen_at(again, "", ntohs(server.address.sin_port), 0));
  CHECK_EQ(ringline_runtime_start(again), 0);
  close(client_of(&server));
  CHECK_EQ(ringline_runtime_free(again), 0);
}

static void refused(void) {
  ringline_runtime *runtime = runtime_of(1, 0);
  ringline_listen how = {.size = sizeof how, .flags = RINGLINE_LISTEN_SHARED};
  CHECK_EQ(ringline_runtime_listen_with(runtime, "unix:@ringline-shared", &how), -EINVAL);
  CHECK_EQ(ringline_runtime_listen_with(runtime, "unixgram:@ringline-shared", &how), -EINVAL);
  how.flags = 2;
  CHECK_EQ(ringline_runtime_listen_with(runtime, "127.0.0.1:0", &how), -EINVAL);
  how.flags = 0, how.resv = 1;
  CHECK_EQ(ringline_runtime_listen_with(runtime, "127.0.0.1:0", &how), -EINVAL);
  how.resv = 0, how.backlog = 65536;
  CHECK_EQ(ringline_runtime_listen_with(runtime, "127.0.0.1:0", &how), -EINVAL);
  how.backlog = 0, how.tls = (ringline_tls_config *)runtime;
  CHECK_EQ(ringline_runtime_listen_with(runtime, "127.0.0.1:0", &how), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
}

int main(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; workers++) {
    served_already(workers);
    shared(workers);
    alone(workers);
    restarted(workers, 1);
    restarted(workers, 2);
  }
  refused();
  return 0;
}
