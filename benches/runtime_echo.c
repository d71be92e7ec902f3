/* The echo server of `make bench-server`: the runtime with one worker, told to say what it did.
 * `runtime_echo [SPIN_US [BYTES]]`: prints its port, and its counters at SIGTERM or when it has
 * received so many bytes. The port comes before the worker: under valgrind no other thread runs
 * while one waits in io_uring_enter. */
#include <errno.h>
#include <ringline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static ringline_runtime *runtime;
static uint64_t left = UINT64_MAX;

static void on_signal(int number) { (void)number; ringline_runtime_stop(runtime, 0); }

static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  int code = ringline_conn_send(rt, conn, bytes, length);
  if (left <= length) ringline_runtime_stop(rt, 1000000000);
  left -= left < length ? left : length;
  if (code != -EAGAIN) return code < 0 ? code : (int64_t)length;
  ringline_conn_pause(rt, conn);
  return 0;
}

static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  ringline_conn_resume(rt, conn);
}

int main(int argc, char **argv) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .data = on_data,
                                         .writable = on_writable };
  ringline_runtime_config config = { .size = sizeof config, .workers = 1 };
  ringline_runtime_stats stats = { .size = sizeof stats };
  int listener;
  if (argc > 1) config.spin_us = (uint32_t)atoi(argv[1]);
  if (argc > 2) left = (uint64_t)atoll(argv[2]);
  if (ringline_runtime_create(&config, &runtime) < 0 ||
      ringline_runtime_set_handlers(runtime, &handlers) < 0 ||
      (listener = ringline_runtime_listen(runtime, "127.0.0.1:0", 0)) < 0)
    return fprintf(stderr, "runtime_echo: %s\n", ringline_error_detail()), 1;
  signal(SIGTERM, on_signal);
  printf("listening on port %d\n", ringline_runtime_port(runtime, (uint32_t)listener));
  fflush(stdout);
  if (ringline_runtime_start(runtime) < 0)
    return fprintf(stderr, "runtime_echo: %s\n", ringline_error_detail()), 1;
  ringline_runtime_join(runtime, -1);
  ringline_runtime_stats_of(runtime, &stats);
  printf("stats: messages=%lu syscalls=%lu sends=%lu parked=%lu accepted=%lu\n", stats.receives,
         stats.turns, stats.sends, stats.parked, stats.accepted);
  return ringline_runtime_free(runtime) < 0;
}
