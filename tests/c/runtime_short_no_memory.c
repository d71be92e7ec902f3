/*
 * No memory at the moment when a small message that waits for the next enter is to go into its
 * connection's queue, since something follows it.
 * Not under a sanitizer, which has a malloc of its own.
 * Failure: the message lost, though its send returned 0, or the bytes of one connection sent on
 * another.
 */
#include "serving.h"

extern void *__libc_malloc(size_t);

enum { BLOCK = 16384 };

static __thread int fails;
static int refused;
static uint64_t first;

void *malloc(size_t size) {
  if (!fails || size != BLOCK) return __libc_malloc(size);
  refused++;
  errno = ENOMEM;
  return NULL;
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  const struct iovec part = {(void *)"x", 1};
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes[0] == 'a' ? "AAAA" : "BBBB", 4), 0);
  if (bytes[0] == 'a') {
    first = conn;
    fails = 1;
    CHECK_EQ(ringline_conn_sendv(runtime, conn, &part, 1), -ENOMEM);
    fails = 0;
  } else {
    CHECK_EQ(ringline_conn_send(runtime, first, "aaaa", 4), 0);
  }
  return (int64_t)length;
}

static void expect(int fd, const char *text) {
  char got[8];
  recv_whole(fd, got, 4);
  CHECK(memcmp(got, text, 4) == 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  int one, other;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  one = client_of(&server), other = client_of(&server);
  send_whole(one, "a", 1);
  expect(one, "AAAA");
  send_whole(other, "b", 1);
  expect(other, "BBBB");
  expect(one, "aaaa");
  CHECK_EQ(refused, 1);
  close(one), close(other);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
