/*
 * A thousand connections that say nothing cost nothing: two workers with them use less than 20 ms
 * of CPU time in two seconds, and hardly turn. Asked to spin, a worker looks for that long only.
 * Failure: a timer that ticks, a poll that is armed again and again, a spin that does not end.
 */
#include "serving.h"

enum { CLIENTS = 1000 };

static volatile long accepted;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&accepted);
}

static uint64_t cpu_ns(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void idle(uint32_t spin_us, time_t seconds, uint64_t most_ns) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = echo_data};
  ringline_runtime_config config = {.size = sizeof config, .workers = 2, .spin_us = spin_us};
  const struct timespec moment = {seconds, 0};
  static int fds[CLIENTS];
  serving server;
  uint64_t turns, cpu;
  char byte;
  int at;
  accepted = 0;
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  wait_for_count(&accepted, CLIENTS);
  turns = serving_stats(&server).turns;
  cpu = cpu_ns();
  nanosleep(&moment, NULL); /* what is measured is that nothing happens meanwhile */
  CHECK(cpu_ns() - cpu < most_ns);
  CHECK(serving_stats(&server).turns - turns < 8);
  for (at = 0; at < CLIENTS; at += 100) {
    send_whole(fds[at], "i", 1);
    recv_whole(fds[at], &byte, 1);
  }
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  stop_serving(&server);
}

int main(void) {
  struct rlimit files = {4096, 4096};
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
  idle(0, 2, 20000000);
  idle(1000, 1, 20000000);
  return 0;
}
