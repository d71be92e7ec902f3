/*
 * Callbacks longer than stall_ns are counted, each, and told to the log once per row of such. One
 * that does not come out is told by another worker, without a thread of the library's own.
 * Failure: a line per callback, none at all, none before the callback is over, a thread more.
 */
#include "serving.h"

#define STALL_NS 20000000

static volatile long told, told_inside, calls;
static volatile int holds, held;

static void on_log(void *ctx, uint32_t level, const char *message) {
  (void)ctx;
  CHECK_EQ(level, RINGLINE_LOG_WARN);
  if (strstr(message, "a callback took")) count_up(&told);
  if (strstr(message, "a callback does not return")) count_up(&told_inside);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  uint64_t end = harness_now_ns() + 2 * STALL_NS;
  if (length == 0) return 0;
  if (bytes[0] == 's')
    while (harness_now_ns() < end) sched_yield();
  if (bytes[0] == 'h') {
    held = 1;
    while (__atomic_load_n(&holds, __ATOMIC_ACQUIRE)) sched_yield();
  }
  count_up(&calls);
  return echo_data(ctx, runtime, conn, user, bytes, length);
}

static void ask(int fd, const char *what) {
  char byte;
  send_whole(fd, what, 1);
  recv_whole(fd, &byte, 1);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data};
  ringline_runtime_config config = {.size = sizeof config, .workers = 2, .stall_ns = STALL_NS};
  ringline_runtime_config one = {.size = sizeof one, .workers = 1, .stall_ns = STALL_NS};
  uint64_t end = harness_now_ns() + LIMIT;
  const struct timespec moment = {0, 20 * STALL_NS};
  int fd, fds[64], at, threads;
  serving server;
  serving_baseline(&config);
  CHECK_EQ(ringline_set_log(on_log, NULL, RINGLINE_LOG_WARN), 0);
  serve(&server, &one, &handlers);
  threads = harness_count().threads;
  fd = client_of(&server);
  ask(fd, "q");
  CHECK(told == 0 && serving_stats(&server).stalls == 0);
  for (at = 0; at < 5; at++) ask(fd, "s"); /* a row */
  ask(fd, "q");
  CHECK_EQ(serving_stats(&server).stalls, 5);
  CHECK_EQ(told, 1);
  nanosleep(&moment, NULL); /* what is wanted is that nothing happens meanwhile */
  ask(fd, "s");
  ask(fd, "q");
  CHECK_EQ(serving_stats(&server).stalls, 6);
  CHECK(told == 2 && told_inside == 0);
  CHECK_EQ(harness_count().threads, threads);
  close(fd);
  stop_serving(&server);

  serve(&server, &config, &handlers);
  holds = 1;
  fd = client_of(&server);
  send_whole(fd, "h", 1);
  while (!held) sched_yield();
  for (at = 0; at < 64; at++) fds[at] = client_of(&server); /* half of them wake the other one */
  while (__atomic_load_n(&told_inside, __ATOMIC_ACQUIRE) == 0) {
    CHECK(harness_now_ns() < end);
    for (at = 0; at < 64; at++) CHECK(send_some(fds[at], "q", 1) == 1);
  }
  __atomic_store_n(&holds, 0, __ATOMIC_RELEASE);
  recv_whole(fd, &at, 1);
  close(fd);
  for (at = 0; at < 64; at++) close(fds[at]);
  stop_serving(&server);
  CHECK(told == 2 && told_inside == 1);
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  harness_check_baseline();
  return 0;
}
