/*
 * A server that keeps the bytes of one message in seven as a lease, while its pool is filled a
 * hundred times over: other messages before and behind it have been in the same buffer.
 * Failure: bytes that change while somebody has them, or a buffer that never comes back.
 */
#include "serving.h"

enum { MESSAGE = 512, MESSAGES = 1400, EVERY = 7, KEEP = 2, BUFFERS = 8, BUFFER = 4096 };

static unsigned char out[MESSAGE], in[MESSAGE];
static ringline_lease kept[KEEP];
static unsigned char copies[KEEP][MESSAGE];
static long shown;
static volatile long leased;

/* Lets go of the oldest lease, if there is one, after a look at its bytes. */
static void let_go(int place) {
  if (kept[place].size == 0) return;
  CHECK(memcmp(kept[place].bytes, copies[place], kept[place].length) == 0);
  CHECK_EQ(ringline_lease_release(kept[place].lease), 0);
  kept[place].size = 0;
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_lease lease = {.size = sizeof lease};
  int64_t used;
  if (length == 0) return 0;
  CHECK(length <= MESSAGE);
  if (++shown % EVERY != 0) return echo_data(ctx, runtime, conn, user, bytes, length);
  let_go((int)(leased % KEEP));
  used = ringline_conn_take(runtime, conn, &lease);
  CHECK_EQ(used, 0);
  memcpy(copies[leased % KEEP], lease.bytes, lease.length);
  kept[leased % KEEP] = lease;
  leased++;
  CHECK_EQ(ringline_conn_send(runtime, conn, lease.bytes, lease.length), 0);
  return 0;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .writable = echo_writable};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = BUFFERS,
                                    .pool_buffer_size = BUFFER};
  serving server;
  int fd, at;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  for (at = 0; at < MESSAGES; at++) {
    fill(out, MESSAGE, (unsigned)at);
    send_whole(fd, out, MESSAGE);
    recv_whole(fd, in, MESSAGE);
    CHECK(memcmp(in, out, MESSAGE) == 0);
  }
  CHECK(leased >= MESSAGES / EVERY);
  close(fd);
  stop_serving(&server);
  for (at = 0; at < KEEP; at++) let_go(at);
  harness_check_baseline();
  return 0;
}
