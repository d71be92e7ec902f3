/*
 * A hundred clients send 700,000 bytes that the data callback leaves: 70 MB are kept. They are
 * consumed with the next byte, left again, and their clients go; then others come in their places,
 * pause, and go as the runtime stops.
 * Not under a sanitizer, which keeps what was freed.
 * Failure: memory that does not go down with what is kept, or with the connections.
 */
#include "serving.h"

enum { CLIENTS = 100, LENGTH = 700000 };
#define MUCH (50l << 20)
#define LITTLE (12l << 20)

static volatile long whole, consumed, closed, accepted;
static volatile int consumes, pauses;
static char bytes[LENGTH];

static long resident(void) {
  long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&accepted);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *data, size_t length) {
  (void)ctx, (void)user, (void)data;
  if (length == 0) return 0;
  if (consumes) {
    if (length > LENGTH) count_up(&consumed);
    return (int64_t)length;
  }
  if (length >= LENGTH) {
    count_up(&whole);
    if (pauses) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  }
  return 0;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user, (void)reason;
  count_up(&closed);
}

static void leave(const int *fds) {
  long before = whole;
  int at;
  for (at = 0; at < CLIENTS; at++) send_whole(fds[at], bytes, LENGTH);
  wait_for_count(&whole, before + CLIENTS);
}

static void come(const serving *server, int *fds) {
  long before = accepted;
  int at;
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(server);
  wait_for_count(&accepted, before + CLIENTS);
}

static void go(int *fds) {
  const struct linger at_once = {1, 0};
  long before = closed;
  int at;
  for (at = 0; at < CLIENTS; at++) {
    CHECK_EQ(setsockopt(fds[at], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fds[at]);
  }
  wait_for_count(&closed, before + CLIENTS);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  int fds[CLIENTS], at;
  serving server;
  long base, most = 0, now;
  serve(&server, NULL, &handlers);
  base = resident();
  come(&server, fds);
  leave(fds);
  most = resident() - base;
  CHECK(most > MUCH);
  consumes = 1;
  for (at = 0; at < CLIENTS; at++) send_whole(fds[at], "x", 1);
  wait_for_count(&consumed, CLIENTS);
  now = resident() - base;
  printf("%ld MB, consumed: %ld MB\n", most >> 20, now >> 20);
  CHECK(now < LITTLE);
  consumes = 0;
  leave(fds);
  go(fds);
  now = resident() - base;
  printf("closed: %ld MB\n", now >> 20);
  CHECK(now < LITTLE);
  come(&server, fds);
  pauses = 1;
  leave(fds);
  consumes = 1;
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  wait_for_count(&closed, 2 * CLIENTS);
  now = resident() - base;
  printf("stopped: %ld MB\n", now >> 20);
  CHECK(now < LITTLE);
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  return 0;
}
