/*
 * Graceful ends towards clients that need three times close_timeout_ns for what they get, and get
 * all of it: copied bytes, a file, lent memory, the default answer to a half-close, and what the
 * kernel has already. Beside them one that takes less than min_rate, two that take nothing (the
 * kernel has all for one of them), and one that takes all and never ends.
 * Failure: a client that takes what it gets is cut off; a close that is told before its bytes are
 * taken; one that is held up by who takes nothing, next to nothing, or does not end.
 */
#include "paced.h"

enum { COPIES, FILE_OF, LENT, HALF, KERNEL, TRICKLE, NEVER, KEPT, SILENT, KINDS };
enum { LENGTH = 1 << 20, PACES = KERNEL + 1 };
static const uint64_t SPAN = 800000000; /* close_timeout_ns */

static unsigned char bytes[LENGTH];
static volatile long closed[KINDS], done[KINDS], released;
static int32_t reasons[KINDS];
static uint64_t closed_at[KINDS], untaken[KINDS], queued[KINDS];
static int file;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, from[0]), 0);
  paced_kernel(runtime, conn, from[0] == KERNEL || from[0] == KEPT ? LENGTH * 2 : PACED_SEND);
  if (from[0] == FILE_OF)
    CHECK_EQ(ringline_conn_send_file(runtime, conn, file, 0, LENGTH, FILE_OF), 0);
  else if (from[0] == LENT)
    CHECK_EQ(ringline_conn_send_zc(runtime, conn, bytes, LENGTH, LENT), 0);
  else
    CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  if (from[0] != HALF)
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)length;
}

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime, (void)conn;
  CHECK_EQ(user, cookie);
  count_up(&released);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  if (user == KERNEL) CHECK(done[user]); /* it waited until that was taken */
  reasons[user] = reason;
  untaken[user] = info.untaken, queued[user] = info.queued;
  closed_at[user] = harness_now_ns();
  count_up(&closed[user]);
}

static int temporary(void) {
  char name[] = "/tmp/ringline-slow-XXXXXX";
  int fd = mkostemp(name, O_CLOEXEC);
  CHECK(fd >= 0);
  CHECK(unlink(name) == 0);
  CHECK(write(fd, bytes, LENGTH) == LENGTH);
  return fd;
}

static paced ask(serving *server, unsigned char kind) {
  paced client = {.want = LENGTH, .rate = LENGTH * SECOND / (SPAN * 3)};
  if (kind == TRICKLE) client.rate = 60000;
  if (kind == NEVER || kind == KEPT) client.rate = 0;
  if (kind == SILENT) client.rate = 100000000;
  client.fd = paced_dial(server);
  send_whole(client.fd, &kind, 1);
  if (kind == HALF) CHECK(shutdown(client.fd, SHUT_WR) == 0);
  client.start = harness_now_ns();
  return client;
}

static int all_closed(void) {
  int kind;
  for (kind = 0; kind < KINDS; kind++)
    if (!__atomic_load_n(&closed[kind], __ATOMIC_ACQUIRE)) return 0;
  return 1;
}

static void run(serving *server) {
  paced clients[KINDS];
  uint64_t end = harness_now_ns() + LIMIT + 3 * SECOND;
  unsigned char kind;
  for (kind = 0; kind < KINDS; kind++) clients[kind] = ask(server, kind);
  while (!all_closed()) {
    CHECK(harness_now_ns() < end);
    for (kind = 0; kind < KINDS; kind++) {
      paced_take(&clients[kind], bytes);
      if (!clients[kind].over || done[kind]) continue;
      done[kind] = 1;
      if (kind != SILENT) CHECK(shutdown(clients[kind].fd, SHUT_WR) == 0 || kind == HALF);
    }
    usleep(2000); /* the pace of the clients */
  }
  for (kind = 0; kind < PACES; kind++) {
    CHECK_EQ(reasons[kind], 0);
    CHECK_EQ(queued[kind] + untaken[kind], 0);
  }
  while (!clients[HALF].over) paced_take(&clients[HALF], bytes); /* the kernel went on */
  for (kind = 0; kind < PACES; kind++) CHECK(clients[kind].over && !clients[kind].reset);
  for (kind = TRICKLE; kind < KINDS; kind++) {
    uint64_t took = closed_at[kind] - clients[kind].start;
    CHECK(took >= SPAN && took < 3 * SPAN);
    CHECK_EQ(reasons[kind], kind == SILENT ? 0 : -ETIMEDOUT);
    CHECK_EQ(queued[kind] > 0, kind == TRICKLE || kind == NEVER);
    CHECK_EQ(untaken[kind] > 0, kind != SILENT);
  }
  CHECK(clients[TRICKLE].got > 0);
  for (kind = 0; kind < KINDS; kind++) close(clients[kind].fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close, .released = on_released};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = SPAN, .min_rate = 100000};
  serving server;
  fill(bytes, LENGTH, 9);
  file = temporary();
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  run(&server);
  CHECK_EQ(released, 2);
  stop_serving(&server);
  harness_check_baseline();
  close(file);
  return 0;
}
