/*
 * One callback closes 10,000 connections, half of them gracefully, its own among them: each is told
 * to be over once, none inside that callback, and each client sees its end.
 * Failure: a close callback inside another callback, one that is missing or comes twice, a client
 * that waits for ever.
 */
#include "crowd.h"

enum { CLIENTS = 10000 };

static volatile long accepted, closed;
static uint64_t all[CLIENTS];
static int inside, asked;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, (uint64_t)accepted), 0);
  all[accepted] = conn;
  count_up(&accepted);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  int at;
  (void)ctx, (void)conn, (void)user, (void)bytes;
  CHECK(!inside);
  if (asked) return (int64_t)length;
  CHECK_EQ(accepted, CLIENTS);
  inside = asked = 1;
  for (at = 0; at < CLIENTS; at++) {
    uint32_t how = at % 2 ? RINGLINE_CLOSE_GRACEFULLY : RINGLINE_CLOSE_AT_ONCE;
    CHECK_EQ(ringline_conn_close(runtime, all[at], how), 0);
    CHECK_EQ(ringline_conn_close(runtime, all[at], RINGLINE_CLOSE_GRACEFULLY), RINGLINE_ECLOSED);
    CHECK_EQ(ringline_conn_send(runtime, all[at], "x", 1), RINGLINE_ECLOSED);
  }
  inside = 0;
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime;
  CHECK(!inside && asked);
  CHECK(user < CLIENTS && all[user] == conn);
  all[user] = 0;
  CHECK_EQ(reason, user % 2 ? 0 : -ECONNABORTED);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  serving server;
  crowd clients;
  int before, fd;
  need_descriptors(CLIENTS + 100);
  crowd_start(&clients, CLIENTS - 1);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  before = harness_count().fds;
  crowd_do(&clients, 'o', &server);
  fd = client_of(&server);
  wait_for_count(&accepted, CLIENTS);
  send_whole(fd, "x", 1);
  crowd_do(&clients, 'w', &server);
  close(fd);
  wait_for_count(&closed, CLIENTS);
  CHECK_EQ(harness_count().fds, before);
  stop_serving(&server);
  crowd_end(&clients, 0);
  harness_check_baseline();
  return 0;
}
