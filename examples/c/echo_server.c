/* An echo server on the runtime: a worker per processor, each with a thread, a ring and connections
 * of its own. Everything below runs inside the workers' callbacks; there is no loop to write.
 *   cc -O2 -o echo_server echo_server.c $(pkg-config --cflags --libs ringline)
 *   run: ./echo_server 127.0.0.1:0 0
 * Arguments: [address [seconds]]. Ends after so many seconds (0: at once), at SIGINT or SIGTERM. */
#include <errno.h>
#include <ringline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static ringline_runtime *runtime;

static int check(const char *what, int code) {
  if (code >= 0) return code;
  fprintf(stderr, "%s: %s (%s)\n", what, ringline_strerror(code), ringline_error_detail());
  exit(1);
}

static void on_signal(int number) {
  (void)number;
  ringline_runtime_stop(runtime, 1000000000); /* what is queued has a second to leave */
}

/* How many bytes are consumed: all that could be sent. Where the client does not read, its own
 * bytes wait until it does: a length of 0 is the end of what it sends. */
static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  int code = ringline_conn_send(rt, conn, bytes, length);
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
  ringline_runtime_stats stats = { .size = sizeof stats };
  check("create", ringline_runtime_create(NULL, &runtime));
  check("set_handlers", ringline_runtime_set_handlers(runtime, &handlers));
  int listener = check("listen", ringline_runtime_listen(
                                     runtime, argc > 1 ? argv[1] : "127.0.0.1:7777", 0));
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  check("start", ringline_runtime_start(runtime));
  printf("listening on port %d\n", ringline_runtime_port(runtime, (uint32_t)listener));
  fflush(stdout);
  if (argc > 2) atoi(argv[2]) > 0 ? (void)alarm((unsigned)atoi(argv[2])) : on_signal(0);
  check("join", ringline_runtime_join(runtime, -1));
  check("stats", ringline_runtime_stats_of(runtime, &stats));
  printf("%lu clients, %lu bytes echoed\n", stats.accepted, stats.sent);
  return ringline_runtime_free(runtime) < 0;
}
