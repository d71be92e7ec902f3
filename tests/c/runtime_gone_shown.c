/*
 * The client wrote 100,000 bytes and went before the server's answer, which therefore fails: in
 * every way of sending, by TCP and a path, at once, while the server pauses, with bytes that the
 * callback leaves each time, to a server that the worker itself connected to, during a stop.
 * Failure: a byte that was received is not shown, shown out of order or twice; the end is told as
 * one that a TCP client said; a close with another reason, before the bytes, twice or never.
 */
#include "leaving.h"

#include <sys/uio.h>

enum { SEND, PARTS, LENT, FILE_OF, LARGE, LEASE, KINDS };
enum { MESSAGE = 999, LARGEST = 4 * 1024 * 1024 };

static volatile long first, gone, notified, closed, released;
static volatile int kind, pauses, keeps, by_path, lends, floods, stops;
static size_t shown, shows;
static unsigned char *large;
static int file;

static void answer(ringline_runtime *runtime, uint64_t conn, const uint8_t *bytes) {
  struct iovec parts[2] = {{large, 10}, {large, 20}};
  ringline_lease lease = {.size = sizeof lease};
  lends = kind == LENT || kind == FILE_OF;
  switch (kind) {
  case SEND: CHECK_EQ(ringline_conn_send(runtime, conn, "hello", 5), 0); break;
  case PARTS: CHECK_EQ(ringline_conn_sendv(runtime, conn, parts, 2), 0); break;
  case LENT: CHECK_EQ(ringline_conn_send_zc(runtime, conn, large, LARGEST, 7), 0); break;
  case FILE_OF: CHECK_EQ(ringline_conn_send_file(runtime, conn, file, 0, 0, 7), 0); break;
  case LARGE: CHECK_EQ(ringline_conn_send(runtime, conn, large, LARGEST), 0); break;
  case LEASE:
    if (!bytes) {
      CHECK_EQ(ringline_conn_send(runtime, conn, "hello", 5), 0);
      break;
    }
    CHECK_EQ(ringline_conn_take(runtime, conn, &lease), 0);
    CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease.lease, bytes, 1), 0);
    break;
  }
}

static int fd_of(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  return info.fd;
}

static void opened(ringline_runtime *runtime, uint64_t conn) {
  if (!by_path) make_room(fd_of(runtime, conn));
  if (pauses) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, 1), 0);
  count_up(&first);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  opened(runtime, conn);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx, (void)user;
  CHECK_EQ(res, 0);
  opened(runtime, conn);
}

static void expect_gone(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.state == RINGLINE_CONN_OPEN && info.flags == RINGLINE_CONN_GONE);
}

/* Looks at the bytes for so long that more are there when it is through. */
static int64_t flooded(ringline_runtime *runtime, uint64_t conn, size_t length) {
  uint64_t end = harness_now_ns() + LIMIT;
  const int fd = fd_of(runtime, conn);
  int more = 0;
  while (more == 0) CHECK(ioctl(fd, FIONREAD, &more) == 0 && harness_now_ns() < end);
  return (int64_t)length;
}

/* The first byte is answered when the client is gone. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  size_t used = length;
  (void)ctx;
  CHECK_EQ(user, 1);
  /* By a path the kernel says so when the client closed: a send may hear of it later. */
  if (by_path && length == 0) return 1;
  if (floods && shown > 0) return flooded(runtime, conn, length);
  if (pauses) expect_gone(runtime, conn);
  CHECK(length > 0 && shown + length <= LEFT);
  CHECK(memcmp(bytes, left_bytes + shown, length) == 0);
  shows++;
  /* Whoever echoes need not know that nobody hears it. */
  if (shown > 1) {
    const int32_t code = ringline_conn_send(runtime, conn, "late", 4);
    CHECK(code == 0 || code == -EAGAIN);
    if (stops && shown > LEFT / 2) CHECK_EQ(ringline_runtime_stop(runtime, LIMIT), 0);
  }
  if (shown == 0 && !pauses) {
    CHECK_EQ(length, 1);
    count_up(&first);
    wait_for_least(&gone, 1);
    answer(runtime, conn, bytes);
  } else if (keeps) {
    used = length / MESSAGE * MESSAGE;
  }
  shown += used;
  return (int64_t)used;
}

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  uint64_t conn;
  (void)ctx, (void)res;
  if (user) CHECK_EQ(ringline_conn_connect(runtime, (const char *)(uintptr_t)user, 0, 0, &conn), 0);
  count_up(&notified);
}

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK(cookie == 7 && closed == 0);
  count_up(&released);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  const size_t rest = keeps ? (LEFT - !pauses) % MESSAGE : 0;
  (void)ctx, (void)runtime, (void)conn;
  CHECK_EQ(user, 1);
  CHECK(is_gone(reason));
  if (!floods) CHECK_EQ(shown, LEFT - rest);
  if (pauses) CHECK_EQ(shows, 1);
  CHECK_EQ(released, lends);
  count_up(&closed);
}

static void begin(int what) {
  kind = what;
  first = gone = closed = released = lends = 0;
  shown = shows = 0;
}

/* All of the client's life; `fd` is its end. */
static void one(int fd) {
  wait_for_count(&first, 1);
  send_whole(fd, left_bytes, 1);
  if (!pauses) wait_for_count(&first, 2);
  if (by_path) send_whole(fd, left_bytes + 1, LEFT - 1);
  else leave_bytes(fd, 1);
  vanish(fd);
  count_up(&gone);
  wait_for_count(&closed, 1);
}

static void clients_of(const serving *server, const char *path) {
  for (by_path = 0; by_path < 2; by_path++)
    for (keeps = 0; keeps < 2; keeps++) {
      int what;
      for (what = 0; what < KINDS; what++) {
        begin(what);
        one(by_path ? client_of_path(path) : client_of(server));
      }
    }
  by_path = keeps = 0;
}

/* Nobody sends: the poll says it. All that came is shown, once. */
static void paused(const serving *server) {
  pauses = 1;
  for (keeps = 0; keeps < 2; keeps++) {
    begin(SEND);
    one(client_of(server));
  }
  pauses = keeps = 0;
}

/* A client that hears nothing any more, but goes on: what was there is shown, and no more. */
static void refusing(const char *path) {
  ssize_t some;
  int fd;
  begin(SEND);
  by_path = 1, floods = 1;
  fd = client_of_path(path);
  wait_for_count(&first, 1);
  CHECK(shutdown(fd, SHUT_RD) == 0);
  send_whole(fd, left_bytes, 1);
  wait_for_count(&first, 2);
  count_up(&gone);
  do some = send_some(fd, left_bytes, 1000);
  while (some > 0);
  CHECK(errno == EPIPE || errno == ECONNRESET);
  wait_for_count(&closed, 1);
  close(fd);
  by_path = floods = 0;
}

static void outgoing(const serving *server) {
  struct sockaddr_in at;
  char text[32];
  int listener = make_listener(&at), fd;
  snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(at.sin_port));
  for (pauses = 0; pauses < 2; pauses++) {
    begin(SEND);
    CHECK_EQ(ringline_runtime_post(server->runtime, 0, (uint64_t)(uintptr_t)text, 0), 0);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(fd >= 0);
    one(fd);
  }
  pauses = 0;
  close(listener);
}

static void all(const ringline_runtime_config *config, const ringline_runtime_handlers *handlers) {
  char path[64];
  serving server;
  serve(&server, config, handlers);
  snprintf(path, sizeof path, "unix:@ringline-gone-%d", (int)getpid());
  CHECK_OK(ringline_runtime_listen(server.runtime, path, 0));
  clients_of(&server, path + strlen("unix:@"));
  paused(&server);
  refusing(path + strlen("unix:@"));
  outgoing(&server);
  stops = 1;
  begin(SEND);
  one(client_of(&server));
  stops = 0;
  stop_serving(&server);
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .accept = on_accept, .data = on_data, .close = on_close,
      .notify = on_notify, .released = on_released, .connect = on_connect};
  /* So few buffers that the bytes come in many looks, which wait for one another's. */
  ringline_runtime_config little = {.size = sizeof little, .workers = 1, .pool_buffers = 8,
                                    .pool_buffer_size = 2048};
  char name[] = "/tmp/ringline-gone-XXXXXX";
  file = mkostemp(name, O_CLOEXEC);
  large = (unsigned char *)malloc(LARGEST);
  CHECK(file >= 0 && large != NULL && unlink(name) == 0);
  CHECK(ftruncate(file, LARGEST) == 0);
  memset(large, 'l', LARGEST);
  fill(left_bytes, LEFT, 1);
  serving_baseline(NULL);
  all(NULL, &handlers);
  all(&little, &handlers);
  harness_check_baseline();
  close(file);
  free(large);
  return 0;
}
