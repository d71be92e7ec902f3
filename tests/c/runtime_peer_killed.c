/*
 * The process at the other end of 1,000 connections is killed while megabytes are on their way to
 * it: each connection ends exactly once, with a reason that says so, and nothing of it stays.
 * Failure: an end that never comes or comes twice, a signal, a descriptor that stays.
 */
#include "crowd.h"

enum { CLIENTS = 1000, LENGTH = 1024 * 1024 };

static volatile long closed, served;
static unsigned char *bytes;

/* One of ten is in the middle of a large answer; the others are idle. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *data, size_t length) {
  (void)ctx, (void)data;
  if (length == 0) return 0;
  if (user == 0) count_up(&served);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, 1), 0);
  if (user == 0 && conn % 10 == 0) CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime;
  CHECK_EQ(user, 1);
  if (conn % 10 == 0) CHECK(reason == -ECONNRESET || reason == -EPIPE);
  else CHECK(reason == 0 || reason == -ECONNRESET);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  crowd clients;
  serving server;
  int before;
  bytes = (unsigned char *)malloc(LENGTH);
  CHECK(bytes != NULL);
  fill(bytes, LENGTH, 1);
  need_descriptors(CLIENTS + 100);
  crowd_start(&clients, CLIENTS);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  before = harness_count().fds;
  crowd_do(&clients, 'o', &server);
  crowd_do(&clients, 's', &server);
  wait_for_count(&served, CLIENTS);
  crowd_end(&clients, 1);
  wait_for_count(&closed, CLIENTS);
  CHECK_EQ(harness_count().fds, before);
  CHECK_EQ(serving_stats(&server).closed, CLIENTS);
  stop_serving(&server);
  free(bytes);
  harness_check_baseline();
  return 0;
}
