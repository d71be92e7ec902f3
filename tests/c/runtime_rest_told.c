/*
 * A worker that cannot accept for want of descriptors tells the log once that it rests, however
 * often it tries, and once that it goes on; the next episode is told again. The log's function may
 * call the library.
 * Failure: a line per attempt, none at all, an episode without its end, a deadlock.
 */
#include "serving.h"

#define FILES 64

static volatile long rests, ends;
static serving server;

static void on_log(void *ctx, uint32_t level, const char *message) {
  (void)ctx;
  if (strstr(message, "accepting clients rests")) {
    CHECK_EQ(level, RINGLINE_LOG_WARN);
    CHECK(strstr(message, "worker 0") && strstr(message, "errno 24"));
    CHECK_EQ(ringline_conn_pause(server.runtime, 1), RINGLINE_ESTALE); /* it is a worker's */
    count_up(&rests);
  }
  if (strstr(message, "accepting clients goes on")) count_up(&ends);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data};
  struct rlimit files, tight;
  int waiting[2], count = 0, taken[FILES], round;
  uint64_t pauses, backoffs;
  char byte = 0;
  serving_baseline(NULL);
  CHECK_EQ(ringline_set_log(on_log, NULL, RINGLINE_LOG_INFO), 0);
  CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
  tight = files;
  tight.rlim_cur = FILES;
  CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  serve(&server, NULL, &handlers);
  for (round = 1; round <= 2; round++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    waiting[round - 1] = fd;
    while ((taken[count] = dup(fd)) >= 0) count++;
    pauses = serving_stats(&server).accept_pauses;
    backoffs = serving_stats(&server).backoffs;
    CHECK(connect(fd, (struct sockaddr *)&server.address, sizeof server.address) == 0);
    while (serving_stats(&server).accept_pauses < pauses + 4) sched_yield();
    CHECK(serving_stats(&server).backoffs >= backoffs + 4);
    wait_for_count(&rests, round);
    CHECK_EQ(ends, round - 1);
    while (count > 0) CHECK(close(taken[--count]) == 0);
    send_whole(fd, "e", 1);
    recv_whole(fd, &byte, 1);
    wait_for_count(&ends, round);
    CHECK_EQ(rests, round);
  }
  close(waiting[0]);
  close(waiting[1]);
  stop_serving(&server);
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
  harness_check_baseline();
  return 0;
}
