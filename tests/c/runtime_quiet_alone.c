/*
 * Messages that leave without a completion, to a client that does not read: the one that no longer
 * fits is told of by the kernel, and by nothing else, while the worker sleeps. Then the client
 * reads. Failure: a message that stays behind in the worker, or a byte lost, doubled or displaced.
 */
#include "serving.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

/* tcpi_bytes_acked is behind what the C library declares of struct tcp_info. */
enum { MESSAGE = 4096, ROUNDS = 8, BYTES_ACKED = 120 };

static unsigned char out[MESSAGE], in[MESSAGE];
static volatile long accepted, closed;
static uint64_t client;
static int served;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  const int small = 16384;
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  client = conn;
  served = info.fd;
  count_up(&accepted);
}

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)user, (void)res;
  CHECK_EQ(ringline_conn_send(runtime, client, out, MESSAGE), 0);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

/* Bytes that the kernel has taken of the server so far. Read while an acknowledgement comes they
 * may be too few. */
static long taken(void) {
  unsigned char info[BYTES_ACKED + sizeof(uint64_t)];
  socklen_t size = sizeof info;
  uint64_t acked;
  int under_way = 0;
  CHECK(getsockopt(served, IPPROTO_TCP, TCP_INFO, info, &size) == 0 && size == sizeof info);
  memcpy(&acked, info + BYTES_ACKED, sizeof acked);
  CHECK(ioctl(served, SIOCOUTQ, &under_way) == 0);
  return (long)acked + under_way;
}

/* Posts messages one at a time until one of them does not get into the socket; how many. */
static int fill_socket(serving *server) {
  const long before = taken();
  long count = 0;
  for (;;) {
    uint64_t patience;
    CHECK_EQ(ringline_runtime_post(server->runtime, 0, 1, 0), 0);
    count++;
    /* Too little patience only fills it less. */
    patience = harness_now_ns() + 30000000;
    while (taken() - before < count * MESSAGE && harness_now_ns() < patience) sched_yield();
    if (taken() - before < count * MESSAGE) return (int)count;
  }
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .notify = on_notify, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  int fd, round, at;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  wait_for_count(&accepted, 1);
  fill(out, MESSAGE, 11);
  for (round = 0; round < ROUNDS; round++) {
    int count = fill_socket(&server);
    for (at = 0; at < count; at++) {
      recv_whole(fd, in, MESSAGE);
      CHECK(memcmp(in, out, MESSAGE) == 0);
    }
  }
  close(fd);
  wait_for_count(&closed, 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
