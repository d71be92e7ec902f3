/*
 * A stop with a long grace, and clients that are slow: one that takes what it gets at a pace, one
 * that takes nothing for three times close_timeout_ns and then all, one that takes all at once and
 * does not end. Then a stop without a limit, and a client that takes nothing.
 * Failure: a client that is cut off though the grace is not over; a stop that lasts as long as its
 * grace though nobody has anything to take; one without a limit that never ends.
 */
#include "paced.h"

enum { PACED, LATE, SILENT, KINDS, LENGTH = 1 << 20 };
static const uint64_t SPAN = 500000000;

static unsigned char bytes[LENGTH];
static volatile long asked, closed[KINDS];
static int32_t reasons[KINDS];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, from[0]), 0);
  paced_kernel(runtime, conn, PACED_SEND);
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  count_up(&asked);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn;
  reasons[user] = reason;
  count_up(&closed[user]);
}

static paced ask(serving *server, unsigned char kind) {
  paced client = {.want = LENGTH, .rate = LENGTH * SECOND / (SPAN * 3)};
  if (kind != PACED) client.rate = 100000000;
  client.fd = paced_dial(server);
  send_whole(client.fd, &kind, 1);
  client.start = harness_now_ns() + (kind == LATE ? 3 * SPAN : 0);
  return client;
}

static void within_a_grace(serving *server) {
  paced clients[KINDS];
  int ended[KINDS] = {0};
  uint64_t end;
  unsigned char kind;
  for (kind = 0; kind < KINDS; kind++) clients[kind] = ask(server, kind);
  wait_for_count(&asked, KINDS);
  end = harness_now_ns() + LIMIT + SECOND;
  CHECK_EQ(ringline_runtime_stop(server->runtime, 60 * SECOND), 0);
  while (ringline_runtime_join(server->runtime, 2000000) == -ETIMEDOUT) {
    CHECK(harness_now_ns() < end);
    for (kind = 0; kind < KINDS; kind++) {
      if (harness_now_ns() < clients[kind].start) continue;
      paced_take(&clients[kind], bytes);
      if (!clients[kind].over || kind == SILENT || ended[kind]) continue;
      ended[kind] = 1;
      CHECK(shutdown(clients[kind].fd, SHUT_WR) == 0);
    }
  }
  for (kind = 0; kind < KINDS; kind++) {
    CHECK(clients[kind].over && !clients[kind].reset);
    CHECK_EQ(reasons[kind], 0);
    CHECK_EQ(closed[kind], 1);
    close(clients[kind].fd);
  }
  CHECK_EQ(ringline_runtime_free(server->runtime), 0);
}

static void without_a_limit(serving *server) {
  paced client = ask(server, LATE);
  wait_for_count(&asked, KINDS + 1);
  CHECK_EQ(ringline_runtime_stop(server->runtime, -1), 0);
  CHECK_EQ(ringline_runtime_join(server->runtime, LIMIT), 0);
  CHECK_EQ(reasons[LATE], -ETIMEDOUT);
  CHECK_EQ(ringline_runtime_free(server->runtime), 0);
  close(client.fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = SPAN};
  serving server;
  fill(bytes, LENGTH, 9);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  within_a_grace(&server);
  serve(&server, &config, &handlers);
  without_a_limit(&server);
  harness_check_baseline();
  return 0;
}
