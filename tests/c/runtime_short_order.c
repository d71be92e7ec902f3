/*
 * Small messages that leave without a look at their connection, and everything else that may be
 * asked of it in the same callback: more messages, large ones, several parts, a lease, messages to
 * another connection in between, timeouts, a pause, a shutdown, a close. Each client asks for one
 * kind and compares what it gets. Failure: bytes in another order, twice, or of another
 * connection; an answer that stays behind; an end that comes before them, or not at all.
 */
#include "serving.h"

enum { LARGE = 100000, ROUNDS = 40 };

static unsigned char large[LARGE], in[LARGE + 64];
static uint64_t other;
static volatile long closed;

static void say(ringline_runtime *runtime, uint64_t conn, const char *text) {
  CHECK_EQ(ringline_conn_send(runtime, conn, text, strlen(text)), 0);
}

static void say_parts(ringline_runtime *runtime, uint64_t conn) {
  struct iovec parts[2] = {{(void *)"three", 5}, {(void *)"four", 4}};
  CHECK_EQ(ringline_conn_sendv(runtime, conn, parts, 2), 0);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_conn_timeouts limits = {.size = sizeof limits, .write_ns = 2000000000};
  ringline_lease lease = {.size = sizeof lease};
  (void)ctx, (void)user;
  if (length == 0) return 0;
  if (bytes[0] == 'o') return other = conn, (int64_t)length;
  if (bytes[0] == 'S') { /* the end is wanted before anything was said */
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "no", 2), RINGLINE_ECLOSED);
    return (int64_t)length;
  }
  say(runtime, conn, "one");
  switch (bytes[0]) {
  case 'm': say(runtime, conn, "two"); break;
  case 'v': say_parts(runtime, conn); break;
  case 'l': CHECK_EQ(ringline_conn_send(runtime, conn, large, LARGE), 0); break;
  case 'i': say(runtime, other, "x"), say(runtime, conn, "two"), say(runtime, other, "y"); break;
  case 't': CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0); break;
  case 'p':
    CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
    CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
    break;
  case 'k':
    CHECK_EQ(ringline_conn_take(runtime, conn, &lease), 0);
    CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease.lease, lease.bytes, length), 0);
    break;
  case 'w': /* what was to follow fails: the message before it leaves all the same */
    CHECK_EQ(ringline_conn_send_file(runtime, conn, -1, 0, 0, 0), -EBADF);
    CHECK_EQ(ringline_conn_send_lease(runtime, conn, 1, bytes, 1), RINGLINE_ESTALE);
    break;
  case 's':
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "no", 2), RINGLINE_ECLOSED);
    break;
  case 'c': CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0); break;
  case 'a': CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_AT_ONCE), 0); break;
  default: break;
  }
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK(reason == 0 || reason == -ECONNABORTED || reason == -ECONNRESET);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK_EQ(info.queued, reason == -ECONNABORTED ? 3u : 0u); /* "one" was dropped */
  count_up(&closed);
}

static void expect(int fd, const char *text) {
  recv_whole(fd, in, strlen(text));
  CHECK(memcmp(in, text, strlen(text)) == 0);
}

static void ask(int fd, const char *kind, const char *answer) {
  send_whole(fd, kind, 1);
  expect(fd, answer);
}

static void one_round(const serving *server, int another) {
  int fd = client_of(server);
  ask(fd, "n", "one");
  ask(fd, "m", "onetwo");
  ask(fd, "v", "onethreefour");
  ask(fd, "l", "one");
  recv_whole(fd, in, LARGE);
  CHECK(memcmp(in, large, LARGE) == 0);
  ask(fd, "i", "onetwo");
  expect(another, "xy");
  ask(fd, "k", "onek");
  ask(fd, "p", "one");
  ask(fd, "w", "one");
  ask(fd, "n", "one");
  ask(fd, "t", "one");
  ask(fd, "m", "onetwo");
  ask(fd, "s", "one");
  CHECK(recv_some(fd, in, 1) == 0);
  close(fd);
  fd = client_of(server);
  send_whole(fd, "S", 1);
  CHECK(recv_some(fd, in, 1) == 0);
  close(fd);
  fd = client_of(server);
  ask(fd, "c", "one");
  CHECK(recv_some(fd, in, 1) == 0);
  close(fd);
  /* What is queued is dropped: nothing comes, or the reset first, and never somebody else's. */
  fd = client_of(server);
  send_whole(fd, "a", 1);
  CHECK(recv_some(fd, in, 1) < 0);
  CHECK_EQ(errno, ECONNRESET);
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  int another, round;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fill(large, LARGE, 5);
  another = client_of(&server);
  send_whole(another, "o", 1);
  for (round = 0; round < ROUNDS; round++) one_round(&server, another);
  close(another);
  wait_for_count(&closed, 4 * ROUNDS + 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
