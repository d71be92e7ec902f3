/*
 * A stop while a client takes a long answer at a pace, which the server makes piece by piece as
 * there is room for it (writable), as a download does. That takes three times close_timeout_ns.
 * With a grace of a minute, without a limit, and with the connection paused and the question left.
 * And, with a grace, a client that takes nothing for so long, and then all.
 * Failure: the server is not told that there is room any more, and the client sees an end too
 * early; or the close is told with the text of another call's error.
 */
#include "paced.h"

enum { LENGTH = 1 << 20, PIECE = 32 * 1024, HIGH = 64 * 1024 };
static const uint64_t SPAN = 500000000;

static unsigned char bytes[LENGTH];
static volatile long asked, closed;
static size_t given;
static int32_t why;
static int pauses;

static void give(ringline_runtime *runtime, uint64_t conn) {
  while (given < LENGTH) {
    int32_t code = ringline_conn_send(runtime, conn, bytes + given, PIECE);
    if (code == -EAGAIN) return;
    CHECK_EQ(code, 0);
    given += PIECE;
  }
  if (pauses) CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  (void)ctx, (void)user, (void)from;
  if (length == 0 || given == LENGTH) return (int64_t)length;
  paced_kernel(runtime, conn, PACED_SEND);
  if (pauses) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  give(runtime, conn);
  count_up(&asked);
  return pauses ? 0 : (int64_t)length;
}

static void on_writable(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  give(runtime, conn);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  why = reason;
  CHECK_EQ(strlen(ringline_error_detail()), 0); /* not that of the full queue */
  count_up(&closed);
}

static void stop_within(int64_t grace_ns, int paused_too, uint64_t late_ns) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .writable = on_writable, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = HIGH,
                                    .low_water = PIECE, .close_timeout_ns = SPAN};
  serving server;
  paced client = {.want = LENGTH, .rate = LENGTH * SECOND / (SPAN * 3)};
  asked = closed = 0, given = 0, pauses = paused_too;
  serve(&server, &config, &handlers);
  client.fd = paced_dial(&server);
  send_whole(client.fd, "?", 1);
  client.start = harness_now_ns() + late_ns;
  if (late_ns > 0) client.rate = 100000000;
  wait_for_count(&asked, 1);
  CHECK_EQ(ringline_runtime_stop(server.runtime, grace_ns), 0);
  while (!client.over) {
    CHECK(!client.reset && harness_now_ns() < client.start + 6 * SECOND);
    if (harness_now_ns() >= client.start) paced_take(&client, bytes);
    ringline_runtime_join(server.runtime, 2000000);
  }
  close(client.fd);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(given, LENGTH);
  CHECK_EQ(closed, 1);
  CHECK_EQ(why, 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
}

int main(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  fill(bytes, LENGTH, 5);
  serving_baseline(&config);
  stop_within(60 * SECOND, 0, 0);
  stop_within(-1, 0, 0);
  stop_within(60 * SECOND, 1, 0);
  stop_within(60 * SECOND, 0, 3 * SPAN);
  harness_check_baseline();
  return 0;
}
