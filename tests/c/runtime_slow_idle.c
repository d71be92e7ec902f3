/*
 * Time limits of idleness and of writes, six times shorter than their clients need for what they
 * get: by copies, from lent memory, and from what the kernel has already. All take steadily, and
 * get all of it. Beside them those that take nothing, and one that takes less than min_rate.
 * Failure: a steady download that a limit ends; a stall that it does not end.
 */
#include "paced.h"

enum { IDLE, IDLE_LENT, IDLE_KERNEL, WRITE, WRITE_LENT, TRICKLE, STALLED };
enum { STALLED_LENT = STALLED, STALLED_KERNEL, STALLED_WRITE, KINDS, LENGTH = 1 << 20 };
static const uint64_t SPAN = 500000000;

static unsigned char bytes[LENGTH];
static volatile long closed[KINDS], released;
static int32_t reasons[KINDS];
static uint64_t closed_at[KINDS];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  ringline_conn_timeouts limits = {.size = sizeof limits};
  unsigned char kind = length > 0 ? from[0] : 0;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  if (kind == WRITE || kind == WRITE_LENT || kind == STALLED_WRITE) limits.write_ns = SPAN;
  else limits.idle_ns = SPAN;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, kind), 0);
  CHECK_EQ(ringline_conn_set_timeouts(runtime, conn, &limits), 0);
  paced_kernel(runtime, conn,
               kind == IDLE_KERNEL || kind == STALLED_KERNEL ? LENGTH * 2 : PACED_SEND);
  if (kind == IDLE_LENT || kind == WRITE_LENT || kind == STALLED_LENT)
    CHECK_EQ(ringline_conn_send_zc(runtime, conn, bytes, LENGTH, kind), 0);
  else
    CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
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
  (void)ctx, (void)runtime, (void)conn;
  reasons[user] = reason;
  closed_at[user] = harness_now_ns();
  count_up(&closed[user]);
}

static paced ask(serving *server, unsigned char kind) {
  paced client = {.want = LENGTH, .rate = LENGTH * SECOND / (SPAN * 6)};
  if (kind >= STALLED) client.rate = 0;
  if (kind == TRICKLE) client.rate = 60000;
  client.fd = paced_dial(server);
  send_whole(client.fd, &kind, 1);
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
      if (clients[kind].over) continue;
      paced_take(&clients[kind], bytes);
      if (clients[kind].got < LENGTH) continue;
      close(clients[kind].fd);
      clients[kind].over = 1;
    }
    usleep(2000); /* the pace of the clients */
  }
  for (kind = 0; kind < TRICKLE; kind++) CHECK_EQ(reasons[kind], 0);
  for (kind = TRICKLE; kind < KINDS; kind++) {
    uint64_t took = closed_at[kind] - clients[kind].start;
    CHECK_EQ(reasons[kind], -ETIMEDOUT);
    CHECK(took >= SPAN && took < 3 * SPAN);
    close(clients[kind].fd);
  }
  CHECK(clients[TRICKLE].got > 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close, .released = on_released};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .min_rate = 100000};
  serving server;
  fill(bytes, LENGTH, 9);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  run(&server);
  CHECK_EQ(released, 3);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
