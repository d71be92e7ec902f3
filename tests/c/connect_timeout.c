/*
 * A connect with a time limit: refused, in time, too late, cancelled, closed, and racing.
 * Failure: a limit that does not end it, no or two FINALs, a success turned into a timeout, a wait
 * that ends as if a signal had come, or a slot that stays.
 */
#include "ops.h"

static struct sockaddr_in full;
static ringline_op op;

static int stream(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  return fd;
}

static void prepare(int fd, const struct sockaddr_in *address, uint64_t ns) {
  ringline_prep_connect_timeout(&op, fd, address, sizeof *address, ns);
}

static void race(void) {
  struct sockaddr_in address;
  int listener = make_listener(&address), round, fd;
  CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
  for (round = 0; round < 2000; round++) {
    int32_t res;
    fd = stream();
    prepare(fd, &address, (uint64_t)(round % 40) * 1000);
    res = ops_do(&op);
    CHECK(res == 0 || res == -ETIMEDOUT);
    close(fd);
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) close(fd);
  }
  close(listener);
}

/* Closed while it waits: its limit goes, and that of a timer behind it stays. */
static void closed(void) {
  int fd = stream();
  uint64_t waiting, timer;
  prepare(fd, &full, 40000000);
  ops_start(&op);
  waiting = op.user_data;
  ringline_prep_timer(&op, 60000000, 0);
  ops_start(&op);
  timer = op.user_data;
  ringline_prep_lib_close(&op, fd);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(ops_wait(waiting).res < 0);
  CHECK_EQ(ops_wait(timer).res, 0);
}

static void body(void) {
  struct sockaddr_in gone;
  int listener = make_listener(&full), other = make_listener(&gone), fd, fillers[2], at;
  uint64_t token, waiting, start;
  close(other);
  fd = stream();
  prepare(fd, &gone, (uint64_t)SECOND);
  CHECK_EQ(ops_do(&op), -ECONNREFUSED);
  prepare(fd, &full, (uint64_t)SECOND * 4);
  CHECK_EQ(ops_do(&op), 0);
  close(fd);
  fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  close(fd);
  CHECK(listen(listener, 0) == 0); /* one fits; the rest hear nothing */
  for (at = 0; at < 2; at++) {
    fillers[at] = stream();
    fcntl(fillers[at], F_SETFL, O_NONBLOCK);
    connect(fillers[at], (struct sockaddr *)&full, sizeof full);
  }
  fd = stream();
  start = harness_now_ns();
  prepare(fd, &full, 20000000);
  CHECK_EQ(ops_do(&op), -ETIMEDOUT);
  CHECK(harness_now_ns() - start >= 20000000);
  close(fd);
  fd = stream();
  prepare(fd, &full, UINT64_MAX);
  token = ops_start(&op);
  waiting = op.user_data;
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  CHECK_EQ(ops_wait(waiting).res, -ECANCELED);
  close(fd);
  closed();
  close_both(fillers);
  close(listener);
  race();
}

int main(void) { return ops_main(body); }
