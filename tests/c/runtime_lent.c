/*
 * Copies, slices, lent memory, leases and files on one connection, whose client compares each byte;
 * then a file that is cut while it goes, and a client that is gone while memory is lent.
 * Failure: bytes out of order or wrong; memory or a descriptor released never, twice, or while the
 * kernel may still read it; a short file that looks whole.
 */
#include "serving.h"

#include <sys/uio.h>

enum { LENT = 300000, FILE_LENGTH = 1500000, ROUNDS = 8, CUT = 90, GONE = 91, COOKIES = 1000 };

static unsigned char *lent[ROUNDS], file_bytes[FILE_LENGTH], expected[4 << 20], got[4 << 20];
static volatile long released[COOKIES], all_released, closed, cut_reason, held;
static int file, cut_file;
static char small[2][40];

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK(cookie < COOKIES);
  CHECK_EQ(released[cookie], 0);
  if (cookie < ROUNDS) memset(lent[cookie], 0xee, LENT); /* whoever reads it now reads this */
  count_up(&released[cookie]);
  count_up(&all_released);
}

static void send_round(ringline_runtime *runtime, uint64_t conn, unsigned round) {
  struct iovec slices[3] = {{small[0], 40}, {NULL, 0}, {small[1], 40}};
  CHECK_EQ(ringline_conn_sendv(runtime, conn, slices, 3), 0);
  CHECK_EQ(ringline_conn_send_zc(runtime, conn, lent[round], LENT, round), 0);
  CHECK_EQ(ringline_conn_send_zc(runtime, conn, small[1], 40, 100 + round), 0);
  CHECK_EQ(ringline_conn_send_file(runtime, conn, file, 7, FILE_LENGTH / 2, 200 + round), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, small[0], 40), 0);
  CHECK_EQ(released[round] + released[100 + round] + released[200 + round], 0);
}

static size_t expect_round(unsigned round) {
  size_t at = 0;
  memcpy(expected + at, small[0], 40), at += 40;
  memcpy(expected + at, small[1], 40), at += 40;
  fill(expected + at, LENT, round), at += LENT;
  memcpy(expected + at, small[1], 40), at += 40;
  memcpy(expected + at, file_bytes + 7, FILE_LENGTH / 2), at += FILE_LENGTH / 2;
  memcpy(expected + at, small[0], 40), at += 40;
  return at;
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  if (bytes[0] < ROUNDS) send_round(runtime, conn, bytes[0]);
  if (bytes[0] == CUT) {
    CHECK_EQ(ringline_conn_set_user(runtime, conn, CUT), 0);
    CHECK_EQ(ringline_conn_send_file(runtime, conn, file, FILE_LENGTH, 1, 0), -ENODATA);
    CHECK_EQ(ringline_conn_send_file(runtime, conn, -1, 0, 1, 0), -EBADF);
    CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), 0); /* and a file of nothing behind it */
    CHECK_EQ(ringline_conn_send_file(runtime, conn, file, FILE_LENGTH, 0, 600), 0);
    CHECK_EQ(ringline_conn_send_file(runtime, conn, cut_file, 0, 0, 300), 0);
    CHECK(ftruncate(cut_file, FILE_LENGTH / 2) == 0);
  }
  if (bytes[0] == GONE) {
    unsigned at;
    for (at = 0; at < ROUNDS; at++)
      CHECK_EQ(ringline_conn_send_zc(runtime, conn, lent[at], LENT, 400 + at), 0);
    CHECK_EQ(ringline_conn_send_file(runtime, conn, file, 0, 0, 500), 0);
    count_up(&held);
  }
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn;
  if (user == CUT) {
    CHECK_EQ(released[300] + released[600], 2);
    cut_reason = reason;
  }
  count_up(&closed);
}

static int temporary(void) {
  char name[] = "/tmp/ringline-lent-XXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0);
  CHECK(unlink(name) == 0);
  CHECK(write(fd, file_bytes, FILE_LENGTH) == FILE_LENGTH);
  return fd;
}

static void check_broken(serving *server) {
  unsigned char byte = CUT;
  ssize_t some;
  size_t whole = 0;
  int fd = client_of(server);
  send_whole(fd, &byte, 1);
  while ((some = recv_some(fd, got, sizeof got)) > 0) whole += (size_t)some;
  CHECK(some < 0 && errno == ECONNRESET);
  CHECK(whole < FILE_LENGTH);
  close(fd);
  wait_for_count(&closed, 2);
  CHECK_EQ(cut_reason, -ENODATA);
  byte = GONE;
  fd = client_of(server);
  send_whole(fd, &byte, 1);
  wait_for_count(&held, 1);
  recv_whole(fd, got, 1000);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)) == 0);
  close(fd);
  wait_for_count(&closed, 3);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close, .released = on_released};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = 16 << 20};
  unsigned char round;
  int fd;
  serving server;
  serving_baseline(&config);
  fill(file_bytes, FILE_LENGTH, 77);
  fill((unsigned char *)small, sizeof small, 78);
  for (round = 0; round < ROUNDS; round++) {
    CHECK((lent[round] = (unsigned char *)malloc(LENT)) != NULL);
    fill(lent[round], LENT, round);
  }
  file = temporary(), cut_file = temporary();
  CHECK(lseek(file, 5, SEEK_SET) == 5);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  for (round = 0; round < ROUNDS; round++) {
    size_t length = expect_round(round);
    send_whole(fd, &round, 1);
    recv_whole(fd, got, length);
    CHECK(memcmp(got, expected, length) == 0);
  }
  wait_for_count(&all_released, 3 * ROUNDS);
  CHECK(lseek(file, 0, SEEK_CUR) == 5);
  close(fd);
  wait_for_count(&closed, 1);
  for (round = 0; round < ROUNDS; round++) fill(lent[round], LENT, round);
  check_broken(&server);
  CHECK_EQ(all_released, 4 * ROUNDS + 3);
  stop_serving(&server);
  close(file), close(cut_file);
  for (round = 0; round < ROUNDS; round++) free(lent[round]);
  harness_check_baseline();
  return 0;
}
