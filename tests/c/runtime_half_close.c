/*
 * Half-close both ways. The client ends its side first: the server is told by a length of 0 and may
 * go on sending. The server ends its side first: the client sees the end, and what it still sends
 * arrives.
 * Failure: a direction that dies with the other one, an end that is told twice or never.
 */
#include "serving.h"

enum { LATE = 300000 };

static volatile long closed, ends, received;
static unsigned char late[LATE];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  if (length == 0) {
    CHECK(info.flags & RINGLINE_CONN_ENDED);
    count_up(&ends);
    if (received > 1) return 0;
    CHECK_EQ(ringline_conn_send(runtime, conn, late, LATE), 0);
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), RINGLINE_ECLOSED);
    return 1; /* the last bytes are still to go: close when they are gone */
  }
  if (received == 1 && bytes[0] == 's') {
    CHECK_EQ(ringline_conn_send(runtime, conn, "bye", 3), 0);
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ECLOSED);
  }
  __atomic_add_fetch(&received, (long)length, __ATOMIC_ACQ_REL);
  return (int64_t)length;
}

static void on_sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                    uint64_t length) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user, (void)length;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  if (info.sent != LATE) return;
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), RINGLINE_ECLOSED);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .sent = on_sent, .close = on_close};
  static unsigned char in[LATE];
  serving server;
  int fd;
  fill(late, LATE, 3);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  fd = client_of(&server);
  send_whole(fd, "1", 1);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  recv_whole(fd, in, LATE);
  CHECK(memcmp(in, late, LATE) == 0);
  CHECK_EQ(recv_some(fd, in, 1), 0);
  wait_for_count(&closed, 1);
  CHECK_EQ(ends, 1);
  close(fd);
  fd = client_of(&server);
  send_whole(fd, "s", 1);
  recv_whole(fd, in, 3);
  CHECK(memcmp(in, "bye", 3) == 0);
  CHECK_EQ(recv_some(fd, in, 1), 0); /* the server's end, and its ear is still open */
  send_whole(fd, late, LATE);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  wait_for_count(&received, 2 + LATE);
  wait_for_count(&closed, 2);
  CHECK_EQ(ends, 2);
  close(fd);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
