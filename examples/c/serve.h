/* What the servers of this folder have in common: a runtime that listens, says on which port, and
 * ends at a signal or after some seconds. echo_server.c has all of it in one place. */
#ifndef SERVE_H
#define SERVE_H

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

/* Serve on `listener` until a signal, or for `seconds` (0 = not at all, NULL = for ever). */
static void serve_on(int listener, const char *seconds) {
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  check("start", ringline_runtime_start(runtime));
  printf("listening on port %d\n", ringline_runtime_port(runtime, (uint32_t)listener));
  fflush(stdout);
  if (seconds) atoi(seconds) > 0 ? (void)alarm((unsigned)atoi(seconds)) : on_signal(0);
  check("join", ringline_runtime_join(runtime, -1));
}

/* All of a server's life; `config` may be NULL. Returns the exit code of the program. */
static inline int serve(const ringline_runtime_config *config,
                        const ringline_runtime_handlers *handlers, const char *address,
                        const char *seconds) {
  check("create", ringline_runtime_create(config, &runtime));
  check("set_handlers", ringline_runtime_set_handlers(runtime, handlers));
  serve_on(check("listen", ringline_runtime_listen(runtime, address, 0)), seconds);
  return ringline_runtime_free(runtime) < 0;
}

#endif
