/*
 * Lent memory that the kernel has all of, for clients that never read: gracefully closed, by the
 * default answer to a half-close, closed at once after that, by a stop without grace, and by free.
 * Failure: `closed` and `released` that never come, or come in the wrong order; a close that says
 * nothing of what it dropped; a stop that waits for its last resort.
 */
#include "paced.h"

enum { CLOSED, HALF, AT_ONCE, STOP, FREE, KINDS, LENGTH = 1 << 20 };
static const uint64_t SPAN = 300000000;

static unsigned char bytes[LENGTH];
static volatile long lent, released[KINDS], closed[KINDS];
static const int32_t reasons[KINDS] = {-ETIMEDOUT, -ETIMEDOUT, -ECONNABORTED, -ECANCELED,
                                       -ECANCELED};

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, from[0]), 0);
  paced_kernel(runtime, conn, LENGTH * 2);
  CHECK_EQ(ringline_conn_send_zc(runtime, conn, bytes, LENGTH, from[0]), 0);
  return (int64_t)length;
}

/* The kernel has it all. */
static void on_sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                    uint64_t length) {
  ringline_conn_info info = {.size = sizeof info};
  uint64_t timer;
  (void)ctx, (void)length;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  if (info.queued > 0) return;
  CHECK(info.untaken > 0 && info.untaken < LENGTH);
  if (user != HALF)
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  if (user == AT_ONCE) CHECK_EQ(ringline_timer_start(runtime, SPAN / 3, 0, conn, &timer), 0);
  count_up(&lent);
}

static void on_tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t conn,
                    uint32_t missed) {
  (void)ctx, (void)timer, (void)missed;
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_AT_ONCE), 0);
}

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime, (void)conn;
  CHECK_EQ(user, cookie);
  count_up(&released[user]);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK_EQ(released[user], 1);
  CHECK_EQ(reason, reasons[user]);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.queued == 0 && info.untaken > 0 && info.untaken < LENGTH);
  count_up(&closed[user]);
}

static int ask(serving *server, unsigned char kind) {
  long before = lent;
  int fd = paced_dial(server);
  send_whole(fd, &kind, 1);
  wait_for_count(&lent, before + 1);
  if (kind == HALF) CHECK(shutdown(fd, SHUT_WR) == 0);
  return fd;
}

static void by_the_clock(serving *server) {
  int fds[KINDS], kind;
  uint64_t start = harness_now_ns(), took;
  for (kind = CLOSED; kind <= AT_ONCE; kind++) fds[kind] = ask(server, (unsigned char)kind);
  for (kind = CLOSED; kind <= AT_ONCE; kind++) {
    wait_for_count(&closed[kind], 1);
    close(fds[kind]);
  }
  took = harness_now_ns() - start;
  CHECK(took >= SPAN && took < 4 * SPAN);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .sent = on_sent, .close = on_close,
                                        .released = on_released, .tick = on_tick};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = SPAN};
  serving server;
  uint64_t start;
  int fd;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  by_the_clock(&server);
  stop_serving(&server);
  /* A runtime for each: a descriptor whose lent memory was copied is not lent to again. */
  serve(&server, &config, &handlers);
  fd = ask(&server, STOP);
  start = harness_now_ns();
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(closed[STOP], 1);
  CHECK(harness_now_ns() - start < (uint64_t)SECOND); /* the last resort comes after that */
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  close(fd);
  serve(&server, &config, &handlers);
  fd = ask(&server, FREE);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(closed[FREE], 1);
  close(fd);
  harness_check_baseline();
  return 0;
}
