/*
 * A connect's time limit passes while its worker is in a callback, after which the worker has
 * something to send at once: the turn that does not wait stages the cancel of the connect itself.
 * Failure: that counts as a refusal of the kernel's: a rest, a line in the log, a backoff.
 */
#include "serving.h"

static struct sockaddr_in silent;
static volatile long told, ended;

static void on_log(void *ctx, uint32_t level, const char *text) {
  (void)ctx, (void)level, (void)text;
  count_up(&told);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  char address[32];
  uint64_t dialed, end;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  if (bytes[0] == 'c') {
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(silent.sin_port));
    CHECK_EQ(ringline_conn_connect(runtime, address, 20000000, 0, &dialed), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "c", 1), 0);
    return (int64_t)length;
  }
  for (end = harness_now_ns() + 40000000; harness_now_ns() < end;) {}
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), 0);
  CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
  return (int64_t)length;
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(res, -ETIMEDOUT);
  count_up(&ended);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .connect = on_connect};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  socklen_t size = sizeof silent;
  serving server;
  char in[1];
  int listener, fd, at, fillers[3];
  serving_baseline(&config);
  /* A listener whose backlog is full answers nobody. */
  silent.sin_family = AF_INET, silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr *)&silent, sizeof silent) == 0);
  CHECK(listen(listener, 0) == 0);
  CHECK(getsockname(listener, (struct sockaddr *)&silent, &size) == 0);
  for (at = 0; at < 3; at++) {
    fillers[at] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(fillers[at], (struct sockaddr *)&silent, sizeof silent);
  }
  CHECK_EQ(ringline_set_log(on_log, NULL, RINGLINE_LOG_WARN), 0);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  send_whole(fd, "c", 1);
  recv_whole(fd, in, 1);
  send_whole(fd, "n", 1);
  recv_whole(fd, in, 1);
  CHECK(recv_some(fd, in, 1) == 0);
  wait_for_count(&ended, 1);
  CHECK_EQ(serving_stats(&server).backoffs, 0);
  CHECK_EQ(told, 0);
  close(fd);
  stop_serving(&server);
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  for (at = 0; at < 3; at++) close(fillers[at]);
  close(listener);
  harness_check_baseline();
  return 0;
}
