/*
 * The other end goes while no receive of the server is in flight and nothing is sent: after its
 * half-close, and during a pause, also one in which its end came. And what is no death: a
 * half-close alone, the end of both directions, an entry in the socket's error queue, a path that
 * was closed with bytes unread.
 * Failure: the close is not told until the server sends; it is told although the other end is
 * there, or before bytes that could be read; the worker turns for nothing; a pause taken back and
 * made again costs a poll each time; a connection that was watched does not close.
 */
#include "leaving.h"

#include <linux/net_tstamp.h>
#include <time.h>

enum { STORM = 20000 };
enum { NOTHING, PAUSE, RESUME, CLOSE, END, ABORT, QUEUE };

static volatile long accepted, half_closed, left_there, shown, ended, closed, notified, storms;
static volatile int pauses, leaves, waits;
static volatile long reason;
static uint64_t last;
static int last_fd;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  last = conn, last_fd = info.fd;
  if (waits) wait_for_least(&half_closed, 1);
  if (pauses) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  count_up(&accepted);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user, (void)bytes;
  if (length == 0) {
    count_up(&ended);
    return 1;
  }
  if (leaves) {
    leaves = 0;
    CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
    count_up(&left_there);
    return waits ? (int64_t)length : 0;
  }
  __atomic_add_fetch(&shown, (long)length, __ATOMIC_ACQ_REL);
  return (int64_t)length;
}

/* Each pause and each resume is a turn of its own, and so is what a pause wants. */
static void storm(ringline_runtime *runtime) {
  const long step = storms % 4;
  if (step == 0) CHECK_EQ(ringline_conn_pause(runtime, last), 0);
  if (step == 2) CHECK_EQ(ringline_conn_resume(runtime, last), 0);
  if (--storms > 0) CHECK_EQ(ringline_runtime_post(runtime, 0, NOTHING, 0), 0);
}

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  int32_t code = 0;
  (void)ctx, (void)res;
  switch (user) {
  case PAUSE: code = ringline_conn_pause(runtime, last); break;
  case RESUME: code = ringline_conn_resume(runtime, last); break;
  case CLOSE: code = ringline_conn_close(runtime, last, RINGLINE_CLOSE_GRACEFULLY); break;
  case ABORT: code = ringline_conn_close(runtime, last, RINGLINE_CLOSE_AT_ONCE); break;
  case END: code = ringline_conn_shutdown(runtime, last); break;
  case QUEUE:
    CHECK(setsockopt(last_fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) == 0);
    code = ringline_conn_send(runtime, last, "x", 1);
    break;
  default:
    if (storms > 0) return storm(runtime);
  }
  CHECK_EQ(code, 0);
  count_up(&notified);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t why) {
  (void)ctx, (void)runtime, (void)user;
  CHECK_EQ(conn, last);
  reason = why;
  count_up(&closed);
}

static void ask(const serving *server, int what) {
  const long before = notified;
  CHECK_EQ(ringline_runtime_post(server->runtime, 0, (uint64_t)what, 0), 0);
  wait_for_count(&notified, before + 1);
}

/* What the kernel told before has been looked at when the worker has turned so often. */
static void still_there(const serving *server) {
  int at;
  for (at = 0; at < 20; at++) ask(server, NOTHING);
  CHECK_EQ(closed, 0);
}

static int begin(const serving *server, const char *path, int pause) {
  int fd;
  accepted = shown = ended = closed = 0;
  pauses = pause;
  fd = path ? client_of_path(path) : client_of(server);
  wait_for_count(&accepted, 1);
  still_there(server);
  return fd;
}

static void expect(long why, long bytes, long ends) {
  wait_for_count(&closed, 1);
  CHECK_EQ(reason, why);
  CHECK_EQ(shown, bytes);
  CHECK_EQ(ended, ends);
}

static void by_tcp(const serving *server) {
  int fd = begin(server, NULL, 0);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  wait_for_count(&ended, 1);
  still_there(server);
  vanish(fd);
  wait_for_count(&closed, 1);
  CHECK(is_gone((int32_t)reason) && shown == 0);
  fd = begin(server, NULL, 1);
  leave_bytes(fd, LEFT - 1000);
  still_there(server);
  CHECK_EQ(shown, 0);
  vanish(fd);
  expect(-ECONNRESET, 1000, 0);
  /* Half-closed behind bytes that nobody took, and then gone. */
  fd = begin(server, NULL, 1);
  leave_bytes(fd, LEFT - 1000);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  still_there(server);
  CHECK_EQ(shown, 0);
  vanish(fd);
  wait_for_count(&closed, 1);
  CHECK(is_gone((int32_t)reason) && shown == 1000 && ended == 0);
}

/* The end comes with the bytes in whose callback the server pauses: it is told after the pause, and
 * who goes meanwhile is noticed. A path that is closed is an end like any other. */
static void end_in_pause(const serving *server, const char *path) {
  int fd;
  accepted = half_closed = left_there = shown = ended = closed = 0;
  waits = leaves = 1, pauses = 0;
  fd = path ? client_of_path(path) : client_of(server);
  send_whole(fd, left_bytes, 1000);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  count_up(&half_closed);
  wait_for_count(&left_there, 1);
  still_there(server);
  CHECK_EQ(ended, 0);
  waits = 0;
  if (path) {
    close(fd);
    still_there(server);
    CHECK_EQ(ended, 0);
    ask(server, RESUME);
    return expect(-EPIPE, 0, 1);
  }
  vanish(fd);
  wait_for_count(&closed, 1);
  CHECK(is_gone((int32_t)reason) && ended == 0);
}

static void by_path(const serving *server, const char *path) {
  char byte;
  int fd = begin(server, path, 0);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  wait_for_count(&ended, 1);
  still_there(server);
  close(fd);
  expect(-EPIPE, 0, 1);
  fd = begin(server, path, 1);
  close(fd);
  expect(0, 0, 0);
  /* Who reads on loses nothing: the bytes, then the end, and only then is it gone. */
  fd = begin(server, path, 1);
  send_whole(fd, left_bytes, 1000);
  close(fd);
  still_there(server);
  CHECK_EQ(shown, 0);
  ask(server, RESUME);
  expect(-EPIPE, 1000, 1);
  /* The same with bytes that the callback left, and paused. */
  leaves = 1, left_there = 0;
  fd = begin(server, path, 0);
  send_whole(fd, left_bytes, 1000);
  wait_for_count(&left_there, 1);
  still_there(server);
  close(fd);
  still_there(server);
  CHECK_EQ(shown, 0);
  ask(server, RESUME);
  expect(-EPIPE, 1000, 1);
  /* Closed with bytes of the server's unread: that is an error, as a reset is. */
  fd = begin(server, path, 1);
  send_whole(fd, left_bytes, 1000);
  ask(server, QUEUE);
  CHECK_EQ(recv(fd, &byte, 1, MSG_PEEK), 1);
  close(fd);
  expect(-ECONNRESET, 1000, 0);
}

/* What hangs up here is no death: each side said its end. */
static void both_ends(const serving *server, const char *path) {
  char byte;
  int fd = begin(server, path, 1);
  ask(server, END);
  CHECK_EQ(recv_some(fd, &byte, 1), 0);
  send_whole(fd, left_bytes, 10);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  still_there(server);
  ask(server, RESUME);
  wait_for_count(&ended, 1);
  CHECK_EQ(shown, 10);
  still_there(server);
  ask(server, CLOSE);
  expect(0, 10, 1);
  close(fd);
}

/* A tenth of a second of nothing, which is measured, not waited for. */
static void half_closed_rests(const serving *server) {
  const struct timespec span = {0, 100000000};
  int fd = begin(server, NULL, 1);
  uint64_t before;
  CHECK(shutdown(fd, SHUT_WR) == 0);
  still_there(server);
  before = serving_stats(server).turns;
  nanosleep(&span, NULL);
  CHECK(serving_stats(server).turns - before < 20);
  CHECK_EQ(closed, 0);
  ask(server, ABORT);
  expect(-ECONNABORTED, 0, 0);
  close(fd);
}

static void error_queue(const serving *server) {
  struct pollfd look = {.events = 0};
  int fd = begin(server, NULL, 1);
  char byte;
  ask(server, QUEUE);
  recv_whole(fd, &byte, 1);
  look.fd = last_fd;
  CHECK_EQ(poll(&look, 1, 5000), 1);
  CHECK_EQ(look.revents, POLLERR);
  still_there(server);
  ask(server, CLOSE);
  close(fd);
  expect(0, 0, 0);
}

static void pause_storm(const serving *server) {
  uint64_t end = harness_now_ns() + LIMIT;
  int fd = begin(server, NULL, 0);
  char byte;
  storms = STORM;
  CHECK_EQ(ringline_runtime_post(server->runtime, 0, NOTHING, 0), 0);
  while (__atomic_load_n(&storms, __ATOMIC_ACQUIRE) > 0) {
    CHECK(harness_now_ns() < end);
    sched_yield();
  }
  send_whole(fd, "x", 1);
  wait_for_count(&shown, 1);
  /* A poll that was left behind would keep the socket, and the client would not hear of this. */
  ask(server, ABORT);
  CHECK(recv_some(fd, &byte, 1) < 0 && errno == ECONNRESET);
  expect(-ECONNABORTED, 1, 0);
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close,
                                        .notify = on_notify};
  char path[64];
  const char *name = path + strlen("unix:@");
  serving server;
  fill(left_bytes, LEFT, 1);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  snprintf(path, sizeof path, "unix:@ringline-noticed-%d", (int)getpid());
  CHECK_OK(ringline_runtime_listen(server.runtime, path, 0));
  by_tcp(&server);
  by_path(&server, name);
  end_in_pause(&server, NULL);
  end_in_pause(&server, name);
  both_ends(&server, NULL);
  both_ends(&server, name);
  half_closed_rests(&server);
  error_queue(&server);
  pause_storm(&server);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
