/*
 * The client resets the connection while megabytes are on their way to it, another one leaves with
 * unread data, both also while the server receives nothing; and the server closes at once. Each
 * connection is told to be over exactly once, with the reason, and how many bytes the kernel took
 * is known in its close callback.
 * Failure: a close that never comes or comes twice, a signal, a count that does not add up; a
 * client that goes on getting bytes of a connection that was closed at once.
 */
#include "serving.h"

enum { LENGTH = 8 * 1024 * 1024, ROUNDS = 20 };

static volatile long accepted, closed;
static volatile int pauses;
static uint64_t last;
static unsigned char *bytes;
static char in[65536];

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  narrow_sends(runtime, conn);
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, conn), 0);
  /* then nobody but the send learns that the client is gone */
  if (pauses) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  last = conn;
  count_up(&accepted);
}

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)user, (void)res;
  CHECK_EQ(ringline_conn_close(runtime, last, RINGLINE_CLOSE_AT_ONCE), 0);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK_EQ(user, conn);
  CHECK(reason == -ECONNRESET || reason == -EPIPE || reason == -ECONNABORTED);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK_EQ(info.sent + info.queued, LENGTH);
  CHECK(info.queued > 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .notify = on_notify, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  const struct linger reset = {1, 0};
  char byte;
  serving server;
  int fd, round;
  bytes = (unsigned char *)malloc(LENGTH);
  CHECK(bytes != NULL);
  fill(bytes, LENGTH, 1);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  for (round = 0; round < ROUNDS; round++) {
    pauses = round % 4 >= 2;
    fd = small_client_of(&server);
    wait_for_count(&accepted, round + 1);
    if (round % 5 == 4) {
      size_t got = 0;
      ssize_t some;
      CHECK(recv_some(fd, &byte, 1) == 1);
      CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
      wait_for_count(&closed, round + 1);
      while ((some = recv_some(fd, in, sizeof in)) > 0) got += (size_t)some;
      CHECK(some < 0 && errno == ECONNRESET && got < LENGTH);
    } else if (round % 2 == 0) {
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
