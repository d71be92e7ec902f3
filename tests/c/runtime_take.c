/*
 * An echo server that copies nothing: it takes what is shown as a lease and sends from it. Clients
 * of which one does not read for a while send more than the pool holds, and compare a hash.
 * Failure: a byte lost, doubled or in the wrong place; a lease that can be sent or given back
 * twice; a pool that starves behind a client that does not read; a refusal that is not counted.
 */
#include "serving.h"

enum { CLIENTS = 4, LENGTH = 256 * 1024, BUFFERS = 4, BUFFER = 16 * 1024 };

static unsigned char out[LENGTH], in[LENGTH];
static volatile long closed, shown;
static int checked;

static void check_lease(ringline_runtime *runtime, uint64_t conn, const ringline_lease *lease) {
  ringline_lease again = {.size = sizeof again};
  unsigned char other[4] = "abc";
  CHECK_EQ(ringline_conn_take(runtime, conn, &again), -ENODATA);
  CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease->lease, other, 3), -EINVAL);
  CHECK_EQ(ringline_conn_send_lease(runtime, conn, 0, lease->bytes, 1), RINGLINE_ESTALE);
  CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease->lease, lease->bytes,
                                    (size_t)BUFFERS * BUFFER + 1), -EINVAL);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  const int small = 32768; /* what a client does not read soon waits in the queue */
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_lease lease = {.size = sizeof lease}, none = {.size = 3};
  int32_t code;
  (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_take(runtime, conn, &none), -EINVAL);
  code = ringline_conn_take(runtime, conn, &lease);
  if (code < 0) {
    CHECK(code == -ENOBUFS || code == -ENODATA);
    return echo_data(ctx, runtime, conn, user, bytes, length);
  }
  count_up(&shown);
  CHECK(lease.bytes == bytes && lease.length == length);
  if (!checked) check_lease(runtime, conn, &lease);
  code = ringline_conn_send_lease(runtime, conn, lease.lease, lease.bytes, length);
  if (code == -EAGAIN) { /* still mine; what is taken counts as consumed, so it waits as a copy */
    CHECK_EQ(ringline_lease_release(lease.lease), 0);
    return -EPROTO;
  }
  CHECK_EQ(code, 0);
  if (!checked) {
    CHECK_EQ(ringline_lease_release(lease.lease), RINGLINE_ESTALE);
    CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease.lease, bytes, 1), RINGLINE_ESTALE);
  }
  checked = 1;
  return 0;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

static void echo_all(int fd, size_t piece) {
  size_t at;
  memset(in, 0, LENGTH);
  for (at = 0; at < LENGTH; at += piece) {
    send_whole(fd, out + at, piece);
    recv_whole(fd, in + at, piece);
  }
  CHECK(memcmp(in, out, LENGTH) == 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .writable = echo_writable,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = BUFFERS,
                                    .pool_buffer_size = BUFFER, .high_water = 4 * LENGTH};
  int fds[CLIENTS], at;
  serving server;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  fill(out, LENGTH, 7);
  for (at = 0; at < 16; at++) send_whole(fds[0], out, LENGTH / 4); /* and does not read */
  for (at = 1; at < CLIENTS; at++) echo_all(fds[at], at == 1 ? 64 : 16384);
  for (at = 0; at < 16; at++) {
    recv_whole(fds[0], in, LENGTH / 4);
    CHECK(memcmp(in, out, LENGTH / 4) == 0);
  }
  CHECK(shown > 0);
  CHECK_EQ(serving_stats(&server).taken, (uint64_t)shown);
  CHECK(serving_stats(&server).take_refusals > 0);
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  wait_for_count(&closed, CLIENTS);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
