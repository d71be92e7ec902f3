/*
 * Files that do not say how long they are: of /proc, which say 0 bytes, of /sys, which say a page,
 * of a control group; and files that say 0 or have no blocks, and mean it.
 * Failure: nothing of a file sent as a success, a file that is sent with its length refused, an
 * empty file refused.
 */
#include "serving.h"

#include <fcntl.h>

static volatile long released, closed;
static int file;
static uint64_t length;
static int32_t code;
static char detail[256];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t size) {
  (void)ctx, (void)user, (void)bytes;
  if (size == 0) return 0;
  code = ringline_conn_send_file(runtime, conn, file, 0, length, 1);
  snprintf(detail, sizeof detail, "%s", code < 0 ? ringline_error_detail() : "");
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)size;
}

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime, (void)conn, (void)user, (void)cookie;
  count_up(&released);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

/* What a client gets of the file, which ends with the connection; its length. */
static size_t sent(const serving *server, int fd, uint64_t asked, char *bytes, size_t room) {
  size_t got = 0;
  ssize_t some;
  int client = client_of(server);
  file = fd, length = asked, closed = released = 0;
  send_whole(client, "x", 1);
  while ((some = recv_some(client, bytes + got, room - got)) > 0) got += (size_t)some;
  CHECK(some == 0);
  close(client);
  wait_for_count(&closed, 1);
  CHECK_EQ(released, code == 0);
  return got;
}

/* Without a length it is refused, and says why; with one it is sent. */
static void lies(const serving *server, const char *path) {
  static char bytes[4096], expected[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t there = fd < 0 ? 0 : pread(fd, expected, sizeof expected, 0);
  if (there > 0) {
    CHECK_EQ(sent(server, fd, 0, bytes, sizeof bytes), 0);
    CHECK_EQ(code, -EINVAL);
    if (!strstr(detail, "does not say how long it is")) HARNESS_FAIL("%s: %s", path, detail);
    CHECK_EQ((ssize_t)sent(server, fd, (uint64_t)there, bytes, sizeof bytes), there);
    CHECK_EQ(code, 0);
    CHECK(memcmp(bytes, expected, (size_t)there) == 0);
  }
  if (fd >= 0) close(fd);
}

static void tells(const serving *server, uint64_t size) {
  static char bytes[100001];
  char name[] = "/tmp/ringline-tells-XXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0 && unlink(name) == 0);
  CHECK(ftruncate(fd, (off_t)size) == 0); /* no block of it is there */
  CHECK_EQ(sent(server, fd, 0, bytes, sizeof bytes), size);
  CHECK_EQ(code, 0);
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close, .released = on_released};
  serving server;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  CHECK(access("/proc/version", R_OK) == 0);
  lies(&server, "/proc/version");
  lies(&server, "/sys/devices/system/cpu/possible");
  lies(&server, "/sys/fs/cgroup/cgroup.controllers");
  tells(&server, 0);
  tells(&server, 100000);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
