/*
 * The client resets the connection while megabytes are on their way to it, and another one leaves
 * with unread data. Each connection is told to be over exactly once, with the reason, and how many
 * bytes the kernel took is known in its close callback.
 * Failure: a close that never comes or comes twice, a signal, a count that does not add up.
 */
#include "serving.h"

enum { LENGTH = 8 * 1024 * 1024, ROUNDS = 20 };

static volatile long accepted, closed;
static unsigned char *bytes;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, conn), 0);
  count_up(&accepted);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK_EQ(user, conn);
  CHECK(reason == -ECONNRESET || reason == -EPIPE);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK_EQ(info.sent + info.queued, LENGTH);
  CHECK(info.queued > 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .close = on_close};
  const struct linger reset = {1, 0};
  char byte;
  serving server;
  int fd, round;
  bytes = (unsigned char *)malloc(LENGTH);
  CHECK(bytes != NULL);
  fill(bytes, LENGTH, 1);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  for (round = 0; round < ROUNDS; round++) {
    fd = client_of(&server);
    wait_for_count(&accepted, round + 1);
    if (round % 2 == 0) {
      CHECK(recv_some(fd, &byte, 1) == 1);
      CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
    } else {
      /* closing with unread data resets as well */
      while (recv(fd, &byte, 1, MSG_PEEK) < 0) CHECK(errno == EINTR);
    }
    close(fd);
    wait_for_count(&closed, round + 1);
  }
  stop_serving(&server);
  free(bytes);
  harness_check_baseline();
  return 0;
}
