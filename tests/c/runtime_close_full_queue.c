/*
 * Closing a connection whose queue is full. Gracefully: the client gets every byte and then the
 * end, although it sends all the while. At once: the client sees a reset. Gracefully towards a
 * client that never reads: -ETIMEDOUT after close_timeout_ns.
 * Failure: bytes lost by a graceful close, a close that hangs, ids that are valid after it.
 */
#include "serving.h"

enum { LENGTH = 16 * 1024 * 1024 }; /* far more than both sockets hold */

static volatile long closed, last_reason;
static unsigned char *bytes;
static uint64_t last_conn;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  uint32_t how = from[0] == 'a' ? RINGLINE_CLOSE_AT_ONCE : RINGLINE_CLOSE_GRACEFULLY;
  (void)ctx, (void)user;
  CHECK(length > 0);
  if (last_conn != 0) {
    CHECK_EQ(ringline_conn_set_user(runtime, last_conn, 1), RINGLINE_ESTALE);
    CHECK_EQ(ringline_conn_send(runtime, last_conn, "x", 1), RINGLINE_ESTALE);
  }
  last_conn = conn;
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, 7), -EINVAL);
  CHECK_EQ(ringline_conn_close(runtime, conn, how), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, how), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ECLOSED);
  CHECK_EQ(closed, user); /* never told from inside the call */
  return 1;
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, (uint64_t)closed), 0);
  narrow_sends(runtime, conn);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)user;
  CHECK_EQ(conn, last_conn);
  last_reason = reason;
  count_up(&closed);
}

static void *sender(void *ctx) {
  static unsigned char noise[65536];
  int fd = *(int *)ctx;
  while (send_some(fd, noise, sizeof noise) > 0) continue;
  return NULL;
}

static void gracefully(serving *server) {
  unsigned char *in = (unsigned char *)malloc(LENGTH);
  pthread_t thread;
  int fd = client_of(server);
  CHECK(in != NULL);
  send_whole(fd, "g", 1);
  CHECK(pthread_create(&thread, NULL, sender, &fd) == 0);
  recv_whole(fd, in, LENGTH);
  CHECK(memcmp(in, bytes, LENGTH) == 0);
  CHECK_EQ(recv_some(fd, in, 1), 0);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  pthread_join(thread, NULL);
  wait_for_count(&closed, 1);
  CHECK_EQ(last_reason, 0);
  close(fd);
  free(in);
}

static void at_once(serving *server) {
  static unsigned char in[65536];
  ssize_t some;
  long got = 0;
  int fd = small_client_of(server);
  send_whole(fd, "a", 1);
  do {
    some = recv_some(fd, in, sizeof in);
    got += some > 0 ? some : 0;
  } while (some > 0);
  CHECK(some < 0 && errno == ECONNRESET && got < LENGTH);
  wait_for_count(&closed, 2);
  CHECK_EQ(last_reason, -ECONNABORTED);
  close(fd);
}

static void in_vain(serving *server) {
  int fd = small_client_of(server);
  send_whole(fd, "g", 1);
  wait_for_count(&closed, 3);
  CHECK_EQ(last_reason, -ETIMEDOUT);
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = 1500000000};
  serving server;
  bytes = (unsigned char *)malloc(LENGTH);
  CHECK(bytes != NULL);
  fill(bytes, LENGTH, 5);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  gracefully(&server);
  at_once(&server);
  in_vain(&server);
  stop_serving(&server);
  free(bytes);
  harness_check_baseline();
  return 0;
}
