/*
 * A client sends 4 MiB, which the server collects by not consuming them until they are complete,
 * and gets them back by one send of 4 MiB. A message beyond keep_max is refused with -EMSGSIZE.
 * Failure: a wrong byte, a message shown twice, unbounded memory for what nobody consumes.
 */
#include "serving.h"

enum { LENGTH = 4 * 1024 * 1024, LIMIT_KEPT = 5 * 1024 * 1024 };

static volatile long closed, last_reason;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  CHECK(length <= LIMIT_KEPT + 256 * 1024);
  if (length == 0) return 0;
  if (bytes[0] == 'x') return 0; /* its message never ends */
  if (length < LENGTH) return 0;
  CHECK_EQ(length, LENGTH);
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, length), 0);
  return LENGTH;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  last_reason = reason;
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .keep_max = LIMIT_KEPT};
  unsigned char *out = (unsigned char *)malloc(LENGTH), *in = (unsigned char *)malloc(LENGTH);
  serving server;
  ssize_t some;
  int fd, round;
  CHECK(out && in);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  for (round = 0; round < 3; round++) {
    fill(out, LENGTH, (uint32_t)round + 7);
    out[0] = 'y';
    send_whole(fd, out, LENGTH);
    recv_whole(fd, in, LENGTH);
    CHECK(memcmp(in, out, LENGTH) == 0);
  }
  close(fd);
  wait_for_count(&closed, 1);
  CHECK_EQ(last_reason, 0);
  fd = client_of(&server);
  memset(out, 'x', LENGTH);
  do some = send_some(fd, out, LENGTH);
  while (some > 0);
  CHECK(errno == ECONNRESET || errno == EPIPE);
  close(fd);
  wait_for_count(&closed, 2);
  CHECK_EQ(last_reason, -EMSGSIZE);
  stop_serving(&server);
  free(out);
  free(in);
  harness_check_baseline();
  return 0;
}
