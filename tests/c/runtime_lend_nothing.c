/*
 * A callback that lends nothing, and nothing of a file, again and again: no send queue counts that,
 * and its releases are told only when the callback has returned.
 * Failure: it is never refused, so that the worker's memory grows as long as the callback likes; or
 * a release that was promised is lost, told twice, or told after the close.
 */
#include "serving.h"

enum { MOST = 1 << 16, TRIES = 4 * MOST };

static volatile long released, closed;
static uint64_t promised;
static int32_t closing;
static int file;

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)user;
  CHECK_EQ(cookie, released); /* in order, each once */
  count_up(&released);
  if (cookie % 4 != 0 || closing) return;
  closing = ringline_conn_send_zc(runtime, conn, NULL, 0, promised);
  CHECK(closing == 0 || closing == RINGLINE_ECLOSED);
  promised += closing == 0;
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  int32_t code = 0;
  (void)ctx, (void)user, (void)bytes;
  if (length == 0) return 0;
  while (promised < TRIES) {
    code = promised % 2 ? ringline_conn_send_zc(runtime, conn, "", 0, promised)
                        : ringline_conn_send_file(runtime, conn, file, 0, 0, promised);
    if (code != 0) break;
    promised++;
  }
  CHECK_EQ(code, -ENOBUFS);
  CHECK_EQ(promised, MOST);
  CHECK_EQ(released, 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  CHECK_EQ(released, promised);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .data = on_data, .close = on_close, .released = on_released};
  char name[] = "/tmp/ringline-nothing-XXXXXX";
  serving server;
  int fd;
  file = mkstemp(name);
  CHECK(file >= 0 && unlink(name) == 0);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  fd = client_of(&server);
  send_whole(fd, "x", 1);
  wait_for_least(&released, MOST + MOST / 4); /* also those that were lent in the callback */
  close(fd);
  wait_for_count(&closed, 1);
  CHECK(promised > MOST);
  stop_serving(&server);
  harness_check_baseline();
  close(file);
  return 0;
}
