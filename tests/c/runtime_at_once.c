/*
 * Long messages are sent from where they lie, as far as the kernel takes them at once, and the rest
 * is copied. A head goes before each: to a client that reads, as one send and as slices, alone and
 * behind more than one block of smaller ones; to one that reads late; and to one that reset the
 * connection while its message was shown. Failure: a byte copied for who reads, or lost, doubled or
 * displaced; a close without the cause.
 */
#include "serving.h"

#include <sys/uio.h>

enum { LONG = 64 * 1024, HEAD = 8, COUNT = 32, LATE = 12, MOST_SLICES = 16, PART = 10000 };

static unsigned char out[LONG], in[HEAD + LONG];
static volatile long accepted, shown, resets, closed;
static int32_t reason;
static int before, slices, waits_for_reset;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  const int large = 4 * LONG;
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large) == 0);
  count_up(&accepted);
}

static void answer(ringline_runtime *runtime, uint64_t conn, const uint8_t *bytes) {
  struct iovec parts[MOST_SLICES];
  int at;
  for (at = 0; at < before; at++) CHECK_EQ(ringline_conn_send(runtime, conn, out, PART), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, "header: ", HEAD), 0);
  if (slices == 0) {
    CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LONG), 0);
    return;
  }
  for (at = 0; at < slices; at++) {
    parts[at].iov_base = (void *)(uintptr_t)(bytes + at * (LONG / slices));
    parts[at].iov_len = (size_t)(LONG / slices);
  }
  CHECK_EQ(ringline_conn_sendv(runtime, conn, parts, (uint32_t)slices), 0);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  size_t used = 0;
  (void)ctx, (void)user;
  for (; length - used >= LONG; used += LONG) {
    count_up(&shown);
    if (waits_for_reset) wait_for_count(&resets, 1);
    answer(runtime, conn, bytes + used);
  }
  return (int64_t)used;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t why) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  reason = why;
  count_up(&closed);
}

static void receive_answer(int fd) {
  int at;
  for (at = 0; at < before; at++) {
    recv_whole(fd, in, PART);
    CHECK(memcmp(in, out, PART) == 0);
  }
  recv_whole(fd, in, sizeof in);
  CHECK(memcmp(in, "header: ", HEAD) == 0);
  CHECK(memcmp(in + HEAD, out, LONG) == 0);
}

/* Bytes that the server copied for a client that reads each answer before it asks again. */
static uint64_t copied_for_reader(const serving *server, int as_slices) {
  const uint64_t copied = serving_stats(server).copied;
  const long over = closed;
  int fd = client_of(server), at;
  slices = as_slices;
  for (at = 0; at < COUNT; at++) {
    send_whole(fd, out, LONG);
    receive_answer(fd);
  }
  close(fd);
  wait_for_count(&closed, over + 1);
  return serving_stats(server).copied - copied;
}

static void read_late(const serving *server) {
  const uint64_t copied = serving_stats(server).copied;
  const long began = shown, over = closed;
  int fd = small_client_of(server), at;
  slices = 0;
  for (at = 0; at < LATE; at++) send_whole(fd, out, LONG);
  wait_for_count(&shown, began + LATE);
  for (at = 0; at < LATE; at++) receive_answer(fd);
  CHECK(serving_stats(server).copied > copied);
  close(fd);
  wait_for_count(&closed, over + 1);
}

static void reset_meanwhile(const serving *server) {
  const struct linger at_once = {1, 0};
  const long began = shown, over = closed;
  int fd = client_of(server);
  waits_for_reset = 1;
  send_whole(fd, out, LONG);
  wait_for_count(&shown, began + 1);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  close(fd);
  count_up(&resets);
  wait_for_count(&closed, over + 1);
  CHECK_EQ(reason, -ECONNRESET);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  serving_baseline(&config);
  fill(out, LONG, 17);
  serve(&server, &config, &handlers);
  CHECK_EQ(copied_for_reader(&server, 0), 0);
  CHECK_EQ(copied_for_reader(&server, 4), 0);
  CHECK_EQ(copied_for_reader(&server, MOST_SLICES), COUNT * LONG);
  before = 2;
  CHECK_EQ(copied_for_reader(&server, 0), COUNT * LONG);
  before = 0;
  read_late(&server);
  reset_meanwhile(&server);
  stop_serving(&server);
  CHECK_EQ(accepted, 6);
  return 0;
}
