/*
 * Eight connections at a time send messages of 1 byte to 300 KiB through an echo server with two
 * workers and get each byte back, in order; empty answers, partly consumed ones, and a half-close
 * by the client are part of it. Afterwards nothing is left.
 * Failure: a byte that is wrong or missing, a connection without its close callback, a leak.
 */
#include "serving.h"

enum { CLIENTS = 8, LONGEST = 300 * 1024 };

static volatile long accepted, closed, started, stopped;

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  CHECK(ctx == &accepted && runtime != NULL && worker < 2);
  count_up(&started);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  CHECK(ctx == &accepted && runtime != NULL && worker < 2);
  count_up(&stopped);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK(conn >> 63 == 0 && conn != 0 && listener == 1);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.state == RINGLINE_CONN_OPEN && info.listener == 1 && info.fd >= 0);
  CHECK(info.peer_family == AF_INET && info.peer_port != 0 && info.peer_address[0] == 127);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, conn ^ 1), 0);
  count_up(&accepted);
}

/* Leaves odd lengths' last byte behind: it has to come again, in front of what follows. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  size_t some = length > 1 && length % 2 == 1 && length % 3 == 0 ? length - 1 : length;
  int64_t code;
  CHECK_EQ(user, conn ^ 1);
  CHECK_EQ(ringline_conn_send(runtime, conn, NULL, 0), 0);
  code = echo_data(ctx, runtime, conn, user, bytes, some);
  if (code == (int64_t)some && some < length) {
    /* Nothing may follow: show it at once. */
    CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
    CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, bytes + some, length - some), 0);
    return (int64_t)length;
  }
  return code;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK_EQ(user, conn ^ 1);
  CHECK_EQ(reason, 0);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.state == RINGLINE_CONN_CLOSING && info.fd == -1 && info.queued == 0);
  CHECK_EQ(info.sent, info.received);
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ECLOSED);
  count_up(&closed);
}

static void *client(void *ctx) {
  static const size_t lengths[] = {1, 2, 3, 64, 999, 4096, 65537, LONGEST};
  unsigned char *out = (unsigned char *)malloc(LONGEST), *in = (unsigned char *)malloc(LONGEST);
  const serving *server = (const serving *)ctx;
  int fd = client_of(server);
  size_t round;
  for (round = 0; round < 40; round++) {
    size_t length = lengths[round % 8];
    fill(out, length, (uint32_t)round);
    send_whole(fd, out, length);
    recv_whole(fd, in, length);
    CHECK(memcmp(in, out, length) == 0);
  }
  CHECK(shutdown(fd, SHUT_WR) == 0);
  CHECK_EQ(recv_some(fd, in, 1), 0);
  close(fd);
  free(out);
  free(in);
  return NULL;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .ctx = (void *)&accepted,
                                        .start = on_start, .accept = on_accept, .data = on_data,
                                        .writable = echo_writable, .close = on_close,
                                        .stop = on_stop};
  ringline_runtime_config config = {.size = sizeof config, .workers = 2};
  ringline_runtime_stats stats;
  pthread_t threads[CLIENTS];
  serving server;
  int at;
  harness_warm_threads(CLIENTS + 2);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++)
    CHECK(pthread_create(&threads[at], NULL, client, &server) == 0);
  for (at = 0; at < CLIENTS; at++) pthread_join(threads[at], NULL);
  wait_for_count(&closed, CLIENTS);
  CHECK_EQ(accepted, CLIENTS);
  stats = serving_stats(&server);
  CHECK_EQ(stats.accepted, CLIENTS);
  CHECK_EQ(stats.received, stats.sent);
  stop_serving(&server);
  CHECK(started == 2 && stopped == 2);
  harness_check_baseline();
  return 0;
}
