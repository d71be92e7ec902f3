/*
 * Connects of a worker: to a listener of its own (TCP and a path), to a port where nobody listens,
 * to one that does not answer, to one that is closed meanwhile, and one that the stop finds.
 * Failure: a connect that is never told, told twice or with the wrong result; a connection that
 * sends before it is there; a close callback for one that was never open; a descriptor left.
 */
#include "serving.h"

enum { OPEN, PATH, REFUSED, SILENT, CLOSED, STOPPED, KINDS };

static volatile long told[KINDS], over[KINDS], answered, begun;
static volatile long results[KINDS];
static char good[64], path[80], refused[64], silent[64];

static void begin(ringline_runtime *runtime, const char *address, uint64_t limit, int kind,
                  uint64_t *conn) {
  CHECK_EQ(ringline_conn_connect(runtime, address, limit, (uint64_t)kind + 1, conn), 0);
  CHECK_EQ(ringline_conn_send(runtime, *conn, "x", 1), -ENOTCONN);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  uint64_t other;
  if (user != 0) {
    if (length == 0) return 0;
    CHECK(length == 4 && memcmp(bytes, "ping", 4) == 0);
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
    count_up(&answered);
    return (int64_t)length;
  }
  if (length > 0 && bytes[0] == '!') {
    CHECK_EQ(ringline_conn_connect(runtime, "localhost:1", 0, 0, &other), -EINVAL);
    begin(runtime, good, 0, OPEN, &other);
    begin(runtime, path, LIMIT, PATH, &other);
    begin(runtime, refused, LIMIT, REFUSED, &other);
    begin(runtime, silent, 50000000, SILENT, &other);
    begin(runtime, silent, LIMIT, CLOSED, &other);
    CHECK_EQ(ringline_conn_close(runtime, other, RINGLINE_CLOSE_GRACEFULLY), 0);
    begin(runtime, silent, 0, STOPPED, &other);
    count_up(&begun);
    return (int64_t)length;
  }
  return echo_data(ctx, runtime, conn, user, bytes, length);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx;
  CHECK(user >= 1 && user <= KINDS);
  results[user - 1] = res;
  if (res == 0) CHECK_EQ(ringline_conn_send(runtime, conn, "ping", 4), 0);
  count_up(&told[user - 1]);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn;
  if (user == 0) return;
  CHECK_EQ(reason, 0);
  count_up(&over[user - 1]);
}

/* A bound socket; with a backlog it listens, and is full. */
static int deaf(char *address, int fill_it, int *stuffing, int *count) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), next;
  CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
  snprintf(address, 64, "127.0.0.1:%u", ntohs(at.sin_port));
  *count = 0;
  if (!fill_it) return fd;
  CHECK(listen(fd, 0) == 0);
  for (next = 0; next < 2; next++) { /* one more than the backlog; the second stays on its way */
    stuffing[next] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(connect(stuffing[next], (struct sockaddr *)&at, sizeof at) == 0 || errno == EINPROGRESS);
    ++*count;
  }
  return fd;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .connect = on_connect, .close = on_close};
  int stuffing[2], count, none, closed_port, silent_port, fd, kind;
  serving server;
  serving_baseline(NULL);
  closed_port = deaf(refused, 0, NULL, &none);
  silent_port = deaf(silent, 1, stuffing, &count);
  serve(&server, NULL, &handlers);
  snprintf(good, sizeof good, "127.0.0.1:%u", ntohs(server.address.sin_port));
  snprintf(path, sizeof path, "unix:@ringline-connect-%d", (int)getpid());
  CHECK_OK(ringline_runtime_listen(server.runtime, path, 0));
  fd = client_of(&server);
  send_whole(fd, "!", 1);
  wait_for_count(&begun, 1);
  for (kind = OPEN; kind <= CLOSED; kind++) wait_for_count(&told[kind], 1);
  wait_for_count(&over[OPEN], 1);
  wait_for_count(&over[PATH], 1);
  CHECK_EQ(answered, 2);
  CHECK_EQ(serving_stats(&server).connected, 2);
  CHECK_EQ(told[STOPPED], 0);
  close(fd);
  stop_serving(&server);
  CHECK_EQ(results[OPEN], 0);
  CHECK_EQ(results[PATH], 0);
  CHECK_EQ(results[REFUSED], -ECONNREFUSED);
  CHECK_EQ(results[SILENT], -ETIMEDOUT);
  CHECK_EQ(results[CLOSED], -ECANCELED);
  CHECK_EQ(results[STOPPED], -ECANCELED);
  for (kind = OPEN; kind < KINDS; kind++) {
    CHECK_EQ(told[kind], 1);
    CHECK_EQ(over[kind], kind <= PATH);
  }
  close(closed_port), close(silent_port);
  while (count > 0) close(stuffing[--count]);
  harness_check_baseline();
  return 0;
}
